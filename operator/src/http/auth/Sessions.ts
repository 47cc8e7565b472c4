import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Address } from "@nostra/sdk/order";
import { checksumAddress } from "@nostra/sdk/ids";
import type { Clock } from "../../clock";
import type { Store } from "../../store";
import { unauthorized } from "./refusals";
import { Remembered } from "./Remembered";
import { deriveKey } from "./seal";

export const ACCESS_SECONDS = 15 * 60;
export const REFRESH_SECONDS = 7 * 24 * 3600;

/** How long another process may go on after a session ended here. */
const REMEMBERED_MS = 1000;

const SESSION_ID = /^[0-9a-f]{32}$/;

export interface Session {
  readonly id: string;
  readonly account: Address;
  /** Shown once; the database has its hash. */
  readonly refreshToken: string;
}

export interface SessionsOptions {
  readonly store: Pick<Store, "db">;
  readonly clock: Clock;
  /** The venue's secret: refresh tokens carry a seal made with it. */
  readonly secret: string;
  /** Called once the end of a session is stored. */
  readonly onEnded?: (id: string) => void;
}

/**
 * Sessions of signed-in accounts. A session lives for seven days from its last refresh. Each refresh gives a new refresh
 * token and ends the old one. An old token that comes again was stolen, or its successor was, so the session ends for all.
 * Every token carries the venue's seal, so a token that the venue never issued is refused and ends nothing: whoever knows the
 * id of a session, which access tokens carry, cannot end it.
 */
export class Sessions {
  readonly #db: Store["db"];
  readonly #clock: Clock;
  readonly #live: Remembered<boolean>;
  readonly #key: Buffer;
  readonly #onEnded: (id: string) => void;

  constructor({ store, clock, secret, onEnded = () => undefined }: SessionsOptions) {
    this.#db = store.db;
    this.#clock = clock;
    this.#live = new Remembered(clock, REMEMBERED_MS);
    this.#key = deriveKey(secret, "refresh-tokens");
    this.#onEnded = onEnded;
  }

  async start(account: Address): Promise<Session> {
    const nowMs = this.#clock.nowMs();
    await this.#db.deleteFrom("session").where("expires_at_ms", "<", BigInt(nowMs)).execute();
    const id = randomBytes(16).toString("hex");
    const refreshToken = this.#newToken(id);
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
    const [id = ""] = refreshToken.split(".", 1);
    if (!SESSION_ID.test(id)) throw invalidToken();
    const nowMs = this.#clock.nowMs();
    const row = await this.#db
      .selectFrom("session")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined || row.revoked || row.expires_at_ms <= BigInt(nowMs)) {
      throw unauthorized("SESSION_ENDED", "the session has ended; sign in again");
    }
    const next = this.#newToken(id);
    const given = hashOf(refreshToken);
    const isCurrent = timingSafeEqual(Buffer.from(given), Buffer.from(row.refresh_hash));
    if (!isCurrent && !this.#isIssued(refreshToken)) throw invalidToken();
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
    this.#onEnded(id);
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

  #newToken(id: string): string {
    const body = `${id}.${randomBytes(32).toString("base64url")}`;
    return `${body}.${this.#sealOf(body)}`;
  }

  /** True for every token that this venue has ever issued, also when it is spent. */
  #isIssued(token: string): boolean {
    const end = token.lastIndexOf(".");
    const given = Buffer.from(token.slice(end + 1));
    const expected = Buffer.from(this.#sealOf(token.slice(0, Math.max(0, end))));
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  #sealOf(body: string): string {
    return createHmac("sha256", this.#key).update(body).digest("base64url");
  }
}

function invalidToken(): Error {
  return unauthorized("INVALID_REFRESH_TOKEN", "the refresh token is not one of the venue");
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("hex");
}
