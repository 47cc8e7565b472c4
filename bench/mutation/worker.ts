/**
 * A process that tries mutants, one after the other. Hardhat, the compiler and the tests are loaded once; a mutant is
 * compiled in memory, its contracts take the place of the artifacts, and the tests run again on a fresh chain.
 */
import path from "node:path";
import { reset } from "@nomicfoundation/hardhat-network-helpers";
import hre from "hardhat";
import type { Artifact } from "hardhat/types";
import Mocha from "mocha";
import { type Mutant, mutatedSource } from "./mutants";
import {
  CompileError,
  type Compiled,
  type Replacement,
  type Settings,
  closureOf,
  compile,
} from "./solidity";
import { ROOT, ourContracts, testFiles } from "./targets";

/** What a worker tells its parent. */
export type FromWorker =
  | { readonly type: "ready"; readonly tests: readonly TestRecord[] }
  | { readonly type: "unfit"; readonly failures: readonly string[] }
  | ({ readonly type: "result" } & Outcome);

/** What the parent tells a worker: to start, with what another worker found out about the tests; then mutant by mutant. */
export type ToWorker =
  | { readonly type: "start"; readonly only: string; readonly tests: readonly TestRecord[] | null }
  | { readonly type: "mutant"; readonly mutant: Mutant };

export interface Outcome {
  readonly status: "killed" | "survived" | "stillborn" | "same bytecode";
  /** The test that noticed, or why the mutant does not compile. */
  readonly by: string | null;
  readonly seconds: number;
}

export interface TestRecord {
  readonly file: string;
  readonly tests: number;
  readonly seconds: number;
  /** Names of the contracts it deploys or reads. */
  readonly artifacts: readonly string[];
}

/** The cheapest settings that compile a file are used: nobody sees the gas here. */
const LADDER: readonly Settings[] = [
  { optimizer: { enabled: false } },
  { viaIR: true, optimizer: { enabled: false } },
  hre.config.solidity.compilers[0]!.settings as Settings,
];
const PRODUCTION = LADDER.length - 1;

/** Far above what a test takes here; one that takes longer has met a mutant. */
const TEST_TIMEOUT_MS = 60_000;

// Code that nobody optimised is above the limit on its size.
hre.config.networks.hardhat.allowUnlimitedContractSize = true;

// ---------------------------------------------------------------------------------------- artifacts

/** What a mutant changed: by contract name, in place of the original. */
const changed = new Map<string, Artifact>();
let asked = new Set<string>();

const rungs = new Map<string, number>();
const originals = new Map<string, Compiled[]>();
const artifacts = new Map<string, Artifact>();

function compileOriginals(): void {
  for (const file of ourContracts()) {
    for (const contract of original(file, rungOf(file))) {
      artifacts.set(contract.name, artifactOf(contract));
    }
  }
  const fromDisk = hre.artifacts.readArtifact.bind(hre.artifacts);
  hre.artifacts.readArtifact = async (name: string) => {
    asked.add(name);
    return changed.get(name) ?? artifacts.get(name) ?? (await fromDisk(name));
  };
}

/** The first settings of the ladder that can compile this file. */
function rungOf(file: string): number {
  let rung = rungs.get(file) ?? 0;
  while (!rungs.has(file)) {
    try {
      original(file, rung);
      rungs.set(file, rung);
    } catch (error) {
      if (!isTooDeep(error) || rung === PRODUCTION) throw error;
      rung += 1;
    }
  }
  return rung;
}

function original(file: string, rung: number): Compiled[] {
  const key = `${rung} ${file}`;
  const known = originals.get(key) ?? compile([file], LADDER[rung]!);
  originals.set(key, known);
  return known;
}

/** Contracts that the replaced file makes different, under the given settings or better ones. */
function differing(files: readonly string[], replacement: Replacement, least = 0): Compiled[] {
  return LADDER.flatMap((settings, rung) => {
    const group = files.filter((file) => Math.max(least, rungOf(file)) === rung);
    if (group.length === 0) return [];
    try {
      const before = new Map(
        group.flatMap((file) => original(file, rung)).map((one) => [one.name, one]),
      );
      return compile(group, settings, replacement).filter(
        ({ name, bytecode, deployedBytecode }) =>
          bytecode !== before.get(name)?.bytecode ||
          deployedBytecode !== before.get(name)?.deployedBytecode,
      );
    } catch (error) {
      if (!isTooDeep(error) || rung === PRODUCTION) throw error;
      return differing(group, replacement, rung + 1);
    }
  });
}

function isTooDeep(error: unknown): boolean {
  return error instanceof CompileError && error.isStackTooDeep;
}

function artifactOf({ name, file, abi, bytecode, deployedBytecode }: Compiled): Artifact {
  return {
    ...{ _format: "hh-sol-artifact-1", contractName: name, sourceName: file },
    ...{ abi, bytecode, deployedBytecode, linkReferences: {}, deployedLinkReferences: {} },
  };
}

// ---------------------------------------------------------------------------------------- tests

