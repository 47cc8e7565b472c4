import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect } from "chai";
import { Wallet } from "ethers";
import fc from "fast-check";
import type { Alert } from "../../operator/src/alerts";
import { DEFAULT_LIMITS, redact, type Limits } from "../../operator/src/http";
import { signedText } from "../../operator/src/http/auth/ApiKeys";
import type { Ended } from "../../operator/src/http/auth/Auth";
import { readSignInMessage } from "../../operator/src/http/auth/readSignInMessage";
import { addressKey } from "../../operator/src/http/limits/limits";
import type { Store } from "../../operator/src/store";
import { runsOr, seedOr } from "../helpers/random";
import { describeStores, emptyStore } from "../operator/helpers/stores";
import {
  ADA,
  HOST,
  NOW_MS,
  YES,
  signInMessage,
  signJson,
  startHttp,
  type TestAnswer,
  type TestHttp,
} from "../operator/helpers/venue";
import { fill, PIECES } from "./helpers/material";
import { measureCpu } from "./helpers/threadCpu";

const MAX_CPU_MS = 200;
const MAX_REFUSAL_BYTES = 4_096;
const MAX_ECHOED = 80;
const few = { count: 5, seconds: 60 };
const many = { count: 1_000, seconds: 60 };
const allOf = (limit: typeof few) => ({
  ...{ read: limit, order: limit, cancel: limit, auth: many, probe: limit },
});
const LIMITS: Limits = {
  ...DEFAULT_LIMITS,
  ...{ address: allOf(few), account: allOf(few), addressTotal: allOf(many) },
};

interface Key {
  readonly id: string;
  readonly secret: string;
}

