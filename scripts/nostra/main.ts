import { runCommandLine } from "#cli/command";
import { program } from "./commands";

/** `npm run nostra -- <command>`: everything a deployer and an operator of Nostra sends, on any network. */
void runCommandLine(program, process.argv.slice(2), {
  env: process.env,
  say: (line) => console.log(line),
  complain: (line) => console.error(line),
}).then((status) => {
  process.exitCode = status;
});
