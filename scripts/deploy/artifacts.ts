import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Artifact, ArtifactResolver } from "@nomicfoundation/ignition-core";
import { CommandError } from "#cli/CommandError";

const ROOT = path.resolve(__dirname, "../..");

/** Where the compiled contracts of a deployment are, by name. */
const FILES: Readonly<Record<string, string>> = {
  ConditionalTokens:
    "artifacts/@gnosis.pm/conditional-tokens-contracts/contracts/ConditionalTokens.sol/ConditionalTokens.json",
  MockUSDC: "artifacts/contracts/mocks/MockUSDC.sol/MockUSDC.json",
  ResolutionOracle: "artifacts/contracts/oracle/ResolutionOracle.sol/ResolutionOracle.json",
  MarketFactory: "artifacts/contracts/market/MarketFactory.sol/MarketFactory.json",
  CTFExchange: "artifacts/contracts/exchange/CTFExchange.sol/CTFExchange.json",
  PositionRedeemer: "artifacts/contracts/periphery/PositionRedeemer.sol/PositionRedeemer.json",
  MatchInspector: "artifacts/contracts/exchange/MatchInspector.sol/MatchInspector.json",
  // The published build, whose sources an explorer knows already.
  TimelockController:
    require.resolve("@openzeppelin/contracts/build/contracts/TimelockController.json"),
};

export interface CompiledContract extends Artifact {
  readonly deployedBytecode: string;
}

/** A compiled contract by its name. @throws CommandError when it is not compiled. */
export function readArtifact(contract: string): CompiledContract {
  const file = path.resolve(ROOT, FILES[contract] ?? contract);
  if (!existsSync(file)) {
    throw new CommandError(`${contract} is not compiled: npm run build compiles it`);
  }
  return JSON.parse(readFileSync(file, "utf8")) as CompiledContract;
}

/** What a contract was compiled with; undefined for one that came compiled. */
export function readCompiler(
  contract: string,
): { readonly version: string; readonly settings: Readonly<Record<string, unknown>> } | undefined {
  const file = path.resolve(ROOT, FILES[contract] ?? contract);
  const debug = file.replace(/\.json$/, ".dbg.json");
  if (!existsSync(debug)) return undefined;
  const { buildInfo } = JSON.parse(readFileSync(debug, "utf8")) as { buildInfo: string };
  const info = JSON.parse(readFileSync(path.resolve(path.dirname(debug), buildInfo), "utf8")) as {
    solcLongVersion: string;
    input: { settings: Record<string, unknown> };
  };
  const { optimizer, evmVersion, viaIR } = info.input.settings;
  return {
    version: info.solcLongVersion,
    settings: { optimizer, evmVersion, ...(viaIR === undefined ? {} : { viaIR }) },
  };
}

/**
 * What Ignition loads contracts with. It is given no build info, which it would copy into the journal, megabytes of it:
 * sources are submitted from the build itself.
 */
export const artifactResolver: ArtifactResolver = {
  loadArtifact: (contract) => Promise.resolve(readArtifact(contract)),
  getBuildInfo: () => Promise.resolve(undefined),
};
