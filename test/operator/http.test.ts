import { CANCEL_ORDERS_TYPES } from "@nostra/sdk/client";
import { hashOrder, orderToJson, type Hex } from "@nostra/sdk/order";
import { hashLine } from "@nostra/sdk/matcher";
import { hashLevels } from "@nostra/sdk/stream";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { describeStores } from "./helpers/stores";
import {
  ADA,
  BOB,
  CONDITION,
  DOMAIN,
  NO,
  NOW_MS,
  OTHER_CONDITION,
  sign,
  signJson,
  startHttp,
  UNIT,
  type TestHttp,
} from "./helpers/venue";

describeStores("operator: HTTP", (fresh) => {
  let http: TestHttp;
  beforeEach(async () => {
    http = await startHttp(await fresh());
  });
  afterEach(() => http.app.close());
  const ask: TestHttp["ask"] = (...request) => http.ask(...request);
  const place = async (...terms: Parameters<typeof sign>): Promise<Hex> =>
    (await ask("POST", "/api/orders", { body: await signJson(...terms) })).json.orderHash;

  describe("placing an order", () => {
    it("answers with its hash, its number and PENDING_MATCH", async () => {
      const order = await sign({ price: "0.5" });
      const { status, json } = await ask("POST", "/api/orders", { body: orderToJson(order) });
      expect(status).to.equal(200);
      expect(json).to.deep.equal({
        success: true,
        orderHash: hashOrder(order, DOMAIN),
        conditionId: CONDITION,
        input: 0,
        isNew: true,
        status: "PENDING_MATCH",
      });
    });

    it("asks nothing of the database by itself: what it costs is what intake costs", async () => {
      const accepted = await http.venue.submit(await signJson({ price: "0.5" }));
      http.venue.submit = async () => accepted;
      const { db, reads } = http.venue.store;
      let queries = 0;
      const executors = [db.getExecutor(), reads.getExecutor()];
      const originals = executors.map((executor) => executor.executeQuery.bind(executor));
      for (const [i, executor] of executors.entries()) {
        executor.executeQuery = ((...given: Parameters<typeof executor.executeQuery>) => {
          queries += 1;
          return originals[i]!(...given);
        }) as typeof executor.executeQuery;
      }
      const body = await signJson({ price: "0.5" });
      try {
        expect((await ask("GET", "/api/markets")).status).to.equal(200);
        expect(queries, "a query is noticed").to.be.above(0);
        queries = 0;
        expect((await ask("POST", "/api/orders", { body })).status).to.equal(200);
        expect(queries).to.equal(0);
      } finally {
        executors.forEach((executor, i) => (executor.executeQuery = originals[i] as never));
      }
    });

    it("posted twice, is one order (HT-3)", async () => {
      const body = await signJson({ price: "0.5" });
      const first = await ask("POST", "/api/orders", { body });
      const again = await ask("POST", "/orders", { body });
      expect(again.json).to.include({ orderHash: first.json.orderHash, isNew: false, input: 0 });
      expect(again.json.status).to.equal("OPEN");
      const { json } = await ask("GET", `/api/orders?marketId=market-0`);
      expect(json.orders).to.have.length(1);
    });

    it("is refused with the field when an amount is a JSON number (HT-2)", async () => {
      const body = await signJson({ price: "0.5" });
      const wrong = { ...body, order: { ...body.order, makerAmount: 5_000_000 } };
      const { status, json } = await ask("POST", "/api/orders", { body: wrong });
      expect(status).to.equal(400);
      expect(json.error.details.field).to.equal("order.makerAmount");
      expect(json.error.message).to.match(/JSON numbers lose digits/);
    });

    for (const [change, field] of [
      [{ extra: 1 }, "extra"],
      [{ options: { timeInForce: "IOC" } }, "options.timeInForce"],
      [{ options: { toString: 1 } }, "options.toString"],
      [{ order: undefined }, "order"],
    ] as [object, string][]) {
      it(`is refused with the field when ${field} is wrong`, async () => {
        const body = { ...(await signJson({ price: "0.5" })), ...change };
        const { status, json } = await ask("POST", "/api/orders", { body });
        expect(status).to.equal(400);
        expect(json.error.details.field).to.equal(field);
      });
    }

    it("is refused with the missing amount when its maker has too little (HT-6)", async () => {
      const body = await signJson({ price: "0.5", size: "3000" });
      const { status, json } = await ask("POST", "/api/orders", { body });
      expect(status).to.equal(422);
      expect(json.error.code).to.equal("INSUFFICIENT_BALANCE");
      expect(json.error.details.missing).to.equal(`${500n * UNIT}`);
    });

    it("to a market named in the path, is refused when it is for another", async () => {
      const body = await signJson({ price: "0.5" });
      const wrong = await ask("POST", "/api/orders/market-1", { body });
      expect(wrong.status).to.equal(400);
      expect(wrong.json.error.code).to.equal("WRONG_MARKET");
      const right = await ask("POST", "/api/orders/market-0", { body });
      expect(right.json.isNew).to.equal(true);
    });

    it("in a batch, has a result of its own", async () => {
      const good = await signJson({ price: "0.5" });
      const bad = { ...good, signature: `0x${"11".repeat(65)}` };
      const orders = [good, bad, null, await signJson({ price: "0.4" })];
      const { status, json } = await ask("POST", "/api/orders/batch", { body: { orders } });
      expect(status).to.equal(200);
      expect(json.results.map((one: { success: boolean }) => one.success)).to.deep.equal([
        true,
        false,
        false,
        true,
      ]);
      expect(json.results[2].error.details.field).to.equal("orders[2]");
      expect(json.results[3].input).to.equal(1);
    });

    it("in a batch, arrive in the order in which they are named, whichever is verified first", async () => {
      const orders = await Promise.all(["0.1", "0.2", "0.3"].map((price) => signJson({ price })));
      const started: unknown[] = [];
      http.venue.verified = async ({ signature }) => {
        const place = started.push(signature);
        while (started.length < orders.length) await new Promise(setImmediate);
        await new Promise((resolve) => setTimeout(resolve, 20 * (orders.length - place)));
      };
      const { json } = await ask("POST", "/api/orders/batch", { body: { orders } });
      expect(started).to.deep.equal(orders.map(({ signature }) => signature));
      expect(json.results.map(({ input }: { input: number }) => input)).to.deep.equal([0, 1, 2]);
    });

    it("in a batch of more than fifty, is refused", async () => {
      const body = { orders: Array(51).fill(null) };
      const { status, json } = await ask("POST", "/api/orders/batch", { body });
      expect(status).to.equal(400);
      expect(json.error.details.field).to.equal("orders");
    });
  });

  describe("reading orders", () => {
    it("lists what is open, best price first, the earliest first at one price", async () => {
      const low = await place({ price: "0.4" });
      const high = await place({ price: "0.5" });
      const later = await place({ price: "0.5" }, BOB);
      const dear = await place({ price: "0.8", side: "SELL" });
      const cheap = await place({ price: "0.7", side: "SELL" });
      const list = async (query: string): Promise<Hex[]> =>
        (await ask("GET", `/api/orders?marketId=${CONDITION}${query}`)).json.orders.map(
          ({ hash }: { hash: Hex }) => hash,
        );
      expect(await list("&side=buy")).to.deep.equal([high, later, low]);
      expect(await list("&side=SELL")).to.deep.equal([cheap, dear]);
      expect(await list("")).to.deep.equal([high, later, low, cheap, dear]);
      expect(await list("&outcome=NO")).to.deep.equal([]);
      const headers = await http.signIn();
      await ask("DELETE", `/api/orders/${high}`, { headers });
      expect(await list("&side=BUY")).to.deep.equal([later, low]);
    });

    it("goes on behind a cursor, whatever came in meanwhile", async () => {
      const placed: Hex[] = [];
      for (const price of ["0.6", "0.5", "0.4", "0.3"]) placed.push(await place({ price }));
      const url = `/api/orders?marketId=market-0&side=BUY&limit=2`;
      const first = await ask("GET", url);
      await place({ price: "0.9" }); // ahead of the first page
      await place({ price: "0.5" }); // behind its equal, which was told already
      const second = await ask("GET", `${url}&cursor=${first.json.cursor}`);
      const third = await ask("GET", `${url}&cursor=${second.json.cursor}`);
      const hashes = [first, second, third].flatMap(({ json }) =>
        json.orders.map(({ hash }: { hash: Hex }) => hash),
      );
      expect(hashes).to.have.length(5);
      expect(new Set(hashes).size).to.equal(5);
      expect(hashes).to.include.members(placed);
      expect(third.json.cursor).to.equal(null);
    });

    for (const [name, query] of [
      ["limit=-1", "limit=-1"],
      ["limit=1e9", "limit=1e9"],
      ["limit=0", "limit=0"],
      ["a cursor of nowhere", "cursor=abc"],
      [
        "a cursor of another list",
        `cursor=${Buffer.from('[1,"trades","5"]').toString("base64url")}`,
      ],
      ["a side that is none", "side=HOLD"],
    ] as const) {
      it(`refuses ${name} (HT-8)`, async () => {
        const { status, json } = await ask("GET", `/api/orders?marketId=market-0&${query}`);
        expect(status).to.equal(400);
        expect(json.error.details.field).to.equal(query.split("=")[0]);
      });
    }

    it("tells one by its hash in any case, and 404 for none", async () => {
      const hash = await place({ price: "0.5" });
      const upper = `0x${hash.slice(2).toUpperCase()}`;
      const { json } = await ask("GET", `/api/v1/trading/orders/${upper}`);
      expect(json).to.include({
        hash,
        status: "OPEN",
        price: 500_000,
        side: "BUY",
        outcome: "YES",
      });
      expect(json.order.maker).to.equal(ADA.address);
      const none = await ask("GET", `/api/orders/0x${"00".repeat(32)}`);
      expect([none.status, none.json.error.code]).to.deep.equal([404, "ORDER_NOT_FOUND"]);
    });

    it("tells PENDING_MATCH of no order that is stored", async () => {
      const hash = await place({ price: "0.5" });
      expect((await ask("GET", `/api/orders/${hash}`)).json.status).to.equal("OPEN");
      const headers = await http.signIn();
      const count = async (status: string): Promise<number> =>
        (await ask("GET", `/api/user/orders?status=${status}`, { headers })).json.orders.length;
      expect([await count("PENDING_MATCH"), await count("OPEN"), await count("PARTIAL")])
        .to.deep //
        .equal([0, 1, 0]);
    });

    it("tells one's own to oneself alone", async () => {
      const hash = await place({ price: "0.5" });
      await place({ price: "0.5" }, BOB);
      const headers = await http.signIn();
      for (const url of [
        "/api/user/orders",
        "/api/orders/user/orders",
        `/api/v1/trading/users/${ADA.address.toLowerCase()}/orders?market=market-0`,
      ]) {
        const { json } = await ask("GET", url, { headers });
        expect(
          json.orders.map((order: { hash: Hex }) => order.hash),
          url,
        ).to.deep.equal([hash]);
      }
      expect((await ask("GET", "/api/user/orders")).status).to.equal(401);
      const foreign = `/api/v1/trading/users/${BOB.address}/orders`;
      expect((await ask("GET", foreign, { headers })).status).to.equal(403);
    });
  });

  describe("cancelling", () => {
    it("takes one's own order out, and tells where it stands", async () => {
      const hash = await place({ price: "0.5" });
      const headers = await http.signIn();
      const { status, json } = await ask("DELETE", `/api/orders/${hash}`, { headers });
      expect([status, json.success, json.result]).to.deep.equal([200, true, "CANCELLED"]);
      expect(json.order).to.include({ status: "CANCELLED", reason: "BY_MAKER" });
      const again = await ask("DELETE", `/api/v1/trading/orders/${hash}`, { headers });
      expect([again.status, again.json.success, again.json.result]).to.deep.equal([
        200,
        false,
        "NOT_OPEN",
      ]);
    });

    it("is refused without a session, and 403 for another's order (HT-4)", async () => {
      const hash = await place({ price: "0.5" });
      expect((await ask("DELETE", `/api/orders/${hash}`)).status).to.equal(401);
      const headers = await http.signIn(BOB);
      const { status, json } = await ask("DELETE", `/api/orders/${hash}`, { headers });
      expect([status, json.error.code]).to.deep.equal([403, "NOT_YOUR_ORDER"]);
      expect(http.venue.books.get(CONDITION)!.has(hash)).to.equal(true);
      const none = await ask("DELETE", `/api/orders/0x${"00".repeat(32)}`, { headers });
      expect(none.status).to.equal(404);
    });

    it("takes out many by name with a result each, all of a market, or all", async () => {
      const own = [await place({ price: "0.5" }), await place({ price: "0.4" })];
      const foreign = await place({ price: "0.4" }, BOB);
      await place({ price: "0.4", tokenId: 33n });
      const headers = await http.signIn();
      const remove = (body: unknown): ReturnType<TestHttp["ask"]> =>
        ask("DELETE", "/api/orders", { headers, body });
      const named = await remove({ orderHashes: [own[0], foreign] });
      expect(named.json.results).to.deep.equal([
        { hash: own[0], result: "CANCELLED" },
        { hash: foreign, result: "NOT_YOURS" },
      ]);
      expect((await remove({ market: "market-0" })).json.cancelled).to.equal(1);
      expect((await remove({ all: true })).json.cancelled).to.equal(1);
      expect(http.venue.books.get(CONDITION)!.has(foreign)).to.equal(true);
      expect((await remove({})).status).to.equal(400);
      expect((await remove({ all: true, market: "market-0" })).status).to.equal(400);
    });

    describe("by signature alone", () => {
      const cancel = async (
        wallet: Wallet,
        message: { maker: string; orderHashes: Hex[]; timestamp: string },
      ): ReturnType<TestHttp["ask"]> => {
        const signature = await wallet.signTypedData(DOMAIN, CANCEL_ORDERS_TYPES, message);
        return ask("POST", "/api/orders/cancel", { body: { cancel: message, signature } });
      };
      const seconds = (): number => NOW_MS / 1000;

      it("works for its maker", async () => {
        const hash = await place({ price: "0.5" });
        const message = {
          ...{ maker: ADA.address, orderHashes: [hash], timestamp: `${seconds() - 50}` },
        };
        const { status, json } = await cancel(ADA, message);
        expect([status, json.cancelled]).to.deep.equal([200, 1]);
      });

      it("is refused when another signed, or long ago, and nothing is cancelled", async () => {
        const hash = await place({ price: "0.5" });
        const message = {
          ...{ maker: ADA.address, orderHashes: [hash], timestamp: `${seconds()}` },
        };
        const foreign = await cancel(BOB, message);
        expect([foreign.status, foreign.json.error.code]).to.deep.equal([
          401,
          "SIGNATURE_MISMATCH",
        ]);
        const old = await cancel(ADA, { ...message, timestamp: `${seconds() - 61}` });
        expect([old.status, old.json.error.code]).to.deep.equal([401, "CLOCK_SKEW"]);
        expect(old.json.error.details.serverTimeMs).to.equal(NOW_MS);
        expect(http.venue.books.get(CONDITION)!.has(hash)).to.equal(true);
      });
    });

    it("by heartbeat: hands the seconds on for the account that asked", async () => {
      const headers = await http.signIn();
      const beat = (seconds: number): ReturnType<TestHttp["ask"]> =>
        ask("POST", "/api/heartbeat", { headers, body: { seconds } });
      expect((await beat(10)).json.dueAt).to.equal(NOW_MS + 10_000);
      expect((await beat(0)).json.dueAt).to.equal(null);
      expect((await beat(1)).status).to.equal(400);
      expect(http.venue.heartbeats).to.deep.equal([
        [ADA.address, 10],
        [ADA.address, 0],
      ]);
    });
  });

  describe("markets", () => {
    it("are listed the latest first, filtered, searched, page by page", async () => {
      const slugs = async (query: string): Promise<string[]> =>
        (await ask("GET", `/api/markets${query}`)).json.markets.map(
          ({ slug }: { slug: string }) => slug,
        );
      expect(await slugs("")).to.deep.equal(["market-1", "market-0"]);
      expect(await slugs("?category=sports")).to.deep.equal(["market-0"]);
      expect(await slugs("?q=NUMBER%200")).to.deep.equal(["market-0"]);
      expect(await slugs("?q=%25%25")).to.deep.equal([]);
      expect(await slugs("?state=FINALIZED")).to.deep.equal([]);
      const first = await ask("GET", "/api/v1/markets?limit=1");
      expect(await slugs(`?limit=1&cursor=${first.json.cursor}`)).to.deep.equal(["market-0"]);
    });

    it("are found by condition, question or slug; 404 otherwise", async () => {
      for (const id of [CONDITION, `0x${"1f".repeat(32)}`, "market-0"]) {
        const { json } = await ask("GET", `/api/markets/${id}`);
        expect(json, id).to.include({ conditionId: CONDITION, slug: "market-0", state: "OPEN" });
      }
      expect((await ask("GET", "/api/markets/")).json.markets, "a slash more").to.have.length(2);
      for (const url of ["/api/markets/none", "/api/markets/none/orderbook"]) {
        expect((await ask("GET", url)).status, url).to.equal(404);
      }
    });

    it("have ended once their end has come, by the clock", async () => {
      http.venue.clock.pass(3_600_000);
      expect((await ask("GET", "/api/markets/market-0")).json.state).to.equal("ENDED");
      expect((await ask("GET", "/api/markets?state=ENDED")).json.markets).to.have.length(2);
      expect((await ask("GET", "/api/markets?state=OPEN")).json.markets).to.have.length(0);
    });
  });

  describe("book and prices", () => {
    beforeEach(async () => {
      await place({ price: "0.4" });
      await place({ price: "0.3", size: "5" });
      await place({ price: "0.45", side: "BUY", tokenId: NO }); // an ask for YES at 0.55
    });

    it("tells levels with the book's number and both its hashes", async () => {
      const { json } = await ask("GET", "/api/markets/market-0/orderbook");
      expect(json).to.deep.include({
        conditionId: CONDITION,
        sequence: 3,
        bids: [
          [400_000, "10000000"],
          [300_000, "5000000"],
        ],
        asks: [[550_000, "10000000"]],
      });
      expect(json.hash).to.equal(hashLevels(json));
    });

    it("tells them in terms of NO, to a depth, under each path", async () => {
      for (const path of [
        "/api/markets/market-0/orderbook",
        "/api/orders/market-0/orderbook",
        "/api/v1/trading/pairs/market-0/orderbook",
      ]) {
        const { json } = await ask("GET", `${path}?outcome=no&depth=1`);
        expect(json.bids, path).to.deep.equal([[450_000, "10000000"]]);
        expect(json.asks, path).to.deep.equal([[600_000, "10000000"]]);
      }
    });

    it("tells midpoint, spread and price, and null where nobody stands", async () => {
      const get = async (what: string): Promise<object> =>
        (await ask("GET", `/api/markets/${what}`)).json;
      expect(await get("market-0/midpoint")).to.include({ midpoint: 475_000 });
      expect(await get("market-0/midpoint?outcome=NO")).to.include({ midpoint: 525_000 });
      expect(await get("market-0/spread")).to.include({ spread: 150_000, bid: 400_000 });
      expect(await get("market-0/price")).to.include({ price: 550_000, lastPrice: null });
      expect(await get("market-0/price?side=SELL")).to.include({ price: 400_000 });
      expect(await get("market-1/spread")).to.include({ spread: null, bid: null, ask: null });
      await http.venue.match(await sign({ price: "0.6" }, BOB));
      expect(await get("market-0/price")).to.include({ price: null, lastPrice: 550_000 });
      expect(await get("market-0/price?outcome=NO")).to.include({ lastPrice: 450_000 });
    });
  });

  describe("candles", () => {
    const START = 1_799_999_940; // a whole minute before NOW
    const candle = (start: number, close: number, trades = 1): Promise<unknown> =>
      http.venue.store.db
        .insertInto("candle")
        .values({
          ...{ condition_id: CONDITION, interval: 60, start: BigInt(start), open: close },
          ...{ high: close + 1, low: close - 1, close, shares: "5", volume: "2", trades },
        })
        .execute();

    it("have no gaps from the first trade on, and older pages behind a cursor", async () => {
      await candle(START - 300, 400_000);
      await candle(START - 60, 500_000);
      const url = "/api/markets/market-0/candles?interval=1m&limit=4";
      const { json } = await ask("GET", url);
      const short = (page: { candles: { start: number; close: number; trades: number }[] }) =>
        page.candles.map(({ start, close, trades }) => [start - START, close, trades]);
      expect(short(json)).to.deep.equal([
        [-120, 400_000, 0],
        [-60, 500_000, 1],
        [0, 500_000, 0],
        [60, 500_000, 0],
      ]);
      const older = await ask("GET", `${url}&cursor=${json.cursor}`);
      expect(short(older.json)).to.deep.equal([
        [-300, 400_000, 1],
        [-240, 400_000, 0],
        [-180, 400_000, 0],
      ]);
      expect(older.json.cursor).to.equal(null);
      const history = await ask("GET", `/api/markets/market-0/history?interval=1m&limit=1`);
      expect(history.json.history).to.deep.equal([{ t: START + 60, p: 500_000 }]);
    });

    it("keep to the time that is asked for", async () => {
      await candle(START - 300, 400_000);
      const from = new Date((START - 240) * 1000).toISOString();
      const { json } = await ask(
        "GET",
        `/api/v1/trading/pairs/market-0/candles?interval=1m&from=${from}&to=${START - 120}`,
      );
      expect(json.candles.map(({ start }: { start: number }) => start - START)).to.deep.equal([
        -240, -180, -120,
      ]);
      expect((await ask("GET", "/api/markets/market-1/candles")).json.candles).to.deep.equal([]);
      expect((await ask("GET", "/api/markets/market-0/candles?from=then")).status).to.equal(400);
    });

    it("sum up to the statistics of 24 hours", async () => {
      await candle(START - 90_000, 300_000, 7); // older than a day
      await candle(START - 120, 450_000, 2);
      await candle(START - 60, 400_000, 3);
      const { json } = await ask("GET", "/api/markets/market-0/stats");
      expect(json).to.deep.include({
        ...{ lastPrice: 400_000, price24hAgo: 300_000, change: 100_000 },
        ...{ high: 450_001, low: 399_999, shares: "10", volume: "4", trades: 5 },
      });
      const all = await ask("GET", "/api/v1/trading/stats");
      expect(all.json.total).to.deep.equal({ volume: "4", trades: 5 });
      const details = await ask("GET", "/api/markets/market-0/details");
      expect(details.json.stats).to.deep.equal(json);
      const none = await ask("GET", "/api/markets/market-1/stats");
      expect(none.json).to.include({ lastPrice: null, volume: "0", trades: 0 });
    });
  });

  describe("trades", () => {
    const TX = `0x${"7a".repeat(32)}`;
    let id: string;
    let maker: Hex;
    let taker: Hex;
    beforeEach(async () => {
      maker = await place({ price: "0.4", side: "SELL" });
      const order = await sign({ price: "0.5", size: "4" }, BOB);
      taker = hashOrder(order, DOMAIN);
      id = await http.venue.match(order);
    });

    it("are listed with both sides, under each path", async () => {
      for (const path of [
        "/api/trades",
        "/api/trades?market=market-0",
        `/api/markets/${CONDITION}/trades`,
        "/api/orders/market-0/trades",
        "/api/v1/trading/pairs/market-0/trades",
      ]) {
        const { json } = await ask("GET", path);
        expect(json.trades, path).to.have.length(1);
        expect(json.trades[0], path).to.deep.include({
          ...{ id, state: "MATCHED", price: 400_000, shares: "4000000", takerHash: taker },
          ...{ taker: BOB.address, takerSide: "BUY", takerOutcome: "YES", txHash: null },
          makers: [
            {
              ...{ hash: maker, maker: ADA.address, kind: "COMPLEMENTARY", price: 400_000 },
              ...{ making: "4000000", taking: "1600000" },
            },
          ],
        });
      }
      expect((await ask("GET", "/api/markets/market-1/trades")).json.trades).to.deep.equal([]);
    });

    it("are one's own as taker and as maker", async () => {
      for (const wallet of [ADA, BOB]) {
        const headers = await http.signIn(wallet);
        const { json } = await ask("GET", "/api/user/trades", { headers });
        expect(json.trades.map((trade: { id: string }) => trade.id)).to.deep.equal([id]);
        const path = `/api/v1/trading/users/${wallet.address}/trades`;
        expect((await ask("GET", path, { headers })).json).to.deep.equal(json);
      }
    });

    it("are proved by the signed orders, the transaction and its logs of theirs", async () => {
      const { db } = http.venue.store;
      await db
        .updateTable("match")
        .set({ state: "CONFIRMED", tx_hash: TX, block_number: 9n })
        .execute();
      for (const [i, hash] of [maker, taker, `0x${"99".repeat(32)}`].entries()) {
        await db
          .insertInto("chain_log")
          .values({
            ...{ block_hash: `0x${"b0".repeat(32)}`, block_number: 9n, log_index: i, tx_hash: TX },
            ...{ address: ADA.address.toLowerCase(), topics: [`0x${"01".repeat(32)}`, hash] },
            ...{ data: "0x", name: "OrderFilled", args: JSON.stringify({ orderHash: hash }) },
            ...{ condition_id: CONDITION, accounts: [], timestamp: 5n },
          })
          .execute();
      }
      const { status, json } = await ask("GET", `/api/trades/${encodeURIComponent(id)}/proof`);
      expect(status).to.equal(200);
      expect(json.transaction).to.deep.equal({ hash: TX, blockNumber: 9, isFinal: true });
      expect(json.logs.map((log: { logIndex: number }) => log.logIndex)).to.deep.equal([0, 1]);
      expect(json.domain).to.deep.equal({ ...DOMAIN, chainId: 31337 });
      for (const [i, { hash, ...signed }] of json.orders.entries()) {
        const { orderFromJson } = await import("@nostra/sdk/order");
        const { verifyOrder } = await import("@nostra/sdk/verify");
        const order = orderFromJson(signed);
        expect(hashOrder(order, DOMAIN)).to.equal(hash).and.to.equal([taker, maker][i]);
        expect(verifyOrder(order, DOMAIN).ok).to.equal(true);
      }
      expect((await ask("GET", "/api/trades/none/proof")).status).to.equal(404);
      expect((await ask("GET", `/api/trades/${id}`)).json.state).to.equal("CONFIRMED");
    });
  });

  describe("events of the chain", () => {
    beforeEach(async () => {
      for (let i = 0; i < 5; i++) {
        await http.venue.store.db
          .insertInto("chain_log")
          .values({
            ...{ block_hash: `0x${"b0".repeat(32)}`, block_number: 9n, log_index: i },
            ...{ tx_hash: `0x${`0${i}`.repeat(32)}`, address: ADA.address.toLowerCase() },
            topics: i === 2 ? [`0x${"01".repeat(32)}`, `0x${"aa".repeat(32)}`] : [],
            ...{ data: "0x", name: i < 3 ? "OrderFilled" : "MarketCreated" },
            args: JSON.stringify({ amount: `${i}`, slug: i === 4 ? "ru%n" : "walk" }),
            condition_id: i === 0 ? OTHER_CONDITION : CONDITION,
            accounts: i === 1 ? [BOB.address.toLowerCase()] : [],
            timestamp: BigInt(1_700_000_000 + i * 86_400),
          })
          .execute();
      }
    });
    const indexes = async (url: string): Promise<number[]> =>
      (await ask("GET", url)).json.events.map(({ logIndex }: { logIndex: number }) => logIndex);

    it("are found by market, type, account and date, the latest first", async () => {
      expect(await indexes("/api/events")).to.deep.equal([4, 3, 2, 1, 0]);
      expect(await indexes(`/api/events/${OTHER_CONDITION}`)).to.deep.equal([0]);
      expect(await indexes("/api/events/market-0")).to.deep.equal([4, 3, 2, 1]);
      expect(await indexes("/api/v1/markets/market-0/events")).to.deep.equal([4, 3, 2, 1]);
      expect(await indexes("/api/events?event_type=MarketCreated")).to.deep.equal([4, 3]);
      expect(await indexes("/api/events/by-type/OrderFilled")).to.deep.equal([2, 1, 0]);
      expect(await indexes(`/api/events?account=${BOB.address}`)).to.deep.equal([1]);
      const dates = "from=2023-11-15T22:13:20Z&to=1700172800";
      expect(await indexes(`/api/events/by-date?${dates}`)).to.deep.equal([2, 1]);
    });

    it("are looked up by an event's name, an address or a hash, in full, fixed paths first", async () => {
      expect(await indexes("/api/events/search?q=OrderFilled")).to.deep.equal([2, 1, 0]);
      expect(await indexes("/api/events/search?q=NoSuchEvent")).to.deep.equal([]);
      expect(await indexes(`/api/events/search?q=${BOB.address}`)).to.deep.equal([1]);
      expect(await indexes(`/api/events/search?q=0x${"aa".repeat(32)}`)).to.deep.equal([2]);
      expect(await indexes(`/api/events/search?q=0x${"03".repeat(32)}`)).to.deep.equal([3]);
      const hash = `0x${"aa".repeat(32)}`;
      const refused = [
        ...["q=x", "q=filled", "q=u%25n", `q=${hash}&event_type=OrderFilled`, "offset=501"],
        ...["q=OrderFilled&event_type=OrderFilled", `q=${BOB.address}&account=${BOB.address}`],
      ];
      for (const query of refused) {
        const { status, json } = await ask("GET", `/api/events/search?${query}`);
        expect(status, query).to.equal(400);
        expect(json.error.code, query).to.equal("INVALID_INPUT");
      }
    });

    it("are told with their number and whether there are more", async () => {
      const { json } = await ask("GET", "/api/events?limit=2&offset=1");
      expect(json).to.include({ total_count: 5, total_is_capped: false, has_more: true });
      expect(json.events[0].logIndex).to.equal(3);
      expect(await indexes(`/api/events?limit=2&cursor=${json.cursor}`)).to.deep.equal([1, 0]);
    });
  });

  describe("an account", () => {
    it("has a balance: available, locked, total", async () => {
      const headers = await http.signIn();
      const { json } = await ask("GET", "/api/user/balance", { headers });
      expect(json).to.deep.equal({
        ...{ asset: "0", available: `${990n * UNIT}`, locked: `${10n * UNIT}` },
        ...{ total: `${1000n * UNIT}`, allowance: `${1000n * UNIT}` },
      });
    });

    it("has positions with their cost and worth, and a portfolio of them", async () => {
      const row = { account: ADA.address.toLowerCase(), realized: "-7", bought: "0", sold: "0" };
      const { db } = http.venue.store;
      await db
        .insertInto("position")
        .values([
          {
            ...{ ...row, token_id: "11", condition_id: CONDITION, outcome: "YES" },
            ...{ shares: "1000000", cost: "300000" },
          },
          {
            ...{ ...row, token_id: "44", condition_id: OTHER_CONDITION, outcome: "NO" },
            ...{ shares: "2000000", cost: "500000" },
          },
        ])
        .execute();
      await place({ price: "0.4" });
      await place({ price: "0.6", side: "SELL" });
      await db
        .updateTable("market")
        .set({ state: "FINALIZED", outcome: "NO" })
        .where("condition_id", "=", OTHER_CONDITION)
        .execute();
      const headers = await http.signIn();
      const { json } = await ask("GET", "/api/user/positions", { headers });
      expect(json.positions[0]).to.include({
        ...{ averagePrice: 300_000, markPrice: 500_000, value: "500000", unrealized: "200000" },
      });
      expect(json.positions[1]).to.include({ markPrice: 1_000_000, value: "2000000" });
      const portfolio = await ask("GET", "/api/user/portfolio", { headers });
      expect(portfolio.json).to.include({
        ...{ positionsValue: "2500000", cost: "800000", unrealized: "1700000", realized: "-14" },
        ...{ total: `${1000n * UNIT + 2_500_000n}`, positions: 2 },
      });
    });
  });

  it("tells the log of a book page by page, with the keccak of its end", async () => {
    const rows = Array.from({ length: 5 }, (_, n) => ({
      ...{ condition_id: CONDITION, n: BigInt(n), input: 0n, line: `line ${n}` },
    }));
    await http.venue.store.db.insertInto("line").values(rows).execute();
    const first = await ask("GET", "/api/markets/market-0/log?limit=3");
    expect(first.json).to.deep.include({
      ...{ lines: ["line 0", "line 1", "line 2"], count: 5, head: hashLine("line 4") },
    });
    const rest = await ask("GET", `/api/markets/market-0/log?cursor=${first.json.cursor}`);
    expect(rest.json.lines).to.deep.equal(["line 3", "line 4"]);
    expect((await ask("GET", "/api/markets/market-0/log?from=4")).json.lines).to.have.length(1);
    expect((await ask("GET", "/api/markets/market-1/log")).json).to.include({
      count: 0,
      head: null,
    });
  });
});
