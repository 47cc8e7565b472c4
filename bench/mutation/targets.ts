/** What is mutated, and which tests may notice. */
import { readdirSync } from "node:fs";
import path from "node:path";

export const ROOT = path.resolve(__dirname, "../..");

/** Our own code that does something: no interface, no mock, no plain type. */
const MUTATED =
  /^contracts\/((access|exchange|libraries|market|oracle|periphery)\/|types\/StatusWord\.sol$)/;

/** The published ConditionalTokens, which another compiler compiles, is not ours. */
const FOREIGN = /^contracts\/tokens\//;

/** Tests that deploy contracts by their artifacts. Which of them concerns which contract is observed, not written down. */
const TESTS = /^test\/(contracts\/|integration\/ExchangeFlow|invariants\/invariants)/;

export function mutatedFiles(): string[] {
  return ourContracts().filter((file) => MUTATED.test(file));
}

/** Every source that the newer compiler compiles, mocks included. */
export function ourContracts(): string[] {
  return filesBelow("contracts", ".sol").filter((file) => !FOREIGN.test(file));
}

export function testFiles(): string[] {
  return filesBelow("test", ".test.ts").filter((file) => TESTS.test(file));
}

function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((file) => path.posix.join(folder, file.split(path.sep).join("/")))
    .filter((file) => file.endsWith(ending))
    .sort();
}