describe("hostile: HTTP", () => {
  let http: TestHttp;
  let queries: string[];
  const open = async (
    config: Parameters<typeof startHttp>[1] = {},
    options: Parameters<typeof startHttp>[2] = {},
  ): Promise<void> => {
    queries = [];
    const store = await emptyStore("pglite");
    http = await startHttp(counted(store, queries), { limits: LIMITS, ...config }, options);
  };
  afterEach(() => http.app.close());

  /** Headers of a request that a key has signed. */
  const signed = (
    { id, secret }: Key,
    method: string,
    path: string,
    body = "",
    nonce = randomBytes(8).toString("hex"),
  ): Record<string, string> => {
    const timestamp = `${http.venue.clock.nowMs()}`;
    const text = signedText({ timestamp, nonce, method, path, body });
    const signature = createHmac("sha256", secret).update(text).digest("hex");
    return {
      ...{ "nostra-key": id, "nostra-timestamp": timestamp, "nostra-nonce": nonce },
      "nostra-signature": signature,
    };
  };
  const makeKey = async (wallet?: Wallet): Promise<Key> => {
    const headers = await http.signIn(wallet);
    const body = { scopes: ["read", "trade", "cancel"] };
    return (await http.ask("POST", "/api/auth/keys", { headers, body })).json as Key;
  };
  const madeUp = (): Key => ({
    id: `nk_${randomBytes(12).toString("hex")}`,
    secret: randomBytes(32).toString("base64url"),
  });
  const listen = async (): Promise<number> => {
    await http.app.listen({ port: 0, host: "127.0.0.1" });
    return (http.app.server.address() as AddressInfo).port;
  };

  describe("S1: one anonymous request", () => {
    it("S1: with half a megabyte of a field's name is refused in a moment", async () => {
      await open();
      for (const piece of PIECES) {
        const name = JSON.stringify(fill(piece, 60_000));
        const text = `{"orders":[{"order":{},"signature":"0x",${name}:1}]}`;
        const send = () =>
          http.ask("POST", "/api/orders/batch", { text, address: randomAddress() });
        let [answer, cpuMs] = await measureCpu(send);
        if (cpuMs > MAX_CPU_MS) [answer, cpuMs] = await measureCpu(send);
        expect(cpuMs, `CPU ms of ${name.slice(0, 20)}`).to.be.at.most(MAX_CPU_MS);
        expect(answer.status).to.be.oneOf([200, 400]);
        expect(answer.text.length).to.be.at.most(MAX_REFUSAL_BYTES);
      }
    });

    it("S1: the redactor is linear, on text of any kind", async () => {
      for (const piece of PIECES) {
        const text = fill(piece, 500_000);
        const [, cpuMs] = await measureCpu(async () =>
          redact(text, ["a secret that is not there"]),
        );
        expect(cpuMs, JSON.stringify(piece)).to.be.at.most(MAX_CPU_MS);
      }
      await open();
    });

    it("S1: the redactor hides a password whatever is in it", async () => {
      await open();
      for (const password of [
        "hunter2",
        "hun/ter2",
        "hun@ter2",
        "hun?ter2",
        "hun#ter2",
        "h:u@n/2",
      ]) {
        const clean = redact(`connect postgres://admin:${password}@db.internal/venue failed`, []);
        expect(clean, password).to.not.include("hun").and.not.include("n/2");
        expect(clean).to.match(/^connect postgres:\/\/.* failed$/);
      }
    });

    it("S1: a sender's text is not redacted, so a guess at a secret is not confirmed", async () => {
      const secret = "postgres://venue:guess@127.0.0.1:5432/venue";
      await open({ secrets: [secret] });
      const { text } = await http.ask("GET", `/api/markets/${encodeURIComponent(secret)}`);
      expect(text).to.include("guess").and.not.include("[secret]");
    });

    for (const [name, value] of [
      ["an object with its own toString", '{"toString":1,"valueOf":1}'],
      ["a list as deep as it is long", `${"[".repeat(10_000)}${"]".repeat(10_000)}`],
      ["an object", '{"a":{"b":1}}'],
    ] as const) {
      it(`S1: ${name} where text belongs is a refusal, not a fault`, async () => {
        await open();
        for (const field of ["side", "salt", "maker", "signatureType"]) {
          const order = `{"order":{"salt":"1","maker":"0x","signer":"0x","taker":"0x","tokenId":"1","makerAmount":"1","takerAmount":"1","expiration":"0","nonce":"0","feeRateBps":"0","side":0,"signatureType":0,"${field}":${value}},"signature":"0x"}`;
          const { status } = await http.ask("POST", "/api/orders", {
            ...{ text: order, address: randomAddress() },
          });
          expect(status, field).to.equal(400);
        }
        expect(http.lines).to.deep.equal([]);
      });
    }
  });

  describe("M6: a refusal repeats little", () => {
    it("M6: at most 80 characters of a value or a name, and 4 KiB in all (random)", async () => {
      await open({ limits: { ...LIMITS, address: allOf({ count: 1e9, seconds: 1 }) } });
      const mark = "Zq";
      const long = fill(mark, 20_000);
      const bodies = [
        { [long]: 1 },
        { order: { [long]: 1 }, signature: "0x" },
        { order: {}, signature: long },
        { order: {}, signature: "0x", options: { [long]: 1 } },
        { order: {}, signature: "0x", options: { kind: long } },
        { orders: [{ [long]: 1 }] },
        { orders: Array(50).fill({ order: { side: fill(mark, 500) }, signature: "0x" }) },
        { all: long },
        { orderHashes: [long], [long]: 1 },
        { orderHashes: Array(900).fill(mark.repeat(10)) },
        {
          cancel: { maker: long, orderHashes: [long], timestamp: long, [long]: 1 },
          signature: long,
        },
        { seconds: long },
        { message: long, signature: long },
        { refreshToken: long },
        { scopes: [long] },
        Object.fromEntries(Array.from({ length: 900 }, (_, i) => [`${mark.repeat(10)}${i}`, 1])),
      ];
      const headers = await http.signIn();
      for (const { method, paths, id } of http.operations) {
        if (id === "logout") continue;
        for (const query of ["", `?x=${long.slice(0, 8_000)}`]) {
          const url = paths[0].replace(/:\w+/g, long.slice(0, 150)) + query;
          for (const body of method === "GET" ? [undefined] : bodies) {
            const { status, text } = await http.ask(method, url, { body, headers });
            if (status < 400) continue;
            expect(Buffer.byteLength(text), `${id} ${text}`).to.be.at.most(MAX_REFUSAL_BYTES);
            const runs = text.match(/(?:Zq)+/g) ?? [];
            const longest = Math.max(0, ...runs.map((run) => run.length));
            expect(longest, `${id} ${text}`).to.be.at.most(MAX_ECHOED);
          }
        }
      }
    });

    it("M6: a path that is none, or too long, is not repeated", async () => {
      await open();
      for (const [url, status] of [
        [`/api/markets/%E0%A4%A${"x".repeat(2_000)}`, 400],
        [`/api/markets/${"x".repeat(2_000)}`, 414],
        [`/${"x".repeat(2_000)}`, 404],
      ] as const) {
        const answer = await http.ask("GET", url);
        expect(answer.status).to.equal(status);
        expect(answer.json.error.code).to.be.a("string");
        expect(answer.text).to.not.include("xxxx");
      }
    });
  });

  describe("S8: rate limits are charged first", () => {
    it("S8: made-up keys cost at most as many queries as the address has tokens", async () => {
      await open();
      queries.length = 0;
      const answers: TestAnswer[] = [];
      for (let i = 0; i < 100; i++) {
        const headers = signed(madeUp(), "GET", "/api/user/orders");
        answers.push(await http.ask("GET", "/api/user/orders", { headers }));
      }
      expect(queries.length).to.be.at.most(few.count);
      expect(count(answers, 401)).to.equal(few.count);
      expect(count(answers, 429)).to.equal(100 - few.count);
    });

    it("S8: made-up keys at once cost no more", async () => {
      await open();
      queries.length = 0;
      const answers = await Promise.all(
        Array.from({ length: 100 }, () => {
          const headers = signed(madeUp(), "POST", "/api/orders", "{}");
          return http.ask("POST", "/api/orders", { headers, text: "{}" });
        }),
      );
      expect(queries.length).to.be.at.most(few.count);
      expect(count(answers, 429)).to.equal(100 - few.count);
    });

    it("S8: a key of another shape is never looked up", async () => {
      await open();
      queries.length = 0;
      for (const id of ["nk_1", "x".repeat(10_000), `nk_${"g".repeat(24)}`, "' or 1=1", ""]) {
        const headers = { ...signed({ id, secret: "x" }, "GET", "/api/user/orders") };
        const answer = await http.ask("GET", "/api/user/orders", {
          ...{ headers, address: randomAddress() },
        });
        expect(answer.status, id.slice(0, 20)).to.equal(401);
      }
      expect(queries).to.deep.equal([]);
    });

    it("S8: any header of a key is charged before the body is read", async () => {
      await open();
      const headers = { "nostra-key": "anything" };
      const statuses: number[] = [];
      for (let i = 0; i < 20; i++) {
        const text = "no json ".repeat(3_000);
        statuses.push((await http.ask("POST", "/api/orders", { text, headers })).status);
      }
      expect(statuses.slice(0, few.count)).to.deep.equal(Array(few.count).fill(401));
      expect(statuses.slice(few.count).every((status) => status === 429)).to.equal(true);
    });

    it("S8: fresh accounts behind one address share its total", async () => {
      const total = { ...allOf({ count: 12, seconds: 60 }), auth: many };
      await open({ limits: { ...LIMITS, addressTotal: total } });
      const answers: TestAnswer[] = [];
      for (let i = 0; i < 5; i++) {
        const headers = await http.signIn(new Wallet(`0x${`${i + 1}f`.repeat(32)}`));
        for (let j = 0; j < few.count; j++) {
          answers.push(await http.ask("GET", "/api/auth/me", { headers }));
        }
      }
      expect(count(answers, 200)).to.equal(12);
      expect(count(answers, 429)).to.equal(answers.length - 12);
    });

    it("S8: a key over its limit stores no nonce", async () => {
      await open();
      const key = await makeKey();
      const body = JSON.stringify({ seconds: 0 });
      const beat = () =>
        http.ask("POST", "/api/heartbeat", {
          ...{ text: body, headers: signed(key, "POST", "/api/heartbeat", body) },
        });
      const statuses: number[] = [];
      for (let i = 0; i < 20; i++) statuses.push((await beat()).status);
      expect(statuses.filter((status) => status === 200)).to.have.length(few.count);
      expect(statuses.filter((status) => status === 429)).to.have.length(20 - few.count);
      const rows = await http.venue.store.db
        .selectFrom("used_nonce")
        .selectAll()
        .where("nonce", "like", "key:%")
        .execute();
      expect(rows).to.have.length(few.count);
    });

    it("S8: a key that works goes on while others guess from its address", async () => {
      await open();
      const key = await makeKey();
      const me = () =>
        http.ask("GET", "/api/auth/me", { headers: signed(key, "GET", "/api/auth/me") });
      expect((await me()).status).to.equal(200);
      for (let i = 0; i < 20; i++) {
        await http.ask("GET", "/api/auth/me", { headers: signed(madeUp(), "GET", "/api/auth/me") });
      }
      expect((await me()).status).to.equal(200);
    });

    it("S8: nothing but cancels empties the bucket of cancels", async () => {
      await open();
      const key = await makeKey();
      for (let i = 0; i < 20; i++) {
        await http.ask("GET", "/api/markets");
        await http.ask("POST", "/api/orders", { body: {} });
        await http.ask("GET", "/nowhere");
        await http.ask("GET", "/metrics");
        await http.ask("GET", "/api/auth/me", { headers: signed(madeUp(), "GET", "/api/auth/me") });
        await http.ask("POST", "/api/orders", {
          ...{ text: "{}", headers: signed(key, "POST", "/api/orders", "{}") },
        });
      }
      const path = `/api/orders/0x${"00".repeat(32)}`;
      const answer = await http.ask("DELETE", path, { headers: signed(key, "DELETE", path) });
      expect(answer.status).to.equal(404);
    });

    for (const path of [
      ...["/nowhere", "/metrics", "/live", "/ready", "/health", "/docs", "/docs/static/index.css"],
      ...[
        "/openapi.json",
        "/asyncapi.json",
        "/api/markets/%E0%A4%A",
        `/api/markets/${"x".repeat(300)}`,
      ],
    ]) {
      it(`M7: ${path.slice(0, 30)} has a limit`, async () => {
        await open();
        const statuses: number[] = [];
        const headers = { "nostra-key": "x", authorization: "Bearer x", cookie: "nostra_access=x" };
        for (let i = 0; i < 8; i++)
          statuses.push((await http.ask("GET", path, { headers })).status);
        expect(statuses.slice(0, few.count)).to.not.include(429);
        expect(statuses.slice(few.count)).to.deep.equal([429, 429, 429]);
      });
    }

    it("M7: what browsers ask before a request has a limit", async () => {
      await open({ origins: ["https://page.test"] });
      const headers = { origin: "https://page.test", "access-control-request-method": "POST" };
      const ask = () =>
        http.app.inject({
          method: "OPTIONS",
          url: "/api/orders",
          headers: { host: HOST, ...headers },
        });
      const statuses: number[] = [];
      for (let i = 0; i < 8; i++) statuses.push((await ask()).statusCode);
      expect(statuses).to.deep.equal([204, 204, 204, 204, 204, 429, 429, 429]);
    });

    it("M7: health is out of reach of other requests", async () => {
      await open();
      for (let i = 0; i < 20; i++) await http.ask("GET", "/api/markets");
      expect((await http.ask("GET", "/health")).status).to.equal(200);
    });

    it("S8: an address is cut off that sends what is no HTTP", async () => {
      await open();
      const port = await listen();
      const send = async (): Promise<string> => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => undefined);
        let text = "";
        socket.on("data", (data) => (text += data.toString()));
        socket.write("this is no HTTP\r\n\r\n");
        await once(socket, "close");
        return text;
      };
      const answers: string[] = [];
      for (let i = 0; i < 8; i++) answers.push(await send());
      expect(answers.filter((text) => text.startsWith("HTTP/1.1 400"))).to.have.length(few.count);
      expect(answers.filter((text) => text === "")).to.have.length(8 - few.count);
    });

    it("S8: an address has a bounded number of sockets", async () => {
      await open({ limits: { ...LIMITS, sockets: 4 } });
      const port = await listen();
      const sockets = Array.from({ length: 10 }, () => connect(port, "127.0.0.1"));
      let cut = 0;
      await new Promise<void>((resolve) => {
        for (const socket of sockets) {
          socket.on("error", () => undefined);
          socket.on("close", () => {
            cut += 1;
            if (cut === 6) resolve();
          });
        }
      });
      expect(sockets.filter(({ destroyed }) => !destroyed)).to.have.length(4);
      for (const socket of sockets) socket.destroy();
    });

    it("S8: large bodies of an address that arrive slowly have a bound", async () => {
      await open({ limits: { ...LIMITS, address: allOf(many) } });
      const port = await listen();
      const announce = () =>
        httpRequest({
          ...{ port, host: "127.0.0.1", method: "POST", path: "/api/orders/batch", agent: false },
          headers: { "content-type": "application/json", "content-length": 500_000 },
        });
      const requests = Array.from({ length: 8 }, announce);
      for (const one of requests) {
        one.on("error", () => undefined);
        one.write("{");
      }
      await until(() => http.app.server.connections !== 0);
      const last = announce();
      last.on("error", () => undefined);
      last.write("{");
      const [answer] = (await Promise.race(
        [...requests, last].map((one) => once(one, "response")),
      )) as [IncomingMessage];
      expect(answer.statusCode).to.equal(429);
      for (const one of [...requests, last]) one.destroy();
    });
  });

  describe("S8: an address is counted once, however it is written", () => {
    for (const [given, key] of [
      ["::ffff:10.1.2.3", "10.1.2.3"],
      ["::FFFF:10.1.2.3", "10.1.2.3"],
      ["::ffff:a01:203", "10.1.2.3"],
      ["0:0:0:0:0:ffff:10.1.2.3", "10.1.2.3"],
      ["64:ff9b::10.1.2.3", "10.1.2.3"],
      ["2001:DB8:1:2::9%eth0", "2001:db8:1:2::/64"],
      ["2001:db8:1:2:0:0:0:1", "2001:db8:1:2::/64"],
      ["::", "0:0:0:0::/64"],
      ["no address", "unknown"],
      ["1.2.3.4.5", "unknown"],
      ["1:2:3", "unknown"],
      ["1::2::3", "unknown"],
      [":".repeat(8_000), "unknown"],
      ["", "unknown"],
    ] as const) {
      it(`S8: ${given.slice(0, 30)} as ${key}`, () => expect(addressKey(given)).to.equal(key));
    }

    it("S8: every spelling of an IPv6 address has one name (random)", () => {
      const group = fc.integer({ min: 0, max: 0xffff });
      fc.assert(
        fc.property(
          fc.array(group, { minLength: 8, maxLength: 8 }),
          fc.boolean(),
          (groups, upper) => {
            const plain = groups.map((n) => n.toString(16)).join(":");
            const padded = groups.map((n) => n.toString(16).padStart(4, "0")).join(":");
            const spelled = upper ? padded.toUpperCase() : padded;
            const short = new URL(`http://[${plain}]/`).hostname.slice(1, -1);
            const name = addressKey(plain);
            expect([
              addressKey(spelled),
              addressKey(short),
              addressKey(`${spelled}%1`),
            ]).to.deep.equal([...[name, name, name]]);
          },
        ),
        { seed: seedOr(5), numRuns: runsOr(300), verbose: 1 },
      );
    });
    before(() => open());
  });

  describe("requests through a proxy", () => {
    for (const [header, value] of [
      ["x-forwarded-for", "10.0.0.1"],
      ["forwarded", "for=10.0.0.1"],
      ["via", "1.1 proxy"],
    ] as const) {
      it(`that is not trusted are reported once a day (${header})`, async () => {
        const alerts: Alert[] = [];
        await open({}, { alarm: (alert) => void alerts.push(alert) });
        const ask = () => http.ask("GET", "/live", { headers: { [header]: value } });
        for (let i = 0; i < 3; i++) await ask();
        expect(alerts.map(({ type }) => type)).to.deep.equal(["proxy_not_trusted"]);
        expect(http.lines.join()).to.include("TRUSTED_PROXIES");
        http.venue.clock.pass(86_400_000);
        await ask();
        expect(alerts).to.have.length(2);
        const { text } = await http.ask("GET", "/metrics");
        expect(text).to.match(/^http_proxy_mismatch_total\{kind="proxy_not_trusted"\} 4$/m);
      });
    }

    it("that is trusted are not reported, and those past it are", async () => {
      const alerts: Alert[] = [];
      await open({ trustedProxies: 1 }, { alarm: (alert) => void alerts.push(alert) });
      await http.ask("GET", "/api/markets", { headers: { "x-forwarded-for": "10.0.0.1" } });
      await http.ask("GET", "/live");
      expect(alerts).to.deep.equal([]);
      await http.ask("GET", "/api/markets");
      expect(alerts.map(({ type }) => type)).to.deep.equal(["proxy_header_missing"]);
    });
  });

  describe("M3: the balance of an asset", () => {
    it("M3: is asked of the node for known tokens alone", async () => {
      await open({ limits: DEFAULT_LIMITS });
      const headers = await http.signIn();
      let asked = 0;
      const funds = http.venue.funds.bind(http.venue);
      http.venue.funds = () => {
        asked += 1;
        return funds();
      };
      for (const asset of [
        ...[
          "5",
          "00",
          "011",
          `${2n ** 256n - 1n}`,
          `${2n ** 256n}`,
          "9".repeat(78),
          "9".repeat(79),
        ],
        ...["-1", "1e3", "0x0b", " 11", "11.0", "999999999999999999999"],
      ]) {
        const answer = await http.ask(
          "GET",
          `/api/user/balance?asset=${encodeURIComponent(asset)}`,
          {
            headers,
          },
        );
        expect(answer.status, asset).to.equal(400);
      }
      expect([asked, http.lines]).to.deep.equal([0, []]);
      for (const asset of ["0", `${YES}`]) {
        expect(
          (await http.ask("GET", `/api/user/balance?asset=${asset}`, { headers })).status,
        ).to.equal(200);
      }
      expect(asked).to.equal(2);
    });
  });

  describe("M11: a sign-in message", () => {
    it("M11: of any kind is read in a moment", async () => {
      await open();
      const head = `${HOST} wants you to sign in with your Ethereum account:\n${ADA.address}\n\n`;
      for (const piece of PIECES) {
        for (const text of [
          fill(piece, 1_536),
          head + fill(piece, 1_300),
          `${head}\nURI: https://${fill(piece, 1_200)}`,
          `${signInMessage(ADA.address, "a".repeat(68), NOW_MS)}\nResources:${fill(`\n- ${piece}`, 900)}`,
        ]) {
          const [, cpuMs] = await measureCpu(async () => readSignInMessage(text));
          expect(cpuMs, JSON.stringify(text.slice(0, 40))).to.be.at.most(20);
          const body = { message: text, signature: `0x${"11".repeat(65)}` };
          const { status } = await http.ask("POST", "/api/auth/verify", { body });
          expect(status).to.be.oneOf([400, 401]);
        }
      }
    });

    it("M11: is read strictly: what stands elsewhere, or besides, is refused", async () => {
      await open();
      const good = signInMessage(ADA.address, "n".repeat(20), NOW_MS);
      const full = `${good}\nExpiration Time: 2030-01-01T00:00:00Z\nNot Before: 2020-01-01T00:00:00.000Z\nRequest ID: some-id\nResources:\n- https://a.test/x\n- ipfs://b`;
      expect(readSignInMessage(full)).to.deep.equal({
        ...{ domain: HOST, address: ADA.address, chainId: 31337, nonce: "n".repeat(20) },
        ...{ expirationMs: Date.UTC(2030, 0, 1), notBeforeMs: Date.UTC(2020, 0, 1) },
      });
      const withoutStatement = good.replace("Sign in to Nostra.\n", "");
      expect(readSignInMessage(withoutStatement)?.domain).to.equal(HOST);
      expect(readSignInMessage(`https://${good}`)?.domain).to.equal(HOST);
      const lines = full.split("\n");
      for (let i = 0; i < lines.length - 1; i++) {
        const mandatory = lines.filter((_, at) => at !== i).join("\n");
        // The optional lines may be missing: statement, expiration, not before, request id, and all resources but their title.
        if (![3, 10, 11, 12, 14, 15].includes(i)) {
          expect(readSignInMessage(mandatory), `without ${lines[i]}`).to.equal(undefined);
        }
        const twice = [...lines.slice(0, i + 1), ...lines.slice(i)].join("\n");
        if (i < 14) expect(readSignInMessage(twice), `twice ${lines[i]}`).to.equal(undefined);
        const swapped = [...lines];
        [swapped[i], swapped[i + 1]] = [lines[i + 1]!, lines[i]!];
        if (lines[i] !== lines[i + 1] && i < 13) {
          expect(readSignInMessage(swapped.join("\n")), `swapped ${lines[i]}`).to.equal(undefined);
        }
      }
      for (const wrong of [
        good.replace(ADA.address, ADA.address.toLowerCase()),
        good.replace("Version: 1", "Version: 2"),
        good.replace("Chain ID: 31337", "Chain ID: 0x7a69"),
        good.replace(/Issued At: .*/, "Issued At: yesterday"),
        `${good}\n`,
        `${good}\nExpiration Time: never`,
        `${good}\nAnything: else`,
        good.replaceAll("\n", "\r\n"),
      ]) {
        expect(readSignInMessage(wrong), wrong).to.equal(undefined);
      }
    });
  });

  describe("K7: a venue that stops", () => {
    it("K7: answers every request under way, and refuses those that come after", async () => {
      await open({ limits: DEFAULT_LIMITS });
      const port = await listen();
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let waiting = 0;
      http.venue.verified = async () => {
        waiting += 1;
        await held;
      };
      const agent = new Agent({ keepAlive: true });
      const orders = await Promise.all(
        Array.from({ length: 16 }, (_, i) => signJson({ price: "0.5", size: `${i + 1}` })),
      );
      const posts = orders.map((order) => post(port, agent, JSON.stringify(order)));
      const idle = connect(port, "127.0.0.1");
      await until(() => waiting === orders.length);
      const idleClosed = once(idle, "close");
      const closed = http.app.close();
      await idleClosed;
      release();
      const answers = await Promise.all(posts);
      for (const { status, connection, json } of answers) {
        expect([status, connection, json.success]).to.deep.equal([200, "close", true]);
      }
      await closed;
      agent.destroy();
      const stored = await http.venue.store.db.selectFrom("orders").selectAll().execute();
      expect(stored).to.have.length(orders.length);
    });

    it("K7: answers STOPPING to a request that comes on a busy connection", async () => {
      await open({ limits: DEFAULT_LIMITS });
      const port = await listen();
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let waiting = 0;
      http.venue.verified = async () => {
        waiting += 1;
        await held;
      };
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.on("data", (data) => (text += data.toString()));
      const body = JSON.stringify(await signJson({ price: "0.5" }));
      socket.write(
        `POST /api/orders HTTP/1.1\r\nHost: ${HOST}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      await until(() => waiting === 1);
      const closed = http.app.close();
      socket.write(`GET /api/markets HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      release();
      await once(socket, "close");
      await closed;
      expect(text).to.match(/^HTTP\/1\.1 200 OK\r\n/);
      expect(text.toLowerCase()).to.include("connection: close");
      const second = text.indexOf("HTTP/1.1", 1);
      if (second > 0) expect(text.slice(second)).to.match(/^HTTP\/1\.1 503 /);
    });
  });
});

