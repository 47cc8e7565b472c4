import { expect } from "chai";
import { connect, type Connection } from "@nostra/sdk";
import type { MarketIds } from "@nostra/sdk/actions";
import {
  buildOrder,
  orderDomain,
  orderToJson,
  signOrder,
  type Address,
  type OrderDomain,
  type SignedOrder,
} from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { splitPosition, authorizeSigner, incrementNonce } from "@nostra/sdk/actions";
import { Bus } from "../../operator/src/bus";
import { VenueEngine } from "../../operator/src/engine/VenueEngine";
import { OperatorError } from "../../operator/src/errors";
import { ChainState } from "../../operator/src/intake/ChainState";
import { createFastVerifier } from "../../operator/src/intake/createFastVerifier";
import { Heartbeats } from "../../operator/src/intake/Heartbeats";
import type { SubmitOptions } from "../../operator/src/intake/Intake";
import { Turns } from "../../operator/src/intake/Turns";
import { VenueIntake } from "../../operator/src/intake/VenueIntake";
import { watchChain } from "../../operator/src/intake/watchChain";
import { silentLog } from "../../operator/src/log";
import { Modes } from "../../operator/src/modes";
import { MarketDirectory } from "../../operator/src/markets/MarketDirectory";
import type { Store } from "../../operator/src/store";
import { describeStores, withCommits, takeOver } from "./helpers/stores";

/*
intake
├── takes a well signed, funded order of an open market
├── takes an order of a delegate, and one approved on chain, at the chain's word
├── verifies orders side by side
│   ├── those that take turns get their places as they were submitted, and are stored together
│   ├── a bad one among them is refused at once, and holds nobody up
│   └── one that is sent twice meanwhile is taken once
├── refuses, each with status, code and values, and nothing stored
├── the funds of an account
│   ├── what open orders reserve counts; a cancel gives it back
│   └── orders that arrive together never count on the same money (HT-7)
├── a cancel is the maker's alone; each hash has its result
├── an account that fell silent loses its orders
└── the chain changes
    ├── a raised nonce takes out what was signed before
    ├── funds that left take out the youngest orders
    └── an order cancelled on chain leaves the book
*/

const MINE: Partial<SignedOrder> = {};

