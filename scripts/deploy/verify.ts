import type { Command } from "#cli/command";
import { CommandError, oneLine } from "#cli/CommandError";
import { table } from "#cli/table";
import { NETWORK, networkOf } from "#cli/target";
import { readDeploymentFile } from "./deploymentFile";

const API_KEY = "ETHERSCAN_API_KEY";

/** Submits the sources of what was deployed to the network's explorer, through hardhat-verify. */
export const verifyCommand: Command = {
  name: "verify",
  summary: "submit the sources of the deployed contracts to the explorer",
  options: { ...NETWORK, "dry-run": { help: "show what would be submitted; submit nothing" } },
  notes:
    "Needs ETHERSCAN_API_KEY. The contracts must be built as they were when they were deployed.",
  run: async (options, { env, folder, say }) => {
    const network = networkOf(options);
    if (network.explorer === undefined) {
      throw new CommandError(`${network.name} has no explorer to submit sources to`);
    }
    const { records } = readDeploymentFile(folder, network.name);
    // The timelock is OpenZeppelin's published build, which is not compiled here.
    const own = Object.values(records).filter(
      ({ deployed }) => (deployed?.compiler ?? null) !== null,
    );
    if (options.dryRun) {
      const rows = own.map(({ contract, address, deployed }) => [
        contract,
        address,
        deployed?.constructorArguments.join(", ") ?? "",
      ]);
      say(table(["contract", "address", "constructor arguments"], rows));
      say("dry run: nothing was sent");
      return;
    }
    if (!env[API_KEY]) {
      throw new CommandError(`no API key: set ${API_KEY} in the environment or in .env`);
    }
    process.env["HARDHAT_NETWORK"] = network.name;
    const { default: hre } = await import("hardhat");
    const failed: string[] = [];
    for (const { contract, address, deployed } of own) {
      say(`${contract} ${address}`);
      try {
        await hre.run("verify:verify", {
          address,
          constructorArguments: [...(deployed?.constructorArguments ?? [])],
          contract: `${deployed?.sourceName}:${contract}`,
        });
      } catch (thrown) {
        say(`  ${oneLine(thrown)}`);
        failed.push(contract);
      }
    }
    if (failed.length > 0) throw new CommandError(`not verified: ${failed.join(", ")}`);
  },
};
