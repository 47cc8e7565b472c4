/**
 * Writes sdk/src/generated from the compiled contracts: one typed ABI per contract, TypeChain's contract types, and,
 * apart from both, the bytecode that only the sandbox needs, the deployments and the
 * recorded orders and markets that ship with the SDK. Run after `hardhat compile`; the folder is not committed.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { glob, runTypeChain } from "typechain";
import { bundleDeployments } from "./bundleDeployments";

const ROOT = path.resolve(__dirname, "../..");
const GENERATED = path.join(ROOT, "sdk/src/generated");

interface Binding {
  /** Name of the contract type and of its files. */
  readonly name: string;
  /** Compiled artifact, below artifacts/. */
  readonly artifact: string;
  /** True when the sandbox deploys it. */
  readonly deployed: boolean;
}

const BINDINGS: readonly Binding[] = [
  {
    name: "ConditionalTokens",
    artifact:
      "@gnosis.pm/conditional-tokens-contracts/contracts/ConditionalTokens.sol/ConditionalTokens",
    deployed: true,
  },
  { name: "MockUSDC", artifact: "contracts/mocks/MockUSDC.sol/MockUSDC", deployed: true },
  {
    name: "Collateral",
    artifact: "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol/IERC20Metadata",
    deployed: false,
  },
  {
    name: "ResolutionOracle",
    artifact: "contracts/oracle/ResolutionOracle.sol/ResolutionOracle",
    deployed: true,
  },
  {
    name: "MarketFactory",
    artifact: "contracts/market/MarketFactory.sol/MarketFactory",
    deployed: true,
  },
  {
    name: "CTFExchange",
    artifact: "contracts/exchange/CTFExchange.sol/CTFExchange",
    deployed: true,
  },
  {
    name: "MatchInspector",
    artifact: "contracts/exchange/MatchInspector.sol/MatchInspector",
    deployed: true,
  },
  {
    name: "PositionRedeemer",
    artifact: "contracts/periphery/PositionRedeemer.sol/PositionRedeemer",
    deployed: true,
  },
];

/** How many of the recorded markets ship with the SDK. */
const MARKET_VECTORS = 10;

const HEADER =
  "// Generated from the compiled contracts by scripts/generate/bindings.ts. Do not edit.\n";

async function main(): Promise<void> {
  rmSync(GENERATED, { recursive: true, force: true });
  const abiFolder = path.join(ROOT, "cache/abi");
  rmSync(abiFolder, { recursive: true, force: true });
  for (const folder of [
    GENERATED,
    path.join(GENERATED, "abi"),
    path.join(GENERATED, "bytecode"),
    abiFolder,
  ]) {
    mkdirSync(folder, { recursive: true });
  }

  for (const binding of BINDINGS) {
    const artifact = readArtifact(binding);
    const constant = lowerFirst(binding.name);
    writeFileSync(path.join(abiFolder, `${binding.name}.json`), JSON.stringify(artifact.abi));
    writeFileSync(
      path.join(GENERATED, "abi", `${binding.name}.ts`),
      `${HEADER}export const ${constant}Abi = ${JSON.stringify(artifact.abi, null, 1)} as const;\n`,
    );
    if (binding.deployed) {
      writeFileSync(
        path.join(GENERATED, "bytecode", `${binding.name}.ts`),
        `${HEADER}export const ${constant}Bytecode =\n  "${artifact.bytecode}";\n`,
      );
    }
  }

  writeFileSync(
    path.join(GENERATED, "deployments.ts"),
    HEADER + bundleDeployments(path.join(ROOT, "deployments")),
  );

  writeFileSync(path.join(GENERATED, "vectors.ts"), HEADER + bundleVectors());

  await runTypeChain({
    cwd: ROOT,
    filesToProcess: glob(ROOT, [path.join(abiFolder, "*.json")]),
    allFiles: glob(ROOT, [path.join(abiFolder, "*.json")]),
    outDir: path.join(GENERATED, "contracts"),
    target: "ethers-v6",
    flags: {
      alwaysGenerateOverloads: false,
      discriminateTypes: false,
      tsNocheck: false,
      node16Modules: true,
      environment: undefined,
    },
  });
  // TypeChain's factories carry every ABI a second time; the SDK binds the typed ABIs above instead.
  rmSync(path.join(GENERATED, "contracts/factories"), { recursive: true, force: true });
  rmSync(path.join(GENERATED, "contracts/index.ts"), { force: true });
}

/** The recorded orders and markets that the SDK hands to its users' tests. */
function bundleVectors(): string {
  const read = (file: string): unknown =>
    JSON.parse(readFileSync(path.join(ROOT, "test/vectors", file), "utf8"));
  const { vectors } = read("orders.json") as { vectors: unknown[] };
  const { markets } = read("markets.json") as { markets: unknown[] };
  return (
    `export const orderVectors = ${JSON.stringify(vectors, null, 1)} as const;\n\n` +
    `export const marketVectors = ${JSON.stringify(markets.slice(0, MARKET_VECTORS), null, 1)} as const;\n`
  );
}

function readArtifact(binding: Binding): { abi: unknown[]; bytecode: string } {
  const file = path.join(ROOT, "artifacts", `${binding.artifact}.json`);
  return JSON.parse(readFileSync(file, "utf8")) as { abi: unknown[]; bytecode: string };
}

function lowerFirst(name: string): string {
  const acronym = /^[A-Z]+(?=[A-Z][a-z])/.exec(name)?.[0];
  const head = acronym ?? name.slice(0, 1);
  return head.toLowerCase() + name.slice(head.length);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
