import { expect } from "chai";
import fc from "fast-check";
import { runsOr, seedOr } from "../helpers/random";
import { DEFAULT_LIMITS } from "../../operator/src/http";
import { describeStores } from "./helpers/stores";
import { CONDITION, NOW_MS, startHttp, type TestHttp } from "./helpers/venue";

const endless = { count: 1e9, seconds: 1 };
const all = { read: endless, order: endless, cancel: endless, auth: endless, probe: endless };
const LIMITS = { ...DEFAULT_LIMITS, address: all, account: all, addressTotal: all };

/** Texts that have broken servers before. */
const nasty = fc.constantFrom(
  ...[
    "\0",
    "a\0b",
    "\ud800",
    "%",
    "_",
    "\\",
    "'",
    '"',
    "--",
    "null",
    "NaN",
    "1e999",
    "-1",
    "0x",
    "",
  ],
  ...["999999999999999999", "-999999999999999999", "9007199254740993", "2026", "275760-09-13", " "],
  ...["../../etc/passwd", "%00", "market-0", CONDITION, "__proto__", "constructor"],
);

/** Cursors of every list, with numbers of any size. */
const LISTS = ["orders", "own-orders", "markets", "trades", "events", "log", "candles-1m"];
const crafted = fc
  .tuple(fc.constantFrom(...LISTS), fc.array(fc.oneof(nasty, fc.string()), { maxLength: 3 }))
  .map(([list, keys]) => Buffer.from(JSON.stringify([1, list, ...keys])).toString("base64url"));

const text = fc.oneof(nasty, fc.string({ unit: "binary", maxLength: 20 }), crafted);

const QUERIES =
  "marketId side outcome limit cursor market state category q event_type account from to offset depth interval asset status".split(
    " ",
  );

describeStores("operator: HTTP under random requests", (fresh) => {
  let http: TestHttp;
  before(async () => {
    http = await startHttp(await fresh(), { limits: LIMITS });
    const { db } = http.venue.store;
    await db
      .insertInto("candle")
      .values({
        ...{ condition_id: CONDITION, interval: 60, start: BigInt(NOW_MS / 1000 - 600) },
        ...{ open: 1, high: 1, low: 1, close: 1, shares: "1", volume: "1", trades: 1 },
      })
      .execute();
  });
  after(() => http.app.close());

  it("never fails by itself: every answer is right or a refusal", async () => {
    const headers = await http.signIn();
    const operations = http.operations.filter(({ id }) => id !== "logout");
    const request = fc.record({
      id: fc.constantFrom(...operations.map(({ id }) => id)),
      path: fc.nat(6),
      params: fc.array(text, { minLength: 2, maxLength: 2 }),
      query: fc.dictionary(fc.constantFrom(...QUERIES), text, { maxKeys: 4 }),
      market: fc.boolean(),
      body: fc.oneof(
        fc.jsonValue(),
        fc.record(
          {
            order: fc.jsonValue(),
            signature: fc.oneof(fc.jsonValue(), text),
            options: fc.jsonValue(),
            orders: fc.jsonValue(),
            orderHashes: fc.array(text),
            market: text,
            all: fc.boolean(),
            seconds: fc.oneof(fc.double(), fc.integer()),
            message: text,
            refreshToken: text,
            cancel: fc.record({ maker: text, orderHashes: fc.array(text), timestamp: text }),
          },
          { requiredKeys: [] },
        ),
      ),
      signedIn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ id, path, params, query, body, ...how }) => {
        const operation = operations.find((one) => one.id === id)!;
        let used = 0;
        http.lines.length = 0;
        const url = operation.paths[path % operation.paths.length]!.replace(/:\w+/g, () => {
          const param = how.market ? "market-0" : params[used++ % 2]!;
          return encode(param) || "x";
        });
        const search = Object.entries(query).map(([name, value]) => `${name}=${encode(value)}`);
        const { status, text } = await http.ask(operation.method, `${url}?${search.join("&")}`, {
          ...(operation.method === "GET" ? {} : { body: body ?? null }),
          ...(how.signedIn ? { headers } : {}),
        });
        expect(status, text).to.be.below(500);
        expect(http.lines).to.deep.equal([]);
      }),
      { seed: seedOr(1), numRuns: runsOr(600), verbose: 1 },
    );
  });
});

/** As a URL has it; lone surrogates, which it cannot have, left out. */
function encode(value: string): string {
  return encodeURIComponent(value.replace(/[\ud800-\udfff]/g, ""));
}
