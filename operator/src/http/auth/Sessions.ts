import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Address } from "@nostra/sdk/order";
import { checksumAddress } from "@nostra/sdk/ids";
import type { Clock } from "../../clock";
import type { Store } from "../../store";
import { unauthorized } from "./refusals";
import { Remembered } from "./Remembered";

export const ACCESS_SECONDS = 15 * 60;
export const REFRESH_SECONDS = 7 * 24 * 3600;

/** How long another process may go on after a session ended here. */
const REMEMBERED_MS = 1000;

export interface Session {
  readonly id: string;
  readonly account: Address;
  /** Shown once; the database has its hash. */
  readonly refreshToken: string;
}

/**
 * Sessions of signed-in accounts. A session lives for seven days from its last refresh. Each refresh gives a new refresh
 * token and ends the old one; an old one that comes again was stolen, or its follower was, so the session ends for all.
 */
export class Sessions {
  readonly #db: Store["db"];
  readonly #clock: Clock;
  readonly #live: Remembered<boolean>;

  constructor(store: Pick<Store, "db">, clock: Clock) {
    this.#db = store.db;
    this.#clock = clock;
    this.#live = new Remembered(clock, REMEMBERED_MS);
  }

  async start(account: Address): Promise<Session> {
    const nowMs = this.#clock.nowMs();
    await this.#db.deleteFrom("session").where("expires_at_ms", "<", BigInt(nowMs)).execute();
    const id = randomBytes(16).toString("hex");
    const refreshToken = newToken(id);
    const row = {
      id,
      account: account.toLowerCase(),
      refresh_hash: hashOf(refreshToken),
      created_at_ms: BigInt(nowMs),
      expires_at_ms: BigInt(nowMs + REFRESH_SECONDS * 1000),
      revoked: false,
    };
    await this.#db.insertInto("session").values(row).execute();
    return { id, account, refreshToken };
  }

  async refresh(refreshToken: string): Promise<Session> {
    const id = refreshToken.split(".")[0] ?? "";
    const nowMs = this.#clock.nowMs();
    const row = await this.#db
      .selectFrom("session")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined || row.revoked || row.expires_at_ms <= BigInt(nowMs)) {
      throw unauthorized("SESSION_ENDED", "the session has ended; sign in again");
    }
    const next = newToken(id);
    const given = hashOf(refreshToken);
    const isCurrent = timingSafeEqual(Buffer.from(given), Buffer.from(row.refresh_hash));
    // The row changes only while it has the token that was given: of two that come at once, one is late.
    const { numUpdatedRows } = await this.#db
      .updateTable("session")
      .set({
        refresh_hash: hashOf(next),
        expires_at_ms: BigInt(nowMs + REFRESH_SECONDS * 1000),
      })
      .where("id", "=", id)
      .where("refresh_hash", "=", given)
      .where("revoked", "=", false)
      .executeTakeFirst();
    if (!isCurrent || numUpdatedRows === 0n) {
      await this.end(id);
      throw unauthorized(
        "REFRESH_TOKEN_REUSED",
        "the refresh token was used before, so the session was ended; sign in again",
      );
    }
    return { id, account: checksumAddress(row.account), refreshToken: next };
  }

  async end(id: string): Promise<void> {
    await this.#db.updateTable("session").set({ revoked: true }).where("id", "=", id).execute();
    this.#live.forget(id);
  }

  /** True while neither logout nor a stolen token has ended it. */
  isLive(id: string): Promise<boolean> {
    return this.#live.get(id, async () => {
      const row = await this.#db
        .selectFrom("session")
        .select(["revoked", "expires_at_ms"])
        .where("id", "=", id)
        .executeTakeFirst();
      const nowMs = BigInt(this.#clock.nowMs());
      return row !== undefined && !row.revoked && row.expires_at_ms > nowMs;
    });
  }
}

function newToken(id: string): string {
  return `${id}.${randomBytes(32).toString("base64url")}`;
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
