import { randomBytes } from "node:crypto";
import { Client } from "pg";
import { sql } from "kysely";
import { openStore, type Store } from "../../../operator/src/store";

type Kind = Store["kind"];

const opened = new Map<Kind, Promise<Store>>();
const cleanups: (() => Promise<void>)[] = [];

/** A database of its own on the server that DATABASE_URL names, dropped when the run ends. */
export async function createPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = new URL(process.env["DATABASE_URL"] as string);
  const name = `nostra_test_${randomBytes(6).toString("hex")}`;
  const ask = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: server.toString() });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await ask(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.toString(), drop: () => ask(`drop database if exists ${name} with (force)`) };
}

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
