import type { Command } from "../lib/command";
import { CommandError } from "../lib/CommandError";
import { reachChain } from "../lib/connectNetwork";
import { rpc } from "../lib/rpc";
import { durationOption, isoOf } from "./values";

export const advanceTimeCommand: Command = {
  name: "advance-time",
  summary: "move the clock of a local node forward",
  options: { by: { value: "duration", help: "90s, 12h or 7d", required: true } },
  run: async (options, world) => {
    const { network } = options;
    if (!network.local) throw new CommandError(`the clock of ${network.name} cannot be moved`);
    const by = durationOption(options, "by");
    const { url, provider } = await reachChain(network, world.env);
    if (!options.dryRun) {
      await rpc(url, "evm_increaseTime", [Number(by)]);
      await rpc(url, "evm_mine", []);
    }
    const block = await provider.getBlock("latest");
    world.say(`the chain's clock shows ${isoOf(BigInt(block?.timestamp ?? 0))}`);
  },
};
