import { mkdirSync } from "node:fs";
import { Kysely, Migrator, PostgresDialect } from "kysely";
import type { CompiledQuery, LogEvent, Transaction } from "kysely";
import type { PostgresPool } from "kysely";
import type { ClientBase } from "pg";
import { ForeignDatabaseError, type DatabaseEndedError } from "../errors";
import { nameOf, PLAN_NAMED, READS } from "./columns";
import { lockDirectory } from "./lockDirectory";
import { migrations } from "./migrations";
import { openPool } from "./openPool";
import { PglitePool } from "./PglitePool";
import {
  DEFAULT_READ_CONNECTIONS,
  DEFAULT_READ_TIMEOUT_MS,
  readPool,
  type ReadOptions,
} from "./readPool";
import type { Database } from "./schema";

/** Where to keep things: a PostgreSQL server by `url`, or an embedded one in `directory`; in memory when neither is given. */
export interface StoreOptions {
  readonly url?: string | undefined;
  readonly directory?: string | undefined;
  /** Connections to PostgreSQL. Default 10. The embedded database has one. */
  readonly connections?: number;
  readonly reads?: ReadOptions | undefined;
  /** Told of each query how long it took, in milliseconds. */
  readonly onQuery?: (milliseconds: number) => void;
  /** Told when the embedded database ends though nobody closed it. PostgreSQL is waited for instead. */
  readonly onEnded?: (fault: DatabaseEndedError) => void;
}

export type Work<T> = (transaction: Transaction<Database>) => Promise<T>;

/** The database, migrated. */
export interface Store {
  readonly kind: "pglite" | "postgres";
  /** For the venue's own work: settler, indexer, monitor, sessions, health. */
  readonly db: Kysely<Database>;
  /**
   * For what strangers may ask: read only, on few connections of its own, for a limited time.
   * Its queries throw BusyError when there is no room.
   */
  readonly reads: Kysely<Database>;
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
    const pool = await PglitePool.open({ directory, onEnded });
    const store = await migrated("pglite", pool, onQuery);
    const commits = createDb(pool.inTurn("commit"), onQuery);
    const reads = createDb(readPool(pool.inTurn("read"), 1, options.reads ?? {}), onQuery);
    const prepared: Store["prepared"] = async (query) => (await commits.executeQuery(query)).rows;
    const close = async (): Promise<void> => {
      await store.close();
      unlock();
    };
    return { ...store, prepared, reads, close };
  } catch (thrown) {
    unlock();
    throw thrown;
  }
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

/** The one that stores, and the one that looks at the same time. */
const PREPARED_CONNECTIONS = 2;
const STATEMENT_TIMEOUT_MS = 30_000;
/** Of a commit: it is given up sooner, for it is done again, once, whatever became of it. */
const COMMIT_TIMEOUT_MS = 10_000;

async function openPostgres(url: string, options: StoreOptions): Promise<Store> {
  const { onQuery, connections = 10, reads: readOptions = {} } = options;
  const { connections: places = DEFAULT_READ_CONNECTIONS } = readOptions;
  // A migration may build an index over a large table: it takes the time it needs, on a connection of its own.
  await migrate(createDb(openPool(url, { connections: 1 }), undefined));
  const db = createDb(
    openPool(url, { connections, statementTimeoutMs: STATEMENT_TIMEOUT_MS }),
    onQuery,
  );
  const prepared = createDb(
    openPool(url, {
      connections: PREPARED_CONNECTIONS,
      statementTimeoutMs: COMMIT_TIMEOUT_MS,
      prepare: keepPrepared,
    }),
    onQuery,
  );
  const readsOf = openPool(url, {
    connections: places,
    statementTimeoutMs: readOptions.timeoutMs ?? DEFAULT_READ_TIMEOUT_MS,
    settings: { ...READS, jit: "off" },
  });
  const reads = createDb(readPool(readsOf, places, readOptions), onQuery);
  return {
    ...storeOf("postgres", db),
    reads,
    prepared: async (query) => (await prepared.executeQuery(query)).rows,
    close: async () => {
      await Promise.all([reads.destroy(), prepared.destroy()]);
      await db.destroy();
    },
  };
}

function createDb(pool: PostgresPool, onQuery: StoreOptions["onQuery"]): Kysely<Database> {
  return new Kysely<Database>({
    dialect: new PostgresDialect({ pool }),
    ...(onQuery === undefined
      ? {}
      : { log: ({ queryDurationMillis }: LogEvent) => onQuery(queryDurationMillis) }),
  });
}

/** Brings the tables up to date and ends the connection. */
async function migrate(db: Kysely<Database>): Promise<void> {
  try {
    await migrateToLatest(db);
  } finally {
    await db.destroy();
  }
}

async function migrateToLatest(db: Kysely<Database>): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

async function migrated(
  kind: Store["kind"],
  pool: PostgresPool,
  onQuery: StoreOptions["onQuery"],
): Promise<Omit<Store, "reads" | "prepared">> {
  const db = createDb(pool, onQuery);
  try {
    await migrateToLatest(db);
  } catch (thrown) {
    await db.destroy();
    throw thrown;
  }
  return storeOf(kind, db);
}

function storeOf(kind: Store["kind"], db: Kysely<Database>): Omit<Store, "reads" | "prepared"> {
  return {
    kind,
    db,
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
