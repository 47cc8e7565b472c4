/*
 * All four contracts as one plain ledger, written from the rules in the interfaces. Pure: it knows no chain and no
 * randomness. A rule looks at a call and answers with a Verdict: what must happen, and how the ledger changes when it
 * does. An account is a name; an asset is a number: 0 is the collateral, 1 + 2 * slot and 2 + 2 * slot are YES and NO of
 * the market in that slot.
 */

export const TRADERS = ["ann", "ben", "cat", "dan", "eve", "pat"] as const;
export const OFFICIALS = [
  ...["admin", "operator", "pauser", "resolver", "watcher", "creator"],
  ...["feeReceiver", "stranger", "deputy"],
] as const;
export const PEOPLE: readonly string[] = [...TRADERS, ...OFFICIALS];
/** Everybody who can hold something: nobody sends anything to others, and the sums would tell. */
export const ACCOUNTS: readonly string[] = [
  ...[...TRADERS, "feeReceiver", "stranger", "operator", "admin"],
  ...["exchange", "ctf"],
];
/** Those who sign, approve and raise nonces. */
export const SIGNERS: readonly string[] = [...TRADERS, "stranger"];
export const SLOTS = 3;
export const ASSETS = 1 + 2 * SLOTS;

export const BUY = 0;
export const SELL = 1;
export const Role = { OPERATOR: 0, REGISTRAR: 1, PAUSER: 2, RESOLVER: 3, CREATOR: 4 } as const;
export type RoleName = keyof typeof Role;

export const UNLIMITED = 2n ** 256n - 1n;
export const DELEGATE = 1;
const MAX_AMOUNT = 2n ** 120n - 1n;
const MAX_FEE = 1000n;
const DAY = 86_400;
export const MAX_DURATION = 3650 * DAY;
export const SILENCE_TIMEOUT = 90 * DAY;
export const DISPUTE_TIMEOUT = 30 * DAY;
export const WINDOW = 7 * DAY;

export const State = { UNKNOWN: 0, OPEN: 1, PROPOSED: 2, DISPUTED: 3, FINALIZED: 4 } as const;
export const MarketStatus = {
  ...{ NONE: 0, ACTIVE: 1, ENDED: 2, PROPOSED: 3, DISPUTED: 4, RESOLVED: 5, CANCELLED: 6 },
} as const;
/** Payout vectors by outcome: NONE, YES, NO, SPLIT. */
export const VECTORS: readonly bigint[][] = [
  [0n, 0n],
  [1n, 0n],
  [0n, 1n],
  [1n, 1n],
];
const ANYONE = `0x${"00".repeat(20)}`;

export interface ModelOrder {
  hash: string;
  /** Whose order it is. */
  owner: string;
  maker: string;
  signer: string;
  taker: string;
  tokenId: bigint;
  makerAmount: bigint;
  takerAmount: bigint;
  expiration: bigint;
  nonce: bigint;
  feeRateBps: bigint;
  side: number;
  signatureType: number;
  /** True when the signer's key signed exactly these fields, and may be the signer of such an order. */
  genuine: boolean;
}

export interface Fill {
  order: ModelOrder;
  making: bigint;
  taking: bigint;
  fee: bigint;
  remaining: bigint;
}

export interface Match {
  takerOrder: ModelOrder;
  makerOrders: ModelOrder[];
  takerFill: bigint;
  makerFills: bigint[];
}

export type Value = string | bigint | Value[];

export interface Refusal {
  error: string;
  args: Value[];
}

/** What must happen: a success, or one of these refusals. Only a match funded by itself may do either. */
export interface Verdict {
  refusals: Refusal[];
  maySettle: boolean;
  apply: () => void;
  fills?: Fill[];
}

