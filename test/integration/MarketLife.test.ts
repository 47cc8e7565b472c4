import {
  adminFinalizeResolution,
  cancelMarket,
  cancelOrder,
  cancelOrders,
  createBinaryMarket,
  disputeResolution,
  finalizeResolution,
  incrementNonce,
  matchOrders,
  mergePositions,
  planApprovals,
  proposeResolution,
  readBalances,
  readMarket,
  readNonce,
  readOrderStatuses,
  redeemPositions,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import type { Connection } from "@nostra/sdk/contracts";
import { ContractRevertError } from "@nostra/sdk/errors";
import { questionIdOf } from "@nostra/sdk/ids";
import {
  createBook,
  matchOrder,
  submitOrder,
  type MatchKind,
  type MatchPlan,
  type OrderBook,
} from "@nostra/sdk/matcher";
import {
  buildOrder,
  hashOrder,
  orderDomain,
  orderFromJson,
  orderToJson,
  signOrder,
  type Address,
  type Hex,
  type OrderDomain,
  type OrderTrade,
  type SignedOrder,
} from "@nostra/sdk/order";
import { verifyOrder } from "@nostra/sdk/verify";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { Wallet } from "ethers";
import { expectRevert, run, thrownBy } from "../helpers/sandbox";

/*
Three markets from their creation to the last redemption, by the SDK alone. Each step says in plain numbers who must have
gained and lost what; after each, every balance on chain is held against that ledger.

main        trades in every way there is, and resolves to YES
disputed    a proposal of YES is disputed, and the admin decides NO
cancelled   the admin cancels it, and every token is worth half
*/

const DAY = 86_400n;
const DISPUTE_WINDOW = 7n * DAY;

const TRADERS = ["Ada", "Ben", "Cleo", "Dan", "Eve"] as const;
type Trader = (typeof TRADERS)[number];
/** Everyone who can hold anything: "pool" is ConditionalTokens, which keeps the collateral behind the pairs. */
type Holder = Trader | "fees" | "exchange" | "pool";
const HOLDERS: readonly Holder[] = [...TRADERS, "fees", "exchange", "pool"];

const MARKETS = ["main", "disputed", "cancelled"] as const;
type MarketName = (typeof MARKETS)[number];

type Asset = "usdc" | `${MarketName} ${"YES" | "NO"}`;
const ASSETS: readonly Asset[] = [
  "usdc",
  ...MARKETS.flatMap((name) => [`${name} YES`, `${name} NO`] as const),
];

/** "24.8" is 24,800,000 units. */
function units(text: string): bigint {
  const [whole = "", decimals = ""] = text.replace("-", "").split(".");
  const amount = BigInt(whole + decimals.padEnd(6, "0"));
  return text.startsWith("-") ? -amount : amount;
}

/** Who must hold what, in units. */
class Ledger {
  readonly #held = new Map<string, bigint>();

  of(holder: Holder, asset: Asset): bigint {
    return this.#held.get(`${holder} ${asset}`) ?? 0n;
  }

  /** Adds to, or with a minus takes from, what one holder has. */
  change(holder: Holder, changes: Partial<Record<Asset, string | bigint>>): void {
    for (const [asset, change] of Object.entries(changes)) {
      const amount = typeof change === "bigint" ? change : units(change);
      const left = this.of(holder, asset as Asset) + amount;
      if (left < 0n) throw new Error(`${holder} would hold ${left} of ${asset}`);
      this.#held.set(`${holder} ${asset}`, left);
    }
  }

  show(): Record<string, bigint> {
    return Object.fromEntries(
      HOLDERS.flatMap((holder) =>
        ASSETS.map((asset) => [`${holder} ${asset}`, this.of(holder, asset)] as const),
      ),
    );
  }
}

describe("the life of a market, by the SDK alone", () => {
  const ledger = new Ledger();
  const wallets = new Map<Trader, Wallet>();
  const markets = new Map<MarketName, MarketIds>();
  const books = new Map<MarketName, OrderBook>();
  let sandbox: Sandbox;
  let operator: Connection;
  let admin: Connection;
  let domain: OrderDomain;
  let endTimeSeconds: bigint;
  let disputeDeadline: bigint;

  before(async () => {
    sandbox = await createSandbox({ accounts: 4, collateral: units("1000") });
    operator = sandbox.connect(sandbox.operator);
    admin = sandbox.connect(sandbox.admin);
    const { chainId, contracts } = sandbox.deployment;
    domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    // Eve comes from elsewhere: a key of her own, and nothing approved.
    const eve = new Wallet(`0x${"e".repeat(64)}`, sandbox.provider);
    [...sandbox.accounts, eve].forEach((wallet, i) => wallets.set(TRADERS[i] as Trader, wallet));
    await sandbox.provider.send("hardhat_setBalance", [eve.address, "0x8ac7230489e80000"]);
    await sandbox.mint(eve.address as Address, units("1000"));
    for (const trader of TRADERS) ledger.change(trader, { usdc: "1000" });
  });

  after(() => sandbox.close());

  function required<K, V>(map: ReadonlyMap<K, V>, key: K): V {
    const value = map.get(key);
    if (value === undefined) throw new Error(`nothing is known of ${String(key)}`);
    return value;
  }

  const market = (name: MarketName): MarketIds => required(markets, name);
  const book = (name: MarketName = "main"): OrderBook => required(books, name);
  const addressOf = (trader: Trader): Address => required(wallets, trader).address as Address;
  const resolvers = (): [Connection, Connection] => {
    const [first, second] = sandbox.resolvers;
    return [sandbox.connect(first), sandbox.connect(second)];
  };
  const as = (trader: Trader): Connection => sandbox.connect(required(wallets, trader));

  // Only the first step may begin before the markets exist.
  afterEach("every balance on chain is the ledger's, and the exchange holds nothing", async () => {
    if (markets.size < MARKETS.length) return;
    const { ctfExchange, conditionalTokens } = sandbox.deployment.contracts;
    const addresses: Readonly<Record<Exclude<Holder, Trader>, string>> = {
      fees: sandbox.feeReceiver.address,
      exchange: ctfExchange,
      pool: conditionalTokens,
    };
    const accounts = HOLDERS.map(
      (holder) =>
        (wallets.get(holder as Trader)?.address ??
          addresses[holder as keyof typeof addresses]) as Address,
    );
    const onChain: Record<string, bigint> = {};
    for (const name of MARKETS) {
      const balances = await readBalances(operator, { accounts, market: market(name) });
      HOLDERS.forEach((holder, i) => {
        onChain[`${holder} usdc`] = balances[i]?.collateral ?? -1n;
        onChain[`${holder} ${name} YES`] = balances[i]?.yes ?? -1n;
        onChain[`${holder} ${name} NO`] = balances[i]?.no ?? -1n;
      });
    }
    expect(onChain).to.deep.equal(ledger.show());
    for (const asset of ASSETS) expect(ledger.of("exchange", asset), asset).to.equal(0n);
  });

  /** An order as a venue gets it: built and signed by its maker, sent as JSON text, parsed and verified. */
  async function receive(
    trader: Trader,
    side: "BUY" | "SELL",
    asset: Exclude<Asset, "usdc">,
    trade: OrderTrade,
    feeRateBps = 0n,
  ): Promise<{ hash: Hex; order: SignedOrder }> {
    const wallet = required(wallets, trader);
    const [name, outcome] = asset.split(" ") as [MarketName, "YES" | "NO"];
    const order = buildOrder({
      maker: wallet.address,
      tokenId: outcome === "YES" ? market(name).yes : market(name).no,
      side,
      nonce: await readNonce(operator, wallet.address as Address),
      feeRateBps,
      expiration: 0,
      ...trade,
    });
    const text = JSON.stringify(orderToJson(await signOrder(order, wallet, domain)));
    const received = orderFromJson(text);
    expect(verifyOrder(received, domain)).to.deep.equal({ ok: true });
    return { hash: hashOrder(received, domain), order: received };
  }

  const at = (price: string, size: string): OrderTrade => ({ price, size, tick: "0.01" });

  async function rest(...terms: Parameters<typeof receive>): ReturnType<typeof receive> {
    const order = await receive(...terms);
    const name = terms[2].split(" ")[0] as MarketName;
    const { plans, rested } = submitOrder(book(name), order);
    expect(plans, "an order that was to rest matched").to.deep.equal([]);
    expect(rested?.hash).to.equal(order.hash);
    return order;
  }

  /** Lets an order arrive that one plan of these kinds fills, and settles it. */
  async function take(kinds: readonly MatchKind[], ...terms: Parameters<typeof receive>) {
    const order = await receive(...terms);
    const name = terms[2].split(" ")[0] as MarketName;
    const { plans, remaining } = submitOrder(book(name), order);
    expect(plans.map((plan) => plan.makers.map((fill) => fill.kind))).to.deep.equal([kinds]);
    expect(remaining, "left of the taker order").to.equal(0n);
    return { ...order, ...(await run(matchOrders(operator, plans[0] as MatchPlan))) };
  }

  /** Pairs an order with what rests, without settling. */
  async function pair(...terms: Parameters<typeof receive>): Promise<MatchPlan> {
    const result = matchOrder(book(), await receive(...terms));
    if (result.status === "no-match") throw new Error(result.reason);
    return result.plan;
  }

  const statusOf = async ({ hash }: { hash: Hex }) =>
    (await readOrderStatuses(operator, [hash]))[0];

  it("the admin creates three markets, and they are active", async () => {
    endTimeSeconds = (await sandbox.now()) + 30n * DAY;
    for (const name of MARKETS) {
      const questionId = questionIdOf(`market life: ${name}`);
      const created = await run(
        createBinaryMarket(admin, {
          questionId,
          question: `Will the ${name} market resolve to YES?`,
          description: "By the test.",
          category: "Test",
          endTimeSeconds,
          resolutionTimeSeconds: endTimeSeconds + DAY,
        }),
      );
      markets.set(name, created.market);
      books.set(name, createBook({ ...created.market, tick: 10_000n }));
      const details = await readMarket(operator, questionId);
      expect(details).to.deep.include({
        ...created.market,
        status: "ACTIVE",
        creator: sandbox.admin.address,
        endTimeSeconds,
        resolutionTimeSeconds: endTimeSeconds + DAY,
      });
      expect(details.payouts).to.deep.equal([0n, 0n]);
    }
  });

  it("a newcomer sends the approvals it lacks, and then lacks none", async () => {
    const eve = addressOf("Eve");
    const plan = await planApprovals(as("Eve"), eve);
    expect(plan.map(({ action }) => action)).to.deep.equal([
      "approveCollateral",
      "approveOutcomeTokens",
      "approveSplit",
    ]);
    for (const prepared of plan) await run(prepared);
    expect(await planApprovals(as("Eve"), eve)).to.deep.equal([]);
  });

  it("collateral is split into pairs and merged back", async () => {
    const { conditionId } = market("main");
    await run(splitPosition(as("Ada"), { conditionId, amount: units("300") }));
    await run(mergePositions(as("Ada"), { conditionId, amount: units("20") }));
    ledger.change("Ada", { usdc: "-280", "main YES": "280", "main NO": "280" });
    ledger.change("pool", { usdc: "280" });
  });

  it("a complementary match fills a part of the maker at the maker's price, each side paying its fee", async () => {
    const maker = await rest("Ada", "SELL", "main YES", at("0.62", "100"), 50n);
    const taken = await take(["COMPLEMENTARY"], "Ben", "BUY", "main YES", at("0.65", "40"), 100n);
    // 40 at 0.62; Ada pays 0.5 % of 24.8 USDC, Ben 1 % of 40 YES.
    ledger.change("Ada", { "main YES": "-40", usdc: "24.676" });
    ledger.change("Ben", { usdc: "-24.8", "main YES": "39.6" });
    ledger.change("fees", { usdc: "0.124", "main YES": "0.4" });
    expect(taken.fills.map(({ args }) => args.remaining)).to.deep.equal([units("60"), 0n]);
    expect(await statusOf(maker)).to.deep.equal({
      isFilledOrCancelled: false,
      remaining: units("60"),
    });
    expect(await statusOf(taken)).to.deep.equal({ isFilledOrCancelled: true, remaining: 0n });
  });

  it("a mint match turns the collateral of two buyers into a pair for each share", async () => {
    const maker = await rest("Cleo", "BUY", "main NO", at("0.4", "50"));
    await take(["MINT"], "Dan", "BUY", "main YES", at("0.61", "50"));
    ledger.change("Cleo", { usdc: "-20", "main NO": "50" });
    ledger.change("Dan", { usdc: "-30", "main YES": "50" });
    ledger.change("pool", { usdc: "50" });
    expect(await statusOf(maker)).to.deep.equal({ isFilledOrCancelled: true, remaining: 0n });
  });

  it("a merge match turns the tokens of two sellers into collateral", async () => {
    await rest("Ben", "SELL", "main YES", at("0.55", "30"), 100n);
    await take(["MERGE"], "Ada", "SELL", "main NO", at("0.4", "30"), 100n);
    // Ben asked 0.55 and gets 16.5; Ada gets the rest of the pair, 13.5; both pay 1 %.
    ledger.change("Ben", { "main YES": "-30", usdc: "16.335" });
    ledger.change("Ada", { "main NO": "-30", usdc: "13.365" });
    ledger.change("fees", { usdc: "0.3" });
    ledger.change("pool", { usdc: "-30" });
  });

  it("one match takes a complementary and a mint maker, the better price first, and leaves a part of the second", async () => {
    const second = await rest("Cleo", "BUY", "main NO", at("0.36", "20"));
    const taken = await take(
      ["COMPLEMENTARY", "MINT"],
      "Eve",
      "BUY",
      "main YES",
      at("0.65", "70"),
      100n,
    );
    // 60 of Ada at 0.62 (her fee 0.5 %), then 10 minted with Cleo: Eve 0.64, Cleo 0.36. Eve's fee is 1 % of 70.
    ledger.change("Eve", { usdc: "-43.6", "main YES": "69.3" });
    ledger.change("Ada", { "main YES": "-60", usdc: "37.014" });
    ledger.change("Cleo", { usdc: "-3.6", "main NO": "10" });
    ledger.change("fees", { usdc: "0.186", "main YES": "0.7" });
    ledger.change("pool", { usdc: "10" });
    expect(taken.fees.map(({ args }) => args.amount).sort()).to.deep.equal(
      [units("0.186"), units("0.7")].sort(),
    );
    expect(await statusOf(second)).to.deep.equal({
      isFilledOrCancelled: false,
      remaining: units("3.6"),
    });
  });

  it("a cancelled order does not fill, although the matcher had paired it", async () => {
    const [half] = book().asks();
    const resting = half?.order as SignedOrder;
    const plan = await pair("Ben", "BUY", "main YES", at("0.64", "10"));
    await run(cancelOrder(as("Cleo"), resting));
    const orderHash = hashOrder(resting, domain);
    await expectRevert(() => matchOrders(operator, plan).simulate(), "OrderFilledOrCancelled", {
      orderHash,
    });
    expect(await statusOf({ hash: orderHash })).to.deep.equal({
      isFilledOrCancelled: true,
      remaining: units("3.6"),
    });
    book().cancel(orderHash);

    const others = [
      await rest("Cleo", "BUY", "main NO", at("0.3", "1")),
      await rest("Cleo", "BUY", "main NO", at("0.31", "1")),
    ];
    const { cancelled } = await run(
      cancelOrders(as("Cleo"), [resting, ...others.map(({ order }) => order)]),
    );
    expect(cancelled, "the first was over before").to.deep.equal(others.map(({ hash }) => hash));
    for (const { hash } of others) book().cancel(hash);
  });

  it("a raised nonce kills the orders signed before, although the matcher had paired one", async () => {
    const outdated = await rest("Dan", "BUY", "main NO", at("0.4", "50"));
    const plan = await pair("Eve", "BUY", "main YES", at("0.6", "50"));
    expect(await run(incrementNonce(as("Dan")))).to.deep.include({ nonce: 1n });
    await expectRevert(() => matchOrders(operator, plan).simulate(), "InvalidNonce", {
      orderHash: outdated.hash,
      nonce: 0n,
      currentNonce: 1n,
    });
    book().cancel(outdated.hash);

    // Signed with the new nonce he trades again.
    await rest("Dan", "BUY", "main NO", at("0.4", "5"));
    await take(["COMPLEMENTARY"], "Ada", "SELL", "main NO", at("0.4", "5"));
    ledger.change("Dan", { usdc: "-2", "main NO": "5" });
    ledger.change("Ada", { usdc: "2", "main NO": "-5" });
  });

  it("the other markets trade too, in odd amounts", async () => {
    await rest("Cleo", "BUY", "disputed NO", at("0.25", "12"));
    await take(["MINT"], "Ben", "BUY", "disputed YES", at("0.75", "12"));
    ledger.change("Cleo", { usdc: "-3", "disputed NO": "12" });
    ledger.change("Ben", { usdc: "-9", "disputed YES": "12" });

    const { conditionId } = market("cancelled");
    await run(splitPosition(as("Ada"), { conditionId, amount: units("10.000001") }));
    ledger.change("Ada", {
      usdc: "-10.000001",
      "cancelled YES": "10.000001",
      "cancelled NO": "10.000001",
    });
    const exact = { makerAmount: units("1.500001"), takerAmount: units("3.000001") };
    await rest("Eve", "BUY", "cancelled NO", exact);
    await take(["MINT"], "Dan", "BUY", "cancelled YES", exact);
    ledger.change("Eve", { usdc: "-1.500001", "cancelled NO": "3.000001" });
    ledger.change("Dan", { usdc: "-1.5", "cancelled YES": "3.000001" });
    ledger.change("pool", { usdc: "25.000002" });
    for (const name of MARKETS) expect(book(name).size, `left in ${name}`).to.equal(0);
  });

  it("the admin cancels a market before its end, and nobody can propose for it", async () => {
    const { questionId } = market("cancelled");
    await expectRevert(() => cancelMarket(as("Ada"), { questionId }).simulate(), "NotAdmin", {
      caller: addressOf("Ada"),
    });
    await run(cancelMarket(admin, { questionId }));
    const { status, payouts } = await readMarket(operator, questionId);
    expect({ status, payouts }).to.deep.equal({ status: "CANCELLED", payouts: [1n, 1n] });
    const [first] = sandbox.resolvers;
    await expectRevert(
      () => proposeResolution(sandbox.connect(first), { questionId, result: "YES" }).simulate(),
      "AlreadyFinalized",
      { questionId },
    );
  });

  it("a resolver proposes a result, from the end of trading on", async () => {
    const [first, second] = resolvers();
    const { questionId } = market("main");
    const result = "YES";
    const early = await thrownBy(() => proposeResolution(first, { questionId, result }).simulate());
    expectTooSoon(early, "TooEarly", { questionId, endTime: endTimeSeconds });

    await sandbox.setTime(endTimeSeconds);
    expect((await readMarket(operator, questionId)).status).to.equal("ENDED");
    await expectRevert(
      () => proposeResolution(as("Ben"), { questionId, result }).simulate(),
      "NotResolver",
      { caller: addressOf("Ben") },
    );
    const proposed = await run(proposeResolution(first, { questionId, result }));
    const block = await sandbox.provider.getBlock(proposed.blockNumber);
    expect(proposed.disputeDeadlineSeconds).to.equal(
      BigInt(block?.timestamp ?? 0) + DISPUTE_WINDOW,
    );
    expect((await readMarket(operator, questionId)).status).to.equal("PROPOSED");
    await expectRevert(
      () => proposeResolution(second, { questionId, result: "NO" }).simulate(),
      "AlreadyProposed",
      { questionId },
    );
    disputeDeadline = proposed.disputeDeadlineSeconds;
  });

  it("inside the dispute window nobody can finalize or redeem, and the admin cannot decide or cancel", async () => {
    const { questionId } = market("main");
    await sandbox.setTime(disputeDeadline - 100n);
    const early = await thrownBy(() => finalizeResolution(as("Ben"), { questionId }).simulate());
    expectTooSoon(early, "DisputeWindowOpen", { questionId, disputeDeadline });
    await expectRevert(() => redeemPositions(as("Ben"), market("main")).simulate(), "Error", {
      message: "result for condition not received yet",
    });
    await expectRevert(
      () => adminFinalizeResolution(admin, { questionId, result: "NO" }).simulate(),
      "NotDisputed",
      { questionId },
    );
    await expectRevert(() => cancelMarket(admin, { questionId }).simulate(), "AlreadyProposed", {
      questionId,
    });
  });

  it("the other resolver disputes a proposal, and only the admin decides it then", async () => {
    const [first, second] = resolvers();
    const { questionId } = market("disputed");
    await run(proposeResolution(first, { questionId, result: "YES" }));
    await expectRevert(() => disputeResolution(first, { questionId }).simulate(), "SelfDispute", {
      questionId,
      resolver: sandbox.resolvers[0].address,
    });
    await run(disputeResolution(second, { questionId }));
    expect((await readMarket(operator, questionId)).status).to.equal("DISPUTED");
    await expectRevert(() => finalizeResolution(as("Ben"), { questionId }).simulate(), "Disputed", {
      questionId,
    });
    await expectRevert(
      () => adminFinalizeResolution(second, { questionId, result: "NO" }).simulate(),
      "NotAdmin",
      { caller: sandbox.resolvers[1].address },
    );
    await run(adminFinalizeResolution(admin, { questionId, result: "NO" }));
    const { status, payouts } = await readMarket(operator, questionId);
    expect({ status, payouts }).to.deep.equal({ status: "RESOLVED", payouts: [0n, 1n] });
  });

  it("from the end of the window on anyone finalizes an undisputed proposal", async () => {
    const { questionId } = market("main");
    await sandbox.setTime(disputeDeadline);
    await run(finalizeResolution(as("Dan"), { questionId }));
    const { status, payouts } = await readMarket(operator, questionId);
    expect({ status, payouts }).to.deep.equal({ status: "RESOLVED", payouts: [1n, 0n] });
    await expectRevert(
      () => finalizeResolution(as("Dan"), { questionId }).simulate(),
      "AlreadyFinalized",
      { questionId },
    );
  });

  /** Redeems all a trader has of a market, which must pay this much. */
  async function redeem(trader: Trader, name: MarketName, pays: string): Promise<void> {
    const { payout } = await run(redeemPositions(as(trader), market(name)));
    expect(payout, `${trader} in ${name}`).to.equal(units(pays));
    ledger.change(trader, {
      usdc: pays,
      [`${name} YES`]: -ledger.of(trader, `${name} YES`),
      [`${name} NO`]: -ledger.of(trader, `${name} NO`),
    });
    ledger.change("pool", { usdc: `-${pays}` });
  }

  it("in the main market each YES redeems for one unit and each NO for nothing", async () => {
    await redeem("Ada", "main", "180");
    await redeem("Ben", "main", "9.6");
    await redeem("Cleo", "main", "0");
    await redeem("Dan", "main", "50");
    await redeem("Eve", "main", "69.3");
    // A second time there is nothing left to redeem.
    await redeem("Ada", "main", "0");
  });

  it("in the disputed market the admin's decision pays, not the proposal", async () => {
    await redeem("Ben", "disputed", "0");
    await redeem("Cleo", "disputed", "12");
  });

  it("in the cancelled market each token redeems for half a unit, rounded down for each outcome", async () => {
    await redeem("Ada", "cancelled", "10");
    await redeem("Dan", "cancelled", "1.5");
    await redeem("Eve", "cancelled", "1.5");
  });

  it("a fee receiver redeems its outcome tokens like anybody else", async () => {
    const { payout } = await run(
      redeemPositions(sandbox.connect(sandbox.feeReceiver), market("main")),
    );
    expect(payout).to.equal(units("1.1"));
    ledger.change("fees", { usdc: "1.1", "main YES": "-1.1" });
    ledger.change("pool", { usdc: "-1.1" });
  });

  it("at the end only halves rounded down are left behind, and no unit was made or lost", () => {
    expect(ledger.of("pool", "usdc"), "left in ConditionalTokens").to.equal(2n);
    const total = HOLDERS.reduce((sum, holder) => sum + ledger.of(holder, "usdc"), 0n);
    expect(total, "collateral").to.equal(units("5000"));
    for (const holder of HOLDERS) {
      for (const asset of ASSETS.slice(1)) expect(ledger.of(holder, asset)).to.equal(0n);
    }
  });
});

/** Holds that an action is refused because its time has not come, the chain's clock being before the moment named. */
function expectTooSoon(
  thrown: unknown,
  revertName: string,
  expected: Readonly<Record<string, unknown>>,
): void {
  if (!(thrown instanceof ContractRevertError)) throw thrown;
  expect(thrown.revertName).to.equal(revertName);
  expect(thrown.args).to.deep.include(expected);
  const moment = Object.values(expected).find((value) => typeof value === "bigint");
  expect((thrown.args["timestamp"] as bigint) < (moment as bigint), "before it").to.equal(true);
}
