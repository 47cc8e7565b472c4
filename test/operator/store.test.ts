import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { InUseError } from "../../operator/src/errors";
import {
  acquireLease,
  insertMany,
  LEASE_MS,
  lockDirectory,
  releaseLease,
  renewLease,
  requireLease,
} from "../../operator/src/store";
import { describeStores } from "./helpers/stores";

describeStores("store", (fresh) => {
  it("gives int8 as bigint, numeric as text and jsonb as its value", async () => {
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
    expect(out.payload).to.deep.equal({ n: [1] });
  });

  it("inserts many rows by one statement, and passes by those that are there", async () => {
    const { db } = await fresh();
    const columns = { condition_id: "text", n: "int8", input: "int8", line: "text" } as const;
    const rows = Array.from({ length: 1000 }, (_, i) => ({
      ...{ condition_id: "0xm", n: BigInt(i), input: 1n, line: `line "${i}" \\ {é}, null` },
    }));
    await insertMany(db, "line", columns, rows.slice(0, 600));
    await insertMany(db, "line", columns, rows);
    const found = await db.selectFrom("line").selectAll().orderBy("n").execute();
    expect(found).to.deep.equal(rows);
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
      const first = await acquireLease(store.db, "engine", "a", 0n);
      await expect(acquireLease(store.db, "engine", "b", LEASE_MS - 1n)).to.be.rejectedWith(
        InUseError,
        "the engine is in use by a",
      );
      await renewLease(store.db, first, 10n);
      const second = await acquireLease(store.db, "engine", "b", LEASE_MS + 10n);
      expect(second.fence).to.equal(first.fence + 1n);
      await expect(renewLease(store.db, first, 0n)).to.be.rejectedWith(/taken over engine/);
      await expect(store.transaction((trx) => requireLease(trx, first))).to.be.rejectedWith(
        /taken over/,
      );
      await store.transaction((trx) => requireLease(trx, second));
    });

    it("is free at once when given back", async () => {
      const { db } = await fresh();
      const first = await acquireLease(db, "engine", "a", 0n);
      await releaseLease(db, first);
      expect((await acquireLease(db, "engine", "b", 1n)).fence).to.equal(first.fence + 1n);
    });
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
