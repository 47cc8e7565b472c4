/** Changes the contracts in one small way after another, and sees whether a test notices. */
import { parseArgs } from "node:util";
import { type Mutant, listMutants } from "./mutants";
import { type Verdict, tryMutants } from "./pool";
import {
  type Results,
  logVerdict,
  loggedVerdicts,
  resultOf,
  survivorList,
  table,
  wrongEquivalents,
  writeResults,
} from "./report";
import { mutatedFiles } from "./targets";

const HELP = `Changes our contracts in one small way after another, and sees whether a test notices.

  npm run test:mutation                              every mutant of every contract: hours
  npm run test:mutation -- --only libraries/         files whose name matches
  npm run test:mutation -- --only FillMath --line 22 mutants of one line, or of lines 22-30
  npm run test:mutation -- --sample 100              so many mutants, spread evenly
  npm run test:mutation -- --resume                  keeps what was killed on the same text; tries the rest again
  npm run test:mutation -- --report                  tries none, tells what the log knows
  npm run test:mutation -- --list                    names the mutants, tries none
  npm run test:mutation -- --workers 2               processes; each needs a core and 1 GB (default 1)
  npm run test:mutation -- --runs 10                 runs of a random test (default 10)
  npm run test:mutation -- --tests libraries/        tests whose name matches: a quick look, --resume then tries the rest
  npm run test:mutation -- --write                   also replaces results.json and the tables of the README
  npm run test:mutation -- --help                    this text

Needs compiled contracts (npm run build). Verdicts are logged in cache/mutation/log.jsonl.
Exit status 1 when a mutant survived that equivalents.json does not explain, or when that list is wrong.`;

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      report: { type: "boolean", default: false },
      resume: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
      only: { type: "string", default: "" },
      line: { type: "string" },
      sample: { type: "string" },
      workers: { type: "string", default: "1" },
      runs: { type: "string", default: "10" },
      tests: { type: "string", default: "" },
    },
  });
  if (options.help) {
    console.log(HELP);
    return;
  }
  const isPart = options.line !== undefined || options.sample !== undefined;
  if (options.write && isPart) {
    throw new Error("--write records whole files: leave --line and --sample out");
  }

  const only = new RegExp(options.only);
  const files = mutatedFiles();
  const all = listMutants(files);
  const chosen = sample(
    all.filter(({ file, line }) => only.test(file) && isWithin(line, options.line)),
    options.sample === undefined ? Infinity : wholeNumber("--sample", options.sample),
  );
  if (options.list) {
    for (const { id, line, column } of chosen) console.log(`${line}:${column}\t${id}`);
    console.error(`${chosen.length} mutants`);
    return;
  }

  const verdicts = options.report
    ? loggedVerdicts(chosen)
    : options.resume
      ? killedBefore(chosen)
      : new Map<Mutant, Verdict>();
  const left = options.report ? [] : chosen.filter((mutant) => !verdicts.has(mutant));
  if (verdicts.size > 0) console.error(`${verdicts.size} verdicts kept, ${left.length} to find`);
  const progress = new Progress(left.length);
  await tryMutants(left, {
    workers: wholeNumber("--workers", options.workers),
    runs: wholeNumber("--runs", options.runs),
    tests: options.tests,
    onReady: (tests) => {
      const seconds = tests.reduce((sum, one) => sum + one.seconds, 0);
      progress.say(`${tests.length} test files pass, in ${seconds.toFixed(0)} s`);
    },
    onVerdict: (mutant, verdict) => {
      verdicts.set(mutant, verdict);
      logVerdict(mutant, verdict);
      progress.count(mutant, verdict);
    },
  });

  const results: Results = {};
  for (const file of files) {
    const mutants = chosen.filter((mutant) => mutant.file === file);
    const isKnown = mutants.length > 0 && mutants.every((mutant) => verdicts.has(mutant));
    if (isKnown) results[file] = resultOf(mutants, verdicts);
    else if (mutants.length > 0) console.error(`${file}: not all mutants were tried`);
  }
  console.log(`${table(results)}\n\n${survivorList(results)}`);
  if (options.write) await writeResults(results, files);

  const wrong = wrongEquivalents(all, verdicts);
  if (wrong.length > 0) console.error(`\nequivalents.json:\n  ${wrong.join("\n  ")}`);
  const open = Object.values(results).some(
    ({ survivors, equivalent }) => survivors.length > equivalent,
  );
  if (open || wrong.length > 0) process.exitCode = 1;
}

/** Tests may have been added since, or the machine was slow: survivors and what hung must be tried again. */
function killedBefore(mutants: readonly Mutant[]): Map<Mutant, Verdict> {
  const verdicts = loggedVerdicts(mutants);
  for (const [mutant, { status }] of verdicts) {
    if (status === "survived" || status === "timeout") verdicts.delete(mutant);
  }
  return verdicts;
}

/** `lines` is one line, or the first and the last of several. */
function isWithin(line: number, lines: string | undefined): boolean {
  if (lines === undefined) return true;
  const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(lines) ?? [];
  if (first === undefined) throw new Error(`--line takes 22 or 22-30, not ${lines}`);
  return line >= Number(first) && line <= Number(last ?? first);
}

function sample<T>(all: readonly T[], count: number): T[] {
  if (count >= all.length) return [...all];
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as T);
}

function wholeNumber(name: string, given: string): number {
  const value = Number(given);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new Error(`${name} takes a whole number from 1 on, not ${given}`);
  }
  return value;
}

/** On a terminal one line that changes; else a line now and then. Survivors are told at once. */
class Progress {
  readonly #total: number;
  readonly #start = Date.now();
  readonly #counts = new Map<string, number>();
  #done = 0;

  constructor(total: number) {
    this.#total = total;
  }

  say(line: string): void {
    process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}${line}\n`);
  }

  count(mutant: Mutant, { status, seconds }: Verdict): void {
    this.#done += 1;
    this.#counts.set(status, (this.#counts.get(status) ?? 0) + 1);
    if (status === "survived" || status === "timeout") {
      this.say(`${status} after ${seconds.toFixed(1)} s, line ${mutant.line}: ${mutant.id}`);
    }
    const each = (Date.now() - this.#start) / 1000 / this.#done;
    const minutes = Math.ceil((each * (this.#total - this.#done)) / 60);
    const counts = [...this.#counts].map(([name, count]) => `${count} ${name}`).join(", ");
    const line = `${this.#done}/${this.#total} ${counts}; ${each.toFixed(1)} s each, ${minutes} min left`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
    else if (this.#done % 10 === 0 || this.#done === this.#total) this.say(line);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
