import { NostraError } from "./NostraError.js";

/** What an account has, or lets the exchange move, of what its order gives, against what it needs. */
export interface Funds {
  readonly asset: "COLLATERAL" | "OUTCOME";
  /** The outcome token; 0n for collateral. */
  readonly assetId: bigint;
  readonly owner: string;
  /** In units of the asset. */
  readonly have: bigint;
  readonly need: bigint;
}

/** The maker of an order holds less than it needs. `details` has `reserved` too: the part for its other open orders. */
export class BalanceError extends NostraError implements Funds {
  readonly asset: Funds["asset"];
  readonly assetId: bigint;
  readonly owner: string;
  readonly have: bigint;
  readonly need: bigint;

  constructor(message: string, funds: Funds) {
    super("INSUFFICIENT_BALANCE", message, { details: { ...funds } });
    this.asset = funds.asset;
    this.assetId = funds.assetId;
    this.owner = funds.owner;
    this.have = funds.have;
    this.need = funds.need;
  }
}

/**
 * The maker of an order lets the exchange move less than it needs. Of an outcome token it has 0n or everything.
 * `details` has `reserved` too: the part for its other open orders.
 */
export class AllowanceError extends NostraError implements Funds {
  readonly asset: Funds["asset"];
  readonly assetId: bigint;
  readonly owner: string;
  /** Who is let: the exchange. */
  readonly spender: string;
  readonly have: bigint;
  readonly need: bigint;

  constructor(message: string, funds: Funds & { readonly spender: string }) {
    super("INSUFFICIENT_ALLOWANCE", message, { details: { ...funds } });
    this.asset = funds.asset;
    this.assetId = funds.assetId;
    this.owner = funds.owner;
    this.spender = funds.spender;
    this.have = funds.have;
    this.need = funds.need;
  }
}
