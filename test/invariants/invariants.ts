import { recoverAddress } from "ethers";
import type { Attempt, Refused, Run, Trial } from "./run";
import {
  ACCOUNTS,
  BUY,
  DELEGATE,
  DISPUTE_TIMEOUT,
  MarketStatus,
  type ModelMarket,
  type ModelOrder,
  PEOPLE,
  Role,
  type RoleName,
  SIGNERS,
  State,
  assetsOf,
  outcomeOf,
} from "./model";
import { type Event, type Observed, type Order, type RawLog, shown } from "./world";

/*
 * One function per rule, named by its id in docs/invariants.md. Each looks at what the chain remembered before and after
 * a call and at what it told, not at the model; where it uses the model's sums, the model was just held to the chain.
 */

export interface Step extends Attempt {
  at: number;
  done: boolean;
  before: Observed;
  after: Observed;
  /** What the call told, read for matches and redemptions. */
  events: Event[];
}

type StepCheck = (step: Step, run: Run) => void;

function hold(condition: boolean, broken: string): void {
  if (!condition) throw new Error(`broken: ${broken}`);
}

const sum = (amounts: Iterable<bigint>): bigint => {
  let total = 0n;
  for (const amount of amounts) total += amount;
  return total;
};

/** What a match told of one order. */
interface Told {
  order: ModelOrder;
  making: bigint;
  taking: bigint;
  remaining: bigint;
  fee: bigint;
  feeAsset: bigint | null;
}

/** The fills that a settled match told: its makers in their order, its taker last. */
function toldFills({ match, done, events }: Step): Told[] {
  if (match === undefined || !done) return [];
  const orders = [...match.makerOrders, match.takerOrder];
  const filled = events.filter(({ name }) => name === "OrderFilled");
  hold(filled.length === orders.length, "a match tells one OrderFilled per order");
  const fees = events.filter(({ name }) => name === "FeeCharged");
  const found = filled.map(({ args }, i) => {
    const order = orders[i] as ModelOrder;
    hold(args["orderHash"] === order.hash, "OrderFilled comes in the order of the makers");
    const [making, taking] = [args["making"] as bigint, args["taking"] as bigint];
    // An order named twice has a fee per fill, and none is told where it is zero.
    const due = (order.feeRateBps * taking) / 10_000n > 0n;
    const index = due ? fees.findIndex((fee) => fee.args["orderHash"] === order.hash) : -1;
    const [fee] = index < 0 ? [] : fees.splice(index, 1);
    return {
      ...{ order, making, taking, remaining: args["remaining"] as bigint },
      fee: fee === undefined ? 0n : (fee.args["amount"] as bigint),
      feeAsset: fee === undefined ? null : (fee.args["assetId"] as bigint),
    };
  });
  hold(fees.length === 0, "I7: a fee was charged that no order signed");
  return found;
}

const toldOnce = new WeakMap<Step, Told[]>();

function told(step: Step): Told[] {
  let found = toldOnce.get(step);
  if (found === undefined) toldOnce.set(step, (found = toldFills(step)));
  return found;
}

// ------------------------------------------------------------------------------------------------ collateral

export const I1_everyTokenIsBacked: StepCheck = ({ after }, { model }) => {
  let redeemable = 0n;
  for (const market of model.markets) {
    const [yes, no] = assetsOf(market.slot).map((asset) => after.supply(asset)) as [bigint, bigint];
    const locked = market.splits - market.merges - market.paid;
    if (market.state !== State.FINALIZED) {
      hold(yes === no && yes === locked, `I1: market ${market.slot} is not backed one to one`);
      redeemable += yes;
    } else {
      const [forYes, forNo] = [0, 1].map((i) => after.word(`numerator ${market.slot} ${i}`)) as [
        bigint,
        bigint,
      ];
      const owed = (yes * forYes + no * forNo) / (forYes + forNo);
      hold(owed <= locked, `I1: market ${market.slot} owes more than it has`);
      redeemable += owed;
    }
  }
  hold(after.balance(0, "ctf") >= redeemable, "I1: ConditionalTokens owes more than it holds");
};

