import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { program } from "#cli/program";
import { BusyError } from "../../operator/src/errors";
import { DEFAULT_LIMITS, scaleLimits } from "../../operator/src/http";
import { openStore, type Store } from "../../operator/src/store";
import { Gate } from "../../operator/src/store/Gate";
import { PglitePool } from "../../operator/src/store/PglitePool";
import { createPostgresDatabase } from "../operator/helpers/createPostgresDatabase";
import { startHttp } from "../operator/helpers/venue";
import { runInProcess } from "../helpers/cli";

describe("hostile: reads, on PostgreSQL", function () {
  if ((process.env["DATABASE_URL"] ?? "") === "") {
    it.skip("skipped: DATABASE_URL is not set");
    return;
  }
  let store: Store;
  let drop: () => Promise<void>;
  let refused = 0;
  before(async () => {
    const database = await createPostgresDatabase();
    drop = database.drop;
    const reads = { maxWaiting: 4, maxWaitMs: 300, onRefused: () => (refused += 1) };
    store = await openStore({ url: database.url, reads });
  });
  after(async () => {
    await store.close();
    await drop();
  });

  it("S5: a full pool of reads answers 503 with Retry-After, and nothing else of the venue waits", async () => {
    const http = await startHttp(store, { limits: scaleLimits(DEFAULT_LIMITS, 100_000) });
    try {
      let release = (): void => undefined;
      const released = new Promise<void>((resolve) => (release = resolve));
      let held = 0;
      const holders = Array.from({ length: 4 }, () =>
        store.reads.connection().execute(async () => {
          held += 1;
          await released;
        }),
      );
      while (held < 4) await new Promise(setImmediate);
      const answers = await Promise.all(
        Array.from({ length: 60 }, () => http.ask("GET", "/api/markets")),
      );
      expect(new Set(answers.map(({ status }) => status))).to.deep.equal(new Set([503]));
      for (const { json, headers } of answers) {
        expect(json.error.code).to.equal("BUSY");
        expect(headers["retry-after"]).to.equal(1);
      }
      expect(refused).to.be.at.least(60);
      const { status, json } = await http.ask("GET", "/ready");
      expect(status, JSON.stringify(json)).to.equal(200);
      await sql`select 1`.execute(store.db);
      release();
      await Promise.all(holders);
      expect((await http.ask("GET", "/api/markets")).status).to.equal(200);
    } finally {
      await http.app.close();
    }
  });

  it("S5: a read that takes too long is ended, and is BUSY", async () => {
    await expect(sql`select pg_sleep(20)`.execute(store.reads)).to.be.rejectedWith(BusyError);
  });
});

describe("hostile: reads, on the embedded database", () => {
  it("S5: commits go first, the venue's work next, and reads last, but not never", async () => {
    const pool = await PglitePool.open();
    try {
      const holding = await pool.connect("work");
      const order: string[] = [];
      const use = async (turn: "commit" | "work" | "read"): Promise<void> => {
        const client = await pool.connect(turn);
        order.push(turn);
        await client.query("select 1", []);
        client.release();
      };
      const all = [
        ...["read", "read", "work", "work", "commit", "commit"].map((turn) => use(turn as "read")),
      ];
      holding.release();
      await Promise.all(all);
      expect(order).to.deep.equal(["commit", "commit", "work", "work", "read", "read"]);

      order.length = 0;
      const again = await pool.connect("work");
      const busy = [use("read"), ...Array.from({ length: 20 }, () => use("commit"))];
      again.release();
      await Promise.all(busy);
      expect(order.indexOf("read"), "a read waits for at most eight others").to.equal(8);
    } finally {
      await pool.end();
    }
  });

  it("S5: a read may not write", async () => {
    const store = await openStore();
    try {
      const insert = sql`insert into meta values ('a', 'b')`;
      await expect(insert.execute(store.reads)).to.be.rejectedWith(/read-only transaction/);
      await insert.execute(store.db);
    } finally {
      await store.close();
    }
  });

  it("S5: more reads than may wait are refused at once", async () => {
    const store = await openStore({ reads: { maxWaiting: 5 } });
    try {
      const asked = Array.from({ length: 40 }, () =>
        sql`select count(*) from generate_series(1, 1000)`.execute(store.reads).then(
          () => "done",
          (fault: unknown) => (fault instanceof BusyError ? "busy" : String(fault)),
        ),
      );
      const work = await sql<{ one: number }>`select 1 as one`.execute(store.db);
      expect(work.rows).to.deep.equal([{ one: 1 }]);
      const results = await Promise.all(asked);
      expect(results.filter((result) => result === "done")).to.have.length(6);
      expect(results.filter((result) => result === "busy")).to.have.length(34);
    } finally {
      await store.close();
    }
  });
});

describe("hostile: the gate before reads", () => {
  it("S5: hands places on in the order of arrival, and forgets those whose time is up", async () => {
    const gate = new Gate({ what: "it", places: 1, maxWaiting: 2, maxWaitMs: 30 });
    const leave = await gate.enter();
    await expect(gate.enter()).to.be.rejectedWith(BusyError);
    expect(gate.waiting).to.equal(0);
    const second = gate.enter();
    leave();
    leave();
    expect(gate.inside).to.equal(1);
    (await second)();
    expect(gate.inside).to.equal(0);
  });
});

describe("hostile: replay of a venue's log", () => {
  let server: Server;
  let page: (n: number) => unknown;
  let asked = 0;
  let url: string;
  beforeEach(async () => {
    asked = 0;
    server = createServer((_request, response) => {
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify(page(asked++)));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/markets/x/log`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });
  const run = async (...more: string[]): Promise<string> => {
    const { status, err } = await runInProcess(program, ["replay", url, ...more]);
    expect(status).to.equal(1);
    return err;
  };

  it("M10: ends at the first line that is refused, without asking for more", async () => {
    page = (n) => ({ lines: [`line ${n}`], head: null, cursor: `c${n}` });
    expect(await run()).to.match(/line 0 of the log/);
    expect(asked).to.equal(1);
  });

  it("M10: refuses empty pages, cursors that repeat, pages that are none, and more lines than allowed", async () => {
    page = () => ({ lines: [], head: null, cursor: "again" });
    expect(await run()).to.match(/without lines/);
    page = () => ({ lines: [7], head: null, cursor: null });
    expect(await run()).to.match(/no log/);
    page = () => ({ lines: Array.from({ length: 501 }, () => "x"), head: null, cursor: null });
    expect(await run()).to.match(/no log/);
    page = () => ({ lines: ["x", "y"], head: null, cursor: null });
    expect(await run("--max-lines", "1")).to.match(/more than 1 lines; --max-lines/);
    expect(await run("--max-lines", "none")).to.match(/--max-lines is none/);
  });

  it("M10: stops reading a page that does not end", async () => {
    server.removeAllListeners("request");
    let isClosed = false;
    server.on("request", (_request, response) => {
      response.setHeader("content-type", "application/json");
      response.write('{"lines":["');
      const chunk = "x".repeat(1 << 20);
      const more = (): void => {
        while (!isClosed && response.write(chunk));
      };
      response.on("drain", more);
      response.on("close", () => (isClosed = true));
      more();
    });
    expect(await run()).to.match(/a page of more than \d+ bytes/);
  });
});
