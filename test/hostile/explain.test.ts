import { expect } from "chai";
import { Client } from "pg";
import { AccountWork } from "../../operator/src/engine/AccountWork";
import { MarketEngine } from "../../operator/src/engine/MarketEngine";
import { loadMarkets } from "../../operator/src/engine/loadMarkets";
import { OrderRecords } from "../../operator/src/engine/OrderRecords";
import { Reservations } from "../../operator/src/engine/Reservations";
import { DEFAULT_LIMITS, scaleLimits } from "../../operator/src/http";
import { openStore, type Store } from "../../operator/src/store";
import { createPostgresDatabase } from "../operator/helpers/createPostgresDatabase";
import {
  ADA,
  BOB,
  CONDITION,
  NOW_MS,
  OTHER_CONDITION,
  startHttp,
  type TestHttp,
} from "../operator/helpers/venue";
import { capture, rowsExamined } from "./helpers/examined";

/*
No question that a stranger may ask makes the database read more than MAX_EXAMINED rows in one statement: whatever there is of an
account, a market or a type, whether anything matches, and however deep a page lies. The tables are big, and lopsided on purpose: one
account and one market have nearly everything. Every GET route of the venue is asked, over the product of its filters, and each
statement that it leads to is explained as the database runs it.
*/

/** Written by hand. The largest: 1,001 places of an account's logs, and the logs. */
const MAX_EXAMINED = 2_100;
const LONG = process.env["NOSTRA_LONG"] === "1";
const LOGS = LONG ? 1_000_000 : 200_000;
const TRADES = LONG ? 300_000 : 60_000;
const ORDERS = LONG ? 300_000 : 60_000;
const MARKETS = LONG ? 50_000 : 10_000;

const HOT = ADA.address.toLowerCase();
const hex = (n: number | string): string => `'0x' || lpad(to_hex(${n}), 64, '0')`;