export interface ModelMarket {
  slot: number;
  questionId: string;
  conditionId: string;
  ids: readonly [bigint, bigint];
  prepared: boolean;
  registered: boolean;
  cancelled: boolean;
  creator: string | null;
  createdAt: number;
  state: number;
  outcome: number;
  proposer: string | null;
  disputer: string | null;
  endTime: number;
  resolutionTime: number;
  proposedAt: number;
  disputedAt: number;
  window: number;
  /** Collateral that came in by splits, left by merges, and was paid by redemptions. */
  splits: bigint;
  merges: bigint;
  paid: bigint;
  redemptions: bigint;
}

interface Given {
  account: string;
  asset: number;
  amount: bigint;
}

export function refuse(error: string, ...args: Value[]): Verdict {
  return { refusals: [{ error, args }], maySettle: false, apply: () => undefined };
}

function succeed(apply: () => void, fills?: Fill[]): Verdict {
  return { refusals: [], maySettle: true, apply, ...(fills && { fills }) };
}

export function ceilDiv(a: bigint, b: bigint): bigint {
  return (a + b - 1n) / b;
}

export class Model {
  now = 0;
  paused = false;
  feeReceiver = "feeReceiver";
  disputeWindow = WINDOW;
  readonly balances: Record<string, bigint>[] = [];
  readonly allowances: Record<string, Record<string, bigint>> = { exchange: {}, ctf: {} };
  readonly approved: Record<string, boolean> = {};
  readonly nonces: Record<string, bigint> = {};
  /** Until when the deputy may sign for somebody. */
  readonly delegated: Record<string, bigint> = {};
  /** Orders that their makers approved on chain. */
  readonly approvedOrders = new Set<string>();
  readonly statuses = new Map<string, { over: boolean; remaining: bigint }>();
  readonly roles = new Set<string>();

  constructor(
    readonly addresses: Record<string, string>,
    readonly markets: ModelMarket[],
  ) {
    for (let asset = 0; asset < ASSETS; asset++) {
      this.balances.push(Object.fromEntries(ACCOUNTS.map((account) => [account, 0n])));
    }
    for (const signer of SIGNERS) {
      this.nonces[signer] = 0n;
      this.delegated[signer] = 0n;
      this.approved[signer] = false;
      for (const spender of ["exchange", "ctf"]) this.setAllowance(spender, signer, 0n);
    }
  }

  /** A ledger that starts as this one stands. */
  copy(): Model {
    const copy = new Model(
      this.addresses,
      this.markets.map((market) => ({ ...market })),
    );
    Object.assign(copy, { now: this.now, paused: this.paused, feeReceiver: this.feeReceiver });
    this.balances.forEach((held, asset) => Object.assign(copy.balances[asset] ?? {}, held));
    for (const spender of ["exchange", "ctf"]) {
      Object.assign(copy.allowances[spender] ?? {}, this.allowances[spender]);
    }
    Object.assign(copy.approved, this.approved);
    Object.assign(copy.nonces, this.nonces);
    Object.assign(copy.delegated, this.delegated);
    for (const hash of this.approvedOrders) copy.approvedOrders.add(hash);
    for (const [hash, status] of this.statuses) copy.statuses.set(hash, { ...status });
    for (const role of this.roles) copy.roles.add(role);
    return copy;
  }

  // -------------------------------------------------------------------------------------- looking

  address(account: string): string {
    return this.addresses[account] as string;
  }

  balance(asset: number, account: string): bigint {
    return this.balances[asset]?.[account] as bigint;
  }

  allowance(spender: string, owner: string): bigint {
    return this.allowances[spender]?.[owner] ?? 0n;
  }

  market(slot: number): ModelMarket {
    return this.markets[slot] as ModelMarket;
  }

  holds(role: RoleName, account: string): boolean {
    return this.roles.has(`${role} ${account}`);
  }

  /** The market and outcome of a registered token. */
  registered(tokenId: bigint): { market: ModelMarket; outcome: number } | null {
    for (const market of this.markets) {
      const outcome = market.ids.indexOf(tokenId);
      if (outcome >= 0) return market.registered ? { market, outcome } : null;
    }
    return null;
  }

