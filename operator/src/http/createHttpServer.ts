import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import jwt from "@fastify/jwt";
import { orderDomain } from "@nostra/sdk/order";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { Alarm } from "../alerts";
import { OperatorError } from "../errors";
import { safeAnswer, toErrorBody } from "./answerError";
import { Auth } from "./auth/Auth";
import { deriveKey } from "./auth/seal";
import type { Deps } from "./Deps";
import { Modes } from "../modes";
import { documentApi } from "./documentApi";
import { enforceMode } from "./enforceMode";
import { Health, type HealthCheck } from "./Health";
import { completeConfig, type HttpConfig } from "./HttpConfig";
import { MemoryLimiter, type RateLimiter } from "./limits/RateLimiter";
import { chargeAddress } from "./limits/charge";
import { addressKey } from "./limits/limits";
import { limitSockets } from "./limits/limitSockets";
import { Markets } from "./Markets";
import { Metrics } from "./Metrics";
import { admit, mountOperations, type Gate } from "./mountOperations";
import type { Operation } from "./operation";
import { allOperations } from "./operations";
import { cut } from "./boundAnswer";
import { redact } from "./redact";
import { securityHeaders } from "./securityHeaders";
import { finishRequests } from "./finishRequests";
import { watchProxies } from "./watchProxies";

export interface HttpOptions extends Pick<
  Deps,
  | "store"
  | "engine"
  | "intake"
  | "bus"
  | "feed"
  | "deployment"
  | "clock"
  | "log"
  | "termsOf"
  | "chainNow"
> {
  readonly config: HttpConfig;
  /** Default: figures that nobody else adds to. */
  readonly metrics?: Metrics;
  /** What the venue takes. Default: everything, always. */
  readonly modes?: Pick<Modes, "current" | "require">;
  readonly setMode?: Deps["setMode"];
  /** What the venue depends on beside its database. */
  readonly checks?: readonly HealthCheck[];
  /** Default: buckets of this process alone. */
  readonly limiter?: RateLimiter;
  /** Default: none is raised. */
  readonly alarm?: Alarm;
}

/** The server, and what of it the stream uses. */
export interface HttpServer {
  /** Listens when told to: `app.listen({ port, host })`. */
  readonly app: FastifyInstance;
  readonly auth: Auth;
  readonly limiter: RateLimiter;
  readonly metrics: Metrics;
  readonly health: Health;
  readonly operations: readonly Operation[];
}

const MOST_COUNTED = 10_000;

/** A sender has this long for the head of a request, and for all of it. Node looks at each interval. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECK_INTERVAL_MS = 2_000;
const MAX_HEADER_BYTES = 16 * 1024;

/** Sockets open at once of all addresses: the streams that may be open, and as many again of requests. */
const MAX_SOCKETS = 20_000;
const REQUEST_ID = /^[\w-]{1,64}$/;

