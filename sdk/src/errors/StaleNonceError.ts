import { NostraError } from "./NostraError.js";

/**
 * An order carries another nonce than its maker has in the exchange now: it could not settle. Nothing was signed or sent.
 * It is the exchange's own count (`exchange.nonces`), not the number of transactions the account has sent.
 */
export class StaleNonceError extends NostraError {
  readonly maker: string;
  /** The order's. */
  readonly nonce: bigint;
  /** The one that an order of this maker must have now. */
  readonly currentNonce: bigint;

  constructor(maker: string, nonce: bigint, currentNonce: bigint) {
    super("STALE_NONCE", `the order has nonce ${nonce}; ${maker} is at ${currentNonce}`, {
      details: { maker, nonce, currentNonce },
    });
    this.maker = maker;
    this.nonce = nonce;
    this.currentNonce = currentNonce;
  }
}
