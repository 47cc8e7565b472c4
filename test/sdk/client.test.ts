import {
  ApiError,
  createClient,
  RateLimitError,
  UnreachableError,
  type Client,
  type ClientOptions,
  type Fetch,
} from "@nostra/sdk/client";
import { InputError, SigningRejectedError } from "@nostra/sdk/errors";
import { hashOrder, type Hex } from "@nostra/sdk/order";
import { expect } from "chai";
import { privateKeyToAccount } from "viem/accounts";
import { DEFAULT_LIMITS } from "../../operator/src/http";
import { thrownBy } from "../helpers/sandbox";
import { emptyStore } from "../operator/helpers/stores";
import {
  ADA,
  BOB,
  CONDITION,
  DOMAIN,
  HOST,
  NO,
  NOW_MS,
  sign,
  startHttp,
  UNIT,
  type TestHttp,
} from "../operator/helpers/venue";

type Request = Parameters<Fetch>[1] & { readonly url: string };

/** The venue as `fetch`. What it does with a request can be spoilt by a test. */
class VenueFetch {
  readonly requests: Request[] = [];
  /** Asked before each request; may throw, or answer in the venue's stead. */
  before: (request: Request) => Partial<Awaited<ReturnType<Fetch>>> | undefined = () => undefined;
  /** Asked with each answer; may throw it away. */
  after: (request: Request) => void = () => undefined;
  readonly #http: TestHttp;

  constructor(http: TestHttp) {
    this.#http = http;
  }

  readonly fetch: Fetch = async (url, init) => {
    const request = { url, ...init };
    this.requests.push(request);
    const instead = this.before(request);
    if (instead !== undefined) {
      return { status: 200, headers: { get: () => null }, text: async () => "{}", ...instead };
    }
    const answer = await this.#http.app.inject({
      method: init.method as "GET",
      url: url.slice(`https://${HOST}`.length),
      headers: { ...init.headers, host: HOST },
      ...(init.body === undefined ? {} : { payload: init.body }),
    });
    this.after(request);
    return {
      status: answer.statusCode,
      headers: { get: (name) => answer.headers[name]?.toString() ?? null },
      text: async () => answer.body,
    };
  };

  of(method: string, path: string): Request[] {
    return this.requests.filter((one) => one.method === method && one.url.includes(path));
  }
}

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of list) items.push(item);
  return items;
}