describeStores("intake", (fresh) => {
  let sandbox: Sandbox;
  let market: MarketIds;
  let domain: OrderDomain;
  let connection: Connection;
  let store: Store;
  let bus: Bus;
  let engine: VenueEngine;
  let intake: VenueIntake;
  let heartbeats: Heartbeats;
  let stopWatching: () => Promise<void>;
  let now: bigint;
  let modes: Modes;
  let nowMs: number;
  /** What every write waits for. */
  let gate: Promise<void> | null;
  let writes: number;
  /** What the verification of an order waits for. */
  let verified: (order: SignedOrder) => Promise<void>;
  let cooling: Address | null;
  let leases = 0;
  let snapshot: unknown;

  before(async () => {
    sandbox = await createSandbox({ accounts: 4 });
    market = await sandbox.createMarket();
    const { chainId, contracts } = sandbox.deployment;
    domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    connection = connect(sandbox.deployment, sandbox.provider);
    const split = { conditionId: market.conditionId, amount: 100_000_000n };
    const prepared = splitPosition(sandbox.connect(sandbox.accounts[0]!), split);
    await (await prepared.send()).wait();
  });
  after(() => sandbox.close());

  beforeEach(async () => {
    snapshot = await sandbox.provider.send("evm_snapshot", []);
    store = await fresh();
    now = await sandbox.now();
    nowMs = 0;
    cooling = null;
    gate = null;
    writes = 0;
    verified = async () => undefined;
    const { conditionId, questionId } = market;
    await store.db
      .insertInto("market")
      .values({
        ...{ condition_id: conditionId, question_id: questionId },
        ...{ yes: market.yes.toString(), no: market.no.toString(), slug: "rain" },
        ...{ question: "Rain?", description: "", category: "", creator: "0x" },
        ...{ end_time: now + 86_400n, resolution_time: now + 90_000n, dispute_window: 1n },
        ...{ created_at: now, registered: true, state: "OPEN", last_tx: "0x" },
      })
      .execute();
    bus = new Bus((fault) => {
      throw fault;
    });
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
    modes = new Modes({ clock, bus, log: silentLog });
    const lease = await takeOver(store, "engine", `intake ${leases++}`);
    const gated = withCommits(store, async (commit) => {
      await gate;
      writes++;
      return commit();
    });
    engine = await VenueEngine.start({
      ...{ store: gated, bus, clock, lease, log: silentLog, chainNow: () => now },
      rules: { maxMakers: 50, marginSeconds: 0n },
    });
    const defaults = { tick: "0.01", minSize: "1" };
    const markets = await MarketDirectory.load({ store, defaults, log: silentLog });
    await engine.openMarket(markets.termsOf(markets.all()[0]!));
    const chain = new ChainState(sandbox.provider, sandbox.deployment, () => nowMs);
    chain.follow(bus);
    heartbeats = await Heartbeats.load(store, () => nowMs, silentLog);
    stopWatching = watchChain({ bus, engine, chain, store, log: silentLog });
    const { verify, backend } = createFastVerifier(domain);
    intake = new VenueIntake({
      ...{ engine, markets, chain, connection, store, heartbeats },
      verifier: { backend, verify: (order) => verified(order).then(() => verify(order)) },
      chainNow: () => now,
      minLifeSeconds: 10n,
      modes,
      isCoolingDown: (account) => account === cooling,
      patienceMs: 200,
    });
  });
  afterEach(async () => {
    await stopWatching();
    await engine.stop();
    await sandbox.provider.send("evm_revert", [snapshot]);
  });

  interface Terms {
    readonly by?: number;
    readonly side?: "BUY" | "SELL";
    readonly price?: string;
    readonly size?: string;
    readonly changes?: Partial<SignedOrder>;
  }

  async function signed({
    by = 0,
    side = "BUY",
    price = "0.40",
    size = "10",
    changes = MINE,
  }: Terms = {}) {
    const wallet = sandbox.accounts[by]!;
    const terms = { maker: wallet.address, tokenId: market.yes, side, price, size, nonce: 0n };
    return signOrder({ ...buildOrder(terms), ...changes }, wallet, domain);
  }

  const send = (order: SignedOrder, options?: SubmitOptions, turns?: Turns) =>
    intake.submit(
      { ...orderToJson(order), ...(options === undefined ? {} : { options }) },
      turns === undefined ? {} : { turns },
    );
  const addressOf = (i: number): Address => sandbox.accounts[i]!.address as Address;
  const stateOf = async (hash: string) =>
    (
      await store.db
        .selectFrom("orders")
        .select(["state", "reason"])
        .where("hash", "=", hash)
        .execute()
    )[0];

  it("takes a well signed, funded order of an open market, once", async () => {
    const order = await signed();
    const accepted = await send(order);
    expect(accepted).to.include({ isNew: true, state: "OPEN" });
    expect(await send(order)).to.include({ isNew: false, hash: accepted.hash });
    await engine.idle();
    expect(engine.book(market.conditionId)?.has(accepted.hash)).to.equal(true);
    expect(await intake.funds(addressOf(0), "0")).to.include({ reserved: 4_000_000n });
  });

  it("puts off who waits for a database that hangs, and takes the order and its cancel all the same", async () => {
    const order = await signed();
    const { hash } = await send(await signed({ changes: { ...MINE, salt: 99n } }));
    await engine.idle();
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const late = { status: 503, code: "DATABASE_UNAVAILABLE", retryAfterSeconds: 1 };
    const thrown = await send(order).catch((fault: unknown) => fault);
    expect(thrown).to.include(late);
    expect(await intake.cancel(addressOf(0), [hash]).catch((fault: unknown) => fault)).to.include(
      late,
    );
    open();
    gate = null;
    await engine.idle();
    expect(await send(order)).to.include({ isNew: false });
    expect((await stateOf(hash))?.state).to.equal("CANCELLED");
  });

  it("answers an order sent again with where it stands, also when its maker could not send it now", async () => {
    const order = await signed({ by: 1, size: "20000" });
    const { hash } = await send(order);
    await intake.cancel(addressOf(1), [hash]);
    await send(await signed({ by: 1, size: "20000" }));
    expect(await send(order)).to.include({ isNew: false, hash, state: "CANCELLED" });
  });

  it("takes a delegate's order and one approved on chain at the chain's word", async () => {
    const [maker, delegate] = [sandbox.accounts[0]!, sandbox.accounts[1]!];
    const unsigned = {
      ...buildOrder({
        ...{ maker: maker.address, tokenId: market.yes, side: "BUY", price: "0.40", size: "10" },
        nonce: 0n,
      }),
      ...{ signer: delegate.address as Address, signatureType: 1 as const },
    };
    const order = await signOrder(unsigned, delegate, domain);
    await expect(send(order)).to.be.rejectedWith("Invalid signature");
    const session = { signer: delegate.address as Address, expirationSeconds: 2n ** 255n };
    await (await authorizeSigner(sandbox.connect(maker), session).send()).wait();
    expect(await send(order)).to.include({ isNew: true });
  });

  describe("refuses, with nothing stored,", () => {
    const refusals: readonly [string, Terms, SubmitOptions | undefined, number, string][] = [
      [
        "a price above 1",
        { changes: { makerAmount: 20n, takerAmount: 19n } },
        undefined,
        422,
        "INVALID_PRICE",
      ],
      ["nothing for something", { changes: { makerAmount: 0n } }, undefined, 422, "INVALID_AMOUNT"],
      [
        "more than the exchange takes",
        { changes: { makerAmount: 2n ** 120n, takerAmount: 2n ** 121n } },
        undefined,
        422,
        "INVALID_AMOUNT",
      ],
      ["less than the market takes", { size: "0.5" }, undefined, 422, "SIZE_TOO_SMALL"],
      ["another token", { changes: { tokenId: 7n } }, undefined, 422, "UNKNOWN_TOKEN"],
      ["a dead order", { changes: { expiration: 5n } }, undefined, 422, "EXPIRED"],
      [
        "a fee above the maximum",
        { changes: { feeRateBps: 1001n } },
        undefined,
        422,
        "FEE_TOO_HIGH",
      ],
      ["another nonce", { changes: { nonce: 1n } }, undefined, 422, "STALE_NONCE"],
      ["what its maker cannot pay", { size: "30000" }, undefined, 422, "INSUFFICIENT_BALANCE"],
      ["shares its maker has not", { by: 1, side: "SELL" }, undefined, 422, "INSUFFICIENT_BALANCE"],
      [
        "GTD that never expires",
        { changes: { expiration: 0n } },
        { timeInForce: "GTD" },
        400,
        "INVALID_INPUT",
      ],
      [
        "a market order that rests",
        {},
        { kind: "market", timeInForce: "GTC" },
        400,
        "INVALID_INPUT",
      ],
      [
        "post-only that never rests",
        {},
        { timeInForce: "FOK", postOnly: true },
        400,
        "INVALID_INPUT",
      ],
      ["an option of another spelling", {}, { timeInForce: "gtc" as never }, 400, "INVALID_INPUT"],
      ["an unknown option", {}, { hidden: true } as never, 400, "INVALID_INPUT"],
    ];
    for (const [what, terms, options, status, code] of refusals) {
      it(`${what}: ${code}`, async () => {
        const fault: unknown = await send(await signed(terms), options).catch(
          (thrown: unknown) => thrown,
        );
        expect(fault).to.include({ code });
        if (status !== 400) expect((fault as OperatorError).status).to.equal(status);
        expect(await store.db.selectFrom("orders").select("hash").execute()).to.deep.equal([]);
        expect([...engine.reservations.all()]).to.deep.equal([]);
      });
    }

    it("a signature of another key, or over another order", async () => {
      const order = await signed();
      const other = await signed({ by: 1 });
      for (const bad of [
        { ...order, signature: other.signature },
        { ...order, salt: order.salt + 1n },
      ]) {
        await expect(send(bad)).to.be.rejectedWith(OperatorError, "Invalid signature");
      }
    });

    it("what is missing is told to the unit (HT-6)", async () => {
      await send(await signed({ by: 1, size: "20000" }));
      const fault = (await send(await signed({ by: 1, size: "6000" })).catch(
        (thrown: unknown) => thrown,
      )) as OperatorError;
      expect(fault.details).to.deep.include({
        reserved: "8000000000",
        missing: "400000000",
        asset: "0",
      });
    });

    it("everything while cancel-only, all but post-only while it takes nothing else, and an account that cools down", async () => {
      modes.restrict("test", { mode: "cancel-only", reason: "a test" });
      await expect(send(await signed())).to.be.rejectedWith(/no orders are taken; cancels are/);
      modes.restrict("test", { mode: "post-only", reason: "a test" });
      await expect(send(await signed())).to.be.rejectedWith(/only post-only orders and cancels/);
      await send(await signed(), { postOnly: true });
      modes.restrict("test", null);
      cooling = addressOf(0);
      await expect(send(await signed())).to.be.rejectedWith(/rests for a while/);
    });
  });

  it("never counts on the same money twice, and gives it back on cancel (HT-7)", async () => {
    const orders = await Promise.all(
      Array.from({ length: 12 }, () => signed({ by: 1, price: "0.50", size: "4000" })),
    );
    const results = await Promise.allSettled(orders.map((order) => send(order)));
    const taken = results.flatMap((result) =>
      result.status === "fulfilled" ? [result.value.hash] : [],
    );
    expect(taken).to.have.length(5);
    await expect(send(await signed({ by: 1 }))).to.be.rejectedWith(/holds/);
    const [first] = await intake.cancel(addressOf(1), [taken[0]!]);
    expect(first).to.include({ result: "CANCELLED" });
    expect(await send(await signed({ by: 1 }))).to.include({ isNew: true });
  });

  describe("verifies orders side by side:", () => {
    let verifying: bigint[];
    let open: (() => void)[];
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise(setImmediate);
    };

    beforeEach(() => {
      verifying = [];
      open = [];
      verified = ({ salt }) => {
        verifying.push(salt);
        return new Promise((resolve) => open.push(resolve));
      };
    });

    it("those that take turns get their places as they were submitted, whichever is verified first, and are stored together", async () => {
      const orders = await Promise.all([0, 1, 0, 1].map((by) => signed({ by })));
      await Promise.all([0, 1].map((by) => intake.funds(addressOf(by), "0")));
      const turns = new Turns();
      const before = writes;
      const results = orders.map((order) => send(order, undefined, turns));
      await until(() => open.length === orders.length);
      expect(verifying).to.deep.equal(orders.map(({ salt }) => salt));
      for (const release of open.reverse()) {
        release();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      const inputs = (await Promise.all(results)).map(({ input }) => input);
      expect(inputs).to.deep.equal(inputs.map((_, i) => inputs[0]! + i));
      expect(writes).to.equal(before + 1);
    });

    it("a bad one among them is refused at once, and holds nobody up", async () => {
      const good = [await signed(), await signed()];
      const bad = { ...(await signed()), signature: good[0]!.signature };
      const turns = new Turns();
      const [first, refused, last] = [good[0]!, bad, good[1]!].map((order) => {
        return send(order, undefined, turns);
      });
      await until(() => open.length === 3);
      open[2]!();
      open[1]!();
      await expect(refused).to.be.rejectedWith(OperatorError, "Invalid signature");
      expect([...engine.arrivingOrders(addressOf(0))]).to.deep.equal([]);
      open[0]!();
      const [one, two] = [await first!, await last!];
      expect(two.input).to.equal(one.input + 1);
    });

    it("one that is sent twice meanwhile is taken once", async () => {
      const order = await signed();
      const results = [send(order), send(order)];
      await until(() => open.length === 2);
      for (const release of open) release();
      const isNew = (await Promise.all(results)).map((accepted) => accepted.isNew);
      expect(isNew).to.deep.equal([true, false]);
    });
  });

  it("cancels for the maker alone, and says of each hash what became of it (HT-4)", async () => {
    const { hash } = await send(await signed());
    const unknown = `0x${"12".repeat(32)}` as const;
    const foreign = await intake.cancel(addressOf(1), [hash, unknown]);
    expect(foreign.map(({ result }) => result)).to.deep.equal(["NOT_YOURS", "NOT_FOUND"]);
    const own = await intake.cancel(addressOf(0), [hash]);
    expect(own.map(({ result }) => result)).to.deep.equal(["CANCELLED"]);
    const again = await intake.cancel(addressOf(0), [hash]);
    expect(again.map(({ result }) => result)).to.deep.equal(["NOT_OPEN"]);
    await Promise.all([send(await signed()), send(await signed())]);
    expect(await intake.cancelAll(addressOf(0), market.conditionId)).to.equal(2);
  });

  it("cancels also what is taken in and not in the book yet", async () => {
    const order = await signed();
    const [other, { hash }] = [await signed(), await send(order)];
    await engine.idle();
    await intake.funds(addressOf(0), "0");
    // Another two are on their way to the database when the cancels come.
    const sent = [send(other), send(await signed())];
    // Not for as long as a turn of the event loop, or they may be in the book.
    while ([...engine.arrivingOrders(addressOf(0))].length < 2) await Promise.resolve();
    const named = [...engine.arrivingOrders(addressOf(0))][0]!.hash;
    const cancelled = intake.cancel(addressOf(0), [named]);
    const all = intake.cancelAll(addressOf(0));
    expect((await cancelled).map(({ result }) => result)).to.deep.equal(["CANCELLED"]);
    expect(await all).to.equal(2);
    await Promise.all(sent);
    expect(await stateOf(hash)).to.include({ state: "CANCELLED" });
    expect(engine.book(market.conditionId)?.size).to.equal(0);
  });

  it("loses the orders of an account that fell silent, and remembers switches over a restart", async () => {
    intake.heartbeat(addressOf(0), 5);
    intake.heartbeat(addressOf(1), 60);
    nowMs = 4_999;
    expect(heartbeats.lost()).to.deep.equal([]);
    nowMs = 5_000;
    expect(heartbeats.lost()).to.deep.equal([addressOf(0).toLowerCase()]);
    heartbeats.end(addressOf(0));
    const kept = async (): Promise<string> => {
      const rows = await store.db.selectFrom("heartbeat").select("account").execute();
      return rows.map(({ account }) => account).join();
    };
    while ((await kept()) !== addressOf(1).toLowerCase()) await new Promise(setImmediate);
    const again = await Heartbeats.load(store, () => nowMs, silentLog);
    nowMs += 60_000;
    expect(again.lost()).to.deep.equal([addressOf(1).toLowerCase()]);
  });

  describe("follows the chain:", () => {
    const until = async (hash: string, state: string): Promise<unknown> => {
      for (;;) {
        const row = await stateOf(hash);
        if (row?.state === state) return row.reason;
        await new Promise(setImmediate);
      }
    };

    it("a raised nonce takes out what was signed before", async () => {
      const { hash } = await send(await signed());
      await (await incrementNonce(sandbox.connect(sandbox.accounts[0]!)).send()).wait();
      bus.publish({ type: "chain-nonce", account: addressOf(0), nonce: "1" });
      expect(await until(hash, "CANCELLED")).to.equal("NONCE_RAISED");
      await expect(send(await signed())).to.be.rejectedWith(/nonce is 1/);
    });

    it("funds that left take out the youngest orders, as many as needed", async () => {
      const hashes = [];
      for (const size of ["10000", "6000", "5000"])
        hashes.push((await send(await signed({ size }))).hash);
      const { collateral } = sandbox.connect(sandbox.accounts[0]!);
      await (await collateral.transfer(addressOf(1), 4_000_000_000n)).wait();
      bus.publish({ type: "funds", account: addressOf(0), asset: "0", blockNumber: 1 });
      expect(await until(hashes[2]!, "CANCELLED")).to.equal("UNFUNDED");
      expect(await until(hashes[1]!, "CANCELLED")).to.equal("UNFUNDED");
      expect(await stateOf(hashes[0]!)).to.include({ state: "OPEN" });
    });

    it("what happened while nobody listened is found at the start", async () => {
      const [cancelled, raised, filled, untouched] = [
        await send(await signed()),
        await send(await signed({ by: 1 })),
        await send(await signed()),
        await send(await signed()),
      ];
      await stopWatching();
      const making = "1000000";
      await store.db
        .insertInto("order_on_chain")
        .values([
          { order_hash: cancelled.hash, making: "0", remaining: null, cancelled: true },
          { order_hash: filled.hash, making, remaining: "3000000", cancelled: false },
        ])
        .execute();
      await store.db
        .insertInto("account_nonce")
        .values({ account: addressOf(1).toLowerCase(), nonce: "1" })
        .execute();
      await store.db
        .insertInto("fill")
        .values({
          ...{ tx_hash: "0xf0", log_index: 0, block_number: 1n, timestamp: 1n, side: 0, fee: "0" },
          ...{ order_hash: filled.hash, condition_id: market.conditionId, maker: "0x", making },
          ...{ token_id: market.yes.toString(), outcome: "YES", taking: "2500000" },
          is_taker: true,
        })
        .execute();
      const chain = new ChainState(sandbox.provider, sandbox.deployment, () => nowMs);
      stopWatching = watchChain({ bus, engine, chain, store, log: silentLog });
      expect(await until(cancelled.hash, "CANCELLED")).to.equal("CANCELLED_ON_CHAIN");
      expect(await until(raised.hash, "CANCELLED")).to.equal("NONCE_RAISED");
      await until(filled.hash, "PARTIALLY_FILLED");
      expect(engine.record(filled.hash)?.remaining).to.equal(3_000_000n);
      expect(await stateOf(untouched.hash)).to.include({ state: "OPEN" });
    });

    it("an order cancelled on chain leaves the book", async () => {
      const { hash } = await send(await signed());
      bus.publish({ type: "chain-order", hash, cancelled: true, remaining: null });
      expect(await until(hash, "CANCELLED")).to.equal("CANCELLED_ON_CHAIN");
    });
  });
});