  assetOf(tokenId: bigint): number {
    const index = this.markets.flatMap(({ ids }) => ids).indexOf(tokenId);
    if (index < 0) throw new Error(`no market has token ${tokenId}`);
    return 1 + index;
  }

  remainingOf({ hash, makerAmount }: ModelOrder): bigint {
    return this.statuses.get(hash)?.remaining ?? makerAmount;
  }

  isOver({ hash }: ModelOrder): boolean {
    return this.statuses.get(hash)?.over ?? false;
  }

  statusOf(market: ModelMarket, now: number): number {
    if (market.cancelled) return MarketStatus.CANCELLED;
    if (market.state === State.FINALIZED) return MarketStatus.RESOLVED;
    if (market.state === State.DISPUTED) return MarketStatus.DISPUTED;
    if (market.state === State.PROPOSED) return MarketStatus.PROPOSED;
    if (market.state === State.UNKNOWN) return MarketStatus.NONE;
    return now < market.endTime ? MarketStatus.ACTIVE : MarketStatus.ENDED;
  }

  timeoutOf(market: ModelMarket): number {
    if (market.state === State.OPEN) return market.resolutionTime + SILENCE_TIMEOUT;
    if (market.state === State.DISPUTED) return market.disputedAt + DISPUTE_TIMEOUT;
    return 0;
  }

  supply(asset: number): bigint {
    return ACCOUNTS.reduce((sum, account) => sum + this.balance(asset, account), 0n);
  }

  // -------------------------------------------------------------------------------------- changing

  add(asset: number, account: string, amount: bigint): void {
    (this.balances[asset] as Record<string, bigint>)[account] =
      this.balance(asset, account) + amount;
  }

  move(asset: number, from: string, to: string, amount: bigint): void {
    this.add(asset, from, -amount);
    this.add(asset, to, amount);
  }

  setAllowance(spender: string, owner: string, amount: bigint): void {
    (this.allowances[spender] as Record<string, bigint>)[owner] = amount;
  }

  private spend(spender: string, owner: string, amount: bigint): void {
    const allowed = this.allowance(spender, owner);
    if (allowed !== UNLIMITED) this.setAllowance(spender, owner, allowed - amount);
  }

  // -------------------------------------------------------------------------------------- tokens

  mint(to: string, amount: bigint): Verdict {
    return succeed(() => this.add(0, to, amount));
  }

  transferCollateral(from: string, to: string, amount: bigint): Verdict {
    const held = this.balance(0, from);
    if (held < amount) {
      return refuse("ERC20InsufficientBalance", this.address(from), held, amount);
    }
    return succeed(() => this.move(0, from, to, amount));
  }

  approve(owner: string, spender: string, amount: bigint): Verdict {
    return succeed(() => this.setAllowance(spender, owner, amount));
  }

  setApproval(owner: string, approved: boolean): Verdict {
    return succeed(() => {
      this.approved[owner] = approved;
    });
  }

  /** A transfer by `by` of tokens of `from`; the exchange takes none that no match asked for. */
  transferTokens(by: string, from: string, to: string, asset: number, amount: bigint): Verdict {
    if (by !== from) {
      return refuse("Error", "ERC1155: need operator approval for 3rd party transfers.");
    }
    if (this.balance(asset, from) < amount) return refuse("Error", SUBTRACTION);
    if (to === "exchange") {
      const { ids } = this.market((asset - 1) >> 1);
      const id = ids[(asset - 1) & 1] as bigint;
      return refuse("StrayToken", this.address("ctf"), this.address(by), id);
    }
    return succeed(() => this.move(asset, from, to, amount));
  }

  split(by: string, slot: number, amount: bigint): Verdict {
    const market = this.market(slot);
    if (!market.prepared) return refuse("Error", "condition not prepared yet");
    const allowed = this.allowance("ctf", by);
    if (allowed < amount) {
      return refuse("ERC20InsufficientAllowance", this.address("ctf"), allowed, amount);
    }
    const held = this.balance(0, by);
    if (held < amount) return refuse("ERC20InsufficientBalance", this.address(by), held, amount);
    return succeed(() => {
      this.spend("ctf", by, amount);
      this.move(0, by, "ctf", amount);
      for (const asset of assetsOf(slot)) this.add(asset, by, amount);
      market.splits += amount;
    });
  }

