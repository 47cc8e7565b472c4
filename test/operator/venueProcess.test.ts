import { orderToJson } from "@nostra/sdk/order";
import { expect } from "chai";
import hre from "hardhat";
import { sql } from "kysely";
import { openStore } from "../../operator/src/store";
import { runsOr, seedOr } from "../helpers/random";
import { VenueChain, type Trader } from "./helpers/venueProcessChain";
import { CommitCutter, cutConnections, refuseWrites } from "./helpers/venueProcessPostgres";
import { pause, until, World } from "./helpers/venueProcessWorld";

const SEED = seedOr(20_261);
const RUNS = runsOr(1);
const HAS_SERVER = (process.env["DATABASE_URL"] ?? "") !== "";
const IS_LONG = process.env["NOSTRA_LONG"] === "1";

type Kind = "pglite" | "postgres";

/** What faults that have little to do with the database are tested on: one of them, or both where there is time. */
const KINDS: readonly Kind[] = !HAS_SERVER
  ? ["pglite"]
  : IS_LONG
    ? ["pglite", "postgres"]
    : ["postgres"];

const nameOf = (kind: Kind): string =>
  kind === "pglite" ? "on the embedded database" : "on PostgreSQL";

describe(`a venue, its database and its node as processes (NOSTRA_SEED=${SEED})`, () => {
  let chain: VenueChain;
  let world: World;
  before(async () => {
    chain = await VenueChain.deploy();
  });
  after(async () => {
    await chain.rest();
    await hre.network.provider.send("hardhat_reset", []);
  });

  for (const kind of ["pglite", "postgres"] as const) {
    describe(nameOf(kind), function () {
      if (kind === "postgres" && !HAS_SERVER) {
        it.skip("skipped: DATABASE_URL is not set");
        return;
      }
      beforeEach(async () => {
        world = await World.make(chain, kind, SEED);
      });
      afterEach(() => world.end());

      it("killed at random moments of trading, loses nothing and settles nothing twice", async () => {
        // The embedded database takes seconds to start.
        const [orders, deaths] = kind === "pglite" ? [60, 2] : [90, 3];
        await world.start();
        let isOver = false;
        const over = world.trade(orders * RUNS).finally(() => (isOver = true));
        let kills = 0;
        while (!isOver && kills < deaths * RUNS) {
          await pause(world.chance.int(50, 500));
          await world.venue.kill();
          kills += 1;
          await world.start();
        }
        await over;
        expect(kills).to.be.greaterThan(0);
        await world.check();
      });

      it("told to stop while a settlement is out, ends well and goes on after the next start", async () => {
        await world.start();
        // Without blocks what is sent stays out.
        await chain.rest();
        await world.trade(30);
        await until(
          () => (world.node.asked.get("eth_sendRawTransaction") ?? 0) > 0,
          "a settlement is sent",
        );
        expect(await world.count("MATCHED")).to.be.greaterThan(0);
        await world.stop();
        chain.go();
        await world.start();
        await world.check();
      });

      it("refuses to run twice, and names who runs", async () => {
        await world.start();
        const second = world.spawn({ PORT: "0", STANDBY: "0" });
        const { status } = await second.ended;
        expect(status).to.equal(1);
        const holder = kind === "pglite" ? `process ${world.venue.pid}` : `\\S+/${world.venue.pid}`;
        expect(second.output.trim()).to.match(new RegExp(`^\\S.* is in use by ${holder}[^\\n]*$`));
        await world.trade(6);
        await world.check();
      });
    });
  }

  describe("when PostgreSQL", function () {
    if (!HAS_SERVER) {
      it.skip("skipped: DATABASE_URL is not set");
      return;
    }
    beforeEach(async () => {
      world = await World.make(chain, "postgres", SEED);
    });
    afterEach(() => world.end());

    it("has a wrong row, the check of these tests sees it", async () => {
      await world.start();
      await world.trade(30);
      await world.check();
      const store = await openStore({ url: world.database, connections: 1 });
      try {
        const tamper = async (wrong: string, right: string, expected: RegExp): Promise<void> => {
          await sql.raw(wrong).execute(store.db);
          await expect(world.check()).to.be.rejectedWith(expected);
          await sql.raw(right).execute(store.db);
        };
        const first = (table: string): string => `ctid = (select min(ctid) from ${table})`;
        await tamper(
          `create table kept as select * from fill where ${first("fill")}; delete from fill where ${first("fill")}`,
          "insert into fill select * from kept",
          /fills/,
        );
        await tamper(
          "update orders set remaining = remaining + 1 where state = 'OPEN'",
          "update orders set remaining = remaining - 1 where state = 'OPEN'",
          /remaining of/,
        );
        await tamper(
          "update match set making = making + 1",
          "update match set making = making - 1",
          /confirmed matches of/,
        );
        await world.check();
      } finally {
        await store.close();
      }
    });

    it("refuses writes for a while, new orders are put off, nothing is lost, and it goes on by itself", async () => {
      await world.start();
      await world.trade(20);
      await refuseWrites(world.database, true);
      const trading = world.trade(30);
      // The first wait in a commit that is tried again; those after them are put off at once.
      const probe = await world.sign(chain.traders[5]!, { side: "BUY" });
      await until(async () => {
        const { status, headers, json } = await world.ask(
          "POST",
          "/api/orders",
          orderToJson(probe.order),
        );
        const code = json.error?.code as string | undefined;
        if (code !== "DATABASE_UNAVAILABLE") return undefined;
        return status === 503 && Number(headers.get("retry-after")) > 0;
      }, "orders are put off");
      await pause(IS_LONG ? 30_000 : 1_500);
      const { status, json } = await world.ask("GET", `/api/markets/${chain.market.conditionId}`);
      expect([status, json.conditionId]).to.deep.equal([200, chain.market.conditionId]);
      await refuseWrites(world.database, false);
      await trading;
      for (const { status, headers, json } of world.putOff) {
        expect(status, JSON.stringify(json)).to.equal(503);
        expect(Number(headers.get("retry-after"))).to.be.greaterThan(0);
      }
      await world.check();
    });

    it("cuts its connections again and again, nothing is lost and nothing done twice", async () => {
      await world.start();
      let isOver = false;
      const over = world.trade(60 * RUNS).finally(() => (isOver = true));
      while (!isOver) {
        await pause(world.chance.int(20, 300));
        await cutConnections(world.database);
      }
      await over;
      await world.check();
    });

    it("does a commit and its answer is lost, it is done once", async () => {
      const cutter = await CommitCutter.start(world.database);
      try {
        await world.start({ DATABASE_URL: cutter.url });
        cutter.cuts = () => world.chance.chance(15);
        await world.trade(50 * RUNS);
        await until(() => cutter.lost > 3, "answers were lost");
        cutter.cuts = () => false;
        await world.check();
      } finally {
        await cutter.stop();
      }
    });
  });

  for (const kind of KINDS) {
    describe(`${nameOf(kind)}, when the chain or its node`, () => testNode(kind));
    describe(`${nameOf(kind)}, whatever else goes wrong`, () => testOthers(kind));
  }

  function testNode(kind: Kind): void {
    beforeEach(async () => {
      world = await World.make(chain, kind, SEED);
      await world.start();
    });
    afterEach(() => world.end());

    it("is down for a while, orders wait and then settle", async () => {
      await world.trade(10);
      world.node.goDown();
      const trading = world.trade(20);
      await pause(IS_LONG ? 30_000 : 3_000);
      expect((await world.ask("GET", "/live")).status).to.equal(200);
      world.node.heal();
      await trading;
      await world.check();
    });

    it("loses answers, also to transactions that it took, each match settles once", async () => {
      world.node.loseAnswers(world.chance, 8);
      await world.trade(40 * RUNS);
      await pause(500);
      world.node.heal();
      await world.check();
    });

    it("is several nodes, each some blocks behind, each match settles once", async () => {
      world.node.lag(world.chance, 3);
      await world.trade(40 * RUNS);
      await pause(500);
      world.node.heal();
      await world.check();
    });

    it("undoes blocks of settled matches, each settles once in the end", async () => {
      let isOver = false;
      const over = world.trade(60 * RUNS).finally(() => (isOver = true));
      let reorgs = 0;
      while (!isOver || reorgs < 4) {
        await pause(world.chance.int(100, 500));
        if (await chain.reorg(world.chance.int(1, 4), world.chance.chance(50))) reorgs += 1;
      }
      await over;
      await world.check();
    });

    it("swaps between two forks, it follows one of them", async () => {
      world.node.rememberForks(world.chance, 30);
      let isOver = false;
      const over = world.trade(40 * RUNS).finally(() => (isOver = true));
      while (!isOver) {
        await pause(world.chance.int(200, 600));
        await chain.reorg(world.chance.int(1, 3), false);
      }
      await over;
      world.node.heal();
      await world.check();
    });

    it("saw the operator's key used elsewhere, the lane stops, and goes on when people say so", async () => {
      await world.trade(10);
      await world.settled();
      await chain.spendNonce();
      await until(async () => {
        const { json } = await world.ask("GET", "/health");
        return JSON.stringify(json).includes("degraded") ? true : undefined;
      }, "the lane stops");
      // What cannot settle is not matched: nothing but cancels is taken.
      const { order } = await world.sign(chain.traders[0]!);
      const refusal = await until(async () => {
        const { status, json } = await world.ask("POST", "/api/orders", orderToJson(order));
        return status === 503 ? (json as { error: { code: string } }) : undefined;
      }, "orders are refused");
      expect(refusal.error.code).to.equal("CANCEL_ONLY");
      expect(world.venue.output).to.include("lane_stopped");
      await world.stop();
      const resumed = world.spawn({}, { command: "resume-lane" });
      expect((await resumed.ended).status, resumed.output).to.equal(0);
      await world.start();
      await world.trade(20);
      await world.check();
    });

    it("lets a maker take its money away after the match, its order is named and the others are matched anew", async () => {
      const [leaver, other, taker] = chain.traders.slice(3) as [Trader, Trader, Trader];
      await chain.rest();
      const left = await world.place(leaver, { side: "BUY", outcome: "yes", cents: 60, size: 30 });
      await world.place(other, { side: "BUY", outcome: "yes", cents: 58, size: 30 });
      const innocent = await world.place(taker, {
        ...{ side: "SELL", outcome: "yes", cents: 58, size: 20 },
      });
      await until(async () => ((await world.trades()).length > 0 ? true : undefined), "a match");
      await chain.drain(leaver, chain.operator.address);
      chain.go();
      await until(
        async () => ((await world.count("FAILED")) === 1 ? true : undefined),
        "the match fails",
      );
      await world.settled();
      const failed = (await world.trades()).find(({ state }) => state === "FAILED");
      expect(failed?.guiltyHash).to.equal(left.hash);
      expect((await world.ask("GET", `/api/orders/${left.hash}`)).json.status).to.equal(
        "INVALIDATED",
      );
      expect((await world.ask("GET", `/api/orders/${innocent.hash}`)).json.status).to.equal(
        "FILLED",
      );
      const again = await world.place(leaver, { side: "SELL", outcome: "yes" });
      expect([again.answer.status, again.answer.json.error.code]).to.deep.equal([
        429,
        "COOLING_DOWN",
      ]);
      expect(Number(again.answer.headers.get("retry-after"))).to.be.greaterThan(0);
      await world.check();
    });
  }

  function testOthers(kind: Kind): void {
    beforeEach(async () => {
      world = await World.make(chain, kind, SEED);
    });
    afterEach(() => world.end());

    for (const hours of [1, -1]) {
      it(`with the machine's clock ${hours > 0 ? "an hour fast" : "an hour slow"}, no order dies and all settle`, async () => {
        const required = world.module("clock.cjs", shiftedDate(hours * 3_600_000));
        await world.start({}, { required });
        const { timestamp } = (await hre.ethers.provider.getBlock("latest"))!;
        const [maker, taker] = [...chain.traders] as [Trader, Trader];
        const terms = { outcome: "yes", cents: 50, size: 10 } as const;
        const expiration = BigInt(timestamp) + 1_800n;
        const mortal = await world.place(maker, { ...terms, side: "BUY", expiration });
        expect(mortal.answer.status, JSON.stringify(mortal.answer.json)).to.equal(200);
        await world.trade(15);
        await pause(1_000);
        await world.place(taker, { ...terms, side: "SELL" });
        await world.settled();
        const { status } = (await world.ask("GET", `/api/orders/${mortal.hash}`)).json;
        expect(status).to.be.oneOf(["OPEN", "PARTIALLY_FILLED", "FILLED"]);
        await world.check();
      });
    }

    it("under a flood of malformed requests, it lives and trades", async () => {
      await world.start();
      const good = await world.sign(chain.traders[0]!, { side: "BUY" });
      const bodies = malformed(
        world,
        JSON.stringify(good.order, (_, v) => (typeof v === "bigint" ? `${v}` : v)),
      );
      const targets = [
        "/api/orders",
        "/api/orders/batch",
        "/api/orders/cancel",
        "/api/auth/verify",
      ];
      const codes = new Set<number>();
      for (let i = 0; i < bodies.length; i += 20) {
        await Promise.all(
          bodies.slice(i, i + 20).map(async (body, at) => {
            const target = targets[(i + at) % targets.length]!;
            const { status } = await world.ask("POST", target, body);
            codes.add(status);
          }),
        );
      }
      for (const target of [
        "/%",
        "/api/markets/%00",
        "/api/trades?limit=x",
        "/api/orders/0x",
        `/${"a".repeat(9_000)}`,
      ]) {
        codes.add((await world.ask("GET", target)).status);
      }
      expect([...codes].filter((code) => code >= 500 || code === 200)).to.deep.equal([]);
      await world.trade(10);
      await world.check();
    });

    it("that cannot start says why in a line, and tells no secret", async () => {
      const password = "pa55word-of-the-database";
      const faults: [Record<string, string>, RegExp, number][] = [
        [
          { DATABASE_URL: `postgres://venue:${password}@127.0.0.1:1/venue` },
          /ECONNREFUSED|connect/,
          1,
        ],
        [
          { OPERATOR_PRIVATE_KEY: chain.operator.privateKey.slice(0, 60) },
          /^OPERATOR_PRIVATE_KEY: /,
          2,
        ],
        [{ SECRET: "too short" }, /^SECRET: /, 2],
        [{ DEPLOYMENT: "/nowhere.json" }, /^DEPLOYMENT: /, 2],
      ];
      for (const [env, expected, code] of faults) {
        const process = world.spawn(env);
        const { status } = await process.ended;
        expect(status, process.output).to.equal(code);
        expect(process.output).to.match(expected);
        expect(process.output).not.to.include(password);
        expect(process.output).not.to.include(chain.operator.privateKey.slice(2, 60));
      }
      world.node.goDown();
      const { status } = await world.spawn({ START_PATIENCE_SECONDS: "1" }).ended;
      expect(status).to.equal(1);
      world.node.behave = async (method, _, pass) => (method === "eth_chainId" ? "0x89" : pass());
      const elsewhere = world.spawn();
      expect((await elsewhere.ended).status).to.equal(2);
      expect(elsewhere.output).to.match(/chain.*31337|31337.*chain/);
      world.checkSecrets();
    });
  }
});

