import type { Funds } from "../errors/FundsError.js";
import { formatDecimal } from "../units/formatDecimal.js";
import { formatPrice } from "../units/formatPrice.js";
import type { FindingCode, FindingValues } from "./Finding.js";

const SIGN_AGAIN = "it must be signed again";

const SENTENCES: { readonly [C in FindingCode]: (values: FindingValues[C]) => string } = {
  INVALID_SIDE: ({ side }) => `The side is ${side}; BUY is 0 and SELL is 1.`,
  INVALID_AMOUNT: ({ makerAmount, takerAmount, maxAmount }) =>
    `The order gives ${makerAmount} units for ${takerAmount}; both must be from 1 to ${maxAmount}.`,
  INVALID_PRICE: ({ makerAmount, takerAmount }) =>
    `The price is above 1: the order gives ${makerAmount} units for ${takerAmount}.`,
  FEE_TOO_HIGH: ({ feeRateBps, maxFeeRateBps }) =>
    `The signed fee rate is ${feeRateBps} basis points; the exchange takes at most ${maxFeeRateBps}.`,
  TOKEN_NOT_REGISTERED: ({ tokenId }) => `The exchange does not trade the token ${tokenId}.`,
  ORDER_CANCELLED: () => "Its maker cancelled the order, for good.",
  ORDER_FILLED: () => "The order is filled: nothing is left of it.",
  EXPIRED: ({ expirationSeconds, nowSeconds }) =>
    `The order is dead since ${expirationSeconds}; the chain's clock is at ${nowSeconds}.`,
  STALE_NONCE: ({ nonce, currentNonce }) =>
    `The order has nonce ${nonce}, and its maker is at ${currentNonce} since: ${SIGN_AGAIN}.`,
  FUTURE_NONCE: ({ nonce, currentNonce }) =>
    `The order has nonce ${nonce}, and its maker is only at ${currentNonce}: ${SIGN_AGAIN}.`,
  UNSUPPORTED_SIGNATURE_TYPE: ({ signatureType }) =>
    `There is no signature type ${signatureType}: ${SIGN_AGAIN}.`,
  SIGNATURE_MISSING: ({ expected }) =>
    `The order carries no signature: ${expected} signs it, or its maker approves it on chain.`,
  INVALID_SIGNATURE: ({ kind, expected, recovered, reason }) => {
    if (reason === "NOT_MAKER") {
      return `The order names another signer than its maker ${expected}: ${SIGN_AGAIN}.`;
    }
    if (kind === "EIP1271") return `The contract ${expected} does not confirm the signature.`;
    const found = recovered === null ? "of nobody" : `of ${recovered} or of another order`;
    return `The signature is ${found}, and not the one of ${expected}: ${SIGN_AGAIN}.`;
  },
  SIGNER_NOT_AUTHORIZED: ({ maker, signer, expirationSeconds }) =>
    expirationSeconds === 0n
      ? `${maker} does not let ${signer} sign for it.`
      : `${maker} let ${signer} sign for it until ${expirationSeconds} only.`,
  NOT_TAKER: ({ taker, counterparty }) =>
    `The order is for ${taker} alone, and not for ${counterparty}.`,
  EXCHANGE_PAUSED: () => "Matching is stopped at the exchange.",
  INSUFFICIENT_BALANCE: (values) => `${values.owner} has ${amountsOf(values)}.`,
  INSUFFICIENT_ALLOWANCE: (values) =>
    values.asset === "COLLATERAL"
      ? `${values.owner} lets the exchange ${values.spender} take ${amountsOf(values)}.`
      : `${values.owner} does not let the exchange ${values.spender} move its outcome tokens.`,
  TOKENS_REFUSED: ({ receiver }) =>
    `The contract ${receiver} does not take the outcome token that it would buy.`,
  EXPIRES_SOON: ({ expirationSeconds, nowSeconds }) =>
    `The order has ${expirationSeconds - nowSeconds} seconds to live.`,
  OFF_TICK: ({ price, tick, nearest }) =>
    `The price, about ${formatPrice(price)}, is off the tick ${tick}; valid is ${nearest.join(" or ")}.`,
  PRIVATE: ({ taker }) => `Only ${taker} may be on the other side.`,
  MARKET_ENDED: ({ endTimeSeconds, status }) =>
    `The market ended at ${endTimeSeconds} and is ${status}: others may know its result.`,
  MARKET_RESOLVED: ({ payouts: [yes, no] }) =>
    `The market is resolved: YES and NO redeem as ${yes} to ${no}.`,
  MARKET_CANCELLED: () => "The market is cancelled: each token redeems for half.",
};

/** A finding in one sentence. */
export function describeFinding<C extends FindingCode>(code: C, values: FindingValues[C]): string {
  return SENTENCES[code](values);
}

function amountsOf({ asset, assetId, have, need, reserved }: Funds): string {
  const what = asset === "COLLATERAL" ? "collateral" : `of the token ${assetId}`;
  const others =
    reserved === 0n ? "" : `, ${formatDecimal("reserved", reserved)} of it for other orders`;
  const [held, needed] = [have, need].map((units) => formatDecimal("amount", units));
  return `${held} ${what}; ${needed} is needed${others}`;
}