export const I2_collateralIsConserved: StepCheck = ({ what, done, args, before, after }) => {
  const minted = what === "mint" && done ? (args[1] as bigint) : 0n;
  hold(after.supply(0) === before.supply(0) + minted, "I2: collateral appeared or vanished");
};

export const I3_exchangeIsFlat: StepCheck = ({ kind, done, args, before, after }) => {
  const donated = kind === "donate: collateral" && done ? (args[1] as bigint) : 0n;
  const gained = after.balance(0, "exchange") - before.balance(0, "exchange");
  hold(gained === donated, "I3: the exchange kept or lost collateral");
  for (let asset = 1; after.list(`balances of asset ${asset}`).length > 0; asset++) {
    hold(after.balance(asset, "exchange") === 0n, "I3: the exchange holds an outcome token");
  }
};

// ------------------------------------------------------------------------------------------------ fills

export const I4_makersGetExactlyTheirPrice: StepCheck = (step) => {
  for (const { order, making, taking } of told(step).slice(0, -1)) {
    const { makerAmount, takerAmount } = order;
    hold(taking * makerAmount >= making * takerAmount, "I4: a maker got a worse price");
    hold((taking - 1n) * makerAmount < making * takerAmount, "I4: a maker got a gift");
  }
};

export const I5_takerKeepsItsLimit: StepCheck = (step) => {
  const taker = told(step).at(-1);
  if (taker === undefined || step.match === undefined) return;
  const { order, making, taking } = taker;
  const { takerFill } = step.match;
  hold(taking * order.makerAmount >= making * order.takerAmount, "I5: a worse price");
  hold(making <= takerFill, "I5: more than declared");
  hold(takerFill <= remainingBefore(step, order), "I5: more than was left");
};

export const I6_ordersOnlyRunOut: StepCheck = (step) => {
  const { before, after } = step;
  for (const [hash, was] of before.statuses) {
    const is = after.statuses.get(hash) ?? was;
    const unseen = !was.over && was.remaining === 0n;
    hold(is.over || !was.over, "I6: an order came to life again");
    hold(unseen || is.remaining <= was.remaining, "I6: an order grew");
    // Open with nothing left would be the word of an order never seen.
    const changed = is.over !== was.over || is.remaining !== was.remaining;
    hold(!changed || is.over || is.remaining > 0n, "I6: an order ran out and is not over");
    hold(!changed || (step.to === "exchange" && step.done), "I6: something else changed an order");
  }
  const left = new Map<string, bigint>();
  const fills = told(step);
  for (const [i, { order, making, remaining }] of fills.entries()) {
    const had = left.get(order.hash) ?? remainingBefore(step, order);
    const taker = i === fills.length - 1;
    const spent = had - remaining;
    hold(taker ? spent >= making : spent === making, "I6: the remaining is not M - sum of fills");
    hold(!taker || spent <= (step.match?.takerFill ?? 0n), "I6: the taker consumed too much");
    left.set(order.hash, remaining);
  }
  for (const [hash, remaining] of left) {
    const is = after.statuses.get(hash);
    hold(is?.remaining === remaining, "I6: storage tells another remaining than the log");
    hold(is?.over === (remaining === 0n), "I6: the flag does not follow the remaining");
  }
};

