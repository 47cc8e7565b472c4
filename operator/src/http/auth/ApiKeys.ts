import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Address } from "@nostra/sdk/order";
import { checksumAddress } from "@nostra/sdk/ids";
import type { Clock } from "../../clock";
import { sql } from "kysely";
import { OperatorError } from "../../errors";
import type { Store } from "../../store";
import type { Scope } from "../operation";
import { unauthorized } from "./refusals";
import { Remembered } from "./Remembered";
import { deriveKey, seal, unseal } from "./seal";
import type { UsedNonces } from "./UsedNonces";

/** How far a request's time may be from the venue's. */
export const WINDOW_MS = 30_000;

const REMEMBERED_MS = 1000;
const MAX_KEYS = 20;

/** First number of the advisory lock under which an account's keys are counted and created. */
const KEYS_LOCK = 0x6e6b;

/** What a signed request consists of. */
export interface SignedRequest {
  readonly key: string;
  /** Milliseconds since 1970, as decimal text. */
  readonly timestamp: string;
  readonly nonce: string;
  /** HMAC-SHA256 as hex. */
  readonly signature: string;
  readonly method: string;
  /** With its query, as it was sent. */
  readonly path: string;
  readonly body: string;
}

export interface ApiKey {
  readonly id: string;
  readonly account: Address;
  readonly scopes: readonly Scope[];
  readonly createdAt: number;
}

/** What the HMAC is made over: parts that hold no line break but the last. */
export function signedText(request: Omit<SignedRequest, "key" | "signature">): string {
  const { timestamp, nonce, method, path, body } = request;
  return [timestamp, nonce, method, path, body].join("\n");
}

/**
 * Keys for programs. The secret is shown once and kept sealed; it signs each request with its time and a nonce, and never
 * travels.
 */
export class ApiKeys {
  readonly #db: Store["db"];
  readonly #clock: Clock;
  readonly #nonces: UsedNonces;
  readonly #sealKey: Buffer;
  readonly #onEnded: (id: string) => void;
  readonly #known: Remembered<(ApiKey & { readonly secret: string }) | undefined>;
  /** Nonces of requests that change nothing: seen by this process is enough. */
  #seen = new Set<string>();
  #seenBefore = new Set<string>();
  #seenSinceMs = 0;

  /** @param onEnded Called once the end of a key is stored. */
  constructor(
    store: Pick<Store, "db">,
    clock: Clock,
    nonces: UsedNonces,
    secret: string,
    onEnded: (id: string) => void = () => undefined,
  ) {
    this.#onEnded = onEnded;
    this.#db = store.db;
    this.#clock = clock;
    this.#nonces = nonces;
    this.#sealKey = deriveKey(secret, "api-key-secrets");
    this.#known = new Remembered(clock, REMEMBERED_MS);
  }