  merge(by: string, slot: number, amount: bigint): Verdict {
    const market = this.market(slot);
    if (!market.prepared) return refuse("Error", "condition not prepared yet");
    if (assetsOf(slot).some((asset) => this.balance(asset, by) < amount)) {
      return refuse("Error", SUBTRACTION);
    }
    // After the result a merge may find less collateral than its pair: then redeemers were there first.
    const held = this.balance(0, "ctf");
    if (held < amount) return refuse("ERC20InsufficientBalance", this.address("ctf"), held, amount);
    return succeed(() => {
      for (const asset of assetsOf(slot)) this.add(asset, by, -amount);
      this.move(0, "ctf", by, amount);
      market.merges += amount;
    });
  }

  redeem(by: string, slot: number, indexSets: bigint[]): Verdict {
    const market = this.market(slot);
    if (market.state !== State.FINALIZED) {
      return refuse("Error", "result for condition not received yet");
    }
    if (indexSets.some((set) => set !== 1n && set !== 2n)) {
      return refuse("Error", "got invalid index set");
    }
    const vector = VECTORS[market.outcome] as bigint[];
    const denominator = vector.reduce((sum, numerator) => sum + numerator, 0n);
    return succeed(() => {
      for (const outcome of new Set(indexSets.map((set) => Number(set) - 1))) {
        const asset = assetsOf(slot)[outcome] as number;
        const held = this.balance(asset, by);
        const payout = (held * (vector[outcome] as bigint)) / denominator;
        this.add(asset, by, -held);
        this.move(0, "ctf", by, payout);
        market.paid += payout;
        market.redemptions += 1n;
      }
    });
  }

  // -------------------------------------------------------------------------------------- markets

  prepare(slot: number): Verdict {
    const market = this.market(slot);
    if (market.prepared) return refuse("Error", "condition already prepared");
    return succeed(() => {
      market.prepared = true;
    });
  }

  register(by: string, slot: number): Verdict {
    const market = this.market(slot);
    if (by !== "admin" && !this.holds("REGISTRAR", by)) {
      return refuse("NotRegistrar", this.address(by));
    }
    if (!market.prepared) return refuse("ConditionNotBinary", market.conditionId, 0n);
    return succeed(() => {
      market.registered = true;
    });
  }

  create(
    by: string,
    slot: number,
    texts: readonly [string, string, string],
    [endTime, resolutionTime]: readonly [number, number],
  ): Verdict {
    const market = this.market(slot);
    const { now } = this;
    if (by !== "admin" && !this.holds("CREATOR", by)) return refuse("NotCreator", this.address(by));
    if (market.creator !== null) return refuse("MarketExists", market.questionId);
    for (const [i, [field, most]] of TEXTS.entries()) {
      const { length } = texts[i] as string;
      if (length === 0 || length > most) {
        return refuse("InvalidText", market.questionId, field, BigInt(length), BigInt(most));
      }
    }
    const fits = now < endTime && endTime <= resolutionTime && resolutionTime <= now + MAX_DURATION;
    if (!fits) {
      const times = [endTime, resolutionTime, now].map(BigInt);
      return refuse("InvalidTimes", market.questionId, ...times);
    }
    return succeed(() => {
      Object.assign(market, { creator: by, createdAt: now, endTime, resolutionTime });
      Object.assign(market, { window: this.disputeWindow, state: State.OPEN });
      Object.assign(market, { prepared: true, registered: true });
    });
  }

