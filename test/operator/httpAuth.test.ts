import { createHmac } from "node:crypto";
import { expect } from "chai";
import { ApiKeys, signedText } from "../../operator/src/http/auth/ApiKeys";
import { seal, deriveKey, unseal } from "../../operator/src/http/auth/seal";
import { UsedNonces } from "../../operator/src/http/auth/UsedNonces";
import { describeStores } from "./helpers/stores";
import {
  ADA,
  BOB,
  CONDITION,
  HOST,
  NOW_MS,
  SECRET,
  signInMessage,
  signJson,
  startHttp,
  type TestAnswer,
  type TestHttp,
} from "./helpers/venue";

describeStores("operator: sign-in and keys", (fresh) => {
  let http: TestHttp;
  const PAGE = "https://page.test";
  beforeEach(async () => {
    http = await startHttp(await fresh(), {
      origins: [PAGE],
      serviceKey: "the key of our services",
    });
  });
  afterEach(() => http.app.close());
  const ask: TestHttp["ask"] = (...request) => http.ask(...request);
  const refused = ({ status, json }: TestAnswer): unknown[] => [status, json.error.code];

  /** Signs in; the whole answer. */
  const signIn = async (
    change: { domain?: string; chainId?: number; more?: string } = {},
    nonce?: string,
  ): Promise<TestAnswer> => {
    const given = nonce ?? (await ask("GET", "/api/auth/nonce")).json.nonce;
    const message = signInMessage(ADA.address, given, http.venue.clock.nowMs(), change);
    const body = { message, signature: await ADA.signMessage(message) };
    return ask("POST", "/api/auth/verify", { body });
  };
  const me = (headers: Record<string, string>): Promise<TestAnswer> =>
    ask("GET", "/api/auth/me", { headers });

  describe("a sign-in message", () => {
    it("signed by its address, gives a session of that account", async () => {
      const { status, json } = await signIn();
      expect(status).to.equal(200);
      expect(json.account).to.equal(ADA.address);
      expect(json.accessExpiresAt).to.equal(NOW_MS + 900_000);
      const known = await me({ authorization: `Bearer ${json.accessToken}` });
      expect(known.json).to.deep.equal({
        ...{ account: ADA.address, by: "session", scopes: ["read", "trade", "cancel"] },
      });
    });

    for (const [name, change, field] of [
      ["of another page", { domain: "evil.test" }, "domain"],
      ["for another chain", { chainId: 1 }, "chainId"],
      [
        "that is over",
        { more: "\nExpiration Time: 2026-01-01T00:00:00.000Z" },
        "signature or time",
      ],
    ] as const) {
      it(`${name}, is refused`, async () => {
        const answer = await signIn(change);
        expect(refused(answer)).to.deep.equal([401, "SIGN_IN_REFUSED"]);
        expect(answer.json.error.details.field).to.equal(field);
      });
    }

    it("signed by another, is refused, and its nonce is still good", async () => {
      const { nonce } = (await ask("GET", "/api/auth/nonce")).json;
      const message = signInMessage(ADA.address, nonce, NOW_MS);
      const body = { message, signature: await BOB.signMessage(message) };
      expect(refused(await ask("POST", "/api/auth/verify", { body }))).to.deep.equal([
        401,
        "SIGN_IN_REFUSED",
      ]);
      expect((await signIn({}, nonce)).status).to.equal(200);
    });

    it("is good once, within five minutes, with a nonce of the venue", async () => {
      const { nonce } = (await ask("GET", "/api/auth/nonce")).json;
      expect((await signIn({}, nonce)).status).to.equal(200);
      expect((await signIn({}, nonce)).json.error.details.field).to.equal("nonce");
      const late = (await ask("GET", "/api/auth/nonce")).json.nonce;
      http.venue.clock.pass(300_000);
      expect((await signIn({}, late)).json.error.details.field).to.equal("nonce");
      const forged = `${"0".repeat(24)}ffffffffffff${"0".repeat(32)}`;
      expect((await signIn({}, forged)).json.error.details.field).to.equal("nonce");
    });

    it("asked for, fills nothing: nonces are stored when they are spent", async () => {
      await ask("GET", "/api/auth/nonce");
      const rows = await http.venue.store.db.selectFrom("used_nonce").selectAll().execute();
      expect(rows).to.deep.equal([]);
    });

    it("that is no such message, is refused and not a fault", async () => {
      const body = { message: "hello", signature: "0x" };
      expect((await ask("POST", "/api/auth/verify", { body })).status).to.equal(401);
    });
  });

  describe("a session", () => {
    const refresh = (refreshToken: string): Promise<TestAnswer> =>
      ask("POST", "/api/auth/refresh", { body: { refreshToken } });
    const bearer = (answer: TestAnswer): { authorization: string } => ({
      authorization: `Bearer ${answer.json.accessToken}`,
    });

    it("has access for 15 minutes, and anew by its refresh token for seven days", async () => {
      const first = await signIn();
      http.venue.clock.pass(15 * 60_000 + 1_000);
      expect(refused(await me(bearer(first)))).to.deep.equal([401, "TOKEN_EXPIRED"]);
      const second = await refresh(first.json.refreshToken);
      expect((await me(bearer(second))).status).to.equal(200);
      http.venue.clock.pass(7 * 86_400_000);
      expect(refused(await refresh(second.json.refreshToken))).to.deep.equal([
        401,
        "SESSION_ENDED",
      ]);
    });

    it("ends when a refresh token comes again: for the thief and for the robbed", async () => {
      const first = await signIn();
      const second = await refresh(first.json.refreshToken);
      expect(refused(await refresh(first.json.refreshToken))).to.deep.equal([
        401,
        "REFRESH_TOKEN_REUSED",
      ]);
      expect(refused(await refresh(second.json.refreshToken))).to.deep.equal([
        401,
        "SESSION_ENDED",
      ]);
      expect(refused(await me(bearer(second)))).to.deep.equal([401, "SESSION_ENDED"]);
    });

    it("of two refreshes at once, lets one through at most", async () => {
      const first = await signIn();
      const answers = await Promise.all([1, 2, 3].map(() => refresh(first.json.refreshToken)));
      expect(answers.filter(({ status }) => status === 200).length).to.be.at.most(1);
    });

    it("ends by logout, access token and refresh token alike", async () => {
      const session = await signIn();
      const done = await ask("POST", "/api/auth/logout", { headers: bearer(session) });
      expect(done.json).to.deep.equal({ success: true });
      expect(refused(await me(bearer(session)))).to.deep.equal([401, "SESSION_ENDED"]);
      expect((await refresh(session.json.refreshToken)).status).to.equal(401);
    });

    it("is kept as a hash: the database has no token", async () => {
      const { json } = await signIn();
      const rows = await http.venue.store.db.selectFrom("session").selectAll().execute();
      const text = JSON.stringify(rows, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v));
      expect(text).to.not.include(json.refreshToken.split(".")[1]);
      expect(rows[0]!.account).to.equal(ADA.address.toLowerCase());
    });

    for (const [name, forge] of [
      ["cut", (token: string) => token.slice(0, -2)],
      ["unsigned", (token: string) => `${token.split(".").slice(0, 2).join(".")}.`],
      [
        "with alg none",
        (token: string) =>
          `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${token.split(".")[1]}.`,
      ],
      ["no token", () => "nothing"],
    ] as const) {
      it(`refuses a token that is ${name}`, async () => {
        const token = forge((await signIn()).json.accessToken);
        expect(refused(await me({ authorization: `Bearer ${token}` }))).to.deep.equal([
          401,
          "INVALID_TOKEN",
        ]);
      });
    }

    describe("by cookie", () => {
      const cookiesOf = (answer: TestAnswer): string[] => answer.headers["set-cookie"] as string[];
      const sent = (answer: TestAnswer): string =>
        cookiesOf(answer)
          .map((cookie) => cookie.split(";")[0])
          .join("; ");

      it("is out of reach of scripts and of other sites", async () => {
        for (const cookie of cookiesOf(await signIn())) {
          expect(cookie)
            .to.match(/HttpOnly/)
            .and.match(/SameSite=Strict/);
        }
        const secure = await startHttp(await fresh(), { secureCookies: true });
        try {
          const { json } = await secure.ask("GET", "/api/auth/nonce");
          const message = signInMessage(ADA.address, json.nonce, NOW_MS);
          const body = { message, signature: await ADA.signMessage(message) };
          const answer = await secure.ask("POST", "/api/auth/verify", { body });
          for (const cookie of cookiesOf(answer)) expect(cookie).to.match(/Secure/);
        } finally {
          await secure.app.close();
        }
      });

      it("changes things for our pages alone", async () => {
        const cookie = sent(await signIn());
        const beat = (headers: Record<string, string>): Promise<TestAnswer> =>
          ask("POST", "/api/heartbeat", { headers: { cookie, ...headers }, body: { seconds: 0 } });
        expect((await me({ cookie })).status).to.equal(200);
        for (const headers of [
          { origin: PAGE },
          { origin: `http://${HOST}` },
          { "sec-fetch-site": "same-origin" },
        ]) {
          expect((await beat(headers)).status, JSON.stringify(headers)).to.equal(200);
        }
        for (const headers of [
          {},
          { origin: "https://evil.test" },
          { origin: "null" },
          { "sec-fetch-site": "cross-site" },
        ] as Record<string, string>[]) {
          const answer = await beat(headers);
          expect(refused(answer), JSON.stringify(headers)).to.deep.equal([403, "FOREIGN_PAGE"]);
        }
      });

      it("refreshes for our pages alone", async () => {
        const cookie = sent(await signIn());
        const again = (origin: string): Promise<TestAnswer> =>
          ask("POST", "/api/auth/refresh", { headers: { cookie, origin } });
        expect((await again("https://evil.test")).status).to.equal(403);
        expect((await again(PAGE)).status).to.equal(200);
      });

      it("that is over, stands for nobody and harms nothing", async () => {
        const cookie = sent(await signIn());
        http.venue.clock.pass(16 * 60_000);
        expect((await ask("GET", "/api/markets", { headers: { cookie } })).status).to.equal(200);
        expect((await me({ cookie })).status).to.equal(401);
      });
    });
  });

  describe("a key", () => {
    interface Key {
      id: string;
      secret: string;
    }
    const create = async (scopes: string[]): Promise<Key> =>
      (await ask("POST", "/api/auth/keys", { headers: await http.signIn(), body: { scopes } }))
        .json;

    let nonce = 0;
    const signed = (
      { id, secret }: Key,
      method: string,
      path: string,
      { body = "", timestamp = `${http.venue.clock.nowMs()}`, once = `nonce-no-${nonce++}` } = {},
    ): Record<string, string> => {
      const text = signedText({ timestamp, nonce: once, method, path, body });
      return {
        "nostra-key": id,
        "nostra-timestamp": timestamp,
        "nostra-nonce": once,
        "nostra-signature": createHmac("sha256", secret).update(text).digest("hex"),
      };
    };

    it("speaks for its account, within its scopes", async () => {
      const key = await create(["read"]);
      const known = await me(signed(key, "GET", "/api/auth/me"));
      expect(known.json).to.deep.equal({ account: ADA.address, by: "key", scopes: ["read"] });
      const hash = (await ask("POST", "/api/orders", { body: await signJson({ price: "0.5" }) }))
        .json.orderHash;
      const path = `/api/orders/${hash}`;
      const headers = signed(key, "DELETE", path);
      expect(refused(await ask("DELETE", path, { headers }))).to.deep.equal([403, "SCOPE_MISSING"]);
      expect(http.venue.books.get(CONDITION)!.has(hash)).to.equal(true);
      const cancel = await create(["cancel"]);
      const done = await ask("DELETE", path, { headers: signed(cancel, "DELETE", path) });
      expect(done.json.success).to.equal(true);
    });

    it("signs method, path with query, body and time: nothing of them can be changed", async () => {
      const key = await create(["read", "cancel"]);
      const path = "/api/user/orders?limit=5";
      const headers = signed(key, "GET", path);
      const other = await ask("GET", "/api/user/orders?limit=6", { headers });
      expect(refused(other)).to.deep.equal([401, "INVALID_SIGNATURE"]);
      expect((await ask("GET", path, { headers })).status).to.equal(200);
      const text = '{"seconds":10}';
      const beat = signed(key, "POST", "/api/heartbeat", { body: text });
      const changed = await ask("POST", "/api/heartbeat", {
        headers: beat,
        text: '{"seconds":20}',
      });
      expect(refused(changed)).to.deep.equal([401, "INVALID_SIGNATURE"]);
      expect((await ask("POST", "/api/heartbeat", { headers: beat, text })).status).to.equal(200);
    });

    it("signs a request once: the same again is refused, and so after a restart when it changes things", async () => {
      const key = await create(["read", "cancel"]);
      const headers = signed(key, "GET", "/api/auth/me");
      expect((await me(headers)).status).to.equal(200);
      expect(refused(await me(headers))).to.deep.equal([401, "NONCE_USED"]);
      const text = '{"seconds":10}';
      const beat = signed(key, "POST", "/api/heartbeat", { body: text });
      expect((await ask("POST", "/api/heartbeat", { headers: beat, text })).status).to.equal(200);
      const { store, clock } = http.venue;
      const restarted = new ApiKeys(store, clock, new UsedNonces(store, clock), SECRET);
      const request = {
        key: key.id,
        timestamp: beat["nostra-timestamp"]!,
        nonce: beat["nostra-nonce"]!,
        signature: beat["nostra-signature"]!,
        ...{ method: "POST", path: "/api/heartbeat", body: text },
      };
      await expect(restarted.verify(request)).to.be.rejectedWith(/used before/);
    });

    it("with a clock that is off, is told the venue's time", async () => {
      const key = await create(["read"]);
      for (const off of [-30_001, 30_001]) {
        const timestamp = `${NOW_MS + off}`;
        const answer = await me(signed(key, "GET", "/api/auth/me", { timestamp }));
        expect(refused(answer)).to.deep.equal([401, "CLOCK_SKEW"]);
        expect(answer.json.error.details).to.deep.equal({
          ...{ serverTimeMs: NOW_MS, windowMs: 30_000, skewMs: off },
        });
      }
      const timestamp = `${NOW_MS - 30_000}`;
      expect((await me(signed(key, "GET", "/api/auth/me", { timestamp }))).status).to.equal(200);
      const none = await me(signed(key, "GET", "/api/auth/me", { timestamp: "now" }));
      expect(refused(none)).to.deep.equal([401, "CLOCK_SKEW"]);
    });

    it("is one of the venue, or refused like one with a wrong secret", async () => {
      const key = await create(["read"]);
      const wrong = await me(signed({ ...key, secret: "guess" }, "GET", "/api/auth/me"));
      const none = await me(signed({ id: "nk_0", secret: "none" }, "GET", "/api/auth/me"));
      expect(refused(wrong))
        .to.deep.equal(refused(none))
        .and.deep.equal([401, "INVALID_SIGNATURE"]);
      const { "nostra-nonce": _, ...headers } = signed(key, "GET", "/api/auth/me");
      expect((await me(headers)).status).to.equal(401);
    });

    it("makes no key: only a session does", async () => {
      const key = await create(["read", "trade", "cancel"]);
      const text = '{"scopes":["read"]}';
      const headers = signed(key, "POST", "/api/auth/keys", { body: text });
      const answer = await ask("POST", "/api/auth/keys", { headers, text });
      expect(refused(answer)).to.deep.equal([403, "SESSION_REQUIRED"]);
    });

    it("is listed without its secret, and dead once revoked by its owner", async () => {
      const key = await create(["read"]);
      const headers = await http.signIn();
      const { json, text } = await ask("GET", "/api/auth/keys", { headers });
      expect(json.keys).to.have.length(1);
      expect(text).to.not.include(key.secret);
      expect((await me(signed(key, "GET", "/api/auth/me"))).status).to.equal(200);
      const foreign = await http.signIn(BOB);
      const path = `/api/auth/keys/${key.id}`;
      expect((await ask("DELETE", path, { headers: foreign })).status).to.equal(404);
      expect((await ask("DELETE", path, { headers })).status).to.equal(200);
      expect((await me(signed(key, "GET", "/api/auth/me"))).status).to.equal(401);
    });

    it("is sealed at rest: for the venue's secret, and for its own row", async () => {
      const key = await create(["read"]);
      const { secret } = await http.venue.store.db
        .selectFrom("api_key")
        .select("secret")
        .executeTakeFirstOrThrow();
      expect(secret).to.not.include(key.secret);
      const sealKey = deriveKey("one", "test");
      const sealed = seal(sealKey, "text", "row-1");
      expect(unseal(sealKey, sealed, "row-1")).to.equal("text");
      for (const attempt of [
        () => unseal(sealKey, sealed, "row-2"),
        () => unseal(deriveKey("two", "test"), sealed, "row-1"),
        () => unseal(sealKey, `${sealed.slice(0, -3)}AAA`, "row-1"),
        () => unseal(sealKey, "", "row-1"),
      ]) {
        expect(attempt).to.throw(/does not open/);
      }
    });
  });

  it("our own services are known by their key alone", async () => {
    const headersOf = (key: string): Record<string, string> => ({ "nostra-service-key": key });
    const good = await ask("GET", "/api/markets", {
      headers: headersOf("the key of our services"),
    });
    expect(good.headers["ratelimit-limit"]).to.equal(10_000);
    for (const key of ["", "the key of our service", "the key of our services!"]) {
      const answer = await ask("GET", "/api/markets", { headers: headersOf(key) });
      expect(refused(answer)).to.deep.equal([401, "INVALID_SERVICE_KEY"]);
    }
    const none = await startHttp(await fresh());
    try {
      const answer = await none.ask("GET", "/api/markets", { headers: headersOf("") });
      expect(answer.status, "no key is set").to.equal(401);
    } finally {
      await none.app.close();
    }
  });
});
