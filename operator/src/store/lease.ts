import { hostname } from "node:os";
import { sql, type Kysely, type RawBuilder, type Transaction } from "kysely";
import { FencedError, InUseError } from "../errors";
import { isAlive } from "./isAlive";
import type { Database } from "./schema";

/** The right to be the only writer of something, with the number that proves it. */
export interface Lease {
  readonly name: string;
  readonly fence: bigint;
}

/** What this process calls itself as a holder. */
export const THIS_PROCESS = `${hostname()}/${process.pid}`;

/** True of a process of this machine that has died: no need to wait for it. */
function isGone(holder: string): boolean {
  const [host, pid] = holder.split("/");
  if (host !== hostname() || pid === undefined || !/^\d+$/.test(pid)) return false;
  return !isAlive(Number(pid));
}

/** How long a writer that fell silent keeps its right. */
export const LEASE_MS = 15_000n;

/** How long a process waits for a lease row that another one has locked, before it says so. */
const LOCK_TIMEOUT_MS = 2_000;
/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = "55P03";

/**
 * The time that all leases go by: the database's own, in milliseconds. It is one clock for all processes, whatever their machines
 * believe. Of the moment, and not of the transaction's beginning.
 */
const NOW_MS = sql<bigint>`(extract(epoch from clock_timestamp()) * 1000)::int8`;
const UNTIL_MS: RawBuilder<bigint> = sql`${NOW_MS} + ${LEASE_MS}::int8`;

/**
 * Takes the right to write, if nobody has it who was heard of lately.
 * @param holder Who takes it, for people: host and process.
 * @throws InUseError naming who has it, or who has its row locked.
 */
export async function acquireLease(
  db: Kysely<Database>,
  name: string,
  holder: string,
): Promise<Lease> {
  let held: { readonly holder: string } | undefined;
  try {
    const fence = await db.transaction().execute(async (trx) => {
      await sql.raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`).execute(trx);
      const taken = await takeIfFree(trx, name, holder);
      if (taken !== undefined) return taken;
      const row = await findHolder(trx, name);
      held = row;
      return row !== undefined && isGone(row.holder) ? takeFrom(trx, name, holder, row) : undefined;
    });
    if (fence !== undefined) return { name, fence };
  } catch (thrown) {
    if ((thrown as { code?: unknown } | null)?.code !== LOCK_NOT_AVAILABLE) throw thrown;
    const row = await findHolder(db, name);
    throw new InUseError(`the ${name}`, row?.holder ?? "another process", true);
  }
  throw new InUseError(`the ${name}`, held?.holder ?? "another process");
}

async function takeIfFree(
  db: Kysely<Database>,
  name: string,
  holder: string,
): Promise<bigint | undefined> {
  const row = await db
    .insertInto("lease")
    .values({ name, holder, fence: 1n, position: 0n, expires_at_ms: UNTIL_MS })
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet((eb) => ({
          holder,
          fence: eb("lease.fence", "+", 1n),
          expires_at_ms: UNTIL_MS,
        }))
        .where((eb) =>
          eb.or([eb("lease.expires_at_ms", "<=", NOW_MS), eb("lease.holder", "=", holder)]),
        ),
    )
    .returning("fence")
    .executeTakeFirst();
  return row?.fence;
}

/** From a process of this machine that is dead, unless another process was faster. */
async function takeFrom(
  db: Kysely<Database>,
  name: string,
  holder: string,
  { fence }: { readonly fence: bigint },
): Promise<bigint | undefined> {
  const row = await db
    .updateTable("lease")
    .set({ holder, fence: fence + 1n, expires_at_ms: UNTIL_MS })
    .where("name", "=", name)
    .where("fence", "=", fence)
    .returning("fence")
    .executeTakeFirst();
  return row?.fence;
}

async function findHolder(
  db: Kysely<Database>,
  name: string,
): Promise<
  { readonly holder: string; readonly fence: bigint; readonly isFree: boolean } | undefined
> {
  return db
    .selectFrom("lease")
    .select(["holder", "fence"])
    .select(sql<boolean>`expires_at_ms <= ${NOW_MS}`.as("isFree"))
    .where("name", "=", name)
    .executeTakeFirst();
}

/** Who has a lease now: null when it is free, or its holder is a dead process of this machine. Waits for no lock. */
export async function leaseHolder(db: Kysely<Database>, name: string): Promise<string | null> {
  const row = await findHolder(db, name);
  return row === undefined || row.isFree || isGone(row.holder) ? null : row.holder;
}

/** Keeps the right for another while. @throws FencedError when another has taken it. */
export async function renewLease(db: Kysely<Database>, { name, fence }: Lease): Promise<void> {
  const row = await db
    .updateTable("lease")
    .set({ expires_at_ms: UNTIL_MS })
    .where("name", "=", name)
    .where("fence", "=", fence)
    .returning("name")
    .executeTakeFirst();
  if (row === undefined) throw new FencedError(name);
}

/** Gives it back, so that the next one need not wait. */
export async function releaseLease(db: Kysely<Database>, { name, fence }: Lease): Promise<void> {
  await db
    .updateTable("lease")
    .set({ expires_at_ms: 0n, holder: "nobody" })
    .where("name", "=", name)
    .where("fence", "=", fence)
    .execute();
}

/**
 * Within a transaction: nobody has taken over, and nobody can before it ends.
 * @throws FencedError
 */
export async function requireLease(
  transaction: Transaction<Database>,
  { name, fence }: Lease,
): Promise<void> {
  const row = await transaction
    .selectFrom("lease")
    .select("fence")
    .where("name", "=", name)
    .forShare()
    .executeTakeFirst();
  if (row?.fence !== fence) throw new FencedError(name);
}

/**
 * The head of a statement by which a writer stores something under a number: its parts go on with `from ... , fence where
 * fence.before <> $1`, and its rows say what `fence` has in `before`. Parameters: that number, the lease's name, its fence.
 *
 * `before` is the number of what was stored last: the present one when an earlier attempt was stored after all, and then no part does
 * anything. There is no row when another process is the writer.
 */
export const FENCE = `fence as (
  update lease set position = $1::int8
  from (select position as before from lease where name = $2 and fence = $3::int8 for update) as old
  where lease.name = $2
  returning old.before)`;

/** The number under which a writer stored something last. */
export async function leasePosition(db: Kysely<Database>, { name }: Lease): Promise<bigint> {
  const row = await db
    .selectFrom("lease")
    .select("position")
    .where("name", "=", name)
    .executeTakeFirst();
  return row?.position ?? 0n;
}