  cancelMarket(by: string, slot: number): Verdict {
    const market = this.market(slot);
    if (by !== "admin") return refuse("NotAdmin", this.address(by));
    if (market.creator === null) return refuse("UnknownMarket", market.questionId);
    if (market.state === State.FINALIZED) return refuse("AlreadyFinalized", market.questionId);
    if (market.state !== State.OPEN) return refuse("AlreadyProposed", market.questionId);
    return succeed(() => {
      market.cancelled = true;
      finish(market, SPLIT);
    });
  }

  // -------------------------------------------------------------------------------------- results

  propose(by: string, slot: number, payouts: bigint[]): Verdict {
    const market = this.market(slot);
    const { questionId, endTime, state } = market;
    if (!this.holds("RESOLVER", by)) return refuse("NotResolver", this.address(by));
    if (state === State.UNKNOWN) return refuse("UnknownMarket", questionId);
    if (state === State.FINALIZED) return refuse("AlreadyFinalized", questionId);
    if (state !== State.OPEN) return refuse("AlreadyProposed", questionId);
    if (this.now < endTime) {
      return refuse("TooEarly", questionId, BigInt(endTime), BigInt(this.now));
    }
    const outcome = outcomeOf(payouts);
    if (outcome === 0) return refuse("InvalidPayouts", payouts);
    const { now } = this;
    return succeed(() => {
      Object.assign(market, { state: State.PROPOSED, outcome, proposer: by, proposedAt: now });
    });
  }

  dispute(by: string, slot: number): Verdict {
    const market = this.market(slot);
    const { questionId } = market;
    if (!this.holds("RESOLVER", by)) return refuse("NotResolver", this.address(by));
    const standing = requireProposed(market);
    if (standing !== null) return standing;
    const deadline = market.proposedAt + market.window;
    if (this.now >= deadline) {
      return refuse("DisputeWindowClosed", questionId, BigInt(deadline), BigInt(this.now));
    }
    if (market.proposer === by) return refuse("SelfDispute", questionId, this.address(by));
    const { now } = this;
    return succeed(() => {
      Object.assign(market, { state: State.DISPUTED, disputer: by, disputedAt: now });
    });
  }

  finalize(slot: number): Verdict {
    const market = this.market(slot);
    const standing = requireProposed(market);
    if (standing !== null) return standing;
    const deadline = market.proposedAt + market.window;
    if (this.now < deadline) {
      const { questionId } = market;
      return refuse("DisputeWindowOpen", questionId, BigInt(deadline), BigInt(this.now));
    }
    return succeed(() => finish(market, market.outcome));
  }

  adminFinalize(by: string, slot: number, payouts: bigint[]): Verdict {
    const market = this.market(slot);
    const { questionId, state } = market;
    if (by !== "admin") return refuse("NotAdmin", this.address(by));
    if (state === State.UNKNOWN) return refuse("UnknownMarket", questionId);
    if (state === State.FINALIZED) return refuse("AlreadyFinalized", questionId);
    if (state !== State.DISPUTED) return refuse("NotDisputed", questionId);
    const outcome = outcomeOf(payouts);
    if (outcome === 0) return refuse("InvalidPayouts", payouts);
    return succeed(() => finish(market, outcome));
  }

  timeOut(slot: number): Verdict {
    const market = this.market(slot);
    const { questionId, state } = market;
    if (state === State.UNKNOWN) return refuse("UnknownMarket", questionId);
    if (state === State.FINALIZED) return refuse("AlreadyFinalized", questionId);
    if (state === State.PROPOSED) return refuse("AlreadyProposed", questionId);
    const timeout = this.timeoutOf(market);
    if (this.now < timeout) {
      return refuse("TimeoutNotReached", questionId, BigInt(timeout), BigInt(this.now));
    }
    return succeed(() => finish(market, SPLIT));
  }

  // -------------------------------------------------------------------------------------- the exchange's offices

  pause(by: string): Verdict {
    if (by !== "admin" && !this.holds("PAUSER", by)) return refuse("NotPauser", this.address(by));
    if (this.paused) return refuse("Paused");
    return succeed(() => {
      this.paused = true;
    });
  }

