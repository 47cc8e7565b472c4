import type { Address, Hex } from "@nostra/sdk/order";
import type { Accepted, NewOrder } from "../engine/Engine";
import type { Turns } from "./Turns";

/** What is asked for an order beside what is signed. */
export type SubmitOptions = Partial<
  Pick<NewOrder, "kind" | "timeInForce" | "postOnly" | "selfTrade">
>;

/** The values that each of them may have. */
export const SUBMIT_CHOICES = {
  kind: ["limit", "market"],
  timeInForce: ["GTC", "GTD", "FOK", "FAK"],
  postOnly: [true, false],
  selfTrade: ["skip", "cancel-oldest", "cancel-newest", "cancel-both"],
} as const satisfies { readonly [Name in keyof SubmitOptions]-?: readonly unknown[] };

/** An order as it came in: nothing of it is checked but that it has no other members. */
export interface SubmitRequest {
  /** The member `order` of an OrderJson. */
  readonly order: unknown;
  readonly signature: unknown;
  readonly options?: SubmitOptions;
}

export interface SubmitContext {
  /** Who sent the order, when that is known. The order's own signature is what it is judged by. */
  readonly account?: Address;
  /** Orders that share it are verified at once, and get their places in the order in which they were submitted. */
  readonly turns?: Turns;
}

/** What became of one order that was to be cancelled. */
export interface CancelResult {
  readonly hash: Hex;
  readonly result: "CANCELLED" | "NOT_OPEN" | "NOT_FOUND" | "NOT_YOURS";
}

/** Of one asset of an account, in units: what the chain says, and what open orders and unsettled matches could still give. */
export interface Funds {
  readonly balance: bigint;
  /** What the exchange may move: of shares all or nothing. */
  readonly allowance: bigint;
  readonly reserved: bigint;
}

/** Lets orders in, and takes them out in their makers' names. */
export interface Intake {
  /**
   * Reads, verifies and admits one order. An order that the venue has had before is answered with where it stands.
   * @throws InputError when its shape is wrong. @throws OperatorError with the status to answer: 422 when its maker cannot
   * pay (with what is missing), 425 or 503 when the venue is not ready.
   */
  submit(request: SubmitRequest, context: SubmitContext): Promise<Accepted>;
  /** Takes out those of an account's orders that are named. @returns one result per hash, in their order. */
  cancel(account: Address, hashes: readonly Hex[]): Promise<readonly CancelResult[]>;
  /** Takes out all of an account's orders, or those of one market. @returns how many were taken out. */
  cancelAll(account: Address, conditionId?: Hex): Promise<number>;
  /** Unless it is repeated within so many seconds, all orders of the account are taken out; 0 turns that off. */
  heartbeat(account: Address, seconds: number): void;
  /** @param asset "0" for collateral, or a token id. */
  funds(account: Address, asset: string): Promise<Funds>;
}