export const I7_feesAreAsSigned: StepCheck = (step, { model }) => {
  const fills = told(step);
  if (fills.length === 0) return;
  const gains = new Map<number, bigint>();
  for (const { order, taking, fee, feeAsset } of fills) {
    hold(order.feeRateBps <= 1000n, "I7: a rate above the maximum");
    hold(fee === (order.feeRateBps * taking) / 10_000n, "I7: another fee than signed");
    const proceeds = order.side === BUY ? order.tokenId : 0n;
    hold(feeAsset === null || feeAsset === proceeds, "I7: a fee in another asset");
    const asset = proceeds === 0n ? 0 : model.assetOf(proceeds);
    gains.set(asset, (gains.get(asset) ?? 0n) + fee);
  }
  const receiver = model.feeReceiver;
  if (fills.some(({ order }) => order.owner === receiver)) return;
  for (const [asset, fees] of gains) {
    const gained = step.after.balance(asset, receiver) - step.before.balance(asset, receiver);
    hold(gained === fees, "I7: the fee receiver got another sum than the fees");
  }
};

export const I8_deadOrdersNeverSettle: StepCheck = (step) => {
  for (const { order } of told(step)) {
    hold(!step.before.status(order).over, "I8: an order that was over settled");
    const expired = order.expiration !== 0n && BigInt(step.at) >= order.expiration;
    hold(!expired, "I8: an expired order settled");
    const nonce = step.before.nonce(order.owner);
    hold(order.nonce === nonce, "I8: an order with another nonce settled");
  }
};

export const I9_pairsAreDerived: StepCheck = (step, { model }) => {
  for (const { order } of told(step)) {
    const asset = model.assetOf(order.tokenId);
    const other = asset % 2 === 1 ? asset + 1 : asset - 1;
    const { conditionId, ids } = model.market((asset - 1) >> 1);
    const { after } = step;
    hold(after.word(`complement of asset ${asset}`) === ids[(other - 1) % 2], "I9: no complement");
    hold(after.word(`complement of asset ${other}`) === order.tokenId, "I9: one way only");
    for (const either of [asset, other]) {
      const condition = after.word(`condition of asset ${either}`);
      hold(condition === BigInt(conditionId), "I9: the pair has another condition");
    }
  }
};

// ------------------------------------------------------------------------------------------------ accounts

export const I10_nobodyLosesWithoutConsent: StepCheck = (step, { model }) => {
  const fills = told(step);
  for (const { order } of fills) {
    const { hash, signature, signatureType } = order as Order;
    if (model.approvedOrders.has(hash)) continue;
    const delegate = signatureType === DELEGATE;
    if (Number(BigInt(hash) % 16n) === 0) {
      const signer = recoverAddress(hash, signature);
      const should = model.address(delegate ? "deputy" : order.owner);
      hold(signer === should, "I10: an order settled that was not signed");
    }
    hold(order.genuine, "I10: a forged order settled");
    const until = model.delegated[order.owner] as bigint;
    hold(!delegate || BigInt(step.at) < until, "I10: an order of a former delegate settled");
  }
  const allowed = new Map<string, bigint>();
  for (const { order, making } of fills) {
    const asset = order.side === BUY ? 0 : model.assetOf(order.tokenId);
    const key = `${order.owner} ${asset}`;
    hold(making <= remainingBefore(step, order), "I10: an order gave more than was left of it");
    allowed.set(key, (allowed.get(key) ?? 0n) + making);
  }
  for (const account of ACCOUNTS.slice(0, -2)) {
    if (account === step.by && fills.length === 0) continue;
    for (let asset = 0; asset < 1 + 2 * model.markets.length; asset++) {
      const lost = step.before.balance(asset, account) - step.after.balance(asset, account);
      if (lost <= 0n) continue;
      const most = allowed.get(`${account} ${asset}`) ?? 0n;
      hold(lost <= most, `I10: ${account} lost more than its orders give`);
    }
  }
};

export const I11_bystandersKeepEverything: StepCheck = (step, { model }) => {
  const fills = told(step);
  if (fills.length === 0) return;
  const involved = new Set([...fills.map(({ order }) => order.owner), model.feeReceiver, "ctf"]);
  for (const account of ACCOUNTS) {
    if (involved.has(account)) continue;
    for (let asset = 0; asset < 1 + 2 * model.markets.length; asset++) {
      const same = step.before.balance(asset, account) === step.after.balance(asset, account);
      hold(same, `I11: ${account} was touched by a match of others`);
    }
  }
};

