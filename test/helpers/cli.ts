import { runCommandLine, type Program } from "#cli/command";
import type { Environment } from "#cli/networks";
import { expect } from "chai";

/** What a command printed, and how it ended. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line of a program in this process, with this environment and nothing of our own. */
export async function runInProcess(
  program: Program,
  argv: readonly string[],
  { env = {}, input }: { env?: Environment; input?: string } = {},
): Promise<Outcome> {
  const [out, err]: [string[], string[]] = [[], []];
  const status = await runCommandLine(program, argv, {
    env,
    ...(input === undefined ? {} : { readInput: () => input }),
    say: (line) => out.push(line),
    complain: (line) => err.push(line),
  });
  return { status, out: out.join("\n"), err: err.join("\n") };
}

/** Holds that a command succeeded; gives what it printed. */
export function succeeded({ status, out, err }: Outcome): string {
  expect(err).to.equal("");
  expect(status).to.equal(0);
  return out;
}

/** Holds that a command refused with exactly one line, which says this. */
export function refused({ status, err }: Outcome, says: string | RegExp): void {
  expect(status).to.equal(1);
  expect(err.split("\n"), "one line").to.have.length(1);
  expect(err).to.match(/^error: /);
  if (typeof says === "string") expect(err).to.include(says);
  else expect(err).to.match(says);
}
