import { hostname } from "node:os";
import type { Kysely, Transaction } from "kysely";
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

/**
 * Takes the right to write, if nobody has it who was heard of lately.
 * @param holder Who takes it, for people: host and process.
 * @throws InUseError naming who has it.
 */
export async function acquireLease(
  db: Kysely<Database>,
  name: string,
  holder: string,
  nowMs: bigint,
): Promise<Lease> {
  const fresh = { name, holder, fence: 1n, position: 0n, expires_at_ms: nowMs + LEASE_MS };
  const row = await db
    .insertInto("lease")
    .values(fresh)
    .onConflict((conflict) =>
      conflict
        .column("name")
        .doUpdateSet((eb) => ({
          holder,
          fence: eb("lease.fence", "+", 1n),
          expires_at_ms: nowMs + LEASE_MS,
        }))
        .where((eb) =>
          eb.or([eb("lease.expires_at_ms", "<=", nowMs), eb("lease.holder", "=", holder)]),
        ),
    )
    .returning("fence")
    .executeTakeFirst();
  if (row !== undefined) return { name, fence: row.fence };
  const held = await db.selectFrom("lease").selectAll().where("name", "=", name).executeTakeFirst();
  if (held !== undefined && isGone(held.holder)) {
    const taken = await db
      .updateTable("lease")
      .set({ holder, fence: held.fence + 1n, expires_at_ms: nowMs + LEASE_MS })
      .where("name", "=", name)
      .where("fence", "=", held.fence)
      .returning("fence")
      .executeTakeFirst();
    if (taken !== undefined) return { name, fence: taken.fence };
  }
  throw new InUseError(`the ${name}`, held?.holder ?? "another process");
}

/** Keeps the right for another while. @throws FencedError when another has taken it. */
export async function renewLease(
  db: Kysely<Database>,
  { name, fence }: Lease,
  nowMs: bigint,
): Promise<void> {
  const row = await db
    .updateTable("lease")
    .set({ expires_at_ms: nowMs + LEASE_MS })
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
