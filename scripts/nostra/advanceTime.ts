import type { Command } from "#cli/command";
import { CommandError } from "#cli/CommandError";
import { RPC, reachChain } from "#cli/connectNetwork";
import { rpc } from "#cli/rpc";
import { NETWORK, networkOf } from "#cli/target";
import { durationOption, isoOf } from "#cli/values";

export const advanceTimeCommand: Command = {
  name: "advance-time",
  summary: "move the clock of a local node forward",
  options: {
    by: { value: "duration", help: "90s, 12h or 7d", required: true },
    ...NETWORK,
    ...RPC,
    "dry-run": { help: "show what the clock shows; move nothing" },
  },
  run: async (options, world) => {
    const network = networkOf(options);
    if (!network.local) throw new CommandError(`the clock of ${network.name} cannot be moved`);
    const by = durationOption(options, "by");
    const { url, provider } = await reachChain(network, options, world.env);
    if (!options.dryRun) {
      await rpc(url, "evm_increaseTime", [Number(by)]);
      await rpc(url, "evm_mine", []);
    }
    const block = await provider.getBlock("latest");
    world.say(`the chain's clock shows ${isoOf(BigInt(block?.timestamp ?? 0))}`);
  },
};
