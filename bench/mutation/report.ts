/** What is known about the mutants: a log of every verdict, and the committed summary of whole files. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import type { Mutant } from "./mutants";
import type { Verdict } from "./pool";
import { sourceOf } from "./solidity";
import { ROOT } from "./targets";

export interface FileResult {
  readonly mutants: number;
  readonly killed: number;
  /** Killed by the time limit; counted among the killed, too. */
  readonly timeout: number;
  /** Not counted: they do not compile. */
  readonly stillborn: number;
  /** Not counted: compiled as in production they are the original. */
  readonly sameBytecode: number;
  /** Not counted: `equivalents.json` says why. */
  readonly equivalent: number;
  readonly survivors: readonly Survivor[];
}

export interface Survivor {
  readonly mutant: string;
  readonly line: number;
  readonly reason: string;
}

export interface Equivalent {
  readonly mutant: string;
  readonly reason: string;
}

export type Results = Record<string, FileResult>;

/** A verdict holds for the text of the contract it was found on. */
interface Logged extends Verdict {
  readonly mutant: string;
  readonly text: string;
}

const LOG = path.join(ROOT, "cache/mutation/log.jsonl");
const RESULTS = path.join(__dirname, "results.json");
const EQUIVALENTS = path.join(__dirname, "equivalents.json");
const README = path.join(__dirname, "README.md");
const SURVIVED = "survived";

// ---------------------------------------------------------------------------------------- the log

export function logVerdict(mutant: Mutant, verdict: Verdict): void {
  mkdirSync(path.dirname(LOG), { recursive: true });
  const entry: Logged = { mutant: mutant.id, text: textHash(mutant.file), ...verdict };
  appendFileSync(LOG, `${JSON.stringify(entry)}\n`);
}

/**
 * What is known of each of these mutants, as far as it was found on the text as it is. Killed once is killed: a later run
 * may have had fewer tests.
 */
export function loggedVerdicts(mutants: readonly Mutant[]): Map<Mutant, Verdict> {
  if (!existsSync(LOG)) return new Map();
  const entries = readFileSync(LOG, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Logged);
  const best = new Map<string, Logged>();
  for (const entry of entries) {
    const key = `${entry.text} ${entry.mutant}`;
    if (best.get(key)?.status !== "killed") best.set(key, entry);
  }
  const known = new Map<Mutant, Verdict>();
  for (const mutant of mutants) {
    const entry = best.get(`${textHash(mutant.file)} ${mutant.id}`);
    if (entry !== undefined) known.set(mutant, entry);
  }
  return known;
}

function textHash(file: string): string {
  return createHash("sha256").update(sourceOf(file)).digest("hex").slice(0, 16);
}

// ---------------------------------------------------------------------------------------- equivalents

export function readEquivalents(): Equivalent[] {
  return JSON.parse(readFileSync(EQUIVALENTS, "utf8")) as Equivalent[];
}

/** What is wrong with the list: entries that name no mutant, or one that a test tells from the original. */
export function wrongEquivalents(
  mutants: readonly Mutant[],
  verdicts: ReadonlyMap<Mutant, Verdict>,
): string[] {
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  return readEquivalents().flatMap(({ mutant: id }) => {
    const mutant = byId.get(id);
    if (mutant === undefined) return [`no such mutant: ${id}`];
    const status = verdicts.get(mutant)?.status ?? SURVIVED;
    return status === SURVIVED ? [] : [`${status}, so it needs no reason: ${id}`];
  });
}

// ---------------------------------------------------------------------------------------- results

export function resultOf(
  mutants: readonly Mutant[],
  verdicts: ReadonlyMap<Mutant, Verdict>,
): FileResult {
  const reasons = new Map(readEquivalents().map(({ mutant, reason }) => [mutant, reason]));
  const withStatus = (...statuses: Verdict["status"][]) =>
    mutants.filter((mutant) => statuses.includes(verdicts.get(mutant)!.status));
  const survivors = withStatus("survived").map(({ id, line }) => ({
    ...{ mutant: id, line, reason: reasons.get(id) ?? SURVIVED },
  }));
  return {
    mutants: mutants.length,
    killed: withStatus("killed", "timeout").length,
    timeout: withStatus("timeout").length,
    stillborn: withStatus("stillborn").length,
    sameBytecode: withStatus("same bytecode").length,
    equivalent: survivors.filter(({ reason }) => reason !== SURVIVED).length,
    survivors,
  };
}

export function readResults(): Results {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, "utf8")) as Results) : {};
}

/** Replaces the results of these files, and the tables of the README. */
export async function writeResults(changed: Results, files: readonly string[]): Promise<void> {
  const all = { ...readResults(), ...changed };
  const kept = files.flatMap((file) => (all[file] === undefined ? [] : [[file, all[file]]]));
  const results = Object.fromEntries(kept) as Results;
  await writePretty(RESULTS, JSON.stringify(results));
  const [before = ""] = readFileSync(README, "utf8").split(/(?<=<!-- results -->\n)/);
  await writePretty(README, `${before}\n${table(results)}\n\n${survivorList(results)}\n`);
}

async function writePretty(file: string, text: string): Promise<void> {
  writeFileSync(file, await format(text, { filepath: file, printWidth: 100 }));
}

export function table(results: Results): string {
  const entries = Object.entries(results);
  const rows = entries.map(([file, result]) => rowOf(file, result));
  if (entries.length > 1) rows.push(rowOf("all", total(entries.map(([, result]) => result))));
  return [
    "| contract | mutants | killed | survived | equivalent | same bytecode | stillborn | score |",
    "| --- | --: | --: | --: | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

function rowOf(file: string, result: FileResult): string {
  const { mutants, killed, equivalent, sameBytecode, stillborn } = result;
  const survived = result.survivors.length - equivalent;
  const score =
    killed + survived === 0 ? "" : `${((100 * killed) / (killed + survived)).toFixed(1)} %`;
  const cells = [mutants, killed, survived, equivalent, sameBytecode, stillborn, score];
  return `| ${file.replace("contracts/", "")} | ${cells.join(" | ")} |`;
}

function total(results: readonly FileResult[]): FileResult {
  const sum = (pick: (result: FileResult) => number) =>
    results.reduce((all, result) => all + pick(result), 0);
  return {
    mutants: sum(({ mutants }) => mutants),
    killed: sum(({ killed }) => killed),
    timeout: sum(({ timeout }) => timeout),
    stillborn: sum(({ stillborn }) => stillborn),
    sameBytecode: sum(({ sameBytecode }) => sameBytecode),
    equivalent: sum(({ equivalent }) => equivalent),
    survivors: results.flatMap(({ survivors }) => survivors),
  };
}

/** Every survivor with its reason, contract by contract. */
export function survivorList(results: Results): string {
  return Object.entries(results)
    .filter(([, { survivors }]) => survivors.length > 0)
    .map(([file, { survivors }]) => {
      const lines = survivors.map(({ mutant, line, reason }) => {
        const change = mutant.slice(file.length + 1);
        return `- line ${line}, \`${change}\`: ${reason}`;
      });
      return `### ${file.replace("contracts/", "")}\n\n${lines.join("\n")}`;
    })
    .join("\n\n");
}
