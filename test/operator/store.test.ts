import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Worker } from "node:worker_threads";
import { CompiledQuery } from "kysely";
import { DatabaseEndedError, InUseError, type OperatorError } from "../../operator/src/errors";
import {
  acquireLease,
  aggregateText,
  columnOf,
  insertText,
  lockDirectory,
  named,
  releaseLease,
  renewLease,
  requireLease,
  rowsOf,
  unnestText,
} from "../../operator/src/store";
import { PglitePool, startPgliteThread } from "../../operator/src/store/PglitePool";
import { describeStores, expireLease } from "./helpers/stores";

describeStores("store", (fresh) => {
  it("gives int8 as bigint and numeric as text", async () => {
    const { db } = await fresh();
    const most = (2n ** 256n - 1n).toString();
    await db.insertInto("account_nonce").values({ account: "0xa", nonce: most }).execute();
    await db
      .insertInto("outbox")
      .values({
        topic: "user:0xa",
        type: "order",
        payload: JSON.stringify({ n: [1] }),
        at_ms: 2n ** 53n,
      })
      .execute();
    const nonce = await db.selectFrom("account_nonce").selectAll().executeTakeFirstOrThrow();
    const out = await db.selectFrom("outbox").selectAll().executeTakeFirstOrThrow();
    expect(nonce.nonce).to.equal(most);
    expect(out.at_ms).to.equal(2n ** 53n);
    expect(out.id).to.equal(1n);
    expect(out.payload).to.equal('{"n":[1]}');
  });

  it("inserts columns of rows by one statement, whatever text is in them", async () => {
    const { db } = await fresh();
    const columns = { condition_id: "text", n: "int8", input: "int8", line: "text" } as const;
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      ...{ condition_id: "0xm", n: BigInt(i), input: 1n, line: `line "${i}" \\ {é}, null\n` },
    }));
    const text = named("test_columns", insertText("line", columns, 1));
    const insert = async (some: typeof rows): Promise<void> => {
      const values = Object.keys(columns).map((name) => columnOf(some, name as "line"));
      await db.executeQuery(CompiledQuery.raw(text, values));
    };
    await insert([]);
    await insert(rows.slice(0, 1));
    await insert(rows.slice(1));
    const found = await db.selectFrom("line").selectAll().orderBy("n").execute();
    expect(found).to.deep.equal(rows);
  });

  it("reads null, truth, numbers and control characters of columns as it says", async () => {
    const { db } = await fresh();
    const columns = { a: "text", b: "bool", c: "numeric", d: "int4" } as const;
    const rows = [
      { a: null, b: true, c: (2n ** 256n - 1n).toString(), d: 1 },
      { a: "one\x1ftwo\x1e", b: false, c: "0", d: -1 },
      { a: "", b: true, c: "1", d: 0 },
    ];
    const values = Object.keys(columns).map((name) => columnOf(rows, name as "a"));
    const query = CompiledQuery.raw(`select * from ${unnestText("given", columns, 1)}`, values);
    const found = await db.executeQuery(query);
    expect(found.rows).to.deep.equal([
      rows[0],
      { ...rows[1], a: "one two " },
      { ...rows[2], a: null },
    ]);
    const aggregate = `select ${aggregateText(columns)} from ${unnestText("given", columns, 1)}`;
    const [texts] = (await db.executeQuery(CompiledQuery.raw(aggregate, values))).rows;
    expect(rowsOf(columns, texts as Record<string, string>)).to.deep.equal(found.rows);
    const none = CompiledQuery.raw(`${aggregate} where false`, values);
    expect(rowsOf(columns, (await db.executeQuery(none)).rows[0] as never)).to.deep.equal([]);
  });

  it("does a named statement wholly or not at all, and again after it failed", async () => {
    const store = await fresh();
    const columns = { account: "text", nonce: "numeric" } as const;
    const text = named(
      "test_nonces",
      insertText("account_nonce", columns, 1, ", (select 1) as one"),
    );
    const insert = async (...accounts: string[]): Promise<void> => {
      const rows = accounts.map((account) => ({ account, nonce: "1" }));
      const values = [columnOf(rows, "account"), columnOf(rows, "nonce")];
      await store.prepared(CompiledQuery.raw(text, values));
    };
    const fault = await insert("0xa", "0xb", "0xa").catch((thrown: unknown) => thrown);
    expect(fault).to.include({ code: "23505" });
    await insert("0xc");
    await insert("0xa", "0xb");
    await expect(insert("0xd", "0xc")).to.be.rejected;
    const found = await store.db
      .selectFrom("account_nonce")
      .select("account")
      .orderBy("account")
      .execute();
    expect(found.map(({ account }) => account)).to.deep.equal(["0xa", "0xb", "0xc"]);
    const { rows } = await store.db.executeQuery(
      CompiledQuery.raw("select current_setting('enable_seqscan') as scans"),
    );
    expect(rows).to.deep.equal([{ scans: "on" }]);
  });

  it("undoes a transaction that throws", async () => {
    const store = await fresh();
    const work = store.transaction(async (trx) => {
      await trx.insertInto("account_nonce").values({ account: "0xa", nonce: "1" }).execute();
      throw new Error("no");
    });
    await expect(work).to.be.rejectedWith("no");
    expect(await store.db.selectFrom("account_nonce").selectAll().execute()).to.deep.equal([]);
  });

  it("belongs to the deployment that claimed it first", async () => {
    const store = await fresh();
    await store.claim({ chain: "137", exchange: "0x1" });
    await store.claim({ chain: "137", exchange: "0x1" });
    await expect(store.claim({ chain: "80002" })).to.be.rejectedWith(
      /made for chain 137, not 80002/,
    );
  });

  describe("lease", () => {
    it("is one writer's until it falls silent; then the next one has a higher number", async () => {
      const store = await fresh();
      const first = await acquireLease(store.db, "engine", "a");
      await expect(acquireLease(store.db, "engine", "b")).to.be.rejectedWith(
        InUseError,
        "the engine is in use by a",
      );
      await renewLease(store.db, first);
      await expireLease(store, "engine");
      const second = await acquireLease(store.db, "engine", "b");
      expect(second.fence).to.equal(first.fence + 1n);
      await expect(renewLease(store.db, first)).to.be.rejectedWith(/taken over engine/);
      await expect(store.transaction((trx) => requireLease(trx, first))).to.be.rejectedWith(
        /taken over/,
      );
      await store.transaction((trx) => requireLease(trx, second));
    });

    it("is free at once when given back", async () => {
      const { db } = await fresh();
      const first = await acquireLease(db, "engine", "a");
      await releaseLease(db, first);
      expect((await acquireLease(db, "engine", "b")).fence).to.equal(first.fence + 1n);
    });
  });
});

