import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { NostraError, TransportError } from "@nostra/sdk/errors";
import { expect } from "chai";
import { FencedError, OperatorError } from "../../operator/src/errors";
import type { HealthCheck } from "../../operator/src/http";
import { redact } from "../../operator/src/http";
import { emptyStore } from "./helpers/stores";
import { SECRET, signJson, startHttp, type TestHttp } from "./helpers/venue";

describe("operator: HTTP failures", () => {
  let http: TestHttp;
  const SECRETS = [
    "postgres://admin:hunter2hunter2@db.internal:5432/venue",
    `0x${"5e".repeat(32)}`,
    "https://rpc.example/v2/api-key-of-ours",
  ];
  const checks: HealthCheck[] = [];
  beforeEach(async () => {
    checks.length = 0;
    const store = await emptyStore("pglite");
    http = await startHttp(store, { secrets: SECRETS }, { checks });
  });
  afterEach(() => http.app.close());
  const ask: TestHttp["ask"] = (...given) => http.ask(...given);

  describe("refusals of what is sent (HT-1)", () => {
    for (const [name, text, headers, status, code] of [
      ["malformed JSON", '{"order":', {}, 400, "INVALID_JSON"],
      ["no JSON object", "[]", {}, 400, "INVALID_JSON"],
      ["an empty body", "", { "content-type": "application/json" }, 400, "INVALID_JSON"],
      ["a polluting member", '{"__proto__":{}}', {}, 400, "INVALID_JSON"],
      [
        "another content type",
        "x=1",
        { "content-type": "text/plain" },
        415,
        "UNSUPPORTED_MEDIA_TYPE",
      ],
      ["a body over the limit", `"${"x".repeat(40_000)}"`, {}, 413, "BODY_TOO_LARGE"],
    ] as const) {
      it(`${name}: ${status}`, async () => {
        const answer = await ask("POST", "/api/orders", { text, headers });
        expect([answer.status, answer.json.error.code]).to.deep.equal([status, code]);
        expect((await ask("GET", "/live")).status, "it lives").to.equal(200);
      });
    }

    it("a path with broken escapes: 400 or 404, as JSON", async () => {
      const answer = await ask("GET", "/api/markets/%E0%A4%A");
      expect(answer.status).to.be.oneOf([400, 404]);
      expect(answer.text).to.not.match(/\bat .*\.js/);
    });

    for (const path of [
      "/api/markets/%00",
      "/api/markets?category=a%00b",
      "/api/events/by-type/%00",
    ]) {
      it(`the character NUL, which no database takes, in a URL: 400 (${path})`, async () => {
        const answer = await ask("GET", path);
        expect([answer.status, answer.json.error.code]).to.deep.equal([400, "INVALID_INPUT"]);
      });
    }

    it("a request that says one length and sends another does not hang the venue", async () => {
      await http.app.listen({ port: 0, host: "127.0.0.1" });
      const { port } = http.app.server.address() as AddressInfo;
      const half = request({ port, method: "POST", path: "/api/orders" });
      half.on("error", () => undefined);
      half.setHeader("content-type", "application/json");
      half.setHeader("content-length", "1000");
      half.write("{");
      const answer = await fetch(`http://127.0.0.1:${port}/live`);
      expect(answer.status).to.equal(200);
      half.destroy();
    });
  });

  it("have one shape, with the id of the request, given or made", async () => {
    const given = await ask("GET", "/api/markets/none", { headers: { "x-request-id": "mine-1" } });
    expect(given.json.error).to.deep.equal({
      code: "MARKET_NOT_FOUND",
      message: "no market has this id or slug",
      details: { market: "none" },
      requestId: "mine-1",
    });
    const made = await ask("GET", "/nowhere", { headers: { "x-request-id": "<script>" } });
    expect(made.json.error.requestId).to.match(/^[0-9a-f-]{36}$/);
    expect(made.headers["x-request-id"]).to.equal(made.json.error.requestId);
  });

  for (const [name, fault, status, code] of [
    ["not ready", new OperatorError("WARMING_UP", "wait", { status: 425 }), 425, "WARMING_UP"],
    ["fenced", new FencedError("engine"), 503, "FENCED"],
    ["the node is down", new TransportError("read", new Error("no")), 503, "UNAVAILABLE"],
  ] as const) {
    it(`${name}: ${status}, with when to try again`, async () => {
      http.venue.fault = fault;
      const answer = await ask("POST", "/api/orders", { body: await signJson({ price: "0.5" }) });
      expect([answer.status, answer.json.error.code]).to.deep.equal([status, code]);
      expect(answer.headers["retry-after"]).to.equal(1);
    });
  }

  describe("of any kind tell no stack, key or connection string (HT-11)", () => {
    const leak = `connect ${SECRETS[0]} with ${SECRETS[1]} through ${SECRETS[2]} and ${SECRET}`;
    const FAULTS: Record<string, () => Error> = {
      "a plain error": () => new Error(leak),
      "an error with a cause": () => new Error("outer", { cause: new Error(leak) }),
      "an error of the SDK": () => new NostraError("SURPRISE", leak, { details: { leak } }),
      "an error of a dependency of the SDK": () => new TransportError("read", new Error(leak)),
      "an error of ours": () =>
        new OperatorError("BROKEN", leak, { status: 500, details: { leak } }),
      "a refusal of ours that says too much": () =>
        new OperatorError("REFUSED", leak, { status: 422, details: { leak }, cause: leak }),
      "an error that names a status": () => Object.assign(new Error(leak), { statusCode: 400 }),
      "no error at all": () => leak as unknown as Error,
    };
    for (const [name, make] of Object.entries(FAULTS)) {
      it(`${name}`, async () => {
        const headers = await http.signIn();
        const body = await signJson({ price: "0.5" });
        http.venue.fault = make();
        const answers = [
          await ask("POST", "/api/orders", { body }),
          await ask("POST", "/api/orders/batch", { body: { orders: [body] } }),
          await ask("GET", "/api/user/balance", { headers }),
          await ask("GET", "/api/markets/market-0/orderbook"),
        ];
        for (const answer of answers) {
          expect(answer.status).to.be.oneOf([200, 422, 500, 503]);
        }
        const said = [...answers.map(({ text }) => text), ...http.lines].join("\n");
        for (const secret of [...SECRETS, SECRET, "hunter2", "api-key-of-ours"]) {
          expect(said).to.not.include(secret);
        }
        expect(said).to.not.match(/\bat \S+ \(|\.ts:\d|\.js:\d/);
      });
    }

    it("the database: 500, logged with the id that was told", async () => {
      const { reads } = http.venue.store;
      const { selectFrom, getExecutor } = reads;
      const fail = (): never => {
        throw new Error(leak);
      };
      Object.assign(reads, { selectFrom: fail, getExecutor: fail });
      try {
        const answer = await ask("GET", "/api/markets");
        expect([answer.status, answer.json.error.code]).to.deep.equal([500, "INTERNAL"]);
        expect(answer.json.error.details).to.deep.equal({});
        expect(http.lines.join()).to.include(answer.json.error.requestId);
        expect(http.lines.join()).to.not.include("hunter2");
      } finally {
        Object.assign(reads, { selectFrom, getExecutor });
      }
    });
  });

  it("redaction takes named secrets and all of a URL but scheme and host", () => {
    expect(redact("a hush b", ["hush"])).to.equal("a [secret] b");
    expect(redact("at postgres://u:p@h:1/db?x=1, then", [])).to.equal("at postgres://h:1/... then");
    expect(redact('"https://h/v2/key"', [])).to.equal('"https://h/..."');
    expect(redact("plain: text", [""])).to.equal("plain: text");
  });

  describe("health", () => {
    it("tells each service and the last minute's traffic", async () => {
      checks.push(
        { name: "redis", required: false, check: async () => "up" },
        { name: "blockchain_rpc", required: true, check: async () => "up" },
        { name: "event_indexer", required: false, check: async () => "degraded" },
      );
      await http.app.close();
      http = await startHttp(await emptyStore("pglite"), {}, { checks });
      await ask("GET", "/live");
      http.venue.clock.pass(5_000);
      const { status, json } = await ask("GET", "/health");
      expect(status).to.equal(200);
      expect(json).to.deep.equal({
        status: "degraded",
        mode: "open",
        failing: [{ part: "event_indexer", state: "degraded", reason: "it is degraded" }],
        services: {
          ...{ database: "up", redis: "up", blockchain_rpc: "up", event_indexer: "degraded" },
        },
        metrics: {
          ...{ uptime_seconds: 5, active_connections: 0, requests_per_minute: 1, error_rate: 0 },
        },
      });
    });

    it("is 503 when something it needs is down, though it lives", async () => {
      await http.app.close();
      let isUp = false;
      const check = async (): Promise<"up"> => {
        if (!isUp) throw new Error(SECRETS[0]);
        return "up";
      };
      checks.push({ name: "engine", required: true, check });
      http = await startHttp(await emptyStore("pglite"), {}, { checks });
      for (const path of ["/health", "/ready"]) {
        const answer = await ask("GET", path);
        expect(answer.status, path).to.equal(503);
        expect(answer.json.services, path).to.deep.equal({ database: "up", engine: "down" });
      }
      expect((await ask("GET", "/live")).status).to.equal(200);
      isUp = true;
      http.venue.clock.pass(1_000);
      expect((await ask("GET", "/ready")).json.ready).to.equal(true);
    });

    it("metrics count requests by operation, orders and trades", async () => {
      await ask("POST", "/api/orders", { body: await signJson({ price: "0.5" }) });
      await ask("GET", "/api/v1/trading/pairs");
      await ask("GET", "/api/markets");
      const { text, headers } = await ask("GET", "/metrics");
      expect(headers["content-type"]).to.match(/^text\/plain/);
      expect(text).to.match(/^orders_placed_total 1$/m);
      expect(text).to.match(
        /^http_requests_total\{operation="listMarkets",method="GET",status="200"\} 2$/m,
      );
      for (const name of [
        "http_request_duration_seconds_bucket",
        "websocket_connections_total",
        "websocket_messages_total",
        "trades_executed_total",
        "order_matching_duration_seconds_bucket",
        "database_query_duration_seconds_bucket",
      ]) {
        expect(text).to.include(name);
      }
    });
  });

  it("headers keep browsers safe; pages elsewhere are let in by name alone", async () => {
    await http.app.close();
    http = await startHttp(await emptyStore("pglite"), { origins: ["https://page.test"] });
    const from = async (origin: string) =>
      (await ask("GET", "/api/markets", { headers: { origin } })).headers;
    const ours = await from("https://page.test");
    expect(ours["access-control-allow-origin"]).to.equal("https://page.test");
    expect(ours["x-content-type-options"]).to.equal("nosniff");
    expect(ours["content-security-policy"]).to.match(/default-src 'self'/);
    expect(await from("https://evil.test")).to.not.have.property("access-control-allow-origin");
  });

  it("a secret that is too short is refused at the start", async () => {
    const store = await emptyStore("pglite");
    await expect(startHttp(store, { secret: "short" })).to.be.rejectedWith(/32 characters/);
  });
});
