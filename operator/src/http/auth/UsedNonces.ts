import type { Clock } from "../../clock";
import type { Store } from "../../store";

/** Spent nonces are swept out when this many were spent since. */
const SWEEP_EVERY = 256;

/** Lets each nonce be used once, by whichever process it comes to. */
export class UsedNonces {
  readonly #db: Store["db"];
  readonly #clock: Clock;
  #spent = 0;

  constructor(store: Pick<Store, "db">, clock: Clock) {
    this.#db = store.db;
    this.#clock = clock;
  }

  /** @param untilMs From then on nothing with this nonce is taken anyway. @returns false when it was spent before. */
  async spend(nonce: string, untilMs: number): Promise<boolean> {
    if (this.#spent++ % SWEEP_EVERY === 0) {
      const nowMs = BigInt(this.#clock.nowMs());
      await this.#db.deleteFrom("used_nonce").where("expires_at_ms", "<", nowMs).execute();
    }
    const { numInsertedOrUpdatedRows } = await this.#db
      .insertInto("used_nonce")
      .values({ nonce, expires_at_ms: BigInt(untilMs), used: true })
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirst();
    return numInsertedOrUpdatedRows === 1n;
  }
}