describe("the embedded database's thread", () => {
  const open = async () => {
    const told: OperatorError[] = [];
    let thread: Worker | undefined;
    const start = (directory: string | undefined): Worker => {
      return (thread = startPgliteThread(directory));
    };
    const pool = await PglitePool.open({ start, onEnded: (fault) => told.push(fault) });
    return { pool, thread: thread!, told };
  };

  it("that ends by itself is told of once, and whoever asks then or waits is told so", async () => {
    const { pool, thread, told } = await open();
    const client = await pool.connect();
    const waiting = client.query("select pg_sleep(10)", []);
    const ended = expect(waiting).to.be.rejectedWith(DatabaseEndedError);
    await thread.terminate();
    await ended;
    await expect(client.query("select 1", [])).to.be.rejectedWith(DatabaseEndedError);
    expect(told.map(({ code }) => code)).to.deep.equal(["DATABASE_ENDED"]);
    client.release();
    await pool.end();
  });

  it("that is told to end is not told of", async () => {
    const { pool, told } = await open();
    await pool.end();
    expect(told).to.deep.equal([]);
  });

  it("plans named statements in their way, and others in theirs, whichever come", async () => {
    const { pool } = await open();
    const client = await pool.connect();
    const setting = "select current_setting('enable_seqscan') as scans";
    const scans = async (text: string): Promise<unknown> => (await client.query(text, [])).rows;
    for (let i = 0; i < 2; i++) {
      for (let j = 0; j < 2; j++) {
        expect(await scans(named("shows_scans", setting))).to.deep.equal([{ scans: "off" }]);
      }
      for (let j = 0; j < 2; j++) expect(await scans(setting)).to.deep.equal([{ scans: "on" }]);
    }
    client.release();
    await pool.end();
  });
});

describe("data directory", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "nostra-lock-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is one process's: a second one is refused by name, and the lock of a dead one is taken over", () => {
    const directory = path.join(folder, "data");
    const unlock = lockDirectory(directory);
    expect(() => lockDirectory(directory)).to.throw(InUseError, `process ${process.pid}`);
    unlock();
    writeFileSync(`${directory}.lock`, JSON.stringify({ pid: 2 ** 22 + 1, since: "then" }));
    lockDirectory(directory)();
  });
});
