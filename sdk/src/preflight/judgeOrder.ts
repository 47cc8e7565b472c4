import { approveCollateral, approveOutcomeTokens } from "../actions/approvals.js";
import { approveOrder } from "../actions/orders.js";
import type { PreparedTx, TxResult } from "../actions/PreparedTx.js";
import type { Connection } from "../contracts/connect.js";
import { checksumAddress, ZERO_ADDRESS } from "../ids/address.js";
import { MAX_FEE_RATE_BPS } from "../order/buildOrder.js";
import { hasherOf } from "../order/hashOrder.js";
import { Side, SignatureType, type Address, type SignedOrder } from "../order/Order.js";
import { domainOf } from "../order/OrderConnection.js";
import { tryParseSignature } from "../order/signatureBytes.js";
import { MAX_AMOUNT, UNIT } from "../units/constants.js";
import { formatDecimal } from "../units/formatDecimal.js";
import { priceOf, type Rational } from "../units/priceOf.js";
import { recoverAddress } from "../verify/signature.js";
import { verifyOrder } from "../verify/verifyOrder.js";
import type { ChainVerifyFailure } from "../verify/verifyOrderOnChain.js";
import { describeFinding } from "./describeFinding.js";
import { FINDING_CODES, type Finding, type FindingCode, type FindingValues } from "./Finding.js";
import type { OrderState } from "./readOrderState.js";

/** The most that an ERC-20 can let anybody move. */
const MAX_ALLOWANCE = 2n ** 256n - 1n;

/** What is asked about an order, beside what the exchange would say. */
export interface Question {
  readonly connection: Connection;
  readonly order: SignedOrder;
  readonly state: OrderState;
  /** What is left of the order; 0n when it is over. */
  readonly remaining: bigint;
  /** What the maker's other open orders give of the same asset. */
  readonly reserved: bigint;
  readonly expiresWithinSeconds: bigint;
  /** In units of 1e-6; undefined when no tick was named. */
  readonly tick: bigint | undefined;
  readonly counterparty: Address | undefined;
}

/** The rules, each by itself: none stops at what another found, unless it has nothing to say then. */
export function judgeOrder(question: Question): Finding[] {
  const order = Object.keys(FINDING_CODES);
  return [
    ...judgeTerms(question),
    ...judgeLife(question),
    ...judgeSignature(question),
    ...judgeCounterparty(question),
    ...judgeFunds(question),
    ...judgeMarket(question),
  ].sort((a, b) => order.indexOf(a.code) - order.indexOf(b.code));
}

function find<C extends FindingCode>(
  code: C,
  values: FindingValues[C],
  fix: readonly PreparedTx<TxResult>[] = [],
): Finding {
  const message = describeFinding(code, values);
  return { code, severity: FINDING_CODES[code], values, message, fix } as Finding;
}

/** True when the exchange could take what was signed, whatever the chain says. */
export function hasSoundTerms(order: SignedOrder): boolean {
  const findings = [...judgeTerms({ order, tick: undefined })];
  return findings.every(({ severity }) => severity !== "BLOCKS");
}

/** What was signed, whatever the chain says. */
function* judgeTerms({ order, tick }: Pick<Question, "order" | "tick">): Generator<Finding> {
  const { side, makerAmount, takerAmount, feeRateBps } = order;
  if (feeRateBps > MAX_FEE_RATE_BPS) {
    yield find("FEE_TOO_HIGH", { feeRateBps, maxFeeRateBps: MAX_FEE_RATE_BPS });
  }
  if (!hasSide(order)) yield find("INVALID_SIDE", { side });
  const isTradable = [makerAmount, takerAmount].every((units) => units > 0n && units <= MAX_AMOUNT);
  if (!isTradable) {
    yield find("INVALID_AMOUNT", { makerAmount, takerAmount, maxAmount: MAX_AMOUNT });
  }
  // Without a side, or for nothing, there is no price.
  if (!hasSide(order) || !isTradable) return;
  const price = priceOf(order);
  if (price.numerator > price.denominator) {
    yield find("INVALID_PRICE", { makerAmount, takerAmount });
  } else if (tick !== undefined) {
    yield* judgeTick(price, tick);
  }
}

function* judgeTick(price: Rational, tick: bigint): Generator<Finding> {
  const [collateral, step] = [price.numerator * UNIT, price.denominator * tick];
  if (collateral % step === 0n) return;
  const below = (collateral / step) * tick;
  const nearest = [below, below + tick].filter((units) => units > 0n);
  yield find("OFF_TICK", {
    price,
    tick: formatDecimal("tick", tick),
    nearest: nearest.map((units) => formatDecimal("price", units)),
  });
}

/** Whether it is still alive. */
function* judgeLife({ order, state, expiresWithinSeconds }: Question): Generator<Finding> {
  const { nonce, expiration: expirationSeconds } = order;
  const [status] = state.statuses;
  if (status?.isFilledOrCancelled === true) {
    const { remaining } = status;
    yield remaining === 0n ? find("ORDER_FILLED", {}) : find("ORDER_CANCELLED", { remaining });
  }
  const times = { expirationSeconds, nowSeconds: state.block.timestampSeconds };
  if (expirationSeconds !== 0n) {
    const left = expirationSeconds - times.nowSeconds;
    if (left <= 0n) yield find("EXPIRED", times);
    else if (left <= expiresWithinSeconds) yield find("EXPIRES_SOON", times);
  }
  const nonces = { maker: order.maker, nonce, currentNonce: state.nonce };
  if (nonce < state.nonce) yield find("STALE_NONCE", nonces);
  if (nonce > state.nonce) yield find("FUTURE_NONCE", nonces);
}