describe("sdk: client", () => {
  let http: TestHttp;
  let venue: VenueFetch;
  let waits: number[];
  beforeEach(async () => {
    http = await startHttp(await emptyStore("pglite"));
    venue = new VenueFetch(http);
    waits = [];
  });
  afterEach(() => http.app.close());

  const connect = (options: Partial<ClientOptions> = {}): Client =>
    createClient({
      url: `https://${HOST}`,
      fetch: venue.fetch,
      nowMs: () => http.venue.clock.nowMs(),
      sleep: async (ms) => void waits.push(ms),
      random: () => 1,
      ...options,
    });

  describe("markets", () => {
    it("are read with all that is told of them", async () => {
      const client = connect();
      await client.placeOrder(await sign({ price: "0.4" }));
      await client.placeOrder(await sign({ price: "0.45", tokenId: NO }));
      expect((await client.market("market-0")).conditionId).to.equal(CONDITION);
      expect((await client.marketDetails(CONDITION)).stats.bestBid).to.equal(400_000);
      const book = await client.orderBook("market-0", { outcome: "NO", depth: 1 });
      expect(book).to.deep.include({ bids: [[450_000, "10000000"]], sequence: 2 });
      expect(await client.midpoint("market-0")).to.equal(475_000);
      expect((await client.spread("market-0", "NO")).spread).to.equal(150_000);
      expect(await client.price("market-0", "BUY")).to.equal(550_000);
      expect(await client.price("market-1", "BUY")).to.equal(null);
      expect((await client.stats("market-0")).trades).to.equal(0);
      expect((await client.allStats()).total.trades).to.equal(0);
      expect((await client.candles("market-0")).candles).to.deep.equal([]);
      expect((await client.priceHistory("market-0", { interval: "1d" })).history).to.deep.equal([]);
      expect(await all(client.events({ type: "OrderFilled" }))).to.deep.equal([]);
      expect((await client.deployment()).domain.verifyingContract).to.equal(
        DOMAIN.verifyingContract,
      );
    });

    it("lists are read page after page as far as asked for", async () => {
      const client = connect();
      for (const price of ["0.1", "0.2", "0.3", "0.4", "0.5"]) {
        await client.placeOrder(await sign({ price }));
      }
      const orders = await all(client.openOrders("market-0", { side: "BUY", limit: 2 }));
      expect(orders.map(({ price }) => price)).to.deep.equal([
        500_000, 400_000, 300_000, 200_000, 100_000,
      ]);
      const before = venue.requests.length;
      for await (const order of client.openOrders("market-0", { limit: 2 })) {
        expect(order.status).to.equal("OPEN");
        break;
      }
      expect(venue.requests.length - before, "one page").to.equal(1);
      expect(await all(client.markets({ limit: 1 }))).to.have.length(2);
    });

    it("a cursor that leads to itself ends the list", async () => {
      const client = connect();
      const text = async () => JSON.stringify({ markets: [], cursor: "again" });
      venue.before = () => ({ text });
      await all(client.markets());
      expect(venue.requests).to.have.length(2);
    });

    it("the log of a book, and the proof of a trade", async () => {
      const client = connect();
      const rows = [0, 1, 2].map((n) => ({
        ...{ condition_id: CONDITION, n: BigInt(n), input: 0n, line: `${n}` },
      }));
      await http.venue.store.db.insertInto("line").values(rows).execute();
      expect(await all(client.marketLog("market-0", { limit: 2 }))).to.deep.equal(["0", "1", "2"]);
      expect((await client.marketLogHead("market-0")).count).to.equal(3);
      await client.placeOrder(await sign({ price: "0.4", side: "SELL" }));
      const id = await http.venue.match(await sign({ price: "0.5" }, BOB));
      const [trade] = await all(client.trades({ market: "market-0" }));
      expect(trade?.id).to.equal(id);
      expect(await client.trade(id)).to.deep.equal(trade);
      expect((await client.tradeProof(id)).orders).to.have.length(2);
    });
  });

  describe("orders", () => {
    it("are placed, read and cancelled", async () => {
      const client = connect({ signer: ADA });
      const order = await sign({ price: "0.5" });
      const hash = hashOrder(order, DOMAIN);
      expect(await client.placeOrder(order, { timeInForce: "GTC" })).to.deep.equal({
        ...{ orderHash: hash, conditionId: CONDITION, input: 0, isNew: true },
        status: "PENDING_MATCH",
      });
      expect((await client.placeOrder(order)).isNew).to.equal(false);
      expect((await client.order(hash)).order.maker).to.equal(ADA.address);
      await client.signIn();
      const cancelled = await client.cancelOrder(hash);
      expect(cancelled).to.include({ success: true, result: "CANCELLED" });
      expect(cancelled.order.status).to.equal("CANCELLED");
    });

    it("in a batch have their own results", async () => {
      const client = connect();
      const good = await sign({ price: "0.5" });
      const results = await client.placeOrders([
        { order: good, options: { postOnly: true } },
        { order: { ...good, salt: 1n } },
      ]);
      expect(results[0]).to.include({ success: true, isNew: true });
      expect(results[1]).to.deep.nested.include({ "error.code": "INVALID_SIGNATURE" });
    });

    it("are cancelled by name, by market, all, and by heartbeat", async () => {
      const client = connect({ signer: ADA });
      const hashes: Hex[] = [];
      for (const price of ["0.1", "0.2", "0.3"]) {
        hashes.push((await client.placeOrder(await sign({ price }))).orderHash);
      }
      await client.signIn();
      expect((await client.cancelOrders([hashes[0]!])).cancelled).to.equal(1);
      expect((await client.cancelMarket("market-0")).cancelled).to.equal(2);
      expect((await client.cancelAll()).cancelled).to.equal(0);
      expect((await client.heartbeat(10)).dueAt).to.equal(NOW_MS + 10_000);
    });

    for (const [name, signer] of [
      ["an ethers wallet", ADA],
      ["a viem account", privateKeyToAccount(ADA.privateKey as Hex)],
    ] as const) {
      it(`are cancelled by the signature of ${name} alone, and by its sign-in`, async () => {
        const client = connect({ signer });
        const { orderHash } = await client.placeOrder(await sign({ price: "0.5" }));
        expect(await client.cancelSigned([orderHash])).to.deep.equal({
          ...{ results: [{ hash: orderHash, result: "CANCELLED" }], cancelled: 1 },
        });
        expect((await client.signIn()).account).to.equal(ADA.address);
      });
    }
  });

  describe("refusals", () => {
    it("are errors with the venue's code, values, status and request id", async () => {
      const client = connect();
      const order = await sign({ price: "0.5", size: "3000" });
      const error = (await thrownBy(() => client.placeOrder(order))) as ApiError;
      expect(error).to.be.instanceOf(ApiError);
      expect(error).to.include({ code: "INSUFFICIENT_BALANCE", status: 422 });
      expect(error.details["missing"]).to.equal(`${500n * UNIT}`);
      expect(error.requestId).to.match(/^[0-9a-f-]{36}$/);
      const body = JSON.stringify(error);
      expect(body).to.not.include(order.signature);
    });

    it("by limit tell how long to wait; a short wait is waited", async () => {
      await http.app.close();
      const tiny = { count: 2, seconds: 6 };
      const limits = { ...DEFAULT_LIMITS, address: { ...DEFAULT_LIMITS.address, read: tiny } };
      http = await startHttp(await emptyStore("pglite"), { limits });
      venue = new VenueFetch(http);
      const client = connect({
        sleep: async (ms) => {
          waits.push(ms);
          http.venue.clock.pass(ms);
        },
      });
      for (let i = 0; i < 3; i++) await client.market("market-0");
      expect(waits).to.deep.equal([3000]);
      const impatient = connect({ retries: 0 });
      const error = await thrownBy(async () => {
        for (let i = 0; i < 3; i++) await impatient.market("market-0");
      });
      expect(error).to.be.instanceOf(RateLimitError);
      expect((error as RateLimitError).retryAfterSeconds).to.equal(3);
    });

    it("that ask for a long wait are the caller's to wait", async () => {
      venue.before = () => ({
        ...{ status: 429, text: async () => "", headers: { get: () => "11" } },
      });
      const error = (await thrownBy(() => connect().market("m"))) as RateLimitError;
      expect(error.retryAfterSeconds).to.equal(11);
      expect(venue.requests).to.have.length(1);
    });

    it("of something between here and there are told apart", async () => {
      venue.before = () => ({ status: 502, text: async () => "<html>bad gateway</html>" });
      const error = (await thrownBy(() => connect().market("m"))) as ApiError;
      expect(error).to.include({ code: "UNEXPECTED_ANSWER", status: 502 });
      expect(venue.requests, "asked again, as it changes nothing").to.have.length(3);
      venue.before = () => ({ status: 200, text: async () => "<html>" });
      expect(((await thrownBy(() => connect().market("m"))) as ApiError).code).to.equal(
        "UNEXPECTED_ANSWER",
      );
    });

    it("of the signer's user are told as such, and nothing is sent", async () => {
      const refuse = (): Promise<string> =>
        Promise.reject(Object.assign(new Error("no"), { code: 4001 }));
      const signer = {
        ...{ getAddress: async () => ADA.address, signMessage: refuse, signTypedData: refuse },
      };
      const client = connect({ signer });
      expect(await thrownBy(() => client.signIn())).to.be.instanceOf(SigningRejectedError);
      expect(venue.of("POST", "/verify")).to.deep.equal([]);
      expect(await thrownBy(() => connect().signIn())).to.be.instanceOf(InputError);
      expect(await thrownBy(() => connect().cancelSigned([]))).to.be.instanceOf(InputError);
    });

    it("health that is bad is an answer, not an error", async () => {
      const text = async () => '{"status":"unhealthy","services":{},"metrics":{}}';
      venue.before = () => ({ status: 503, text });
      expect((await connect().health()).status).to.equal("unhealthy");
    });
  });

  describe("no answer", () => {
    it("to what changes nothing: asked again, with growing waits, then told", async () => {
      venue.before = () => {
        throw new Error("socket hang up");
      };
      const error = (await thrownBy(() => connect().market("market-0"))) as UnreachableError;
      expect(error).to.be.instanceOf(UnreachableError);
      expect(error.details).to.deep.equal({ method: "GET", path: "/api/markets/market-0" });
      expect(waits).to.deep.equal([200, 400]);
    });

    it("in time: given up", async () => {
      const client = connect({
        ...{ timeoutMs: 5, retries: 0 },
        fetch: (_, { signal }) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(new Error("aborted")));
          }),
      });
      expect(await thrownBy(() => client.market("m"))).to.be.instanceOf(UnreachableError);
    });

    it("to the making of a key: not asked again, for it would make another", async () => {
      const client = connect({ signer: ADA });
      await client.signIn();
      venue.after = ({ url }) => {
        if (url.endsWith("/keys")) throw new Error("lost");
      };
      expect(await thrownBy(() => client.createKey(["read"]))).to.be.instanceOf(UnreachableError);
      expect(venue.of("POST", "/keys")).to.have.length(1);
    });
  });

  describe("a session", () => {
    it("is refreshed when its token is over, once for all who wait", async () => {
      const client = connect({ signer: ADA });
      await client.signIn();
      http.venue.clock.pass(15 * 60_000 + 1_000);
      const [me, balance] = await Promise.all([client.me(), client.balance()]);
      expect(me).to.include({ account: ADA.address, by: "session" });
      expect(balance.locked).to.equal(`${10n * UNIT}`);
      expect(venue.of("POST", "/refresh")).to.have.length(1);
    });

    it("goes on where it was left, and ends by signing out", async () => {
      const first = connect({ signer: ADA });
      const session = await first.signIn();
      const second = connect({ session });
      expect(await all(second.ownOrders())).to.deep.equal([]);
      expect(await all(second.ownTrades())).to.deep.equal([]);
      expect(await second.positions()).to.deep.equal([]);
      expect((await second.portfolio()).positions).to.equal(0);
      await second.signOut();
      expect(second.session()).to.equal(null);
      expect(((await thrownBy(() => first.me())) as ApiError).code).to.equal("SESSION_ENDED");
    });
  });

  describe("a key", () => {
    const program = async (scopes: ("read" | "trade" | "cancel")[], options = {}) => {
      const owner = connect({ signer: ADA });
      await owner.signIn();
      const apiKey = await owner.createKey(scopes);
      return { owner, apiKey, client: connect({ apiKey, ...options }) };
    };

    it("signs each request anew", async () => {
      const { client, owner, apiKey } = await program(["read", "cancel"]);
      expect((await client.me()).by).to.equal("key");
      expect((await client.me()).by).to.equal("key");
      expect((await client.cancelAll()).cancelled).to.equal(0);
      expect((await owner.keys()).map(({ id }) => id)).to.deep.equal([apiKey.id]);
      await owner.revokeKey(apiKey.id);
      expect(((await thrownBy(() => client.me())) as ApiError).status).to.equal(401);
      const text = JSON.stringify(venue.requests);
      expect(text).to.not.include(apiKey.secret);
    });

    it("with a clock that is off, is corrected once by the venue's, and stays right", async () => {
      const { client } = await program(["read"], { nowMs: () => NOW_MS - 3_600_000 });
      const before = venue.requests.length;
      expect((await client.me()).account).to.equal(ADA.address);
      expect((await client.me()).account).to.equal(ADA.address);
      expect(venue.requests.length - before).to.equal(3);
    });

    it("signed cancels are corrected the same way, and signed anew", async () => {
      const client = connect({ signer: ADA, nowMs: () => NOW_MS + 3_600_000 });
      const { orderHash } = await client.placeOrder(await sign({ price: "0.5" }));
      expect((await client.cancelSigned([orderHash])).cancelled).to.equal(1);
      expect(venue.of("POST", "/cancel")).to.have.length(2);
    });
  });

  it("refuses what is no address", async () => {
    expect(await thrownBy(() => createClient({ url: "venue" }))).to.be.instanceOf(InputError);
  });

  it("keeps a path that the venue stands behind", async () => {
    venue.before = () => ({});
    await connect({ url: "https://host/venue/" }).market("a/b");
    expect(venue.requests[0]!.url).to.equal("https://host/venue/api/markets/a%2Fb");
  });
});