/** A module after which it is another time for everybody. */
function shiftedDate(ms: number): string {
  return `const Real = Date;
globalThis.Date = class extends Real {
  constructor(...parts) { parts.length === 0 ? super(Real.now() + ${ms}) : super(...parts); }
  static now() { return Real.now() + ${ms}; }
};`;
}

/** Bodies that are no requests: broken, cut, nested, huge, of other types. */
function malformed({ chance }: World, good: string): string[] {
  const edges = [
    ...[
      '""',
      "null",
      "[]",
      "{}",
      "0",
      "1e999",
      '{"order":null}',
      '{"order":{}}',
      "{",
      "}",
      "\u0000",
    ],
    ...[
      "[".repeat(5_000),
      `{"a":${"[".repeat(500)}${"]".repeat(500)}}`,
      `"${"x".repeat(200_000)}"`,
    ],
    ...['{"__proto__":{"x":1}}', '{"constructor":{"prototype":1}}', '{"orders":[{},{},null]}'],
    ...[good, `{"order":${good}}`, `{"order":${good},"signature":"0x"}`],
  ];
  const broken = Array.from({ length: 200 }, () => {
    const at = chance.below(good.length);
    const text = chance.pick(["", "\\", '"', "-", "9".repeat(100), "null", "{", "\uffff"]);
    return `{"order":${good.slice(0, at)}${text}${good.slice(at + chance.below(4))},"signature":"0x00"}`;
  });
  return [...edges, ...broken];
}
