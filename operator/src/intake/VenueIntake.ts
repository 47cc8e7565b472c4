import {
  MAX_FEE_RATE_BPS,
  orderFromJson,
  Side,
  SignatureType,
  type Address,
  type Hex,
  type SignedOrder,
} from "@nostra/sdk/order";
import { InputError } from "@nostra/sdk/errors";
import { MAX_AMOUNT } from "@nostra/sdk/units";
import { verifyOrderOnChain } from "@nostra/sdk/verify";
import type { Connection } from "@nostra/sdk";
import type { Accepted, NewOrder } from "../engine/Engine";
import { assetOf, sharesOf } from "../engine/OrderRecord";
import type { VenueEngine } from "../engine/VenueEngine";
import { OperatorError } from "../errors";
import type { KnownToken, MarketDirectory } from "../markets/MarketDirectory";
import type { Modes } from "../modes";
import type { Store } from "../store";
import {
  DEFAULT_ACCOUNT_LIMITS,
  notionalOf,
  requireWithinLimits,
  type AccountLimits,
} from "./AccountLimits";
import type { ChainState, Held } from "./ChainState";
import type { SignatureVerifier } from "./createFastVerifier";
import type { Heartbeats } from "./Heartbeats";
import {
  type Funds,
  type CancelResult,
  type Intake,
  type SubmitContext,
  type SubmitOptions,
  type SubmitRequest,
  SUBMIT_CHOICES,
} from "./Intake";
import { Turns } from "./Turns";

export interface VenueIntakeParams {
  readonly engine: VenueEngine;
  readonly markets: MarketDirectory;
  readonly chain: ChainState;
  readonly verifier: SignatureVerifier;
  readonly connection: Connection;
  readonly store: Store;
  readonly heartbeats: Heartbeats;
  readonly chainNow: () => bigint;
  /** An order must live this long, or a settlement would come too late. */
  readonly minLifeSeconds: bigint;
  /** What the venue takes now. */
  readonly modes: Pick<Modes, "require">;
  /** True for an account whose order was lately to blame for a failed match. */
  readonly isCoolingDown: (account: Address) => boolean;
  /** What one account may have here. Default DEFAULT_ACCOUNT_LIMITS. */
  readonly limits?: AccountLimits;
  /** How long an answer waits for the database. Default 5,000. */
  readonly patienceMs?: number;
}

/** Below what clients and proxies wait for an answer. */
const PATIENCE_MS = 5_000;

/** An order that is well formed and of an open market. */
interface ReadOrder {
  readonly order: SignedOrder;
  readonly choices: Pick<NewOrder, keyof typeof SUBMIT_CHOICES>;
  readonly token: KnownToken;
}

/** One whose signature was looked at. */
interface ComingOrder extends ReadOrder {
  readonly hash: Hex;
  /** False when the chain has the word on its signature. */
  readonly isProven: boolean;
}

/** An order that has its place, or is refused: one whose turn comes now is behind it. */
interface PlacedOrder {
  /** Resolves when it is stored. */
  readonly accepted: Promise<Accepted>;
}

/**
 * The door: cheap checks first, then the signature, then the chain's word on nonce and funds, then the engine. The signature takes
 * time and nothing is held meanwhile, so all that depends on other orders is looked at after it. Between the last look at the funds
 * and the reservation nothing else runs, so two orders never count on the same money.
 */
export class VenueIntake implements Intake {
  readonly #params: VenueIntakeParams;

  constructor(params: VenueIntakeParams) {
    this.#params = params;
  }