/** All but the market's status, which also follows the clock. */
export const I12_refusalsChangeNothing: StepCheck = ({ done, before, after }) => {
  if (done) return;
  for (const [label, was] of before.words) {
    // What was not read just before the call was held to the ledger, which a refusal leaves as it is.
    if (label.startsWith("status ") || !before.fresh.has(label)) continue;
    hold(String(after.list(label)) === String(was), `I12: a refusal changed ${label}`);
  }
  for (const [hash, was] of before.statuses) {
    const is = after.statuses.get(hash);
    const same = is?.over === was.over && is.remaining === was.remaining;
    hold(same, `I12: a refusal changed order ${hash}`);
  }
};

export const I13_noncesRiseByOneByTheirOwner: StepCheck = ({ what, by, done, before, after }) => {
  for (const account of SIGNERS) {
    const raised = what === "incrementNonce" && by === account && done ? 1n : 0n;
    const is = after.nonce(account);
    hold(is === before.nonce(account) + raised, `I13: the nonce of ${account} moved`);
  }
};

// ------------------------------------------------------------------------------------------------ results

export const I14_resultsAreFinal: StepCheck = ({ before, after }, { model }) => {
  for (const { slot, prepared } of model.markets) {
    const [was, is] = [before.word(`denominator ${slot}`), after.word(`denominator ${slot}`)];
    hold(was === 0n || was === is, "I14: a result changed");
    const [state, outcome] = after.resolution(slot);
    hold((is !== 0n) === (Number(state) === State.FINALIZED), "I14: reported and not final");
    const status = Number(after.word(`status ${slot}`));
    const ended = status === MarketStatus.RESOLVED || status === MarketStatus.CANCELLED;
    hold(ended === (is !== 0n), "I14: the factory's status does not follow the result");
    if (!prepared || is === 0n) continue;
    const vector = [0, 1].map((i) => after.word(`numerator ${slot} ${i}`));
    const reported = outcomeOf(vector);
    hold(reported !== 0, "I14: a vector that is none of [1,0], [0,1], [1,1]");
    hold(reported === Number(outcome), "I14: another vector than the oracle's");
    hold(is === sum(vector), "I14: the denominator is not the sum");
  }
};

export const I15_stepsKeepTheirWindows: StepCheck = ({ what, slot, done, at, before }) => {
  if (slot === undefined || !done) return;
  const [state, , , , endTime, resolutionTime, proposedAt, disputedAt, window] = before
    .resolution(slot)
    .map(Number) as [number, number, number, number, number, number, number, number, number];
  const deadline = proposedAt + window;
  if (what === "proposeResolution") {
    hold(state === State.OPEN && at >= endTime, "I15: proposed before the end");
  } else if (what === "disputeResolution") {
    hold(state === State.PROPOSED && at < deadline, "I15: disputed after the window");
  } else if (what === "finalizeResolution") {
    hold(state === State.PROPOSED && at >= deadline, "I15: finalized in the window or disputed");
  } else if (what === "adminFinalizeResolution") {
    hold(state === State.DISPUTED, "I15: decided without a dispute");
  } else if (what === "finalizeByTimeout") {
    const silent = state === State.OPEN && at >= resolutionTime + 90 * 86_400;
    const undecided = state === State.DISPUTED && at >= disputedAt + DISPUTE_TIMEOUT;
    hold(silent || undecided, "I15: ended before the time-out");
  }
};

/** Asked of the chain itself: the two calls, each alone, in one second. */
export function I15_exactlyOneIsOpen(disputed: boolean, finalized: boolean): void {
  hold(disputed !== finalized, "I15: dispute and finalize are both possible, or neither");
}

