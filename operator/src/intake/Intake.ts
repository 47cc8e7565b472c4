import type { Address, Hex } from "@nostra/sdk/order";
import type { Accepted } from "../engine/Engine";

/** An order as it is sent: the SDK's OrderJson, and what is asked for it. */
export interface SubmitRequest {
  readonly order: unknown;
  readonly signature: unknown;
  readonly options?: SubmitOptions | undefined;
}

/** What an order asks for; see docs/matching.md. Every field has a default. */
export interface SubmitOptions {
  readonly kind?: "limit" | "market" | undefined;
  readonly timeInForce?: "GTC" | "GTD" | "FOK" | "FAK" | undefined;
  readonly postOnly?: boolean | undefined;
  readonly selfTrade?: "skip" | "cancel-oldest" | "cancel-newest" | "cancel-both" | undefined;
}

export interface CancelResult {
  readonly hash: Hex;
  readonly result: "CANCELLED" | "NOT_OPEN" | "NOT_FOUND" | "NOT_YOURS";
}

/** What an account has of an asset, in units: available is the lesser of balance and allowance, less what is reserved. */
export interface AccountFunds {
  readonly balance: bigint;
  readonly allowance: bigint;
  readonly reserved: bigint;
}

/** The door of the venue. */
export interface Intake {
  /**
   * Reads, verifies and admits one order; resolves when it is stored.
   * @throws JsonError, InputError of the SDK for what is malformed. @throws OperatorError with a status for the rest.
   */
  submit(request: SubmitRequest, context?: { readonly account?: Address }): Promise<Accepted>;
  /** Takes orders of an account out; each has a result of its own. */
  cancel(account: Address, hashes: readonly Hex[]): Promise<readonly CancelResult[]>;
  /** Takes out all open orders of an account, of one market or of all. @returns how many. */
  cancelAll(account: Address, conditionId?: Hex): Promise<number>;
  /** Dead-man switch: unless it is repeated within so many seconds, all orders of the account are cancelled. 0 ends it. */
  heartbeat(account: Address, seconds: number): void;
  /** Asset "0" is collateral, others are token ids. */
  funds(account: Address, asset: string): Promise<AccountFunds>;
}