  unpause(by: string): Verdict {
    if (by !== "admin") return refuse("NotAdmin", this.address(by));
    if (!this.paused) return refuse("NotPaused");
    return succeed(() => {
      this.paused = false;
    });
  }

  setFeeReceiver(by: string, account: string): Verdict {
    if (by !== "admin") return refuse("NotAdmin", this.address(by));
    return succeed(() => {
      this.feeReceiver = account;
    });
  }

  changeRole(by: string, role: RoleName, account: string, grant: boolean): Verdict {
    if (by !== "admin") return refuse("NotAdmin", this.address(by));
    const args = [BigInt(Role[role]), this.address(account)];
    if (grant === this.holds(role, account)) {
      return refuse(grant ? "RoleAlreadyHeld" : "RoleNotHeld", ...args);
    }
    return succeed(() => {
      if (grant) this.roles.add(`${role} ${account}`);
      else this.roles.delete(`${role} ${account}`);
    });
  }

  // -------------------------------------------------------------------------------------- orders

  incrementNonce(by: string): Verdict {
    return succeed(() => {
      this.nonces[by] = (this.nonces[by] as bigint) + 1n;
    });
  }

  /** Ends orders. One alone must still live; of many those already over are passed by. */
  cancel(by: string, orders: ModelOrder[], alone: boolean): Verdict {
    const ended = new Map<string, bigint>();
    for (const order of orders) {
      const { hash, owner, makerAmount, takerAmount } = order;
      if (owner !== by) return refuse("NotOwner", hash, this.address(by), order.maker);
      if (this.isOver(order) || ended.has(hash)) {
        if (alone) return refuse("OrderFilledOrCancelled", hash);
        continue;
      }
      const left = this.remainingOf(order);
      if (left === 0n || left > MAX_AMOUNT) {
        return refuse("InvalidAmount", hash, makerAmount, takerAmount);
      }
      ended.set(hash, left);
    }
    return succeed(() => {
      for (const [hash, remaining] of ended) this.statuses.set(hash, { over: true, remaining });
    });
  }

  /** From now on the order needs no signature; a repeat changes nothing. */
  approveOrder(by: string, order: ModelOrder): Verdict {
    const { hash, owner, makerAmount, takerAmount } = order;
    if (owner !== by) return refuse("NotOwner", hash, this.address(by), order.maker);
    if (this.isOver(order)) return refuse("OrderFilledOrCancelled", hash);
    if (this.approvedOrders.has(hash)) return succeed(() => undefined);
    const remaining = this.remainingOf(order);
    if (remaining === 0n || remaining > MAX_AMOUNT) {
      return refuse("InvalidAmount", hash, makerAmount, takerAmount);
    }
    return succeed(() => {
      this.approvedOrders.add(hash);
      this.statuses.set(hash, { over: false, remaining });
    });
  }

  authorize(by: string, expiration: bigint): Verdict {
    if (expiration <= BigInt(this.now)) {
      return refuse("InvalidExpiration", expiration, BigInt(this.now));
    }
    return succeed(() => {
      this.delegated[by] = expiration;
    });
  }

  revoke(by: string): Verdict {
    if (this.delegated[by] === 0n) {
      return refuse("UnknownSigner", this.address(by), this.address("deputy"));
    }
    return succeed(() => {
      this.delegated[by] = 0n;
    });
  }

