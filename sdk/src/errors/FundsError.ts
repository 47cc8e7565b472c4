import type { Address } from "../order/Order.js";
import { NostraError } from "./NostraError.js";

/** What an account has, or lets the exchange move, of what its order gives, against what it needs; in units of the asset. */
export interface Funds {
  readonly asset: "COLLATERAL" | "OUTCOME";
  /** The outcome token; 0n for collateral. */
  readonly assetId: bigint;
  readonly owner: Address;
  /** Of an outcome token that the exchange may not move: 0n, as that is all or nothing. */
  readonly have: bigint;
  /** What is left of the order, and `reserved`. */
  readonly need: bigint;
  /** The part of `need` that other open orders of the owner give. */
  readonly reserved: bigint;
}

/** The maker of an order has, or allows, less than the order needs: what BalanceError and AllowanceError have in common. */
export abstract class FundsError extends NostraError implements Funds {
  readonly asset: Funds["asset"];
  readonly assetId: bigint;
  readonly owner: Address;
  readonly have: bigint;
  readonly need: bigint;
  readonly reserved: bigint;

  constructor(code: string, message: string, funds: Funds) {
    super(code, message, { details: { ...funds } });
    this.asset = funds.asset;
    this.assetId = funds.assetId;
    this.owner = funds.owner;
    this.have = funds.have;
    this.need = funds.need;
    this.reserved = funds.reserved;
  }
}

/** The maker of an order holds less than it needs. */
export class BalanceError extends FundsError {
  constructor(message: string, funds: Funds) {
    super("INSUFFICIENT_BALANCE", message, funds);
  }
}

/** The maker of an order lets the exchange move less than it needs; of an outcome token, nothing. */
export class AllowanceError extends FundsError {
  /** Who needs to be let: the exchange. */
  readonly spender: Address;

  constructor(message: string, funds: Funds & { readonly spender: Address }) {
    super("INSUFFICIENT_ALLOWANCE", message, funds);
    this.spender = funds.spender;
  }
}
