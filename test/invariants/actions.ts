import { ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { I15_exactlyOneIsOpen, I26_batchIsItsMatches } from "./invariants";
import {
  BUY,
  DELEGATE,
  DISPUTE_TIMEOUT,
  MAX_DURATION,
  type Match,
  type ModelMarket,
  PEOPLE,
  type RoleName,
  SELL,
  SIGNERS,
  SILENCE_TIMEOUT,
  SLOTS,
  State,
  TRADERS,
  UNLIMITED,
  assetsOf,
  ceilDiv,
} from "./model";
import type { Refused, Run } from "./run";
import type { Order } from "./world";

/*
 * One function per action: it draws who and what, and hands the call with its rule to the run. What is drawn is mostly
 * valid; each wrong kind comes up sometimes.
 */

type Action = (run: Run) => Promise<unknown>;

const DAY = 86_400;
const ALL_VECTORS = [[1n, 0n], [0n, 1n], [1n, 1n], [0n, 0n], [2n, 1n], [1n], []];

/** `right` mostly, else anybody. */
function mostly({ chance }: Run, right: string, percent = 85): string {
  return chance.chance(percent) ? right : chance.pick(PEOPLE);
}

function trader({ chance }: Run): string {
  return chance.chance(90) ? chance.pick(TRADERS.slice(0, 5)) : chance.pick(SIGNERS);
}

/** A market that exists, mostly. */
function slotOf({ chance, model }: Run): number {
  const known = model.markets.filter(({ creator }) => creator !== null);
  return chance.chance(95) ? chance.pick(known).slot : chance.below(SLOTS);
}

/** Some of `held`: usually a little, at times all of it, at times a unit more. */
function some({ chance }: Run, held: bigint): bigint {
  if (chance.chance(10)) return held + 1n;
  if (chance.chance(10)) return held;
  return chance.bigint(0n, held < 2n ** 40n ? held : 2n ** BigInt(chance.int(1, 64)));
}

// ------------------------------------------------------------------------------------------------ tokens

async function split(run: Run): Promise<unknown> {
  const [by, slot] = [trader(run), slotOf(run)];
  const amount = some(run, run.model.balance(0, by));
  const { conditionId } = run.model.market(slot);
  return run.attempt({
    ...{ kind: "split", by, to: "ctf", what: "splitPosition", slot },
    args: [run.model.address("usdc"), ZeroHash, conditionId, [1n, 2n], amount],
    rule: () => run.model.split(by, slot, amount),
  });
}

async function merge(run: Run): Promise<unknown> {
  const [by, slot] = [trader(run), slotOf(run)];
  const [yes, no] = assetsOf(slot).map((asset) => run.model.balance(asset, by)) as [bigint, bigint];
  const amount = some(run, yes < no ? yes : no);
  const { conditionId } = run.model.market(slot);
  return run.attempt({
    ...{ kind: "merge", by, to: "ctf", what: "mergePositions", slot },
    args: [run.model.address("usdc"), ZeroHash, conditionId, [1n, 2n], amount],
    rule: () => run.model.merge(by, slot, amount),
  });
}

async function redeem(run: Run): Promise<unknown> {
  const resolved = run.model.markets.filter(({ state }) => state === State.FINALIZED);
  const slot = resolved.length > 0 ? run.chance.pick(resolved).slot : slotOf(run);
  const sets = run.chance.pick([[1n, 2n], [1n, 2n], [1n], [2n], [1n, 1n], [0n], [3n]]);
  return redeemAs(run, trader(run), slot, sets);
}

export async function redeemAs(run: Run, by: string, slot: number, sets: bigint[]) {
  const { conditionId } = run.model.market(slot);
  return run.attempt({
    ...{ kind: "redeem", by, to: "ctf", what: "redeemPositions", slot },
    args: [run.model.address("usdc"), ZeroHash, conditionId, sets],
    rule: () => run.model.redeem(by, slot, sets),
  });
}

async function transferTokens(run: Run): Promise<unknown> {
  const { chance, model } = run;
  const from = trader(run);
  const by = chance.chance(85) ? from : "stranger";
  const to = chance.pick([...TRADERS, "stranger"]);
  return sendTokens(run, "transfer: token", by, from, to, model);
}

/** Outcome tokens for the exchange are refused: they would be stray. */
async function donateTokens(run: Run): Promise<unknown> {
  const from = trader(run);
  return sendTokens(run, "donate: token", from, from, "exchange", run.model);
}

async function sendTokens(
  run: Run,
  kind: string,
  by: string,
  from: string,
  to: string,
  { balance }: Run["model"],
): Promise<unknown> {
  const slot = slotOf(run);
  const asset = run.chance.pick(assetsOf(slot));
  const amount = some(run, balance.call(run.model, asset, from));
  const id = run.model.market(slot).ids[(asset - 1) % 2];
  const { address } = run.world;
  return run.attempt({
    ...{ kind, by, to: "ctf", what: "safeTransferFrom", slot },
    args: [address(from), address(to), id, amount, "0x"],
    rule: () => run.model.transferTokens(by, from, to, asset, amount),
  });
}

async function transferCollateral(run: Run): Promise<unknown> {
  const [by, to] = [trader(run), run.chance.pick([...TRADERS, "stranger"])];
  return sendCollateral(run, "transfer: collateral", by, to);
}

async function donateCollateral(run: Run): Promise<unknown> {
  return sendCollateral(run, "donate: collateral", trader(run), "exchange");
}

async function sendCollateral(run: Run, kind: string, by: string, to: string): Promise<unknown> {
  const amount = some(run, run.model.balance(0, by));
  return run.attempt({
    ...{ kind, by, to: "usdc", what: "transfer" },
    args: [run.world.address(to), amount],
    rule: () => run.model.transferCollateral(by, to, amount),
  });
}

async function mint(run: Run): Promise<unknown> {
  const [by, amount] = ["pat", run.chance.upTo(10_000n)];
  return run.attempt({
    ...{ kind: "mint", by, to: "usdc", what: "mint" },
    args: [run.world.address(by), amount],
    rule: () => run.model.mint(by, amount),
  });
}

/** A limited or no allowance; mostly an earlier one is made good. */
async function approve(run: Run): Promise<unknown> {
  const { chance, model } = run;
  const spender = chance.pick(["exchange", "exchange", "ctf"] as const);
  const limited = SIGNERS.find((owner) => model.allowance(spender, owner) !== UNLIMITED);
  const heal = limited !== undefined && chance.chance(50);
  const by = heal ? limited : trader(run);
  const amount = heal ? UNLIMITED : chance.pick([0n, chance.upTo(1_000n), UNLIMITED]);
  return run.attempt({
    ...{ kind: amount === 0n ? "revoke: collateral" : "approve: collateral", by, to: "usdc" },
    ...{ what: "approve", args: [run.world.address(spender), amount] },
    rule: () => model.approve(by, spender, amount),
  });
}

async function setApproval(run: Run): Promise<unknown> {
  const { chance, model } = run;
  const barred = SIGNERS.find((owner) => !model.approved[owner]);
  const approved = barred !== undefined && chance.chance(75);
  const by = approved ? barred : trader(run);
  return run.attempt({
    ...{ kind: approved ? "approve: tokens" : "revoke: tokens", by, to: "ctf" },
    ...{ what: "setApprovalForAll", args: [run.world.address("exchange"), approved] },
    rule: () => model.setApproval(by, approved),
  });
}

// ------------------------------------------------------------------------------------------------ signing

interface Said {
  side: number;
  tokenId: bigint;
  by?: string;
  taker?: string;
  amounts?: { makerAmount: bigint; takerAmount: bigint };
  nonce?: bigint;
  expiration?: bigint;
}

/** Sizes from a unit to 2^64, the smallest often, for they round worst. */
function drawSize({ chance }: Run): bigint {
  if (chance.chance(6)) return chance.upTo(2n ** BigInt(chance.int(26, 64)));
  return chance.upTo(2n ** BigInt(chance.int(1, 26)));
}

/** A price in whole cents, or any from nothing to 1.00. */
function drawAmounts(run: Run, side: number): { makerAmount: bigint; takerAmount: bigint } {
  const { chance } = run;
  let size = drawSize(run);
  let worth = chance.upTo(size);
  if (chance.chance(50)) {
    size *= 100n;
    worth = (size / 100n) * BigInt(chance.int(1, 100));
  }
  return side === BUY
    ? { makerAmount: worth, takerAmount: size }
    : { makerAmount: size, takerAmount: worth };
}

function signOrder(run: Run, said: Said): Order {
  const { chance, model, world } = run;
  const owner = said.by ?? trader(run);
  const maker = world.address(owner);
  const lifetime = BigInt(run.now + chance.pick([2, 3, 10, 1_000, DAY]));
  const delegated = BigInt(run.now + 1) < (model.delegated[owner] as bigint) && chance.chance(40);
  const by = delegated ? "deputy" : owner;
  const fields = { signer: world.address(by), signatureType: delegated ? DELEGATE : 0 };
  return run.keep(
    world.sign(
      owner,
      {
        ...{ salt: BigInt(run.orders.length), maker, tokenId: said.tokenId, ...fields },
        ...(said.amounts ?? drawAmounts(run, said.side)),
        taker: said.taker ?? ZeroAddress,
        expiration: said.expiration ?? (chance.chance(85) ? 0n : lifetime),
        nonce: said.nonce ?? (model.nonces[owner] as bigint),
        feeRateBps: chance.chance(40) ? 0n : BigInt(chance.int(0, 1000)),
        side: said.side,
      },
      by,
    ),
  );
}

/** Rests an order of any kind; no call, so nothing may change. */
async function sign(run: Run): Promise<void> {
  const { chance } = run;
  const tokenId = chance.pick(run.model.market(slotOf(run)).ids);
  const taker = chance.chance(15) ? run.world.address(trader(run)) : ZeroAddress;
  signOrder(run, { side: chance.below(2), tokenId, taker });
  run.tally.count("sign", true);
}

/** Orders signed to be refused rest among the others; none of them may be taken for a good one. */
function isSound({ makerAmount, takerAmount, side, feeRateBps, signatureType }: Order): boolean {
  const [worth, size] = side === BUY ? [makerAmount, takerAmount] : [takerAmount, makerAmount];
  const fits = worth > 0n && worth <= size && size < 2n ** 120n;
  return fits && side <= SELL && feeRateBps <= 1000n && signatureType <= DELEGATE;
}

function isLive(run: Run, order: Order): boolean {
  const { expiration, nonce, owner } = order;
  const expired = expiration !== 0n && BigInt(run.now + 1) >= expiration;
  return (
    isSound(order) && !run.model.isOver(order) && !expired && nonce === run.model.nonces[owner]
  );
}

// ------------------------------------------------------------------------------------------------ matching

/** A match that all rules but balances allow, or undefined when the makers drawn leave nothing to the taker. */
function drawMatch(run: Run): Match | undefined {
  const { chance, model, world } = run;
  const { ids } = model.market(chance.pick(model.markets.filter((m) => m.registered)).slot);
  const [side, outcome] = [chance.below(2), chance.below(2)];
  const [tokenId, complement] = [ids[outcome], ids[1 - outcome]] as [bigint, bigint];
  const pairs = chance.pick([0, 100, 50]);
  const owner = trader(run);
  const taker = world.address(owner);

  const makerOrders: Order[] = [];
  const makerFills: bigint[] = [];
  const left = new Map<string, bigint>();
  const live = run.orders.filter((order) => isLive(run, order));
  for (let i = chance.int(1, 4); i > 0; i--) {
    const kind = chance.chance(pairs) ? { side, tokenId: complement } : { side: 1 - side, tokenId };
    const resting = live.filter(
      (order) =>
        order.side === kind.side &&
        order.tokenId === kind.tokenId &&
        [ZeroAddress, taker].includes(order.taker) &&
        (order.genuine || model.approvedOrders.has(order.hash)) &&
        left.get(order.hash) !== 0n,
    );
    const named = chance.chance(8) ? taker : ZeroAddress;
    const order =
      resting.length > 0 && chance.chance(60)
        ? chance.pick(resting)
        : signOrder(run, { ...kind, taker: named });
    const available = left.get(order.hash) ?? model.remainingOf(order);
    const making = chance.chance(45) ? available : chance.upTo(available);
    left.set(order.hash, available - making);
    makerOrders.push(order);
    makerFills.push(making);
  }

  const { making, taking } = totals(side, makerOrders, makerFills);
  if (taking === 0n) return undefined;
  const resting = live.filter(
    (order) =>
      order.side === side &&
      order.tokenId === tokenId &&
      order.taker === ZeroAddress &&
      [ZeroAddress, order.maker].includes(makerOrders[0]?.taker as string) &&
      makerOrders.every((maker) => [ZeroAddress, order.maker].includes(maker.taker)) &&
      making > 0n &&
      making <= model.remainingOf(order) &&
      taking * order.makerAmount >= making * order.takerAmount,
  );
  if (resting.length > 0 && chance.chance(50)) {
    const takerOrder = chance.pick(resting);
    const most = model.remainingOf(takerOrder);
    return { takerOrder, makerOrders, takerFill: chance.pick([making, most]), makerFills };
  }
  const sole = makerOrders.every((order) => order.owner === makerOrders[0]?.owner);
  const named = sole && chance.chance(25) ? (makerOrders[0]?.maker as string) : ZeroAddress;
  const amounts = takerAmounts(run, side, making, taking);
  const takerOrder = signOrder(run, { side, tokenId, by: owner, taker: named, amounts });
  const least = making === 0n ? 1n : making;
  const takerFill = chance.pick([least, amounts.makerAmount]);
  return { takerOrder, makerOrders, takerFill, makerFills };
}

/** The sums that the makers' fills imply for the taker. */
function totals(side: number, makers: Order[], fills: bigint[]) {
  let [making, taking] = [0n, 0n];
  makers.forEach((order, i) => {
    const gives = fills[i] as bigint;
    const gets = ceilDiv(gives * order.takerAmount, order.makerAmount);
    if (order.side !== side) {
      making += gets;
      taking += gives;
    } else {
      making += side === BUY ? gets - gives : gives;
      taking += side === BUY ? gets : gives - gets;
    }
  });
  return { making, taking };
}

/** Amounts of a taker order that the sums just satisfy, or satisfy easily. */
function takerAmounts({ chance }: Run, side: number, making: bigint, taking: bigint) {
  const enough = making === 0n ? 1n : side === SELL ? ceilDiv(making, taking) : 1n;
  const least = making > enough ? making : enough;
  const makerAmount = chance.chance(40) ? least : least + chance.upTo(2n * least);
  const tightest = making === 0n ? makerAmount + taking : (taking * makerAmount) / making;
  const loosest = side === BUY ? makerAmount : 1n;
  const limit = side === SELL ? makerAmount : 2n ** 120n - 1n;
  const most = tightest > limit ? limit : tightest;
  const takerAmount = chance.chance(50) ? most : chance.bigint(loosest, most);
  return { makerAmount, takerAmount };
}

async function settle(run: Run, kind: string, match: Match, by = "operator", at?: number) {
  const { takerOrder, makerOrders, takerFill, makerFills } = match;
  return run.attempt({
    ...{ kind, by, to: "exchange", what: "matchOrders", match },
    ...(at !== undefined && { at }),
    args: [takerOrder, makerOrders, takerFill, makerFills],
    rule: () => run.model.match(by, match),
  });
}

/** `match: complementary`, `match: mint and complementary` and so on. */
function kindOf({ takerOrder, makerOrders }: Match): string {
  const pairs = makerOrders.filter(({ side }) => side === takerOrder.side).length;
  const kinds = [takerOrder.side === BUY ? "mint" : "merge", "complementary"];
  if (pairs === 0) kinds.shift();
  else if (pairs === makerOrders.length) kinds.pop();
  return `match: ${kinds.join(" and ")}`;
}

async function match(run: Run): Promise<unknown> {
  const drawn = drawMatch(run);
  if (drawn === undefined) return sign(run);
  const kind = kindOf(drawn);
  const done = await settle(run, kind, drawn);
  if (done) {
    const side = drawn.takerOrder.side === BUY ? "BUY" : "SELL";
    run.tally.mark(`${kind} of a ${side} taker`);
    if (drawn.makerOrders.some((order) => !run.model.isOver(order as Order))) {
      run.tally.mark("match: a maker partly filled");
    }
  }
  return done;
}

/** A match with one thing wrong; the rules say which error it must meet. */
async function wrongMatch(run: Run): Promise<unknown> {
  const { chance, model, world } = run;
  const drawn = drawMatch(run);
  if (drawn === undefined) return sign(run);
  const { takerOrder, makerOrders, makerFills } = drawn;
  const i = chance.below(makerOrders.length);
  const victim = makerOrders[i] as Order;
  const { making, taking } = totals(takerOrder.side, makerOrders as Order[], makerFills);
  const withFill = (fill: bigint): Match => {
    return { ...drawn, makerFills: makerFills.map((each, j) => (i === j ? fill : each)) };
  };
  const withMaker = (changes: Partial<Order>, by?: string): Match => {
    const own = { signer: victim.maker, signatureType: 0 };
    const fields = { ...victim, ...own, salt: BigInt(run.orders.length), ...changes };
    const order = run.keep(world.sign(victim.owner, fields, by));
    return { ...drawn, makerOrders: makerOrders.map((each, j) => (i === j ? order : each)) };
  };
  const withTaker = (changes: Partial<Order>): Match => {
    const own = { signer: takerOrder.maker, signatureType: 0 };
    const salt = BigInt(run.orders.length);
    const fields = { ...(takerOrder as Order), ...own, salt, ...changes };
    return { ...drawn, takerOrder: run.keep(world.sign(takerOrder.owner, fields)) };
  };
  const market = model.registered(victim.tokenId)?.market as ModelMarket;
  const unregistered = model.markets.find(({ registered }) => !registered);
  const over = run.orders.filter((order) => model.isOver(order));
  const stale = run.orders.filter(({ owner, nonce }) => nonce !== model.nonces[owner]);
  const tight = (taking * takerOrder.makerAmount) / (making === 0n ? 1n : making) + 1n;
  const tighten = making > 0n && (takerOrder.side === BUY || tight <= takerOrder.makerAmount);
  const edge = chance.pick([-1, 0, 1]);
  const expiring = run.now + 5;

  const ways: Record<string, () => Promise<unknown>> = {
    "not operator": () => settle(run, "wrong match: not operator", drawn, chance.pick(PEOPLE)),
    expired: () =>
      settle(
        run,
        "wrong match: at the expiration",
        withMaker({ expiration: BigInt(expiring) }),
        "operator",
        expiring + edge,
      ),
    over: () => {
      if (over.length === 0) return settle(run, "wrong match: zero fill", withFill(0n));
      const order = chance.pick(over);
      const same = { ...drawn, makerOrders: [order], makerFills: [1n] };
      return settle(run, "wrong match: an order that is over", same);
    },
    nonce: () => {
      const wrong = stale.length > 0 && chance.chance(50);
      const changed = wrong
        ? { ...drawn, makerOrders: [chance.pick(stale)], makerFills: [1n] }
        : withMaker({ nonce: victim.nonce + chance.pick([1n, 2n ** 200n]) });
      return settle(run, "wrong match: another nonce", changed);
    },
    overfill: () =>
      settle(run, "wrong match: overfill", withFill(model.remainingOf(victim) + chance.upTo(9n))),
    takerOverfill: () => {
      const takerFill = model.remainingOf(takerOrder) + 1n;
      return settle(run, "wrong match: overfill", { ...drawn, takerFill });
    },
    zero: () => settle(run, "wrong match: zero fill", withFill(0n)),
    declared: () => {
      const takerFill = making > 0n ? making - 1n : 0n;
      return settle(run, "wrong match: declares too little", { ...drawn, takerFill });
    },
    crossing: () =>
      settle(
        run,
        "wrong match: not crossing",
        tighten ? withTaker({ takerAmount: tight }) : withFill(0n),
      ),
    token: () =>
      settle(
        run,
        "wrong match: unknown token",
        withTaker({ tokenId: unregistered?.ids[0] ?? 12_345n }),
      ),
    otherToken: () =>
      settle(
        run,
        "wrong match: the other token",
        withMaker({ tokenId: market.ids[market.ids[0] === victim.tokenId ? 1 : 0] }),
      ),
    otherMarket: () =>
      settle(
        run,
        "wrong match: a token of another market",
        withMaker({ tokenId: chance.pick(model.markets.filter((m) => m !== market)).ids[0] }),
      ),
    private: () =>
      settle(
        run,
        "wrong match: another's counterparty",
        withMaker({ taker: world.address("admin") }),
      ),
    length: () => {
      const fills = chance.chance(50) ? makerFills.slice(1) : [...makerFills, 1n];
      return settle(run, "wrong match: lengths differ", { ...drawn, makerFills: fills });
    },
    none: () =>
      settle(run, "wrong match: no makers", { ...drawn, makerOrders: [], makerFills: [] }),
    forged: () => settle(run, "wrong match: forged", withMaker({}, "stranger")),
    fee: () => settle(run, "wrong match: fee too high", withMaker({ feeRateBps: 1001n })),
    price: () =>
      settle(
        run,
        "wrong match: above 1.00",
        withMaker(
          victim.side === BUY
            ? { makerAmount: victim.takerAmount + 1n }
            : { takerAmount: victim.makerAmount + 1n },
        ),
      ),
    amount: () =>
      settle(
        run,
        "wrong match: amount out of bounds",
        withMaker({ takerAmount: chance.pick([0n, 2n ** 120n]) }),
      ),
    side: () => settle(run, "wrong match: no side", withMaker({ side: 2 })),
    type: () => settle(run, "wrong match: signature type", withMaker({ signatureType: 3 })),
    delegate: () => {
      const changes = { signatureType: DELEGATE, signer: world.address("deputy") };
      return settle(run, "wrong match: by a delegate", withMaker(changes, "deputy"));
    },
    unfunded: () => {
      // More than anybody has: the rules of the orders hold, the transfer fails.
      const size = 2n ** 110n;
      const amounts = { makerAmount: size, takerAmount: size };
      const order = signOrder(run, { side: SELL, tokenId: victim.tokenId, amounts });
      const buyer = signOrder(run, { side: BUY, tokenId: victim.tokenId, amounts });
      return settle(run, "wrong match: unfunded", {
        ...{ takerOrder: buyer, makerOrders: [order], takerFill: size, makerFills: [size] },
      });
    },
  };
  return (ways[chance.pick(Object.keys(ways))] as () => Promise<unknown>)();
}

/**
 * I26: what a batch does is first tried and taken back, then its matches are sent one after another, each held to the
 * rules as ever; both must come to the same. Nothing may change by the clock alone meanwhile.
 */
async function batch(run: Run): Promise<unknown> {
  const { chance } = run;
  const matches: Match[] = [];
  for (let i = chance.int(2, 3); i > 0; i--) {
    const drawn = drawMatch(run);
    if (drawn === undefined) continue;
    const { takerFill, makerFills } = drawn;
    const wrong = chance.chance(25);
    const changes = chance.chance(50)
      ? { takerFill: chance.pick([0n, takerFill + 2n ** 119n]) }
      : { makerFills: [0n, ...makerFills.slice(1)] };
    matches.push(wrong ? { ...drawn, ...changes } : drawn);
  }
  const soon = run.now + 1 + matches.length;
  if (boundariesOf(run).some((second) => second > run.now && second <= soon)) return sign(run);

  const tried = await run.tryBatch(matches);
  const alone: (Refused | null)[] = [];
  for (const one of matches) {
    await settle(run, "batch: one of it", one, "operator", run.now + 1);
    alone.push(run.refused);
  }
  await run.look("all");
  I26_batchIsItsMatches(tried, alone, run.seen);
  const settled = alone.filter((refused) => refused === null).length;
  if (tried.error === null && settled > 0 && settled < alone.length) {
    run.tally.mark("I26: a batch of which some failed");
  }
  run.tally.count("batch", tried.error === null);
  return undefined;
}

// ------------------------------------------------------------------------------------------------ ending orders

function anOrder(run: Run): Order {
  const { chance } = run;
  const live = run.orders.filter((order) => isLive(run, order));
  if (live.length > 0 && chance.chance(80)) return chance.pick(live);
  if (run.orders.length > 0 && chance.chance(90)) return chance.pick(run.orders);
  return signOrder(run, { side: chance.below(2), tokenId: run.model.market(0).ids[0] });
}

async function cancel(run: Run): Promise<unknown> {
  const order = anOrder(run);
  const by = run.chance.chance(85) ? order.owner : run.chance.pick(PEOPLE);
  return run.attempt({
    ...{ kind: "cancel one", by, to: "exchange", what: "cancelOrder", args: [order] },
    rule: () => run.model.cancel(by, [order], true),
  });
}

async function cancelMany(run: Run): Promise<unknown> {
  const { chance } = run;
  const by = anOrder(run).owner;
  const own = run.orders.filter(({ owner }) => owner === by);
  const orders = Array.from({ length: chance.int(0, 4) }, () => chance.pick(own));
  if (chance.chance(20)) orders.push(anOrder(run));
  return run.attempt({
    ...{ kind: "cancel many", by, to: "exchange", what: "cancelOrders", args: [orders] },
    rule: () => run.model.cancel(by, orders, false),
  });
}

async function incrementNonce(run: Run): Promise<unknown> {
  const by = trader(run);
  return run.attempt({
    ...{ kind: "raise nonce", by, to: "exchange", what: "incrementNonce", args: [] },
    rule: () => run.model.incrementNonce(by),
  });
}

/** Often one that nobody signed: approved, it settles all the same. */
async function approveOrder(run: Run): Promise<unknown> {
  const { chance, model, world } = run;
  let order = anOrder(run);
  if (chance.chance(60)) {
    const salt = BigInt(run.orders.length);
    order = run.keep(world.sign(order.owner, { ...order, salt }, "stranger"));
  }
  const by = mostly(run, order.owner);
  return run.attempt({
    ...{ kind: "approve order", by, to: "exchange", what: "approveOrder", args: [order] },
    rule: () => model.approveOrder(by, order),
  });
}

async function authorize(run: Run): Promise<unknown> {
  const [by, at] = [trader(run), run.now + 1];
  const lifetime = run.chance.pick([0, 1, 5, 1_000, DAY, DAY]);
  const expiration = run.chance.chance(30) ? UNLIMITED : BigInt(at + lifetime);
  return run.attempt({
    ...{ kind: "authorize signer", by, to: "exchange", what: "authorizeSigner", at },
    args: [run.world.address("deputy"), expiration],
    rule: () => run.model.authorize(by, expiration),
  });
}

async function revokeSigner(run: Run): Promise<unknown> {
  const known = SIGNERS.filter((owner) => run.model.delegated[owner] !== 0n);
  const by = known.length > 0 && run.chance.chance(75) ? run.chance.pick(known) : trader(run);
  return run.attempt({
    ...{ kind: "revoke signer", by, to: "exchange", what: "revokeSigner" },
    args: [run.world.address("deputy")],
    rule: () => run.model.revoke(by),
  });
}

// ------------------------------------------------------------------------------------------------ offices

async function pause(run: Run): Promise<unknown> {
  const by = mostly(run, run.chance.pick(["pauser", "admin"]), 75);
  return run.attempt({
    ...{ kind: "pause", by, to: "exchange", what: "pause", args: [] },
    rule: () => run.model.pause(by),
  });
}

async function unpause(run: Run): Promise<unknown> {
  const by = mostly(run, "admin");
  return run.attempt({
    ...{ kind: "unpause", by, to: "exchange", what: "unpause", args: [] },
    rule: () => run.model.unpause(by),
  });
}

async function setFeeReceiver(run: Run): Promise<unknown> {
  const [by, account] = [mostly(run, "admin"), run.chance.pick(["feeReceiver", "ann", "stranger"])];
  return run.attempt({
    ...{ kind: "set fee receiver", by, to: "exchange", what: "setFeeReceiver" },
    args: [run.world.address(account)],
    rule: () => run.model.setFeeReceiver(by, account),
  });
}

async function changeRole(run: Run): Promise<unknown> {
  const { chance } = run;
  const [role, to, noun] = chance.pick([
    ["OPERATOR", "exchange", "Operator"],
    ["REGISTRAR", "exchange", "Registrar"],
    ["PAUSER", "exchange", "Pauser"],
    ["RESOLVER", "oracle", "Resolver"],
    ["CREATOR", "factory", "Creator"],
  ] as [RoleName, "exchange" | "oracle" | "factory", string][]);
  const by = mostly(run, "admin");
  const held = run.model.holds(role, "deputy");
  const grant = chance.chance(85) ? !held : held;
  return run.attempt({
    ...{ kind: grant ? "grant role" : "revoke role", by, to },
    ...{ what: `${grant ? "add" : "remove"}${noun}`, args: [run.world.address("deputy")] },
    rule: () => run.model.changeRole(by, role, "deputy", grant),
  });
}

// ------------------------------------------------------------------------------------------------ markets

async function createMarket(run: Run): Promise<unknown> {
  const { chance, model } = run;
  const slot = chance.chance(80)
    ? (model.markets.find(({ creator }) => creator === null)?.slot ?? chance.below(SLOTS))
    : chance.below(SLOTS);
  const by = mostly(run, chance.pick(["creator", "admin"]));
  const texts: [string, string, string] = ["Q?", "Rules", "test"];
  if (chance.chance(10)) {
    const field = chance.below(3);
    texts[field] = chance.chance(50) ? "" : "x".repeat([513, 8193, 65][field] as number);
  }
  const at = run.now + 1;
  const end = at + chance.pick([1, 10, DAY, 2 * DAY]);
  const due = end + chance.pick([0, 1, DAY]);
  const times = chance.chance(85)
    ? ([end, due] as const)
    : chance.pick([
        [at, due],
        [end, end - 1],
        [end, at + MAX_DURATION],
        [end, at + MAX_DURATION + 1],
      ] as [number, number][]);
  return run.attempt({
    ...{ kind: "create market", by, to: "factory", what: "createBinaryMarket", at, slot },
    args: [model.market(slot).questionId, ...texts, ...times],
    rule: () => model.create(by, slot, texts, times),
  });
}

/** Anybody may prepare a condition before its market exists; it must not be in the way. */
async function prepare(run: Run): Promise<unknown> {
  const slot = run.chance.int(1, SLOTS - 1);
  return run.attempt({
    ...{ kind: "prepare condition", by: "stranger", to: "ctf", what: "prepareCondition", slot },
    args: [run.world.address("oracle"), run.model.market(slot).questionId, 2],
    rule: () => run.model.prepare(slot),
  });
}

async function register(run: Run): Promise<unknown> {
  const [by, slot] = [mostly(run, "admin", 70), run.chance.int(1, SLOTS - 1)];
  return run.attempt({
    ...{ kind: "register condition", by, to: "exchange", what: "registerCondition", slot },
    args: [run.model.market(slot).conditionId],
    rule: () => run.model.register(by, slot),
  });
}

async function cancelMarket(run: Run): Promise<unknown> {
  const [by, slot] = [mostly(run, "admin", 70), slotOf(run)];
  return run.attempt({
    ...{ kind: "cancel market", by, to: "factory", what: "cancelMarket", slot },
    args: [run.model.market(slot).questionId],
    rule: () => run.model.cancelMarket(by, slot),
  });
}

/** A market in this state, mostly. */
function marketIn(run: Run, ...states: number[]): ModelMarket {
  const fits = run.model.markets.filter(({ state }) => states.includes(state));
  return fits.length > 0 && run.chance.chance(85)
    ? run.chance.pick(fits)
    : run.model.market(slotOf(run));
}

/** The second before, at, or after a boundary, mostly; else the next. */
function around({ chance, now }: Run, boundary: number, percent = 70): number {
  if (boundary <= now || !chance.chance(percent)) return now + 1;
  return boundary + chance.pick([-1, 0, 0, 1]);
}

async function propose(run: Run): Promise<unknown> {
  const { slot, endTime, questionId } = marketIn(run, State.OPEN);
  const by = mostly(run, run.chance.pick(["resolver", "watcher"]));
  const payouts = run.chance.pick(run.chance.chance(85) ? ALL_VECTORS.slice(0, 3) : ALL_VECTORS);
  return run.attempt({
    ...{ kind: "propose", by, to: "oracle", what: "proposeResolution", slot },
    ...{ args: [questionId, payouts], at: around(run, endTime, 85) },
    rule: () => run.model.propose(by, slot, payouts),
  });
}

async function dispute(run: Run): Promise<unknown> {
  const { slot, questionId, proposedAt, window, proposer } = marketIn(run, State.PROPOSED);
  const by = mostly(run, proposer === "watcher" ? "resolver" : "watcher");
  const at = around(run, proposedAt + window, 40);
  await exactlyOneIsOpen(run, slot, at);
  return run.attempt({
    ...{ kind: "dispute", by, to: "oracle", what: "disputeResolution", slot },
    ...{ args: [questionId], at },
    rule: () => run.model.dispute(by, slot),
  });
}

async function finalize(run: Run): Promise<unknown> {
  const { slot, questionId, proposedAt, window } = marketIn(run, State.PROPOSED);
  const by = run.chance.pick(PEOPLE);
  const at = around(run, proposedAt + window, 85);
  await exactlyOneIsOpen(run, slot, at);
  return run.attempt({
    ...{ kind: "finalize", by, to: "oracle", what: "finalizeResolution", slot },
    ...{ args: [questionId], at },
    rule: () => run.model.finalize(slot),
  });
}

/** I15, asked of the chain: of a standing proposal exactly one of dispute and finalize is possible in this second. */
async function exactlyOneIsOpen(run: Run, slot: number, at: number): Promise<void> {
  const { state, questionId, proposer } = run.model.market(slot);
  if (state !== State.PROPOSED || !run.chance.chance(25)) return;
  const by = proposer === "watcher" ? "resolver" : "watcher";
  const open: boolean[] = [];
  for (const what of ["disputeResolution", "finalizeResolution"]) {
    const snapshot = await network.provider.send("evm_snapshot", []);
    const { error } = await run.world.send({ by, to: "oracle", what, args: [questionId] }, at);
    await network.provider.send("evm_revert", [snapshot]);
    open.push(error === null);
  }
  I15_exactlyOneIsOpen(open[0] as boolean, open[1] as boolean);
  run.tally.mark("I15: dispute and finalize tried in one second");
}

async function adminFinalize(run: Run): Promise<unknown> {
  const { slot, questionId } = marketIn(run, State.DISPUTED);
  const by = mostly(run, "admin");
  const payouts = run.chance.pick(run.chance.chance(80) ? ALL_VECTORS.slice(0, 3) : ALL_VECTORS);
  return run.attempt({
    ...{ kind: "decide", by, to: "oracle", what: "adminFinalizeResolution", slot },
    args: [questionId, payouts],
    rule: () => run.model.adminFinalize(by, slot, payouts),
  });
}

async function timeOut(run: Run): Promise<unknown> {
  const { slot, questionId } = marketIn(run, State.OPEN, State.DISPUTED);
  const by = run.chance.pick(PEOPLE);
  const at = around(run, run.model.timeoutOf(run.model.market(slot)), 80);
  return run.attempt({
    ...{ kind: "time out", by, to: "oracle", what: "finalizeByTimeout", slot },
    ...{ args: [questionId], at },
    rule: () => run.model.timeOut(slot),
  });
}

/** The seconds at which some answer changes; of the far ones only those asked for. */
function boundariesOf(run: Run, silence = false, indecision = false): number[] {
  const boundaries = run.model.markets.flatMap((market) => {
    if (market.state === State.UNKNOWN || market.state === State.FINALIZED) return [];
    const { endTime, proposedAt, window, resolutionTime, disputedAt } = market;
    const late = silence ? [resolutionTime + SILENCE_TIMEOUT] : [];
    if (disputedAt > 0 && indecision) late.push(disputedAt + DISPUTE_TIMEOUT);
    return [endTime, ...(proposedAt > 0 ? [proposedAt + window] : []), ...late];
  });
  for (const order of run.orders) {
    if (isLive(run, order) && order.expiration !== 0n) boundaries.push(Number(order.expiration));
  }
  for (const until of Object.values(run.model.delegated)) {
    if (until < 2n ** 40n) boundaries.push(Number(until));
  }
  return boundaries;
}

/** The next call, whatever it is, is made around a second at which some answer changes. */
async function advance(run: Run): Promise<void> {
  const { chance, now } = run;
  const boundaries = boundariesOf(run, chance.chance(10), chance.chance(30));
  const ahead = boundaries.filter((boundary) => boundary > now + 1);
  const boundary = ahead.length > 0 ? chance.pick(ahead) : now + chance.int(2, 100);
  run.next = boundary + chance.pick([-1, 0, 1]);
  run.tally.count("advance time", true);
}

// ------------------------------------------------------------------------------------------------ drawing

const WEIGHTS: readonly (readonly [number, Action])[] = [
  ...([
    [24, match],
    [15, wrongMatch],
    [2, batch],
    [3, sign],
    [4, cancel],
    [3, cancelMany],
    [2, incrementNonce],
    [2, approveOrder],
    [3, authorize],
    [1, revokeSigner],
    [4, split],
    [4, merge],
    [5, redeem],
    [3, transferTokens],
    [2, donateTokens],
    [2, transferCollateral],
    [2, donateCollateral],
    [1, mint],
    [3, approve],
    [3, setApproval],
    [2, pause],
    [2, unpause],
    [1, setFeeReceiver],
    [2, changeRole],
    [3, createMarket],
    [1, prepare],
    [1, register],
    [1, cancelMarket],
    [5, propose],
    [4, dispute],
    [2, finalize],
    [3, adminFinalize],
    [2, timeOut],
    [3, advance],
  ] as [number, Action][]),
];
const TOTAL = WEIGHTS.reduce((sum, [weight]) => sum + weight, 0);

/** One action, drawn by weight. Matching does not stay stopped for long. */
export async function act(run: Run): Promise<void> {
  if (run.model.paused && run.chance.chance(20)) {
    await unpause(run);
    return;
  }
  // A dispute is rare, and would mostly outlive its run undecided.
  if (run.model.markets.some(({ state }) => state === State.DISPUTED) && run.chance.chance(12)) {
    await adminFinalize(run);
    return;
  }
  let at = run.chance.below(TOTAL);
  for (const [weight, action] of WEIGHTS) {
    at -= weight;
    if (at < 0) {
      await action(run);
      return;
    }
  }
}