  async submit(
    { order: orderJson, signature, options }: SubmitRequest,
    { turns = new Turns() }: SubmitContext = {},
  ): Promise<Accepted> {
    const order = orderFromJson({ order: orderJson, signature });
    const choices = readOptions(options, order);
    this.#params.modes.require(choices.postOnly ? "post-only order" : "order");
    const token = this.#requireTerms(order);

    const verified = this.#verify({ order, choices, token });
    const placed = turns.take(verified, (coming) => this.#place(coming));
    const { hash } = await verified;
    const accepted = placed.then((order) => order.accepted);
    return this.#patiently(accepted, { orderHash: hash });
  }

  /** A new order is admitted; one that the venue has had is told where it stands, whatever its maker has now. */
  async #place(coming: ComingOrder): Promise<PlacedOrder> {
    const { hash } = coming;
    const known = this.#params.engine.known(hash);
    if (known !== undefined) return { accepted: known };
    try {
      const { accepted } = await this.#admit(coming);
      return { accepted: accepted.catch((refusal) => this.#refuse(hash, refusal)) };
    } catch (refusal) {
      return { accepted: this.#refuse(hash, refusal) };
    }
  }

  /**
   * One that the venue has had was taken, though its money is reserved or spent by now, or its nonce raised.
   * @throws the refusal of one that it has not had.
   */
  async #refuse(hash: Hex, refusal: unknown): Promise<Accepted> {
    const known = this.#params.engine.known(hash);
    const had = await (known ?? this.#whereItStands(hash).catch(() => undefined));
    if (had === undefined) throw refusal;
    return had;
  }

  async cancel(account: Address, hashes: readonly Hex[]): Promise<readonly CancelResult[]> {
    const { engine, store } = this.#params;
    const find = (hash: Hex): NewOrder | undefined => {
      return engine.record(hash) ?? engine.arrivingOrder(hash);
    };
    const unknown = hashes.filter((hash) => find(hash) === undefined);
    const rows =
      unknown.length === 0
        ? []
        : await store.db
            .selectFrom("orders")
            .select(["hash", "maker"])
            .where("hash", "in", unknown)
            .execute();
    const makers = new Map(rows.map(({ hash, maker }) => [hash, maker]));
    return Promise.all(
      hashes.map(async (hash): Promise<CancelResult> => {
        const record = find(hash);
        const maker = record?.order.maker.toLowerCase() ?? makers.get(hash);
        if (maker === undefined) return { hash, result: "NOT_FOUND" };
        if (maker !== account.toLowerCase()) return { hash, result: "NOT_YOURS" };
        if (record === undefined) return { hash, result: "NOT_OPEN" };
        const command = { op: "cancel", hash, reason: "BY_MAKER" } as const;
        const asked = engine.command(record.conditionId, command);
        const { done } = await this.#patiently(asked, { orderHash: hash });
        return { hash, result: done ? "CANCELLED" : "NOT_OPEN" };
      }),
    );
  }

  async cancelAll(
    account: Address,
    conditionId?: Hex,
    reason: "BY_MAKER" | "HEARTBEAT" = "BY_MAKER",
  ): Promise<number> {
    const { engine } = this.#params;
    const orders = [...engine.openOrders(account), ...engine.arrivingOrders(account)];
    const open = orders.filter((order) => {
      return conditionId === undefined || order.conditionId === conditionId;
    });
    return this.#patiently(engine.takeOut(open, reason), { account });
  }

  heartbeat(account: Address, seconds: number): void {
    this.#params.heartbeats.beat(account, seconds);
  }

  async funds(account: Address, asset: string): Promise<Funds> {
    const { chain, engine } = this.#params;
    const held = await this.#ask(chain.funds(account, asset));
    return { ...held, reserved: engine.reservations.of(account, asset) };
  }

  // ------------------------------------------------------------------------------------------ checks

  /** The chain's word on the order, and then the engine's. */
  async #admit({ order, hash, isProven, choices, token }: ComingOrder): Promise<PlacedOrder> {
    const { engine } = this.#params;
    if (!isProven) await this.#requireProof(order);
    this.#requireCalm(order.maker);
    const { chain } = this.#params;
    const nonce = chain.knownNonce(order.maker) ?? (await this.#ask(chain.nonce(order.maker)));
    if (order.nonce !== nonce) {
      throw refused(
        "STALE_NONCE",
        `the maker's nonce is ${nonce}, the order was signed with ${order.nonce}`,
        { nonce: order.nonce.toString(), currentNonce: nonce.toString() },
      );
    }
    const asset = assetOf(order);
    let held = chain.knownFunds(order.maker, asset);
    if (held === undefined) {
      held = await this.#ask(chain.funds(order.maker, asset));
    }
    // Counted with what arrived while the chain was asked, and nothing runs between this and the engine's taking it.
    const { limits = DEFAULT_ACCOUNT_LIMITS } = this.#params;
    requireWithinLimits(engine.work, limits, order, token.terms.conditionId, choices);
    this.#requireFunds(order, asset, held);
    const conditionId = token.terms.conditionId;
    const coming: NewOrder = { hash, order, conditionId, outcome: token.outcome, ...choices };
    return { accepted: engine.submit(coming) };
  }

  /** Where an order stands that the venue has had before, and is done with. */
  async #whereItStands(hash: Hex): Promise<Accepted | undefined> {
    const row = await this.#params.store.db
      .selectFrom("orders")
      .select(["condition_id", "input", "state"])
      .where("hash", "=", hash)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const { condition_id, input, state } = row;
    return { hash, conditionId: condition_id as Hex, input: Number(input), isNew: false, state };
  }

  /** What can be told from the order, its market and the time. */
  #requireTerms(order: SignedOrder): KnownToken {
    const { tokenId, makerAmount, takerAmount, expiration, feeRateBps, side } = order;
    const { markets, engine, chainNow, minLifeSeconds } = this.#params;
    const token = markets.byToken(tokenId);
    const conditionId = token?.terms.conditionId;
    if (
      token === undefined ||
      conditionId === undefined ||
      engine.book(conditionId) === undefined
    ) {
      throw refused("UNKNOWN_TOKEN", "the venue trades no such outcome token", {
        tokenId: tokenId.toString(),
      });
    }
    if (BigInt(order.taker) !== 0n) {
      throw refused(
        "TAKER_NOT_ZERO",
        `the order names ${order.taker} as its counterparty; the venue's book is open to all, so sign the zero address`,
        { taker: order.taker },
      );
    }
    const now = chainNow();
    const { state, end_time } = token.market;
    if (state !== "OPEN" || end_time <= now) {
      throw refused("MARKET_NOT_OPEN", "the market takes no orders any more", {
        ...{ conditionId, state, endTime: end_time.toString() },
      });
    }
    if (makerAmount === 0n || takerAmount === 0n) {
      throw refused("INVALID_AMOUNT", "an order must give and want something", {
        ...{ makerAmount: makerAmount.toString(), takerAmount: takerAmount.toString() },
      });
    }
    if (makerAmount > MAX_AMOUNT || takerAmount > MAX_AMOUNT) {
      throw refused("INVALID_AMOUNT", `amounts are at most ${MAX_AMOUNT}`, {
        ...{ makerAmount: makerAmount.toString(), takerAmount: takerAmount.toString() },
      });
    }
    const [collateral, shares] =
      side === Side.BUY ? [makerAmount, takerAmount] : [takerAmount, makerAmount];
    if (collateral > shares) {
      throw refused("INVALID_PRICE", "the price is above 1", {
        ...{ collateral: collateral.toString(), shares: shares.toString() },
      });
    }
    const least = token.terms.minSize ?? 0n;
    if (sharesOf(order, makerAmount) < least) {
      throw refused("SIZE_TOO_SMALL", "the order is for fewer shares than the market takes", {
        ...{ shares: shares.toString(), minSize: least.toString() },
      });
    }
    const { minFeeBps = 0n, minNotional = 0n } = token.terms;
    const notional = notionalOf(order);
    if (notional < minNotional) {
      throw refused(
        "NOTIONAL_TOO_SMALL",
        `the order is for ${notional} units of collateral; the market takes orders from ${minNotional} on`,
        { notional: notional.toString(), minNotional: minNotional.toString(), conditionId },
      );
    }
    if (feeRateBps < minFeeBps) {
      throw refused(
        "FEE_TOO_LOW",
        `the order signs a fee rate of ${feeRateBps} basis points; the market asks for ${minFeeBps} at least`,
        { feeRateBps: feeRateBps.toString(), minFeeBps: minFeeBps.toString(), conditionId },
      );
    }
    if (feeRateBps > MAX_FEE_RATE_BPS) {
      throw refused("FEE_TOO_HIGH", `the fee rate is at most ${MAX_FEE_RATE_BPS} basis points`, {
        feeRateBps: feeRateBps.toString(),
      });
    }
    if (expiration !== 0n && expiration < now + minLifeSeconds) {
      throw refused("EXPIRED", `the order must live until ${now + minLifeSeconds} at least`, {
        ...{ expiration: expiration.toString(), now: now.toString() },
      });
    }
    return token;
  }

  /** The order's hash, and whether its signature proves it here. */
  async #verify(read: ReadOrder): Promise<ComingOrder> {
    const { order } = read;
    const result = await this.#params.verifier.verify(order);
    if (result.ok) return { ...read, hash: result.orderHash, isProven: true };
    const isForChain = order.signatureType !== SignatureType.EOA || order.signature === "0x";
    if (!isForChain) throw badSignature(result.reason);
    return { ...read, hash: result.orderHash, isProven: false };
  }

