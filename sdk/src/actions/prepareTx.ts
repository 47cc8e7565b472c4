import {
  AbiCoder,
  isError,
  type BaseContract,
  type ContractRunner,
  type ContractTransaction,
  type ParamType,
  type TransactionReceipt,
} from "ethers";
import { UnknownContractError } from "../errors/ContractRevertError.js";
import { TransportError, toNostraError } from "../errors/toNostraError.js";
import { InputError } from "../errors/InputError.js";
import type { Address, Hex } from "../order/Order.js";
import type { PreparedTx, SendOptions, SentTx, TxResult } from "./PreparedTx.js";

export interface PrepareTxParams<T> {
  readonly action: string;
  readonly contract: BaseContract;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Reads the result of the action from its receipt. */
  readonly read: (receipt: TransactionReceipt) => T;
}

/**
 * The one way every action becomes a transaction: encoded at once, everything else on demand.
 * @throws InputError naming an argument that the contract's method cannot take.
 */
export function prepareTx<T>(params: PrepareTxParams<T>): PreparedTx<T & TxResult> {
  const { action, contract } = params;
  const to = contract.target as Address;
  const data = encodeCall(params);
  const attempt = async <R>(call: (runner: ContractRunner) => Promise<R>): Promise<R> => {
    const runner = requireRunner(action, contract);
    try {
      return await call(runner);
    } catch (thrown) {
      throw toNostraError(action, thrown);
    }
  };

  return {
    action,
    to,
    data,
    simulate: () =>
      attempt(async (runner) => {
        await requireMethod(action, runner, "call")(await withSender(runner, { to, data }));
      }),
    estimateGas: () =>
      attempt(async (runner) =>
        requireMethod(action, runner, "estimateGas")(await withSender(runner, { to, data })),
      ),
    send: (options: SendOptions = {}) =>
      attempt(async (runner) => {
        const sent = await requireMethod(
          action,
          runner,
          "sendTransaction",
        )({ to, data, ...options });
        return {
          hash: sent.hash as Hex,
          wait: (confirmations = 1) =>
            attempt(async () => {
              const receipt = await sent.wait(confirmations).catch(async (thrown: unknown) => {
                throw await refusalOf(action, runner, { to, data, ...options }, thrown);
              });
              if (receipt === null) throw new TransportError(action, `no receipt of ${sent.hash}`);
              return { ...params.read(receipt), ...resultOf(receipt) };
            }),
        } satisfies SentTx<T & TxResult>;
      }),
  };
}

/** The calldata. @throws InputError naming the first argument that is not of its type. */
function encodeCall({ contract, method, args }: Omit<PrepareTxParams<unknown>, "read">): Hex {
  try {
    return contract.interface.encodeFunctionData(method, [...args]) as Hex;
  } catch (thrown) {
    const inputs = contract.interface.getFunction(method)?.inputs ?? [];
    const wrong = inputs.findIndex((input, i) => !isOfType(input, args[i]));
    if (wrong === -1) throw thrown;
    const { name, type } = inputs[wrong] as ParamType;
    throw new InputError(name, args[wrong], `a value of type ${type}`);
  }
}

function isOfType(type: ParamType, value: unknown): boolean {
  try {
    AbiCoder.defaultAbiCoder().encode([type], [value]);
    return true;
  } catch {
    return false;
  }
}

/** For actions that yield nothing of their own. */
export function readNothing(): object {
  return {};
}

/**
 * Why a mined transaction failed. Its receipt does not say: the same call on the state its block left behind does, unless
 * that state would let it pass. What failed without a receipt is returned as it is.
 */
async function refusalOf(
  action: string,
  runner: ContractRunner,
  { to, data, gasLimit }: ContractTransaction,
  thrown: unknown,
): Promise<unknown> {
  if (!isError(thrown, "CALL_EXCEPTION") || !thrown.receipt) return thrown;
  const { blockNumber } = thrown.receipt;
  try {
    const tx = { to, data, ...(gasLimit === undefined ? {} : { gasLimit }) };
    await runner.call?.({ ...(await withSender(runner, tx)), blockTag: blockNumber });
  } catch (refusal) {
    const error = toNostraError(action, refusal);
    if (!(error instanceof TransportError)) return error;
  }
  return new UnknownContractError("0x", thrown);
}

function resultOf(receipt: TransactionReceipt): TxResult {
  return {
    transactionHash: receipt.hash as Hex,
    blockNumber: receipt.blockNumber,
    gasUsed: receipt.gasUsed,
  };
}

function requireRunner(action: string, contract: BaseContract): ContractRunner {
  if (contract.runner === null) {
    throw new InputError("runner", null, `a provider or signer to run ${action} with`);
  }
  return contract.runner;
}

function requireMethod<K extends "call" | "estimateGas" | "sendTransaction">(
  action: string,
  runner: ContractRunner,
  method: K,
): NonNullable<ContractRunner[K]> {
  const found = runner[method];
  if (found === undefined) {
    throw new InputError("runner", runner, `a signer: ${action} needs ${method}`);
  }
  return found.bind(runner) as NonNullable<ContractRunner[K]>;
}

/** A call is made in the name of the account that would send it. */
async function withSender(
  runner: ContractRunner,
  tx: ContractTransaction,
): Promise<ContractTransaction> {
  const signer = runner as { getAddress?: () => Promise<string> };
  return signer.getAddress === undefined ? tx : { ...tx, from: await signer.getAddress() };
}
