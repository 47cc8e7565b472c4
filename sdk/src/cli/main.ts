#!/usr/bin/env node
import { runCommandLine } from "./command.js";

async function main(): Promise<number> {
  const { program } = await import("./program.js");
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
    // All that can be missing when the program is loaded stands beside the package: ethers.
    const [why] = thrown.message.split("\n");
    process.stderr.write(`error: ${why}; npm install ethers@6 puts ethers beside @nostra/sdk\n`);
    process.exitCode = 1;
  },
);
