import { readFileSync } from "node:fs";
import path from "node:path";
import { Interface, type InterfaceAbi, toQuantity } from "ethers";
import hre from "hardhat";
import { TASK_COMPILE_SOLIDITY_RUN_SOLCJS } from "hardhat/builtin-tasks/task-names";

/** Below the most that one transaction may ask for since the Osaka hard fork, 2^24. */
const GAS_LIMIT = toQuantity(16_000_000);
/** Above any base fee that an in-process chain reaches. */
const GAS_PRICE = toQuantity(10n ** 12n);
const ETHER_FOR_GAS = toQuantity(10n ** 24n);

export interface Artifact {
  readonly abi: InterfaceAbi;
  readonly bytecode: string;
}

export interface Sent {
  readonly gas: number;
  /** The contract created, if the transaction created one. */
  readonly created: string | null;
}

/** A contract on the chain, and what its creation cost. */
export interface Contract {
  readonly address: string;
  readonly abi: Interface;
  readonly deployGas: number;
  readonly codeBytes: number;
}

export function rpc<T>(method: string, params: readonly unknown[] = []): Promise<T> {
  return hre.network.provider.request({ method, params: [...params] }) as Promise<T>;
}

export function snapshot(): Promise<string> {
  return rpc("evm_snapshot");
}

export async function revertTo(id: string): Promise<void> {
  if (!(await rpc<boolean>("evm_revert", [id]))) throw new Error("the chain lost its snapshot");
}

/** Lets transactions be sent from an account whose key the chain does not hold, and pays for their gas. */
export async function unlock(account: string): Promise<void> {
  await rpc("hardhat_impersonateAccount", [account]);
  await rpc("hardhat_setBalance", [account, ETHER_FOR_GAS]);
}

async function sendRaw(from: string, to: string | undefined, data: string): Promise<Sent> {
  const hash = await rpc<string>("eth_sendTransaction", [
    { from, ...(to !== undefined && { to }), data, gas: GAS_LIMIT, gasPrice: GAS_PRICE },
  ]);
  const receipt = await rpc<{ gasUsed: string; status: string; contractAddress: string | null }>(
    "eth_getTransactionReceipt",
    [hash],
  );
  if (receipt.status !== "0x1") throw new Error("the transaction reverted");
  return { gas: Number(receipt.gasUsed), created: receipt.contractAddress };
}

export function send(
  from: string,
  contract: Contract,
  method: string,
  args: readonly unknown[] = [],
): Promise<Sent> {
  return sendRaw(from, contract.address, contract.abi.encodeFunctionData(method, [...args]));
}

/** The gas that a call would use as a transaction; for views, which nobody sends. */
export async function estimate(
  from: string,
  contract: Contract,
  method: string,
  args: readonly unknown[] = [],
): Promise<Sent> {
  const data = contract.abi.encodeFunctionData(method, [...args]);
  const gas = await rpc<string>("eth_estimateGas", [{ from, to: contract.address, data }]);
  return { gas: Number(gas), created: null };
}

/** The single value that a view returns. */
export async function read<T>(
  contract: Contract,
  method: string,
  args: readonly unknown[] = [],
): Promise<T> {
  const data = contract.abi.encodeFunctionData(method, [...args]);
  const result = await rpc<string>("eth_call", [{ to: contract.address, data }, "latest"]);
  return contract.abi.decodeFunctionResult(method, result)[0] as T;
}

export async function deploy(
  from: string,
  artifact: Artifact,
  args: readonly unknown[] = [],
): Promise<Contract> {
  const abi = new Interface(artifact.abi);
  const { gas, created } = await sendRaw(
    from,
    undefined,
    artifact.bytecode + abi.encodeDeploy([...args]).slice(2),
  );
  if (created === null) throw new Error("nothing was deployed");
  const code = await rpc<string>("eth_getCode", [created, "latest"]);
  return { address: created, abi, deployGas: gas, codeBytes: (code.length - 2) / 2 };
}

interface CompilerOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<
    string,
    Record<string, { abi: InterfaceAbi; evm: { bytecode: { object: string } } }>
  >;
}

/**
 * Compiles StandIns.sol, in memory. The settings are those the peers were measured with; they are not the project's,
 * so that a change of the project's settings moves the figures of the exchange only.
 */
export async function compileStandIns(): Promise<(name: string) => Artifact> {
  const file = "StandIns.sol";
  const output = (await hre.run(TASK_COMPILE_SOLIDITY_RUN_SOLCJS, {
    solcJsPath: path.join(path.dirname(require.resolve("solc/package.json")), "soljson.js"),
    input: {
      language: "Solidity",
      sources: { [file]: { content: readFileSync(path.join(__dirname, file), "utf8") } },
      settings: {
        evmVersion: "shanghai",
        optimizer: { enabled: true, runs: 1_000_000 },
        metadata: { bytecodeHash: "none" },
        outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
      },
    },
  })) as CompilerOutput;

  const failure = output.errors?.find(({ severity }) => severity === "error");
  if (failure !== undefined) throw new Error(failure.formattedMessage);
  return (name) => {
    const compiled = output.contracts?.[file]?.[name];
    if (compiled === undefined) throw new Error(`${file} has no contract ${name}`);
    return { abi: compiled.abi, bytecode: `0x${compiled.evm.bytecode.object}` };
  };
}