  /** Of delegates, contract wallets and orders approved on chain the chain has the word. */
  async #requireProof(order: SignedOrder): Promise<void> {
    const result = await this.#ask(verifyOrderOnChain(order, this.#params.connection));
    if (!result.ok) throw badSignature(result.reason);
  }

  #requireCalm(maker: Address): void {
    if (!this.#params.isCoolingDown(maker)) return;
    throw new OperatorError(
      "COOLING_DOWN",
      "an order of this account lately made a match fail; the account rests for a while",
      { status: 429, retryAfterSeconds: 30, details: { maker } },
    );
  }

  #requireFunds(order: SignedOrder, asset: string, { balance, allowance }: Held): void {
    const { engine } = this.#params;
    const reserved = engine.reservations.of(order.maker, asset);
    const need = reserved + order.makerAmount;
    if (balance >= need && allowance >= need) return;
    const [code, have, what] =
      balance < need
        ? (["INSUFFICIENT_BALANCE", balance, "holds"] as const)
        : (["INSUFFICIENT_ALLOWANCE", allowance, "lets the exchange move"] as const);
    throw refused(
      code,
      `the maker ${what} ${have}, and its open orders and this one need ${need}`,
      {
        ...{ account: order.maker, asset, have: have.toString() },
        ...{ reserved: reserved.toString(), need: order.makerAmount.toString() },
        missing: (need - have).toString(),
      },
    );
  }

  /**
   * What waits for the database when it fails goes on waiting, for it may be stored already. Who asked is not kept waiting with it:
   * he asks again, and is told what became of it.
   */
  async #patiently<Value>(
    answer: Promise<Value>,
    details: Readonly<Record<string, unknown>>,
  ): Promise<Value> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = "the database does not take writes now; this may yet be done, so ask again";
        const retry = { status: 503, retryAfterSeconds: 1, details };
        reject(new OperatorError("DATABASE_UNAVAILABLE", message, retry));
      }, this.#params.patienceMs ?? PATIENCE_MS);
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #ask<Value>(answer: Promise<Value>): Promise<Value> {
    try {
      return await answer;
    } catch (cause) {
      throw new OperatorError("CHAIN_UNAVAILABLE", "the chain does not answer now", {
        ...{ status: 503, retryAfterSeconds: 2, cause },
      });
    }
  }
}