export const I16_redemptionPaysThePayout: StepCheck = (step, { model }) => {
  const { what, slot, done, by, args, before, after, events } = step;
  if (what !== "redeemPositions" || slot === undefined || !done) return;
  const denominator = before.word(`denominator ${slot}`);
  const outcomes = new Set((args[3] as bigint[]).map((set) => Number(set) - 1));
  let due = 0n;
  for (const outcome of outcomes) {
    const asset = assetsOf(slot)[outcome] as number;
    due += (before.balance(asset, by) * before.word(`numerator ${slot} ${outcome}`)) / denominator;
    hold(after.balance(asset, by) === 0n, "I16: a redemption left tokens");
  }
  hold(after.balance(0, by) - before.balance(0, by) === due, "I16: another payout");
  const paid = events.find(({ name }) => name === "PayoutRedemption")?.args["payout"];
  hold(paid === due, "I16: another payout is told");
  const market = model.market(slot);
  hold(market.paid <= market.splits - market.merges, "I16: more was paid than was put in");
};

/** When all tokens of a market are redeemed, what stays is less than a unit per redemption. */
export function I16_onlyDustIsLeft(market: ModelMarket, seen: Observed): void {
  const held = sum(assetsOf(market.slot).map((asset) => seen.supply(asset)));
  hold(held === 0n, "I16: tokens are left");
  const dust = market.splits - market.merges - market.paid;
  hold(dust >= 0n && dust <= market.redemptions, "I16: more is left than rounding explains");
  hold(
    market.redemptions === 0n || dust < market.redemptions,
    "I16: a unit or more per redemption",
  );
}

export const I17_pausedMovesNothing: StepCheck = ({ to, what, done, before, after }) => {
  if (before.word("paused") === 0n || to !== "exchange" || !done) return;
  hold(what !== "matchOrders", "I17: a match settled while paused");
  for (let asset = 0; after.list(`balances of asset ${asset}`).length > 0; asset++) {
    for (const account of ACCOUNTS) {
      const same = before.balance(asset, account) === after.balance(asset, account);
      hold(same, "I17: the exchange moved something while paused");
    }
  }
};

/** Over all runs: what a stop must not stop was done while matching was stopped. */
export function I17_theRestGoesOn(done: ReadonlySet<string>): void {
  for (const kind of ["cancel one", "raise nonce", "split", "merge", "redeem"]) {
    hold(done.has(`while paused: ${kind}`), `I17: never while paused: ${kind}`);
  }
}

/** The checks made after every call. */
export const STEP_CHECKS: Record<string, StepCheck> = {
  I1_everyTokenIsBacked,
  I2_collateralIsConserved,
  I3_exchangeIsFlat,
  I4_makersGetExactlyTheirPrice,
  I5_takerKeepsItsLimit,
  I6_ordersOnlyRunOut,
  I7_feesAreAsSigned,
  I8_deadOrdersNeverSettle,
  I9_pairsAreDerived,
  I10_nobodyLosesWithoutConsent,
  I11_bystandersKeepEverything,
  I12_refusalsChangeNothing,
  I13_noncesRiseByOneByTheirOwner,
  I14_resultsAreFinal,
  I15_stepsKeepTheirWindows,
  I16_redemptionPaysThePayout,
  I17_pausedMovesNothing,
};

// ------------------------------------------------------------------------------------------------ at the end of a run

/** The blocks of refused calls, one call each, hold no logs. */
export function I12_refusalsTellNothing(logs: RawLog[], refused: Set<number>): void {
  for (const { blockNumber } of logs) {
    hold(!refused.has(Number(blockNumber)), "I12: a refused call told something");
  }
}

