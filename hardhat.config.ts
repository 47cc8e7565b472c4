import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import "@nomicfoundation/hardhat-toolbox";
import {
  TASK_COMPILE,
  TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD,
  TASK_COMPILE_SOLIDITY_GET_SOURCE_PATHS,
  TASK_COMPILE_SOLIDITY_LOG_COMPILATION_ERRORS,
} from "hardhat/builtin-tasks/task-names";
import { type HardhatUserConfig, subtask, task } from "hardhat/config";
import type { NetworksUserConfig } from "hardhat/types";

/**
 * The two compilers are npm packages, so a build downloads nothing.
 * `solc` compiles Nostra; `solc-0.5` compiles the published ConditionalTokens, unchanged.
 */
const COMPILERS: Record<string, { package: string; longVersion: string }> = {
  "0.8.30": { package: "solc", longVersion: "0.8.30+commit.73712a01" },
  "0.5.10": { package: "solc-0.5", longVersion: "0.5.10+commit.5a6ea5b1" },
};

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD).setAction(
  async ({ solcVersion }: { solcVersion: string }) => {
    const compiler = COMPILERS[solcVersion];
    if (compiler === undefined) {
      throw new Error(
        `no npm package is known for solc ${solcVersion}; known: ${Object.keys(COMPILERS).join(", ")}`,
      );
    }
    const packageFolder = path.dirname(require.resolve(`${compiler.package}/package.json`));
    return {
      compilerPath: path.join(packageFolder, "soljson.js"),
      isSolcJs: true,
      version: solcVersion,
      longVersion: compiler.longVersion,
    };
  },
);

/** The compiler's advice to clear transient storage. OpenZeppelin's guard does, and ours is the only use of it. */
const TRANSIENT_STORAGE_ADVICE = "2394";

interface CompilerOutput {
  readonly errors?: readonly { readonly errorCode?: string; readonly formattedMessage?: string }[];
}

subtask(TASK_COMPILE_SOLIDITY_LOG_COMPILATION_ERRORS).setAction(
  async ({ output, ...rest }: { output: CompilerOutput }, _hre, runSuper) => {
    const errors = output.errors?.filter(
      ({ errorCode, formattedMessage }) =>
        errorCode !== TRANSIENT_STORAGE_ADVICE || !formattedMessage?.includes("@openzeppelin/"),
    );
    await runSuper({ ...rest, output: { ...output, errors } });
  },
);

let deployedOnly = false;

task(
  "compile:deployed",
  "Compiles what is deployed, without the mocks of tests and without types for them",
).setAction(async (_args, hre) => {
  deployedOnly = true;
  await hre.run(TASK_COMPILE, { noTypechain: true });
});

let allTypes = false;

// Types are made for what was just compiled. After `compile:deployed` that is not all of it, so the first whole compile asks
// for all of them.
task(TASK_COMPILE).setAction(async (args: { noTypechain?: boolean }, hre, runSuper) => {
  const missing = !existsSync(path.join(hre.config.typechain.outDir, "index.ts"));
  if (args.noTypechain !== true && missing && !allTypes) {
    allTypes = true;
    await hre.run("typechain");
  } else {
    await runSuper(args);
  }
});

subtask(TASK_COMPILE_SOLIDITY_GET_SOURCE_PATHS).setAction(async (args, _hre, runSuper) => {
  const paths: string[] = await runSuper(args);
  const forTests = path.join(__dirname, "contracts/mocks/");
  const deployed = (file: string): boolean =>
    !file.startsWith(forTests) || path.basename(file) === "MockUSDC.sol";
  return deployedOnly ? paths.filter(deployed) : paths;
});

const environmentFile = path.join(__dirname, ".env");
if (existsSync(environmentFile)) process.loadEnvFile(environmentFile);

const builtNetworks = path.join(__dirname, "sdk/dist/cjs/cli/networks.js");

/**
 * The networks of the commands, for Hardhat's own tasks. Loading needs neither address nor key. The SDK has them, and is built
 * from what Hardhat compiles: before the first build there are none.
 */
function publicNetworks(): NetworksUserConfig {
  if (!existsSync(builtNetworks)) return {};
  const { KEY_VARIABLE, NETWORKS, rpcUrlOf } = createRequire(__filename)(
    builtNetworks,
  ) as typeof import("#cli/networks");
  const key = process.env[KEY_VARIABLE] ?? "";
  return Object.fromEntries(
    NETWORKS.map((network) => [
      network.name,
      {
        chainId: network.chainId,
        url: rpcUrlOf(network, process.env) ?? `http://set-${network.rpcVariable}.invalid`,
        ...(!network.local && /^0x[0-9a-fA-F]{64}$/.test(key) ? { accounts: [key] } : {}),
      },
    ]),
  );
}

const config: HardhatUserConfig = {
  solidity: {
    compilers: [
      {
        version: "0.8.30",
        settings: {
          evmVersion: "cancun",
          viaIR: true,
          optimizer: { enabled: true, runs: 40_000 },
        },
      },
      {
        // The settings of the published build: see test/contracts/ConditionalTokens.test.ts.
        version: "0.5.10",
        settings: { evmVersion: "petersburg", optimizer: { enabled: true, runs: 200 } },
      },
    ],
  },
  networks: {
    hardhat: {
      chainId: 31337,
      // Polygon's own limit on one transaction's gas is far above this; 30M keeps a match honest.
      blockGasLimit: 30_000_000,
      accounts: { count: 40 },
    },
    ...publicNetworks(),
  },
  etherscan: { apiKey: process.env["ETHERSCAN_API_KEY"] ?? "" },
  sourcify: { enabled: false },
  typechain: { outDir: "typechain-types", target: "ethers-v6" },
  mocha: { timeout: 120_000 },
};

export default config;