  /** All that can be wrong with an order alone; null when it could be filled now. */
  private unfillable(order: ModelOrder, left = this.remainingOf(order)): Verdict | null {
    const { hash, makerAmount, takerAmount, side, expiration, feeRateBps } = order;
    const amounts = [makerAmount, takerAmount];
    if (amounts.some((amount) => amount === 0n || amount > MAX_AMOUNT)) {
      return refuse("InvalidAmount", hash, makerAmount, takerAmount);
    }
    if (side !== BUY && side !== SELL) return refuse("InvalidSide", hash, BigInt(side));
    if (side === BUY ? makerAmount > takerAmount : takerAmount > makerAmount) {
      return refuse("InvalidPrice", hash, makerAmount, takerAmount);
    }
    if (expiration !== 0n && BigInt(this.now) >= expiration) {
      return refuse("OrderExpired", hash, expiration);
    }
    if (feeRateBps > MAX_FEE) return refuse("FeeTooHigh", hash, feeRateBps, MAX_FEE);
    const nonce = this.nonces[order.owner] as bigint;
    if (order.nonce !== nonce) return refuse("InvalidNonce", hash, order.nonce, nonce);
    if (this.isOver(order) || left === 0n) return refuse("OrderFilledOrCancelled", hash);
    if (this.approvedOrders.has(hash)) return null;
    if (order.signatureType > 2) {
      return refuse("UnsupportedSignatureType", hash, BigInt(order.signatureType));
    }
    if (!order.genuine) return refuse("InvalidSignature", hash, order.maker, order.signer);
    const until = this.delegated[order.owner] as bigint;
    if (order.signatureType === DELEGATE && BigInt(this.now) >= until) {
      return refuse("SignerNotAuthorized", hash, order.maker, order.signer, until);
    }
    return null;
  }

  match(by: string, { takerOrder, makerOrders, takerFill, makerFills }: Match): Verdict {
    if (!this.holds("OPERATOR", by)) return refuse("NotOperator", this.address(by));
    if (this.paused) return refuse("Paused");
    if (makerOrders.length === 0) return refuse("NoMakerOrders");
    if (makerOrders.length !== makerFills.length) {
      return refuse("LengthMismatch", BigInt(makerOrders.length), BigInt(makerFills.length));
    }
    const unfillable = this.unfillable(takerOrder);
    if (unfillable !== null) return unfillable;
    const registered = this.registered(takerOrder.tokenId);
    if (registered === null) {
      return refuse("TokenNotRegistered", takerOrder.hash, takerOrder.tokenId);
    }
    const complement = registered.market.ids[1 - registered.outcome] as bigint;

    let [given, received] = [0n, 0n];
    const left = new Map<string, bigint>();
    const fills: Fill[] = [];
    for (const [i, order] of makerOrders.entries()) {
      const { hash, tokenId } = order;
      const making = makerFills[i] as bigint;
      const available = left.get(hash) ?? this.remainingOf(order);
      const wrong = this.unfillable(order, available) ?? strangers(order, takerOrder);
      if (wrong !== null) return wrong;
      if (making === 0n) return refuse("ZeroFill", hash);
      if (making > available) return refuse("MakingGtRemaining", hash, making, available);

      const taking = ceilDiv(making * order.takerAmount, order.makerAmount);
      if (order.side !== takerOrder.side) {
        if (tokenId !== takerOrder.tokenId) {
          return refuse("MismatchedTokenIds", hash, tokenId, takerOrder.tokenId);
        }
        given += taking;
        received += making;
      } else {
        if (tokenId !== complement) return refuse("InvalidComplement", hash, tokenId, complement);
        given += order.side === BUY ? taking - making : making;
        received += order.side === BUY ? taking : making - taking;
      }
      const remaining = available - making;
      left.set(hash, remaining);
      fills.push({ order, making, taking, fee: feeOf(order, taking), remaining });
    }

    const { hash, makerAmount, takerAmount } = takerOrder;
    const available = this.remainingOf(takerOrder);
    if (takerFill === 0n) return refuse("ZeroFill", hash);
    if (takerFill > available) return refuse("MakingGtRemaining", hash, takerFill, available);
    if (given > takerFill) return refuse("TakerFillExceeded", hash, given, takerFill);
    if (received * makerAmount < given * takerAmount) {
      return refuse("NotCrossing", hash, given, received);
    }
    const worth = ceilDiv(received * makerAmount, takerAmount);
    const remaining = available - (worth < takerFill ? worth : takerFill);
    const fee = feeOf(takerOrder, received);
    fills.push({ order: takerOrder, making: given, taking: received, fee, remaining });
    return this.settle(registered.market, fills);
  }

