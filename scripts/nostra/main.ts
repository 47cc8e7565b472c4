import { runCommandLine } from "#cli/command";
import { program } from "./commands";

/** `npm run nostra -- <command>`: everything a deployer and an operator of Nostra sends, on any network. */
void runCommandLine(program, withoutNoun(process.argv.slice(2)), {
  env: process.env,
  say: (line) => console.log(line),
  complain: (line) => console.error(line),
}).then((status) => {
  process.exitCode = status;
});

/** `role grant` and `role revoke` are `grant` and `revoke`. */
function withoutNoun(args: readonly string[]): string[] {
  const [noun, verb] = args;
  const isRole = noun === "role" && (verb === "grant" || verb === "revoke");
  return args.slice(isRole ? 1 : 0);
}
