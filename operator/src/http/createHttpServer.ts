import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import jwt from "@fastify/jwt";
import { orderDomain } from "@nostra/sdk/order";
import Fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { safeAnswer, toErrorBody } from "./answerError";
import { Auth } from "./auth/Auth";
import { deriveKey } from "./auth/seal";
import type { Deps } from "./Deps";
import { documentApi } from "./documentApi";
import { Health, type HealthCheck } from "./Health";
import { completeConfig, type HttpConfig } from "./HttpConfig";
import { MemoryLimiter, type RateLimiter } from "./limits/RateLimiter";
import { limitRequest } from "./limits/limitRequest";
import { Markets } from "./Markets";
import { Metrics } from "./Metrics";
import { mountOperations } from "./mountOperations";
import type { Operation } from "./operation";
import { allOperations } from "./operations";
import { redact } from "./redact";
import { securityHeaders } from "./securityHeaders";

export interface HttpOptions extends Pick<
  Deps,
  "store" | "engine" | "intake" | "bus" | "feed" | "deployment" | "clock" | "log" | "chainNow"
> {
  readonly config: HttpConfig;
  /** Default: figures that nobody else adds to. */
  readonly metrics?: Metrics;
  /** What the venue depends on beside its database. */
  readonly checks?: readonly HealthCheck[];
  /** Default: buckets of this process alone. */
  readonly limiter?: RateLimiter;
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
const REQUEST_ID = /^[\w-]{1,64}$/;

/** Answers requests: one handler for each thing that can be asked, whatever the path it is asked by. */
export async function createHttpServer(options: HttpOptions): Promise<HttpServer> {
  const { store, bus, deployment, clock, log } = options;
  const config = completeConfig(options.config);
  const metrics = options.metrics ?? new Metrics();
  const limiter = options.limiter ?? new MemoryLimiter(clock);
  const health = new Health(store, clock, options.checks ?? []);
  countTrades(bus, metrics);

  const app = Fastify({
    logger: false,
    trustProxy: (_address, hop) => hop < config.trustedProxies,
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    exposeHeadRoutes: false,
    requestTimeout: 30_000,
    forceCloseConnections: true,
    genReqId: (request) => {
      const given = request.headers["x-request-id"];
      return typeof given === "string" && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
  app.decorateRequest("rawBody", "");
  app.decorateRequest("identity", undefined);
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(config.checkAnswers ? serializerCompiler : () => JSON.stringify);
  readJson(app);
  observe(app, metrics, health);
  const security = securityHeaders(config);
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(security);
    done();
  });
  answerFailures(app, options, limiter, config);

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
  await app.register(cookie);
  await app.register(jwt, { secret: deriveKey(config.secret, "access-tokens") });
  await documentApi(app);

  const { secret, domains, origins, serviceKey, limits } = config;
  const { chainId, contracts } = deployment;
  const auth = new Auth({ store, clock, secret, chainId, domains, origins, serviceKey }, app.jwt);
  const operations = allOperations({
    ...options,
    domain: orderDomain({ chainId, exchange: contracts.ctfExchange }),
    markets: new Markets(store),
    secureCookies: config.secureCookies,
    answerError: (thrown) => safeAnswer(thrown, config.secrets),
    ...{ metrics, health, auth, log },
  });
  mountOperations(app, operations, { auth, limiter, limits });
  return { app, auth, limiter, metrics, health, operations };
}

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
  limiter: RateLimiter,
  { secrets, limits }: ReturnType<typeof completeConfig>,
): void {
  app.setErrorHandler(async (thrown, request, reply) => {
    const answer = safeAnswer(thrown, secrets);
    const operation = request.routeOptions.config.operation?.id;
    if (answer.isFault) {
      const fault = redact(describeFault(thrown), secrets);
      log.error({ requestId: request.id, operation, code: answer.code, fault }, "request failed");
    }
    if (answer.retryAfterSeconds !== undefined) {
      void reply.header("retry-after", answer.retryAfterSeconds);
    }
    const body = toErrorBody(answer, request.id);
    return reply.code(answer.status).type("application/json").serializer(String).send(body);
  });
  app.setNotFoundHandler(async (request, reply) => {
    await limitRequest(limiter, limits, "read", request, reply);
    const answer = {
      ...{ status: 404, code: "NOT_FOUND", message: "there is nothing at this path" },
      ...{ details: {}, isFault: false },
    };
    const body = toErrorBody(answer, request.id);
    return reply.code(404).type("application/json").serializer(String).send(body);
  });
}

const DEEPEST_CAUSE = 5;

/** What was thrown, and what it came of, in a line: without stacks, which tell more about the machine than about the fault. */
function describeFault(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { name, message, cause } = thrown;
  const because =
    cause === undefined || depth >= DEEPEST_CAUSE ? "" : ` <- ${describeFault(cause, depth + 1)}`;
  return `${name}: ${message}${because}`;
}
