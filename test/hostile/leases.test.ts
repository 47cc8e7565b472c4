import { expect } from "chai";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { sql } from "kysely";
import { Client } from "pg";
import { FencedError, InUseError } from "../../operator/src/errors";
import { silentLog } from "../../operator/src/log";
import { startOrStandBy } from "../../operator/src/standby";
import {
  acquireLease,
  keepLease,
  leaseHolder,
  lockDirectory,
  openStore,
  releaseLease,
  renewLease,
  requireLease,
  type Store,
} from "../../operator/src/store";
import { createPostgresDatabase } from "../operator/helpers/createPostgresDatabase";
import { describeStores, expireLease, takeOver } from "../operator/helpers/stores";
import { freePort, pause, until } from "../operator/helpers/venueProcessWorld";

describeStores("hostile: leases", (fresh) => {
  /** Milliseconds that a lease has left, by the database's clock. */
  const left = async ({ db }: Store): Promise<number> => {
    const { rows } = await sql<{ left: bigint }>`select expires_at_ms
      - (extract(epoch from clock_timestamp()) * 1000)::int8 as left from lease`.execute(db);
    return Number(rows[0]!.left);
  };

  for (const hours of [-5, 5]) {
    it(`K6: the database's clock dates a lease, with this process's clock ${hours} h off`, async () => {
      const store = await fresh();
      const now = Date.now;
      Date.now = () => now() + hours * 3_600_000;
      try {
        const lease = await acquireLease(store.db, "engine", "elsewhere/1");
        expect(await left(store)).to.be.within(1, 15_000);
        await expect(acquireLease(store.db, "engine", "elsewhere/2")).to.be.rejectedWith(
          InUseError,
        );
        await renewLease(store.db, lease);
        expect(await left(store)).to.be.within(1, 15_000);
        await expireLease(store, "engine");
        await acquireLease(store.db, "engine", "elsewhere/2");
        await expect(renewLease(store.db, lease)).to.be.rejectedWith(FencedError);
      } finally {
        Date.now = now;
      }
    });
  }

  it("K3: a process whose lease is taken finds out by the next renewal, once", async () => {
    const store = await fresh();
    const lease = await acquireLease(store.db, "engine", "elsewhere/1");
    const lost: FencedError[] = [];
    const clock = { monotonicMs: () => performance.now() };
    const onLost = (fault: FencedError): void => void lost.push(fault);
    const kept = keepLease({ store, lease, clock, log: silentLog, onLost, everyMs: 20 });
    expect(kept.isHeld()).to.equal(true);
    await takeOver(store, "engine", "elsewhere/2");
    await until(() => lost.length > 0, "the loss is reported");
    expect(kept.isHeld()).to.equal(false);
    await pause(100);
    expect(lost).to.have.length(1);
    await kept.stop();
  });

  it("K3: a lease that was not renewed for as long as it lasts is not held, by the monotonic clock; and is again once it is renewed", async () => {
    const store = await fresh();
    const lease = await acquireLease(store.db, "engine", "elsewhere/1");
    let ms = 0;
    let isDown = true;
    const db = new Proxy(store.db, {
      get: (target, name) => {
        if (isDown && name === "updateTable") throw new Error("the database does not answer");
        const found = Reflect.get(target, name, target) as unknown;
        return typeof found === "function" ? (found.bind(target) as unknown) : found;
      },
    });
    const onLost = (): void => expect.fail("nobody took it");
    const clock = { monotonicMs: () => ms };
    const kept = keepLease({ store: { db }, lease, clock, log: silentLog, onLost, everyMs: 10 });
    ms = 14_999;
    expect(kept.isHeld()).to.equal(true);
    ms = 15_000;
    expect(kept.isHeld()).to.equal(false);
    isDown = false;
    await until(() => kept.isHeld(), "it is renewed");
    await kept.stop();
  });

  it("names who has a lease, and nobody when it is free", async () => {
    const store = await fresh();
    expect(await leaseHolder(store.db, "engine")).to.equal(null);
    const lease = await acquireLease(store.db, "engine", "elsewhere/1");
    expect(await leaseHolder(store.db, "engine")).to.equal("elsewhere/1");
    await releaseLease(store.db, lease);
    expect(await leaseHolder(store.db, "engine")).to.equal(null);
  });
});

