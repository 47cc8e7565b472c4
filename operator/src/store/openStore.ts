import { mkdirSync } from "node:fs";
import { Kysely, Migrator, PostgresDialect } from "kysely";
import type { CompiledQuery, LogEvent, Transaction } from "kysely";
import { Pool, type ClientBase } from "pg";
import { ForeignDatabaseError, type DatabaseEndedError } from "../errors";
import { nameOf, PLAN_NAMED } from "./columns";
import { lockDirectory } from "./lockDirectory";
import { migrations } from "./migrations";
import { PARSERS } from "./parsers";
import { PglitePool } from "./PglitePool";
import type { Database } from "./schema";

/** Where to keep things: a PostgreSQL server by `url`, or an embedded one in `directory`; in memory when neither is given. */
export interface StoreOptions {
  readonly url?: string | undefined;
  readonly directory?: string | undefined;
  /** Connections to PostgreSQL. Default 10. The embedded database has one. */
  readonly connections?: number;
  /** Told of each query how long it took, in milliseconds. */
  readonly onQuery?: (milliseconds: number) => void;
  /** Told when the embedded database ends though nobody closed it. PostgreSQL is waited for instead. */
  readonly onEnded?: (fault: DatabaseEndedError) => void;
}

export type Work<T> = (transaction: Transaction<Database>) => Promise<T>;

/** The database, migrated. */
export interface Store {
  readonly kind: "pglite" | "postgres";
  readonly db: Kysely<Database>;
  /**
   * Runs a statement that has a name, by itself: all of it, or nothing. It is prepared once, on a connection that is kept for such
   * statements.
   */
  prepared<Row>(query: CompiledQuery<Row>): Promise<readonly Row[]>;
  /** All of it, or nothing. */
  transaction<T>(work: Work<T>): Promise<T>;
  /** Makes the database this deployment's. @throws ForeignDatabaseError when it is another's. */
  claim(facts: Readonly<Record<string, string>>): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the database and brings its tables up to date.
 * @throws InUseError when another process has the directory.
 */
export async function openStore(options: StoreOptions = {}): Promise<Store> {
  const { url, directory } = options;
  const { onQuery, onEnded } = options;
  if (url !== undefined) {
    return openPostgres(url, options);
  }
  const unlock = directory === undefined ? () => undefined : lockDirectory(directory);
  try {
    if (directory !== undefined) mkdirSync(directory, { recursive: true });
    const store = await migrated("pglite", await PglitePool.open({ directory, onEnded }), onQuery);
    const close = async (): Promise<void> => {
      await store.close();
      unlock();
    };
    return { ...store, close };
  } catch (thrown) {
    unlock();
    throw thrown;
  }
}

function postgresPool(url: string, connections: number): Pool {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    statement_timeout: 30_000,
    types: {
      getTypeParser: ((oid: number, format: "text" | "binary") => {
        const parser = PARSERS[oid];
        if (parser !== undefined) return parser;
        // eslint-disable-next-line @typescript-eslint/no-require-imports
        return (require("pg") as typeof import("pg")).types.getTypeParser(oid, format as never);
      }) as never,
    },
  });
  // A connection that breaks while nobody uses it is replaced by the pool; who uses one gets the error himself. One that is lent
  // out and has no query under way, as between the statements of a transaction, tells its breaking by an event alone, and an
  // event of an error that nobody listens to ends the process. The next query on it fails.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
}

/** A connection that prepares statements that have a name. */
function keepPrepared(client: ClientBase): void {
  // It fails with the connection, and then the next query does too.
  client.query(PLAN_NAMED).catch(() => undefined);
  const query = client.query.bind(client) as (asked: object) => unknown;
  client.query = ((text: string, values: unknown) => {
    return query({ name: nameOf(text), text, values });
  }) as never;
}

/** The one that stores, and the one that looks meanwhile. */
const PREPARED_CONNECTIONS = 2;

async function openPostgres(url: string, options: StoreOptions): Promise<Store> {
  const { onQuery, connections = 10 } = options;
  const store = await migrated("postgres", postgresPool(url, connections), onQuery);
  const pool = postgresPool(url, PREPARED_CONNECTIONS);
  pool.on("connect", keepPrepared);
  const prepared = createDb(pool, onQuery);
  return {
    ...store,
    prepared: async (query) => (await prepared.executeQuery(query)).rows,
    close: async () => {
      await prepared.destroy();
      await store.close();
    },
  };
}

function createDb(pool: Pool | PglitePool, onQuery: StoreOptions["onQuery"]): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    ...(onQuery === undefined
      ? {}
      : { log: ({ queryDurationMillis }: LogEvent) => onQuery(queryDurationMillis) }),
  });
}

async function migrated(
  kind: Store["kind"],
  pool: Pool | PglitePool,
  onQuery: StoreOptions["onQuery"],
): Promise<Store> {
  const db = createDb(pool, onQuery);
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw error;
  }
  return {
    kind,
    db,
    prepared: async (query) => (await db.executeQuery(query)).rows,
    transaction: (work) => db.transaction().execute(work),
    claim: (facts) => claim(db, facts),
    close: () => db.destroy(),
  };
}

async function claim(db: Kysely<Database>, facts: Readonly<Record<string, string>>): Promise<void> {
  for (const [key, value] of Object.entries(facts)) {
    await db
      .insertInto("meta")
      .values({ key, value })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const row = await db
      .selectFrom("meta")
      .select("value")
      .where("key", "=", key)
      .executeTakeFirstOrThrow();
    if (row.value !== value) throw new ForeignDatabaseError(key, row.value, value);
  }
}