  /** The fills as changes of the ledger, when everybody can pay. */
  private settle(market: ModelMarket, fills: Fill[]): Verdict {
    const gives: Given[] = [];
    const gets: Given[] = [];
    for (const { order, making, taking, fee } of fills) {
      const token = this.assetOf(order.tokenId);
      const [out, into] = order.side === BUY ? [0, token] : [token, 0];
      gives.push({ account: order.owner, asset: out, amount: making });
      gets.push({ account: order.owner, asset: into, amount: taking - fee });
      gets.push({ account: this.feeReceiver, asset: into, amount: fee });
    }
    const apply = () => {
      const [yes] = assetsOf(market.slot);
      const before = this.supply(yes);
      for (const { account, asset, amount } of gives) {
        this.add(asset, account, -amount);
        if (asset === 0) this.spend("exchange", account, amount);
      }
      for (const { account, asset, amount } of gets) this.add(asset, account, amount);
      const minted = this.supply(yes) - before;
      // A pair more is a unit of collateral more in ConditionalTokens, and the reverse.
      this.add(0, "ctf", minted);
      if (minted > 0n) market.splits += minted;
      else market.merges -= minted;
      for (const { order, remaining } of fills) {
        this.statuses.set(order.hash, { over: remaining === 0n, remaining });
      }
    };

    const sum = (list: Given[], account: string, asset: number) =>
      list
        .filter((one) => one.account === account && one.asset === asset)
        .reduce((total, { amount }) => total + amount, 0n);
    let cannot = false;
    const suspects = fills.filter(({ making }, i) => {
      const { account, asset } = gives[i] as Given;
      const out = sum(gives, account, asset);
      const held = this.balance(asset, account);
      const barred =
        asset === 0 ? this.allowance("exchange", account) < out : !this.approved[account];
      cannot ||= making > 0n && (barred || held + sum(gets, account, asset) < out);
      return making > 0n && (barred || held < out);
    });
    if (suspects.length === 0) return succeed(apply, fills);
    const refusals = suspects.map(({ order }) => ({
      error: order.side === BUY ? "CollateralTransferFailed" : "OutcomeTransferFailed",
      args: [order.hash],
    }));
    return { refusals, maySettle: !cannot, apply, fills };
  }
}

const SUBTRACTION = "SafeMath: subtraction overflow";
const SPLIT = 3;
const TEXTS = [
  ["question", 512],
  ["description", 8192],
  ["category", 64],
] as const;

export function assetsOf(slot: number): [number, number] {
  return [1 + 2 * slot, 2 + 2 * slot];
}

export function outcomeOf(payouts: bigint[]): number {
  const index = VECTORS.findIndex((vector) => String(vector) === String(payouts));
  return index < 0 ? 0 : index;
}

function feeOf({ feeRateBps }: ModelOrder, received: bigint): bigint {
  return (feeRateBps * received) / 10_000n;
}

function finish(market: ModelMarket, outcome: number): void {
  Object.assign(market, { state: State.FINALIZED, outcome });
}

function requireProposed({ state, questionId }: ModelMarket): Verdict | null {
  if (state === State.UNKNOWN) return refuse("UnknownMarket", questionId);
  if (state === State.FINALIZED) return refuse("AlreadyFinalized", questionId);
  if (state === State.DISPUTED) return refuse("Disputed", questionId);
  if (state !== State.PROPOSED) return refuse("NotProposed", questionId);
  return null;
}

/** An order that names its counterparty meets no other. */
function strangers(order: ModelOrder, takerOrder: ModelOrder): Verdict | null {
  if (order.taker !== ANYONE && order.taker !== takerOrder.maker) {
    return refuse("NotTaker", order.hash, order.taker, takerOrder.maker);
  }
  if (takerOrder.taker !== ANYONE && takerOrder.taker !== order.maker) {
    return refuse("NotTaker", takerOrder.hash, takerOrder.taker, order.maker);
  }
  return null;
}