/** Answers requests: one handler for each thing that can be asked, whatever the path it is asked by. */
export async function createHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { store, bus, deployment, clock, log } = options;
  const config = completeConfig(options.config);
  const metrics = options.metrics ?? new Metrics();
  const limiter = options.limiter ?? new MemoryLimiter(clock);
  const health = new Health(store, clock, options.checks ?? []);
  const modes = options.modes ?? new Modes({ clock, bus, log });
  countTrades(bus, metrics);

  const { trustedProxies } = config;
  const app = Fastify({
    logger: false,
    // Without a proxy no header is believed, and none is read.
    trustProxy: trustedProxies > 0 && ((_address, hop) => hop < trustedProxies),
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
    // What is under way is answered; see finishRequests.
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (thrown, request, reply) => refuseUnroutable(thrown, request, reply),
    clientErrorHandler: (fault, socket) => refuseMalformed(fault, socket as Socket),
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
  app.decorateRequest("rawBody", "");
  app.decorateRequest("identity", undefined);
  app.decorateRequest("hasPaidGuess", false);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(config.checkAnswers ? serializerCompiler : () => JSON.stringify);
  readJson(app);
  observe(app, metrics, health);
  const security = securityHeaders(config);
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(security);
    done();
  });
  answerFailures(app, options, metrics, config);
  finishRequests(app);

  const { secret, domains, origins, serviceKey, limits } = config;
  const { chainId, contracts } = deployment;
  await app.register(jwt, { secret: deriveKey(secret, "access-tokens") });
  const auth = new Auth({ store, clock, secret, chainId, domains, origins, serviceKey }, app.jwt);
  const gate: Gate = { auth, limiter, limits };
  const alarm = options.alarm ?? (() => undefined);
  const look = watchProxies({ trustedProxies, metrics, clock, log, alarm });
  limitSockets(app.server, {
    ofAddress: trustedProxies > 0 ? Infinity : limits.sockets,
    inAll: MAX_SOCKETS,
    onRefused: () => metrics.socketsRefused.inc(),
  });

  /** Before anything else is done for a request. */
  const charge = (
    request: FastifyRequest,
    reply: FastifyReply,
    done: (fault?: Error) => void,
  ): void => {
    look(request);
    const admitted = admit(gate, request, reply);
    if (admitted === undefined) done();
    else admitted.then(() => done(), done);
  };
  // CORS answers OPTIONS itself. Other requests are charged behind it, so that a page elsewhere can read a 429.
  app.addHook("onRequest", (request, reply, done) => {
    if (request.method === "OPTIONS") charge(request, reply, done);
    else done();
  });
  await app.register(cors, {
    origin: [...config.origins],
    credentials: true,
    methods: ["GET", "POST", "DELETE"],
    exposedHeaders: [
      "x-request-id",
      "retry-after",
      "ratelimit-limit",
      "ratelimit-remaining",
      "ratelimit-reset",
    ],
    maxAge: 600,
  });
  app.addHook("onRequest", (request, reply, done) => {
    if (request.method === "OPTIONS") done();
    else charge(request, reply, done);
  });
  await app.register(cookie);
  await documentApi(app);

  const operations = allOperations({
    ...options,
    domain: orderDomain({ chainId, exchange: contracts.ctfExchange }),
    markets: new Markets(store),
    secureCookies: config.secureCookies,
    answerError: (thrown) => safeAnswer(thrown, config.secrets),
    ...{ metrics, health, auth, log, modes },
    setMode: options.setMode ?? (async () => undefined),
  });
  enforceMode(app, modes);
  mountOperations(app, operations, gate);

  /** A path that no route can be looked for: it passes no hook. */
  function refuseUnroutable(thrown: Error, request: FastifyRequest, reply: FastifyReply): void {
    void reply.headers({ ...security, "x-request-id": request.id });
    const answer = (fault: unknown): void => {
      const refusal = safeAnswer(fault, config.secrets);
      if (refusal.retryAfterSeconds !== undefined) {
        void reply.header("retry-after", refusal.retryAfterSeconds);
      }
      const body = toErrorBody(refusal, request.id);
      void reply.code(refusal.status).type("application/json").serializer(String).send(body);
    };
    Promise.resolve()
      .then(() => chargeAddress(gate, "read", request, reply))
      .then(() => answer(thrown), answer);
  }

  /** Bytes that are no HTTP, too many of them, or too few in time. The connection ends. */
  function refuseMalformed(fault: Error & { code?: string }, socket: Socket): void {
    if (fault.code === "ECONNRESET" || socket.destroyed) return;
    metrics.malformedRequests.inc();
    const [status, code, message] = MALFORMED[fault.code ?? ""] ?? MALFORMED["OTHER"]!;
    const key = `address:${addressKey(socket.remoteAddress ?? "")}:read`;
    // Over its limit, an address is cut off without an answer.
    Promise.resolve(limiter.take(key, limits.address.read))
      .then(({ allowed }) => {
        if (!allowed || !socket.writable) return void socket.destroy();
        const details = {};
        const body = JSON.stringify({ error: { code, message, details, requestId: randomUUID() } });
        const head = `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n`;
        socket.end(head + body, () => socket.destroy());
      })
      .catch(() => socket.destroy());
  }

  return { app, auth, limiter, metrics, health, operations };
}