describe("hostile: leases, on PostgreSQL", function () {
  if ((process.env["DATABASE_URL"] ?? "") === "") {
    it.skip("skipped: DATABASE_URL is not set");
    return;
  }
  let url: string;
  let store: Store;
  let drop: () => Promise<void>;
  before(async () => {
    ({ url, drop } = await createPostgresDatabase());
    store = await openStore({ url });
  });
  after(async () => {
    await store.close();
    await drop();
  });

  it("K2: a holder frozen in a transaction is named, loses its session, and does not keep its successor out", async () => {
    const lease = await acquireLease(store.db, "engine", "elsewhere/1");
    let thaw = (): void => undefined;
    const frozen = store
      .transaction(async (trx) => {
        await requireLease(trx, lease);
        await new Promise<void>((resolve) => (thaw = resolve));
        await requireLease(trx, lease);
      })
      .then(
        () => expect.fail("its session lived on"),
        (fault: unknown) => fault,
      );
    await until(async () => {
      const { rows } = await sql<{ count: bigint }>`select count(*) from pg_stat_activity
        where datname = current_database() and state = 'idle in transaction'`.execute(store.db);
      return Number(rows[0]!.count) > 0;
    }, "it is in the transaction");
    // By hand: an expired lease, so that only the row's lock is in the way.
    const successor = await openStore({ url });
    try {
      const attempt = (): Promise<unknown> =>
        acquireLease(successor.db, "engine", "elsewhere/2").catch((fault: unknown) => fault);
      const refused = (await until(async () => {
        const got = await attempt();
        return got instanceof InUseError ? got : undefined;
      }, "it is refused")) as InUseError;
      expect(refused.message)
        .to.match(/engine/)
        .and.to.match(/elsewhere\/1/);
      const startedMs = performance.now();
      const taken = await until(
        async () => {
          const got = await attempt();
          return got instanceof Error ? undefined : got;
        },
        "the successor has the lease",
        40_000,
      );
      expect(taken).to.have.property("fence", lease.fence + 1n);
      // A lease and ten seconds, with room for a busy machine.
      expect(performance.now() - startedMs).to.be.below(35_000);
      thaw();
      expect(await frozen).to.be.instanceOf(Error);
    } finally {
      thaw();
      await successor.close();
    }
  });

  it("K2: sessions have the time-outs that end what a lost host leaves, whatever the URL sets", async () => {
    const own = new URL(url);
    own.searchParams.set("options", "-c tcp_user_timeout=77 -c work_mem=5MB");
    const other = await openStore({ url: own.toString() });
    try {
      for (const db of [other.db, other.reads]) {
        const { rows } = await sql<Record<string, string>>`select
          current_setting('idle_in_transaction_session_timeout') as idle,
          current_setting('work_mem') as "ofUrl",
          current_setting('tcp_keepalives_idle') as keepalive,
          current_setting('statement_timeout') as statement`.execute(db);
        expect(rows[0]).to.include({ idle: "10s", ofUrl: "5MB", keepalive: "10" });
        expect(rows[0]!["statement"]).to.equal(db === other.reads ? "1500ms" : "30s");
      }
      await expect(sql`insert into meta values ('a', 'b')`.execute(other.reads)).to.be.rejectedWith(
        /read-only transaction/,
      );
    } finally {
      await other.close();
    }
  });

  it("K2: a row that another transaction has locked is answered with its holder, within seconds", async () => {
    await takeOver(store, "locked", "elsewhere/9");
    await expireLease(store, "locked");
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query("select * from lease where name = 'locked' for update");
      const fault = await acquireLease(store.db, "locked", "elsewhere/10").then(
        () => expect.fail("it was taken"),
        (thrown: unknown) => thrown as InUseError,
      );
      expect(fault).to.be.instanceOf(InUseError);
      expect(fault.message).to.match(/lease row is locked by elsewhere\/9/);
      expect(fault.details).to.include({ isLocked: true });
    } finally {
      await client.end();
    }
  });
});

describe("hostile: standby", () => {
  const inUse = (): InUseError => new InUseError("the engine", "elsewhere/1");

  it("K3: waits while the directory is in use, answers /live and /ready, and takes over when it is free", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "nostra-standby-"));
    const directory = path.join(folder, "data");
    const port = await freePort();
    const unlock = lockDirectory(directory);
    let starts = 0;
    try {
      const venue = startOrStandBy(
        async () => {
          starts += 1;
          const mine = lockDirectory(directory);
          mine();
          return "open";
        },
        {
          ...{ store: { directory }, host: "127.0.0.1", port, log: silentLog },
          ...{ waits: true, everyMs: 20 },
        },
      );
      const ask = async (what: string): Promise<number | undefined> =>
        (await fetch(`http://127.0.0.1:${port}${what}`).catch(() => undefined))?.status;
      await until(async () => (await ask("/live")) === 200, "it answers");
      expect(await ask("/ready")).to.equal(503);
      expect(await ask("/api/markets")).to.equal(503);
      expect(starts).to.equal(1);
      unlock();
      expect(await venue).to.equal("open");
      expect(starts).to.equal(2);
      expect(await ask("/live"), "its port is free for the venue").to.equal(undefined);
    } finally {
      unlock();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("refuses at once when it is not to wait, and lets other faults through", async () => {
    const options = { store: {}, host: "127.0.0.1", port: 0, log: silentLog };
    const start = async (): Promise<never> => {
      throw inUse();
    };
    await expect(startOrStandBy(start, { ...options, waits: false })).to.be.rejectedWith(
      InUseError,
    );
    const broken = async (): Promise<never> => {
      throw new Error("no node");
    };
    await expect(startOrStandBy(broken, { ...options, waits: true })).to.be.rejectedWith("no node");
  });
});