/** Whether its maker wants it. */
function* judgeSignature({ connection, order, state }: Question): Generator<Finding> {
  if (state.isApproved) return;
  const { maker, signer, signatureType } = order;
  const kind = Object.entries(SignatureType).find(([, type]) => type === signatureType)?.[0];
  if (kind === undefined) {
    yield find("UNSUPPORTED_SIGNATURE_TYPE", { signatureType });
    return;
  }

  const { chainId, verifyingContract } = domainOf(connection);
  const reason = faultOf(connection, order, state.isConfirmed);
  const isMissing = reason !== undefined && order.signature === "0x";
  const consent = [approveOrder(connection, order)];
  if (isMissing) {
    yield find("SIGNATURE_MISSING", { expected: signer }, consent);
  } else if (reason !== undefined) {
    yield find("INVALID_SIGNATURE", {
      kind: kind as keyof typeof SignatureType,
      expected: reason === "NOT_MAKER" ? maker : signer,
      recovered: signatureType === SignatureType.EIP1271 ? null : recover(connection, order),
      reason,
      chainId,
      verifyingContract,
    });
  }
  if (signatureType !== SignatureType.DELEGATE) return;
  const expirationSeconds = state.signerExpirationSeconds;
  if (state.block.timestampSeconds >= expirationSeconds) {
    // Approving it would be consent to what nobody is known to have signed.
    const fix = reason === undefined || isMissing ? consent : [];
    yield find("SIGNER_NOT_AUTHORIZED", { maker, signer, expirationSeconds }, fix);
  }
}

/** Why the signature is not the one of the order's signer; undefined when it is. */
function faultOf(
  connection: Connection,
  order: SignedOrder,
  isConfirmed: boolean,
): ChainVerifyFailure | undefined {
  const verdict = verifyOrder(order, domainOf(connection));
  if (verdict.ok || verdict.reason === "SIGNATURE_TYPE_DELEGATE") return undefined;
  if (verdict.reason !== "SIGNATURE_TYPE_EIP1271") return verdict.reason;
  if (checksumAddress(order.signer) !== checksumAddress(order.maker)) return "NOT_MAKER";
  return isConfirmed ? undefined : "CONTRACT_REFUSED";
}

function recover(connection: Connection, order: SignedOrder): Address | null {
  const digest = hasherOf(domainOf(connection)).digest(order);
  const recovery = recoverAddress(digest, tryParseSignature(order.signature) ?? new Uint8Array());
  return recovery.ok ? checksumAddress(recovery.address) : null;
}

function* judgeCounterparty({ order, counterparty }: Question): Generator<Finding> {
  const { taker } = order;
  if (taker === ZERO_ADDRESS) return;
  if (counterparty === undefined) yield find("PRIVATE", { taker });
  else if (checksumAddress(taker) !== counterparty) {
    yield find("NOT_TAKER", { taker, counterparty });
  }
}

/** Whether its maker can give what is left of it, and take what it is due. A fee is kept from that: it needs nothing more. */
function* judgeFunds(question: Question): Generator<Finding> {
  const { connection, order, state, remaining, reserved } = question;
  // An order that is over needs nothing, and one without a side nothing in particular.
  if (remaining === 0n || !hasSide(order)) return;
  const { maker: owner, tokenId } = order;
  const buys = order.side === Side.BUY;
  const need = remaining + reserved;
  const asset = buys ? "COLLATERAL" : "OUTCOME";
  const common = { asset, assetId: buys ? 0n : tokenId, owner, need, reserved } as const;
  if (state.balance < need) {
    yield find("INSUFFICIENT_BALANCE", { ...common, have: state.balance });
  }
  if (state.allowance < need) {
    const spender = connection.deployment.contracts.ctfExchange;
    const fix = buys ? approvalOf(connection, need) : [approveOutcomeTokens(connection)];
    yield find("INSUFFICIENT_ALLOWANCE", { ...common, have: state.allowance, spender }, fix);
  }
  if (!state.takesTokens) yield find("TOKENS_REFUSED", { receiver: owner, tokenId });
}

/** None when no allowance is that large. */
function approvalOf(connection: Connection, amount: bigint): PreparedTx<TxResult>[] {
  return amount <= MAX_ALLOWANCE ? [approveCollateral(connection, { amount })] : [];
}

/** The exchange asks whether the token is registered, and not how its market stands: it trades on until it is redeemed. */
function* judgeMarket({ order, state }: Question): Generator<Finding> {
  const { market } = state;
  if (state.paused) yield find("EXCHANGE_PAUSED", {});
  if (!state.isRegistered) yield find("TOKEN_NOT_REGISTERED", { tokenId: order.tokenId });
  if (market === null) return;
  if (market.status === "RESOLVED") yield find("MARKET_RESOLVED", market);
  else if (market.status === "CANCELLED") yield find("MARKET_CANCELLED", market);
  else if (market.status !== "ACTIVE") yield find("MARKET_ENDED", market);
}

function hasSide({ side }: SignedOrder): boolean {
  return side === Side.BUY || side === Side.SELL;
}