describeStores("hostile: sessions and keys", (fresh) => {
  let http: TestHttp;
  beforeEach(async () => {
    http = await startHttp(await fresh());
  });
  afterEach(() => http.app.close());

  it("M2: of 40 keys created at once an account gets 20", async () => {
    const headers = await http.signIn();
    const body = { scopes: ["read"] };
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => http.ask("POST", "/api/auth/keys", { headers, body })),
    );
    expect(count(answers, 200)).to.equal(20);
    expect(count(answers, 409)).to.equal(20);
    const { json } = await http.ask("GET", "/api/auth/keys", { headers });
    expect(json.keys).to.have.length(20);
  });

  const signIn = async (): Promise<{ refreshToken: string; headers: Record<string, string> }> => {
    const { nonce } = (await http.ask("GET", "/api/auth/nonce")).json as { nonce: string };
    const message = signInMessage(ADA.address, nonce, http.venue.clock.nowMs());
    const signature = await ADA.signMessage(message);
    const { json } = await http.ask("POST", "/api/auth/verify", { body: { message, signature } });
    return {
      refreshToken: json.refreshToken,
      headers: { authorization: `Bearer ${json.accessToken}` },
    };
  };
  const refresh = (refreshToken: string): Promise<TestAnswer> =>
    http.ask("POST", "/api/auth/refresh", { body: { refreshToken } });

  it("M9: a made-up refresh token of a known session ends nothing", async () => {
    const { refreshToken, headers } = await signIn();
    const [id, body, seal] = refreshToken.split(".") as [string, string, string];
    const last = seal.slice(-2) === "AA" ? "BB" : "AA";
    for (const made of [
      ...[`${id}.anything`, `${id}.`, id, `${id}..`, `${id}.${body}`, `${id}.${body}.`],
      ...[`${id}.${body}.${seal.slice(0, -2)}${last}`, `${id}.${"A".repeat(43)}.${seal}`],
      ...[`${"0".repeat(32)}.${body}.${seal}`, `${id}.${body}.${"A".repeat(43)}`],
    ]) {
      const answer = await refresh(made);
      expect([answer.status, answer.json.error.code], made).to.be.deep.oneOf([
        [401, "INVALID_REFRESH_TOKEN"],
        [401, "SESSION_ENDED"],
      ]);
    }
    expect((await http.ask("GET", "/api/auth/me", { headers })).status).to.equal(200);
    expect((await refresh(refreshToken)).status).to.equal(200);
  });

  it("M9: a spent refresh token of any age ends the session", async () => {
    const first = await signIn();
    const second = (await refresh(first.refreshToken)).json.refreshToken as string;
    const third = (await refresh(second)).json.refreshToken as string;
    expect((await refresh(first.refreshToken)).json.error.code).to.equal("REFRESH_TOKEN_REUSED");
    expect((await refresh(third)).json.error.code).to.equal("SESSION_ENDED");
  });

  it("S10: the end of each session and key is reported, once it is stored", async () => {
    const ended: Ended[] = [];
    const stop = http.auth.onEnded((one) => void ended.push(one));
    const robbed = await signIn();
    await refresh(robbed.refreshToken);
    await refresh(robbed.refreshToken);
    const id = robbed.refreshToken.split(".")[0]!;
    expect(ended).to.deep.equal([{ kind: "session", id }]);
    const other = await signIn();
    const key = (
      await http.ask("POST", "/api/auth/keys", {
        headers: other.headers,
        body: { scopes: ["read"] },
      })
    ).json as Key;
    await http.ask("DELETE", `/api/auth/keys/${key.id}`, { headers: other.headers });
    await http.ask("DELETE", `/api/auth/keys/${key.id}`, { headers: other.headers });
    await http.ask("POST", "/api/auth/logout", { headers: other.headers });
    expect(ended.slice(1)).to.deep.equal([
      { kind: "key", id: key.id },
      { kind: "session", id: other.refreshToken.split(".")[0] },
    ]);
    stop();
    await http.auth.sessions.end(id);
    expect(ended).to.have.length(3);
  });
});

function count(answers: readonly TestAnswer[], status: number): number {
  return answers.filter((answer) => answer.status === status).length;
}

let used = 0;
function randomAddress(): string {
  used += 1;
  return `10.2.${Math.floor(used / 250)}.${used % 250}`;
}

/** The same store; notes each query on it. */
function counted(store: Store, queries: string[]): Store {
  const db = store.db.withPlugin({
    transformQuery: ({ node }) => {
      queries.push(node.kind);
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  return { ...store, db };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

interface Posted {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly json: { success?: boolean };
}

async function post(port: number, agent: Agent, body: string): Promise<Posted> {
  const sent = httpRequest({
    ...{ port, host: "127.0.0.1", method: "POST", path: "/api/orders", agent },
    headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
  });
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  let text = "";
  for await (const part of answer) text += String(part);
  return {
    status: answer.statusCode,
    connection: answer.headers.connection,
    json: JSON.parse(text) as Posted["json"],
  };
}