/** By the code of Node's error. */
const MALFORMED: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "HEADERS_TOO_LARGE",
    `the headers are over ${MAX_HEADER_BYTES} bytes`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: [
    "408 Request Timeout",
    "TOO_SLOW",
    "the request took too long to send",
  ],
  OTHER: ["400 Bad Request", "INVALID_REQUEST", "the request is no readable HTTP"],
};

/** A match is told as MATCHED again when its block was undone: those told lately are counted once. */
function countTrades(bus: HttpOptions["bus"], metrics: Metrics): void {
  const counted = new Set<string>();
  bus.subscribe((event) => {
    if (event.type !== "match" || event.state !== "MATCHED" || counted.has(event.matchId)) return;
    counted.add(event.matchId);
    if (counted.size > MOST_COUNTED) counted.delete(counted.values().next().value!);
    metrics.tradesExecuted.inc();
  });
}

/** JSON and nothing else is read; its text is kept for who checks a signature over it. */
function readJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    request.rawBody = body as string;
    parse(request, body as string, done);
  });
}

function observe(app: FastifyInstance, metrics: Metrics, health: Health): void {
  app.addHook("onRequest", (request, reply, done) => {
    reply.header("x-request-id", request.id);
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const operation = request.routeOptions.config.operation?.id ?? "none";
    const labels = { operation, method: request.method, status: `${reply.statusCode}` };
    metrics.httpRequests.inc(labels);
    metrics.httpSeconds.observe(labels, reply.elapsedTime / 1000);
    health.count(reply.statusCode >= 500);
    done();
  });
}

function answerFailures(
  app: FastifyInstance,
  { log }: HttpOptions,
  metrics: Metrics,
  { secrets }: ReturnType<typeof completeConfig>,
): void {
  app.setErrorHandler(async (thrown, request, reply) => {
    const answer = safeAnswer(isCutOff(thrown, request) ? cutOff() : thrown, secrets);
    if (answer.code === "RATE_LIMITED") {
      metrics.rateLimited.inc({ bucket: String(answer.details["bucket"]) });
    }
    const operation = request.routeOptions.config.operation?.id;
    if (answer.isFault) {
      const fault = cut(redact(describeFault(thrown), secrets), MAX_FAULT);
      log.error({ requestId: request.id, operation, code: answer.code, fault }, "request failed");
    }
    if (answer.retryAfterSeconds !== undefined) {
      void reply.header("retry-after", answer.retryAfterSeconds);
    }
    const body = toErrorBody(answer, request.id);
    return reply.code(answer.status).type("application/json").serializer(String).send(body);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const answer = {
      ...{ status: 404, code: "NOT_FOUND", message: "there is nothing at this path" },
      ...{ details: {}, isFault: false },
    };
    const body = toErrorBody(answer, request.id);
    return reply.code(404).type("application/json").serializer(String).send(body);
  });
}

/** True when the sender went away, or was cut off, before its body was whole. */
function isCutOff(thrown: unknown, request: FastifyRequest): boolean {
  return request.raw.destroyed && !request.raw.complete && !(thrown instanceof OperatorError);
}

function cutOff(): OperatorError {
  return new OperatorError("INVALID_BODY", "the connection ended before the body did", {
    status: 400,
  });
}

const DEEPEST_CAUSE = 5;
/** Characters of a fault in the log: a node's error may repeat a whole transaction. */
const MAX_FAULT = 2_000;

/** What was thrown, and what it came of, in a line: without stacks, which tell more about the machine than about the fault. */
function describeFault(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { name, message, cause } = thrown;
  const because =
    cause === undefined || depth >= DEEPEST_CAUSE ? "" : ` <- ${describeFault(cause, depth + 1)}`;
  return `${name}: ${message}${because}`;
}