/** Storage, rebuilt from nothing but the logs since deployment (and, for a cancelled order never seen, the order). */
export async function I18_logsTellTheWholeState(
  events: Event[],
  { world, model, seen, orders, fills }: Run,
): Promise<void> {
  const rebuilt = rebuild(events);
  const amounts = new Map(orders.map(({ hash, makerAmount }) => [hash, makerAmount]));
  for (const [hash, is] of seen.statuses) {
    const remaining = rebuilt.remaining.get(hash);
    const over = rebuilt.cancelled.has(hash) || remaining === 0n;
    const known = over || rebuilt.approved.has(hash);
    const left = remaining ?? (known ? amounts.get(hash) : 0n);
    hold(is.over === over && is.remaining === left, `I18: the logs tell another status of ${hash}`);
  }
  const made = rebuilt.fills.map(({ args }) => `${args[0]} ${args[4]} ${args[5]} ${args[6]}`);
  const should = fills.map((f) => `${f.order.hash} ${f.making} ${f.taking} ${f.remaining}`);
  hold(made.join() === should.join(), "I18: the logs tell other fills");
  for (const account of SIGNERS) {
    const nonce = rebuilt.nonces.get(model.address(account)) ?? 0n;
    hold(seen.nonce(account) === nonce, `I18: the logs tell another nonce of ${account}`);
    const until = rebuilt.delegates.get(model.address(account)) ?? 0n;
    hold(seen.word(`delegate of ${account}`) === until, "I18: the logs tell another delegate");
  }
  for (const [i, id] of model.markets.flatMap(({ ids }) => ids).entries()) {
    const pair = rebuilt.registry.get(id) ?? { complement: 0n, condition: 0n };
    hold(seen.word(`complement of asset ${i + 1}`) === pair.complement, "I18: another complement");
    hold(seen.word(`condition of asset ${i + 1}`) === pair.condition, "I18: another condition");
  }
  const onChain = await world.rolesOnChain();
  const roles = [...rebuilt.roles].map((role) => {
    const [contract, number, address] = role.split(" ") as [string, string, string];
    const name = (Object.keys(Role) as RoleName[]).find((key) => Role[key] === Number(number));
    const account = [...PEOPLE, "factory"].find((one) => model.address(one) === address);
    return `${contract} ${name} ${account}`;
  });
  hold(onChain.sort().join() === roles.sort().join(), "I18: the logs tell other roles");
  hold(seen.word("paused") === (rebuilt.paused ? 1n : 0n), "I18: the logs tell another pause");
  hold(seen.word("fee receiver") === rebuilt.feeReceiver, "I18: another fee receiver");
  hold(seen.word("markets") === BigInt(rebuilt.created.size), "I18: another number of markets");
  for (const { slot, questionId } of model.markets) {
    const should = rebuilt.questions.get(questionId) ?? Array<bigint>(9).fill(0n);
    hold(String(seen.resolution(slot)) === String(should), `I18: another record of market ${slot}`);
    const cancelled = Number(seen.word(`status ${slot}`)) === MarketStatus.CANCELLED;
    hold(cancelled === rebuilt.ended.has(questionId), "I18: another cancellation");
  }
}