  async create(
    account: Address,
    scopes: readonly Scope[],
  ): Promise<ApiKey & { readonly secret: string }> {
    const owner = account.toLowerCase();
    const id = `nk_${randomBytes(12).toString("hex")}`;
    const secret = randomBytes(32).toString("base64url");
    const createdAt = this.#clock.nowMs();
    const row = {
      id,
      account: owner,
      secret: seal(this.#sealKey, secret, id),
      scopes: [...scopes],
      created_at_ms: BigInt(createdAt),
      revoked_at_ms: null,
    };
    await this.#db.transaction().execute(async (tx) => {
      // Creations of one account wait for each other, so that each counts what the others inserted.
      await sql`select pg_advisory_xact_lock(${KEYS_LOCK}::int4, hashtext(${owner}))`.execute(tx);
      const { count } = await tx
        .selectFrom("api_key")
        .select((eb) => eb.fn.countAll<bigint>().as("count"))
        .where("account", "=", owner)
        .where("revoked_at_ms", "is", null)
        .executeTakeFirstOrThrow();
      if (Number(count) >= MAX_KEYS) {
        throw new OperatorError("TOO_MANY_KEYS", `an account has at most ${MAX_KEYS} keys`, {
          status: 409,
          details: { most: MAX_KEYS },
        });
      }
      await tx.insertInto("api_key").values(row).execute();
    });
    return { id, account, scopes, createdAt, secret };
  }

  async list(account: Address): Promise<readonly ApiKey[]> {
    const rows = await this.#db
      .selectFrom("api_key")
      .select(["id", "scopes", "created_at_ms"])
      .where("account", "=", account.toLowerCase())
      .where("revoked_at_ms", "is", null)
      .orderBy("created_at_ms")
      .execute();
    return rows.map((row) => ({
      id: row.id,
      account,
      scopes: row.scopes as Scope[],
      createdAt: Number(row.created_at_ms),
    }));
  }

  /** @returns false when the account has no such key. */
  async revoke(account: Address, id: string): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable("api_key")
      .set({ revoked_at_ms: BigInt(this.#clock.nowMs()) })
      .where("id", "=", id)
      .where("account", "=", account.toLowerCase())
      .where("revoked_at_ms", "is", null)
      .executeTakeFirst();
    this.#known.forget(id);
    if (numUpdatedRows !== 1n) return false;
    this.#onEnded(id);
    return true;
  }

  /** @returns the key that signed. @throws OperatorError with status 401 when none did, or not now, or not for the first time. */
  async verify(request: SignedRequest): Promise<ApiKey> {
    const { key: id, timestamp, nonce, signature } = request;
    this.#requireNow(timestamp);
    if (!/^[\w-]{8,64}$/.test(nonce)) {
      throw unauthorized("INVALID_NONCE", "NOSTRA-NONCE must be 8 to 64 letters or digits");
    }
    const key = await this.#known.get(id, () => this.#read(id));
    const expected = createHmac("sha256", key?.secret ?? "none")
      .update(signedText(request))
      .digest();
    const given = Buffer.from(/^[0-9a-f]{64}$/i.test(signature) ? signature : "", "hex");
    const isRight = given.length === expected.length && timingSafeEqual(given, expected);
    if (key === undefined || !isRight) {
      throw unauthorized("INVALID_SIGNATURE", "no key of the venue has signed this request");
    }
    await this.#spend(request);
    return key;
  }

  #requireNow(timestamp: string): void {
    const serverTimeMs = this.#clock.nowMs();
    const skewMs = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) - serverTimeMs : Infinity;
    if (Math.abs(skewMs) <= WINDOW_MS) return;
    throw unauthorized(
      "CLOCK_SKEW",
      `NOSTRA-TIMESTAMP must be within ${WINDOW_MS} ms of the venue's time, ${serverTimeMs}`,
      { serverTimeMs, windowMs: WINDOW_MS, ...(Number.isFinite(skewMs) ? { skewMs } : {}) },
    );
  }

  async #spend({ key, nonce, method }: SignedRequest): Promise<void> {
    const isNew =
      method === "GET"
        ? this.#see(`${key}:${nonce}`)
        : await this.#nonces.spend(`key:${key}:${nonce}`, this.#clock.nowMs() + 2 * WINDOW_MS);
    if (!isNew) throw unauthorized("NONCE_USED", "NOSTRA-NONCE was used before", { nonce });
  }

  #see(nonce: string): boolean {
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#seenSinceMs > 2 * WINDOW_MS) {
      this.#seenBefore = this.#seen;
      this.#seen = new Set();
      this.#seenSinceMs = nowMs;
    }
    if (this.#seen.has(nonce) || this.#seenBefore.has(nonce)) return false;
    this.#seen.add(nonce);
    return true;
  }

  async #read(id: string): Promise<(ApiKey & { readonly secret: string }) | undefined> {
    const row = await this.#db
      .selectFrom("api_key")
      .selectAll()
      .where("id", "=", id)
      .where("revoked_at_ms", "is", null)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    return {
      id,
      account: checksumAddress(row.account),
      scopes: row.scopes as Scope[],
      createdAt: Number(row.created_at_ms),
      secret: unseal(this.#sealKey, row.secret, id),
    };
  }
}