function readOptions(
  options: SubmitOptions | undefined,
  order: SignedOrder,
): Pick<NewOrder, keyof typeof SUBMIT_CHOICES> {
  const given = options ?? {};
  for (const [name, value] of Object.entries(given)) {
    const choices = (SUBMIT_CHOICES as Record<string, readonly unknown[]>)[name];
    if (choices === undefined) throw new InputError(`options.${name}`, value, "no such option");
    if (value !== undefined && !choices.includes(value)) {
      throw new InputError(`options.${name}`, value, `one of ${choices.join(", ")}`);
    }
  }
  const kind = given.kind ?? "limit";
  const usual = kind === "market" ? "FAK" : order.expiration === 0n ? "GTC" : "GTD";
  const timeInForce = given.timeInForce ?? usual;
  const postOnly = given.postOnly ?? false;
  const rests = timeInForce === "GTC" || timeInForce === "GTD";
  if (timeInForce === "GTD" && order.expiration === 0n) {
    throw new InputError("options.timeInForce", "GTD", "GTC for an order that never expires");
  }
  if (kind === "market" && rests) {
    throw new InputError(
      "options.timeInForce",
      timeInForce,
      "FOK or FAK: a market order never rests",
    );
  }
  if (postOnly && !rests) {
    throw new InputError(
      "options.postOnly",
      postOnly,
      `false for ${timeInForce}, which never rests`,
    );
  }
  return { kind, timeInForce, postOnly, selfTrade: given.selfTrade ?? "skip" };
}

function refused(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>>,
): OperatorError {
  return new OperatorError(code, message, { status: 422, details });
}

function badSignature(reason: string): OperatorError {
  return new OperatorError("INVALID_SIGNATURE", "Invalid signature", {
    status: 400,
    details: { reason },
  });
}