function rebuild(events: Event[]) {
  const state = {
    remaining: new Map<string, bigint>(),
    cancelled: new Set<string>(),
    approved: new Set<string>(),
    delegates: new Map<string, bigint>(),
    fills: [] as Event[],
    nonces: new Map<string, bigint>(),
    registry: new Map<bigint, { complement: bigint; condition: bigint }>(),
    roles: new Set<string>(),
    questions: new Map<string, bigint[]>(),
    created: new Set<string>(),
    ended: new Set<string>(),
    paused: false,
    feeReceiver: 0n,
  };
  const record = (question: string): bigint[] => {
    const found = state.questions.get(question) ?? Array<bigint>(9).fill(0n);
    state.questions.set(question, found);
    return found;
  };
  for (const event of events) {
    const { from, name, args } = event;
    const first = args[0] as string;
    if (name === "OrderFilled") {
      state.remaining.set(first, args["remaining"] as bigint);
      state.fills.push(event);
    } else if (name === "OrderCancelled") state.cancelled.add(first);
    else if (name === "OrderApproved") state.approved.add(first);
    else if (name === "SignerAuthorized") state.delegates.set(first, args["expiration"] as bigint);
    else if (name === "SignerRevoked") state.delegates.delete(first);
    else if (name === "NonceIncremented") state.nonces.set(first, args["nonce"] as bigint);
    else if (name === "TokenRegistered") {
      const [token0, token1, conditionId] = args as unknown as [bigint, bigint, string];
      const condition = BigInt(conditionId);
      state.registry.set(token0, { complement: token1, condition });
      state.registry.set(token1, { complement: token0, condition });
    } else if (name === "RoleGranted") state.roles.add(`${from} ${first} ${args["account"]}`);
    else if (name === "RoleRevoked") state.roles.delete(`${from} ${first} ${args["account"]}`);
    else if (name === "TradingPaused") state.paused = true;
    else if (name === "TradingUnpaused") state.paused = false;
    else if (name === "FeeReceiverSet") state.feeReceiver = BigInt(first);
    else if (name === "MarketCreated") state.created.add(first);
    else if (name === "MarketCancelled") state.ended.add(first);
    else if (name === "QuestionOpened") {
      const question = record(first);
      question[0] = BigInt(State.OPEN);
      question[4] = args["endTime"] as bigint;
      question[5] = args["resolutionTime"] as bigint;
      question[8] = args["disputeWindow"] as bigint;
    } else if (name === "ResolutionProposed") {
      const question = record(first);
      question[0] = BigInt(State.PROPOSED);
      question[1] = BigInt(outcomeOf([...(args["payouts"] as bigint[])]));
      question[2] = BigInt(args["proposer"] as string);
      question[6] = (args["disputeDeadline"] as bigint) - (question[8] as bigint);
    } else if (name === "ResolutionDisputed") {
      const question = record(first);
      question[0] = BigInt(State.DISPUTED);
      question[3] = BigInt(args["disputer"] as string);
      question[7] = (args["decisionDeadline"] as bigint) - BigInt(DISPUTE_TIMEOUT);
    } else if (name === "ResolutionFinalized") {
      const question = record(first);
      question[0] = BigInt(State.FINALIZED);
      question[1] = BigInt(outcomeOf([...(args["payouts"] as bigint[])]));
    }
  }
  return state;
}

/** The registered ids are those that ConditionalTokens derives from the condition. */
export async function I9_idsAreThePositionIds({ model, seen, world }: Run): Promise<void> {
  for (const { slot, conditionId, ids } of model.markets) {
    if (seen.word(`complement of asset ${1 + 2 * slot}`) === 0n) continue;
    const derived = await world.positionIds(conditionId);
    hold(String(derived) === String(ids), "I9: registered ids are not the position ids");
  }
}

export function I21_permutingMakersChangesNothing(
  permuted: { error: unknown; seen: Observed },
  straight: Observed,
): void {
  hold(permuted.error === null, "I21: the same makers in another order are refused");
  hold(permuted.seen.raw === straight.raw, "I21: permuting the makers changed somebody's total");
}

/** One after another, at the same state and but seconds later. */
export function I26_batchIsItsMatches(
  { error, failures, seen }: Trial,
  alone: (Refused | null)[],
  after: Observed,
): void {
  if (error !== null) {
    const all = alone.every((refused) => shown(refused) === shown(error));
    hold(all, `I26: a batch met ${shown(error)}, its matches did not`);
    return;
  }
  hold(
    shown(failures) === shown(alone),
    `I26: ${shown(failures)} in a batch, ${shown(alone)} alone`,
  );
  hold(seen.raw === after.raw, "I26: a batch leaves another state than its matches");
}

function remainingBefore({ before }: Step, order: ModelOrder): bigint {
  const { over, remaining } = before.status(order);
  return over || remaining > 0n ? remaining : order.makerAmount;
}
