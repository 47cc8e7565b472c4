import { sql } from "kysely";
import { acquireLease, openStore, type Lease, type Store } from "../../../operator/src/store";
import { createPostgresDatabase } from "./createPostgresDatabase";

type Kind = Store["kind"];

const opened = new Map<Kind, Promise<Store>>();
const cleanups: (() => Promise<void>)[] = [];

async function open(kind: Kind): Promise<Store> {
  if (kind === "pglite") {
    const store = await openStore();
    cleanups.push(() => store.close());
    return store;
  }
  const { url, drop } = await createPostgresDatabase();
  const store = await openStore({ url });
  cleanups.push(async () => {
    await store.close();
    await drop();
  });
  return store;
}

/** The database of this run, emptied. It is shared: making one takes seconds. Nobody closes it. */
export async function emptyStore(kind: Kind): Promise<Store> {
  let store = opened.get(kind);
  if (store === undefined) opened.set(kind, (store = open(kind)));
  const { db } = await store;
  const tables = await sql<{
    name: string;
  }>`select table_name as name from information_schema.tables
    where table_schema = 'public' and table_name not like 'kysely%'`.execute(db);
  await sql`truncate ${sql.join(tables.rows.map(({ name }) => sql.table(name)))} restart identity`.execute(
    db,
  );
  return { ...(await store), close: async () => undefined };
}

type Commit = () => Promise<readonly unknown[]>;

/** The same database; every commit of the engine goes through `around`, which does it or not. */
export function withCommits(store: Store, around: (commit: Commit) => ReturnType<Commit>): Store {
  return {
    ...store,
    prepared: (query) => {
      const ask = (): Promise<readonly never[]> => store.prepared(query) as never;
      return query.sql.includes("store_effects") ? (around(ask) as never) : ask();
    },
  };
}

/** The same tests on both databases; those of PostgreSQL only when DATABASE_URL names a server. */
export function describeStores(title: string, tests: (fresh: () => Promise<Store>) => void): void {
  describe(`${title}, on the embedded database`, () => tests(() => emptyStore("pglite")));
  const server = process.env["DATABASE_URL"];
  describe(`${title}, on PostgreSQL`, function () {
    if (server === undefined || server === "") {
      it.skip("skipped: DATABASE_URL is not set");
      return;
    }
    tests(() => emptyStore("postgres"));
  });
}

after(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** Another holder has the lease now, as after the first one's silence. */
export async function takeOver(store: Store, name: string, holder: string): Promise<Lease> {
  await expireLease(store, name);
  return acquireLease(store.db, name, holder);
}

/** As if its holder had been silent for the whole of a lease. */
export async function expireLease(store: Store, name: string): Promise<void> {
  await store.db.updateTable("lease").set({ expires_at_ms: 0n }).where("name", "=", name).execute();
}
