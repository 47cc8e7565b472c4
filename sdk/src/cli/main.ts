#!/usr/bin/env node
import { runCommandLine, type Program } from "./command.js";

/** `npx nostra <command>`: orders and markets from a shell, with nothing installed but @nostra/sdk and ethers. */
async function main(): Promise<number> {
  const { commands } = await import("./commands/index.js");
  const program: Program = {
    name: "nostra",
    summary: "Orders and markets of Nostra, on a network by --network or on any --deployment.",
    commands,
    inCheckout: false,
  };
  return runCommandLine(program, process.argv.slice(2), {
    env: process.env,
    say: (line) => process.stdout.write(`${line}\n`),
    complain: (line) => process.stderr.write(`${line}\n`),
  });
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (thrown: Error) => {
    // Nothing of the SDK's own is missing from its package: it is ethers, which stands beside it.
    const why = thrown.message.split("\n")[0];
    process.stderr.write(`error: ${why}; if it is ethers that is missing: npm install ethers@6\n`);
    process.exitCode = 1;
  },
);