/** One test file, loaded once and run again and again. */
class TestFile extends Mocha {
  constructor(file: string) {
    super({ reporter: "base", timeout: TEST_TIMEOUT_MS, bail: true });
    this.cleanReferencesAfterRun(false);
    this.addFile(path.join(ROOT, file));
    this.loadFiles();
  }
}

interface Suite {
  readonly file: string;
  readonly mocha: TestFile;
  record: TestRecord;
  /** Titles of tests that killed, by the scope of the mutant. */
  readonly killers: Map<string, Set<string>>;
  kills: number;
}

const suites: Suite[] = [];

function loadTests(only: RegExp): void {
  for (const file of testFiles().filter((name) => only.test(name))) {
    const mocha = new TestFile(file);
    const record = { file, tests: mocha.suite.total(), seconds: 0, artifacts: [] };
    suites.push({ file, mocha, record, killers: new Map(), kills: 0 });
  }
}

/** The title of the first test that failed, if any did; of all tests, or of those with one of these titles. */
async function run({ mocha }: Suite, titles?: ReadonlySet<string>): Promise<string | null> {
  await reset();
  mocha.grep(titles === undefined ? /^/ : matching(titles));
  return new Promise((resolve) => {
    let failed: string | null = null;
    const runner = mocha.run(() => {
      runner.dispose();
      resolve(failed);
    });
    runner.on("fail", (test: Mocha.Test | Mocha.Hook) => {
      // A hook that looks back on a whole file may fail when only a part of it ran.
      if (titles === undefined || test.type !== "hook") failed ??= test.fullTitle();
    });
  });
}

function matching(titles: ReadonlySet<string>): RegExp {
  const escaped = [...titles].map((title) => title.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^(${escaped.join("|")})$`);
}

/** Runs everything on the original, and notes how long each file takes and what it deploys. */
async function rehearse(): Promise<string[]> {
  const failures: string[] = [];
  for (const suite of suites) {
    asked = new Set();
    const start = Date.now();
    const failed = await run(suite);
    suite.record = { ...suite.record, seconds: secondsSince(start), artifacts: [...asked] };
    if (failed !== null) failures.push(`${suite.file}: ${failed}`);
  }
  return failures;
}

function secondsSince(start: number): number {
  return (Date.now() - start) / 1000;
}

/** Those that deploy something changed: first what kills much for its time. */
function inOrder(): Suite[] {
  const worth = ({ kills, record }: Suite) => (kills + 1) / (record.seconds + 0.1);
  return suites
    .filter(({ record }) => record.artifacts.some((name) => changed.has(name)))
    .sort((a, b) => worth(b) - worth(a));
}

/** The file and title of a test that fails: those that killed a neighbour come first, then everything. */
async function firstKiller(scope: string): Promise<string | null> {
  const relevant = inOrder();
  for (const titlesOf of [(suite: Suite) => suite.killers.get(scope), () => undefined]) {
    for (const suite of relevant) {
      const titles = titlesOf(suite);
      if (titlesOf.length === 1 && titles === undefined) continue;
      const killer = await run(suite, titles);
      if (killer === null) continue;
      suite.kills += 1;
      suite.killers.set(scope, (suite.killers.get(scope) ?? new Set()).add(killer));
      return `${suite.file}: ${killer}`;
    }
  }
  return null;
}

// ---------------------------------------------------------------------------------------- mutants

async function judge(mutant: Mutant): Promise<Omit<Outcome, "seconds">> {
  const replacement = { file: mutant.file, content: mutatedSource(mutant) };
  const dependents = ourContracts().filter((file) => closureOf(file).has(mutant.file));
  let different: Compiled[];
  try {
    different = differing(dependents, replacement);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    return { status: "stillborn", by: error.message.split("\n")[0] ?? "" };
  }
  if (different.length === 0) return { status: "same bytecode", by: null };

  changed.clear();
  for (const contract of different) changed.set(contract.name, artifactOf(contract));
  const killer = await firstKiller(mutant.scope);
  if (killer !== null) return { status: "killed", by: killer };

  // The optimizer sees more equals than we do.
  const files = [...new Set(different.map(({ file }) => file))];
  const real = differing(files, replacement, PRODUCTION);
  return { status: real.length === 0 ? "same bytecode" : "survived", by: null };
}

function tell(message: FromWorker): void {
  process.send?.(message);
}

async function start(only: RegExp, known: readonly TestRecord[] | null): Promise<void> {
  compileOriginals();
  loadTests(only);
  if (known === null) {
    const failures = await rehearse();
    if (failures.length > 0) return tell({ type: "unfit", failures });
  } else {
    for (const suite of suites) suite.record = known.find(({ file }) => file === suite.file)!;
  }
  tell({ type: "ready", tests: suites.map(({ record }) => record) });
}

async function answer(message: ToWorker): Promise<void> {
  if (message.type === "start") return start(new RegExp(message.only), message.tests);
  const begin = Date.now();
  const verdict = await judge(message.mutant);
  tell({ type: "result", ...verdict, seconds: secondsSince(begin) });
}

// What a failing test leaves behind is not the next mutant's matter.
process.on("unhandledRejection", () => {});
process.on("message", (message: ToWorker) => {
  answer(message).catch((error: unknown) => {
    console.error(error);
    process.exit(1);
  });
});
