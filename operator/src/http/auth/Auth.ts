import { createHash, timingSafeEqual } from "node:crypto";
import { checksumAddress } from "@nostra/sdk/ids";
import type { Address } from "@nostra/sdk/order";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../clock";
import type { Store } from "../../store";
import { SCOPES, type Access, type Identity } from "../operation";
import { ApiKeys, type SignedRequest } from "./ApiKeys";
import { forbidden, unauthorized } from "./refusals";
import { ACCESS_SECONDS, Sessions } from "./Sessions";
import { SignIn } from "./SignIn";
import { UsedNonces } from "./UsedNonces";

export const ACCESS_COOKIE = "nostra_access";
export const REFRESH_COOKIE = "nostra_refresh";

export interface AuthOptions {
  readonly store: Pick<Store, "db">;
  readonly clock: Clock;
  /** At least 32 characters; tokens, nonces and sealed keys hang on it. */
  readonly secret: string;
  readonly chainId: number;
  readonly domains: readonly string[];
  /** Pages that may send cookies, as origins. */
  readonly origins: readonly string[];
  /** Key of our own services; none when undefined. */
  readonly serviceKey: string | undefined;
}

/** A session or key that proves nothing any more. */
export interface Ended {
  readonly kind: "session" | "key";
  readonly id: string;
}

/** Whom a token speaks for, and until when. */
export interface TokenHolder {
  readonly kind: "session";
  readonly account: Address;
  readonly sessionId: string;
  readonly expiresAtMs: number;
}

/** Finds out who asks, and whether they may. */
export class Auth {
  readonly sessions: Sessions;
  readonly keys: ApiKeys;
  readonly signIn: SignIn;
  readonly #options: AuthOptions;
  readonly #jwt: FastifyInstance["jwt"];
  readonly #listeners = new Set<(ended: Ended) => void>();

  constructor(options: AuthOptions, jwt: FastifyInstance["jwt"]) {
    const { store, clock, secret, chainId, domains } = options;
    const nonces = new UsedNonces(store, clock);
    const emit =
      (kind: Ended["kind"]) =>
      (id: string): void => {
        for (const listener of this.#listeners) listener({ kind, id });
      };
    this.sessions = new Sessions({ store, clock, secret, onEnded: emit("session") });
    this.keys = new ApiKeys(store, clock, nonces, secret, emit("key"));
    this.signIn = new SignIn(clock, nonces, secret, { chainId, domains });
    this.#options = options;
    this.#jwt = jwt;
  }

  /**
   * Reports each session that ends by logout or theft detection, and each key that is revoked, once its end is stored. A session
   * that runs out is not reported: its tokens carry their end. The listener must not throw.
   * @returns a function that ends the subscription.
   */
  onEnded(listener: (ended: Ended) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  accessToken(account: Address, sessionId: string): { token: string; expiresAt: number } {
    const iat = Math.floor(this.#options.clock.nowMs() / 1000);
    const exp = iat + ACCESS_SECONDS;
    return {
      token: this.#jwt.sign({ sub: account, sid: sessionId, iat, exp }),
      expiresAt: exp * 1000,
    };
  }

  /** @throws OperatorError with status 401 when the token is none of ours, is over, or its session has ended. */
  async verifyToken(token: string): Promise<TokenHolder> {
    let claims: { sub: string; sid: string; exp: number };
    try {
      claims = this.#jwt.verify(token, { clockTimestamp: this.#options.clock.nowMs() });
    } catch (thrown) {
      const isOver = (thrown as { code?: string }).code === "FAST_JWT_EXPIRED";
      if (isOver) throw unauthorized("TOKEN_EXPIRED", "the access token is over; refresh it");
      throw unauthorized("INVALID_TOKEN", "the access token is not one of the venue");
    }
    if (!(await this.sessions.isLive(claims.sid))) {
      throw unauthorized("SESSION_ENDED", "the session has ended; sign in again");
    }
    const account = checksumAddress(claims.sub);
    return { kind: "session", account, sessionId: claims.sid, expiresAtMs: claims.exp * 1000 };
  }

  /** Who sends a request that is not signed with a key; undefined when it does not say. */
  async identify(request: FastifyRequest): Promise<Identity | undefined> {
    const { authorization } = request.headers;
    const serviceKey = request.headers["nostra-service-key"];
    if (typeof serviceKey === "string") return this.#identifyService(serviceKey);
    if (authorization !== undefined) {
      const token = /^Bearer ([\w.-]+)$/i.exec(authorization)?.[1];
      if (token === undefined) {
        throw unauthorized("INVALID_TOKEN", "Authorization must be Bearer and an access token");
      }
      return sessionOf(await this.verifyToken(token), false);
    }
    const cookie = request.cookies?.[ACCESS_COOKIE];
    if (cookie === undefined) return undefined;
    // A browser keeps sending a cookie that is over: it stands for nobody, so that open pages go on and refresh works.
    const holder = await this.verifyToken(cookie).catch(() => undefined);
    if (holder === undefined) return undefined;
    return sessionOf(holder, true);
  }

  /** Who signed a request with a key. */
  async identifyKey(request: SignedRequest): Promise<Identity> {
    const { id, account, scopes } = await this.keys.verify(request);
    return { kind: "key", id, account, scopes, byCookie: false };
  }

  /** @throws OperatorError with 401 when it must be known who asks, with 403 when they may not. */
  requireAccess(identity: Identity | undefined, access: Access): void {
    if (access === "anyone") return;
    if (identity?.account === undefined) {
      throw unauthorized("UNAUTHORIZED", "sign in, or sign the request with a key");
    }
    if (access === "session") {
      if (identity.kind === "session") return;
      throw forbidden("SESSION_REQUIRED", "only a signed-in account may do this, no key");
    }
    if (!identity.scopes.includes(access)) {
      throw forbidden("SCOPE_MISSING", `the key has no scope ${access}`, { scope: access });
    }
  }

  /**
   * What a browser sends by itself proves nothing about who asked it to: a request with a cookie that changes something must
   * come from one of our pages.
   */
  requireOwnPage(request: FastifyRequest): void {
    const { origin } = request.headers;
    const site = request.headers["sec-fetch-site"];
    const own = `${request.protocol}://${request.host}`;
    const isOurs =
      origin === undefined
        ? site === "same-origin"
        : origin === own || this.#options.origins.includes(origin);
    if (!isOurs) {
      throw forbidden("FOREIGN_PAGE", "a request with a cookie must come from a page of the venue");
    }
  }

  #identifyService(given: string): Identity {
    const { serviceKey } = this.#options;
    const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
    const isRight = timingSafeEqual(hash(given), hash(serviceKey ?? ""));
    if (serviceKey === undefined || serviceKey === "" || !isRight) {
      throw unauthorized("INVALID_SERVICE_KEY", "the service key is not the venue's");
    }
    return { kind: "service", id: "service", scopes: [], byCookie: false };
  }
}

function sessionOf(holder: TokenHolder, byCookie: boolean): Identity {
  const { account, sessionId } = holder;
  return { kind: "session", account, id: sessionId, scopes: SCOPES, byCookie };
}