async function fill(url: string): Promise<void> {
  const now = Math.floor(NOW_MS / 1000);
  const statements = [
    `insert into chain_log select ${hex("g")}, g, 0, ${hex("g / 3")}, '${HOT}', array[${hex(1)}, ${hex("g % 7")}],
      '0x', case when g % 5000 = 0 then 'Rare' else 'OrderFilled' end, '{}'::jsonb,
      case when g % 1000 = 0 then '${OTHER_CONDITION}' else '${CONDITION}' end,
      array['${HOT}', '0x' || lpad(to_hex(g % 1000), 40, '0')], ${now - 2_000_000} + g
      from generate_series(1, ${LOGS}) g`,
    `insert into orders select ${hex("g")}, '${CONDITION}', 1000 + g, g, '${HOT}', '${HOT}', '${HOT}', 11, 1000000, 2000000, 0, 0, 0,
      g % 2, 0, '0x', 'limit', 'GTC', false, 'skip', 10000 * (1 + g % 99), case when g % 3 = 0 then 'NO' else 'YES' end,
      case when g % 3 = 0 then 'OPEN' else 'CANCELLED' end, 1000000, null, ${NOW_MS} - g, ${NOW_MS}
      from generate_series(1, ${ORDERS}) g`,
    `insert into match (id, condition_id, input, taker_hash, taker_fill_amount, making, taking, consumed, price, shares, state,
      matched_at_ms, updated_at_ms, tx_hash)
      select 'm' || g, '${CONDITION}', 1000 + g, ${hex("g")}, 1, 1, 1, 1, 500000, 1, 'FAILED', ${NOW_MS}, ${NOW_MS}, ${hex("g / 3")}
      from generate_series(1, ${TRADES}) g`,
    `insert into match_maker select 'm' || g, i, ${hex("g + i")}, 'MINT', 1, 1, 500000
      from generate_series(1, ${TRADES}) g, generate_series(0, 4) i`,
    `insert into match_account select '${HOT}', number, id from match`,
    `insert into line select '${CONDITION}', g, g, '{"n":' || g || '}' from generate_series(1, ${LOGS / 2}) g`,
    `insert into candle select '${CONDITION}', interval, ${now - (now % 86_400)} - g::int8 * interval, 1, 1, 1, 1, 1, 1, 1
      from generate_series(0, 20000) g, unnest(array[60, 300, 3600, 86400]) interval`,
    `insert into market select ${hex("g + 1000000")}, ${hex("g + 2000000")}, 2 * g + 100000, 2 * g + 100001, 'slug-' || g,
      'Question ' || g, '', case when g % 2 = 0 then 'Even' else 'Odd' end, '${HOT}', ${now} + 1000, ${now} + 2000, 0, g, true,
      case when g % 10 = 0 then 'FINALIZED' else 'OPEN' end, null, null, null, null, '0x'
      from generate_series(1, ${MARKETS}) g`,
    `insert into position select '${HOT}', 2 * g + 100000, ${hex("g + 1000000")}, 'YES', 1, 1, 0, 1, 0
      from generate_series(1, ${MARKETS}) g`,
    `analyze`,
  ];
  // By a connection without the venue's time-outs.
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

type Values = Readonly<Record<string, string>>;

/** Every way to take one of each. */
function product(...choices: readonly (readonly Values[])[]): Values[] {
  return choices.reduce<Values[]>(
    (all, some) => all.flatMap((left) => some.map((right) => ({ ...left, ...right }))),
    [{}],
  );
}

const one = (name: string, ...values: string[]): Values[] => [
  {},
  ...values.map((v) => ({ [name]: v })),
];
const cursor = (list: string, ...keys: (string | number)[]): Values => ({
  cursor: Buffer.from(JSON.stringify([1, list, ...keys.map(String)])).toString("base64url"),
});
const MANY: Values = { limit: "500" };
const date = (secondsAgo: number): string => `${Math.floor(NOW_MS / 1000) - secondsAgo}`;

/** Paths by operation, with the filters that go with each. */
const ASKED: Readonly<Record<string, readonly [path: string, queries: Values[]]>> = {
  listEvents: [
    "/api/events",
    [
      ...product(
        one("market", CONDITION, OTHER_CONDITION),
        one("event_type", "OrderFilled", "Rare", "NoSuch"),
        one("account", ADA.address, BOB.address),
        [
          {},
          { from: date(2_000_000) },
          { from: date(1_999_000), to: date(1_998_990) },
          { to: date(3_000_000) },
        ],
        [MANY, { ...MANY, offset: "500" }, { ...MANY, ...cursor("events", LOGS / 2, 0) }],
      ),
      ...[
        "OrderFilled",
        "NoSuch",
        ADA.address,
        `0x${"0".repeat(63)}5`,
        `0x${"0".repeat(60)}5555`,
      ].map((q) => ({ q, ...MANY })),
    ],
  ],
  listMarkets: [
    "/api/markets",
    product(
      one("state", "OPEN", "ENDED", "FINALIZED", "DISPUTED"),
      one("category", "Even", "None"),
      one("q", "Question 77", "nothing like it"),
      [MANY, { ...MANY, ...cursor("markets", MARKETS / 2, `0x${"0".repeat(64)}`) }],
    ),
  ],
  getMarket: [`/api/markets/${CONDITION}`, [{}]],
  getMarketDetails: [`/api/markets/${CONDITION}/details`, [{}]],
  getOrderBook: [`/api/markets/${CONDITION}/orderbook`, [{}]],
  getMidpoint: [`/api/markets/${CONDITION}/midpoint`, [{}]],
  getSpread: [`/api/markets/${CONDITION}/spread`, [{}]],
  getPrice: [`/api/markets/${CONDITION}/price`, [{}]],
  getMarketStats: [`/api/markets/${CONDITION}/stats`, [{}]],
  getStats: ["/api/stats", [{}]],
  getMarketLog: [
    `/api/markets/${CONDITION}/log`,
    product(one("from", "5", "90000000"), [MANY, { ...MANY, ...cursor("log", 77) }]),
  ],
  getCandles: [
    `/api/markets/${CONDITION}/candles`,
    product(
      one("interval", "1m", "1d"),
      [{}, { from: date(900_000) }, { from: date(900_000), to: date(890_000) }],
      [MANY],
    ),
  ],
  getPriceHistory: [`/api/markets/${CONDITION}/history`, [MANY]],
  listOrders: [
    "/api/orders",
    product(
      [{ marketId: CONDITION }, { marketId: OTHER_CONDITION }],
      one("side", "BUY", "SELL"),
      one("outcome", "YES", "NO"),
      [MANY, { ...MANY, ...cursor("orders", 0, -500_000, 3_000) }],
    ),
  ],
  getOrder: [`/api/orders/0x${"0".repeat(63)}5`, [{}]],
  listOwnOrders: [
    "/api/user/orders",
    product(
      one("market", CONDITION, OTHER_CONDITION),
      one("status", "OPEN", "PARTIAL", "CANCELLED", "FILLED", "PENDING_MATCH"),
      [MANY, { ...MANY, ...cursor("own-orders", NOW_MS - 5_000, "0x5") }],
    ),
  ],
  listTrades: [
    "/api/trades",
    product(one("market", CONDITION, OTHER_CONDITION), [
      MANY,
      { ...MANY, ...cursor("trades", TRADES / 2) },
    ]),
  ],
  listMarketTrades: [`/api/markets/${CONDITION}/trades`, [MANY]],
  listOwnTrades: ["/api/user/trades", [MANY, { ...MANY, ...cursor("trades", TRADES / 2) }]],
  getTrade: ["/api/trades/m7", [{}]],
  getTradeProof: ["/api/trades/m7/proof", [{}]],
  getBalance: ["/api/user/balance", [{}]],
  listPositions: [
    "/api/user/positions",
    [MANY, { ...MANY, ...cursor("positions", `0x${"0".repeat(59)}f4245`, "YES") }],
  ],
  getPortfolio: ["/api/user/portfolio", [{}]],
  getMe: ["/api/auth/me", [{}]],
  listKeys: ["/api/auth/keys", [{}]],
  getNonce: ["/api/auth/nonce", [{}]],
  getDeployment: ["/api/deployment", [{}]],
};

/** Not asked here: they ask the database for a constant, or nothing. */
const SYSTEM = ["getHealth", "getLive", "getReady", "getMetrics", "getStatus"];

describe("hostile: what each read examines, on PostgreSQL", function () {
  if ((process.env["DATABASE_URL"] ?? "") === "") {
    it.skip("skipped: DATABASE_URL is not set");
    return;
  }
  let store: Store;
  let http: TestHttp;
  let drop: () => Promise<void>;
  let headers: Record<string, string>;

  before(async () => {
    const database = await createPostgresDatabase();
    drop = database.drop;
    // The bound is on rows; a busy machine may take its time.
    store = await openStore({ url: database.url, reads: { timeoutMs: 30_000 } });
    http = await startHttp(store, { limits: scaleLimits(DEFAULT_LIMITS, 100_000) });
    headers = await http.signIn(ADA);
    await fill(database.url);
  });
  after(async () => {
    await http?.app.close();
    await store?.close();
    await drop?.();
  });

  it("a start reads no history: both ends of a log, and what is open", async () => {
    const monotonicMs = (): number => 0;
    const shared = {
      rules: { maxMakers: 50, marginSeconds: 0n },
      reservations: new Reservations(),
      records: new OrderRecords(),
      work: new AccountWork(monotonicMs),
    };
    const market = { conditionId: OTHER_CONDITION, yes: 11n, no: 12n, tick: 10_000n };
    const { recorder } = new MarketEngine({ ...shared, market });
    const opening = { condition_id: OTHER_CONDITION, n: 0n, input: 0n, line: recorder.opening };
    const latest = {
      ...opening,
      n: 90_000_000n,
      line: recorder.expire(0n, 1).line,
    };
    await store.db.insertInto("line").values([opening, latest]).execute();
    const captured = await capture(store, async () => {
      const loaded = await loadMarkets(store, shared);
      expect(loaded).to.have.length(1);
    });
    expect(captured.length).to.be.above(3);
    for (const { query } of captured) {
      expect(await rowsExamined(store.db, query), query.sql).to.be.at.most(10);
    }
  });

  it("S5: every route that reads is asked here", () => {
    const gets = http.operations.filter(({ method }) => method === "GET").map(({ id }) => id);
    expect(gets.filter((id) => !SYSTEM.includes(id)).sort()).to.have.members(Object.keys(ASKED));
  });

  for (const [id, [path, queries]] of Object.entries(ASKED)) {
    it(`S5: ${id}: ${queries.length} questions, each statement within ${MAX_EXAMINED} rows`, async () => {
      const worst = { examined: 0, url: "", statement: "" };
      for (const query of queries) {
        const text = new URLSearchParams(query).toString();
        const url = text === "" ? path : `${path}?${text}`;
        const captured = await capture(store, async () => {
          const { status, text: answer } = await http.ask("GET", url, { headers });
          expect(status, `${url}: ${answer.slice(0, 200)}`).to.equal(200);
        });
        for (const { pool, query: sent } of captured) {
          const examined = await rowsExamined(store.reads, sent);
          expect(examined, `${url}: ${sent.sql}`).to.be.at.most(MAX_EXAMINED);
          if (examined > worst.examined) Object.assign(worst, { examined, url });
          // Sessions and keys are the venue's own work.
          const isOwn = /"(?:session|api_key|used_nonce)"/.test(sent.sql);
          expect(
            pool === "reads" || isOwn,
            `${url} uses the venue's own pool: ${sent.sql}`,
          ).to.equal(true);
        }
      }
    });
  }
});
