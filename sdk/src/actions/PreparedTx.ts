import type { Address, Hex } from "../order/Order.js";

/**
 * A transaction ready to go: look at it, try it, price it, or send it. Nothing has been sent yet, and each of the calls
 * may be repeated.
 */
export interface PreparedTx<T> {
  /** What it does, for people: "createBinaryMarket". */
  readonly action: string;
  readonly to: Address;
  readonly data: Hex;
  /** Runs it against the present state without sending. @throws ContractRevertError when it would fail. */
  simulate(): Promise<void>;
  /** Gas units it would use now. @throws ContractRevertError when it would fail. */
  estimateGas(): Promise<bigint>;
  /** Sends it. @throws ContractRevertError, SigningRejectedError, TransportError. */
  send(options?: SendOptions): Promise<SentTx<T>>;
}

/** What the sender fixes itself; the rest is asked of the node. */
export interface SendOptions {
  readonly gasLimit?: bigint;
  readonly gasPrice?: bigint;
  readonly nonce?: number;
}

/** A transaction on its way. */
export interface SentTx<T> {
  readonly hash: Hex;
  /** Waits until it is mined and gives its typed result. @throws ContractRevertError when it was mined but failed. */
  wait(confirmations?: number): Promise<T>;
}

/** What every transaction yields, whatever it does. */
export interface TxResult {
  readonly transactionHash: Hex;
  readonly blockNumber: number;
  readonly gasUsed: bigint;
}
