import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import hre from "hardhat";
import type { Measured } from "./measure";

/** What gas.json remembers. */
export interface Recorded {
  readonly compiler: Readonly<Record<string, unknown>>;
  readonly chain: Readonly<Record<string, unknown>>;
  readonly gas: Readonly<Record<string, number>>;
}

/** A peer's figures under the same scenarios. */
export interface Peer {
  readonly name: string;
  readonly source: string;
  readonly gas: Readonly<Record<string, number>>;
}

const RECORD = path.join(__dirname, "gas.json");
const PEERS = path.join(__dirname, "peers");
const EXCHANGE = "contracts/exchange/CTFExchange.sol:CTFExchange";

export function readRecord(): Recorded {
  return JSON.parse(readFileSync(RECORD, "utf8")) as Recorded;
}

export function readPeer(file: string): Peer {
  return JSON.parse(readFileSync(path.join(PEERS, `${file}.json`), "utf8")) as Peer;
}

/** Replaces gas.json; its lines are sorted, so that a diff shows what moved. */
export async function writeRecord(measured: readonly Measured[]): Promise<void> {
  const gas: Record<string, number> = {};
  for (const one of [...measured].sort((a, b) => compareIds(a.scenario.id, b.scenario.id))) {
    if (one.gas !== null) gas[one.scenario.id] = one.gas;
  }
  const record: Recorded = { compiler: await compilerUsed(), chain: chainUsed(), gas };
  writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
}

/** Numbers in ids by value: "comp 5" before "comp 10". */
function compareIds(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

async function compilerUsed(): Promise<Record<string, unknown>> {
  const build = await hre.artifacts.getBuildInfo(EXCHANGE);
  if (build === undefined) throw new Error("the exchange is not compiled: npm run build");
  const { evmVersion, viaIR, optimizer } = build.input.settings;
  return { version: build.solcLongVersion, evmVersion, viaIR, optimizer };
}

function chainUsed(): Record<string, unknown> {
  return { hardhat: hre.version, hardfork: hre.config.networks.hardhat.hardfork };
}
