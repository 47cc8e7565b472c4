import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import type { z } from "zod";
import type { Auth } from "./auth/Auth";
import { unauthorized } from "./auth/refusals";
import type { Limits } from "./limits/limits";
import { limitRequest } from "./limits/limitRequest";
import type { RateLimiter } from "./limits/RateLimiter";
import type { Operation } from "./operation";
import { errorOut } from "./schemas";

declare module "fastify" {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

const MOST_BYTES = 32 * 1024;

export interface Gate {
  readonly auth: Auth;
  readonly limiter: RateLimiter;
  readonly limits: Limits;
}

/** Gives each operation its paths. All paths of one have one handler. */
export function mountOperations(
  app: FastifyInstance,
  operations: readonly Operation[],
  gate: Gate,
): void {
  for (const operation of operations) {
    for (const path of operation.paths) mount(app, operation, path, gate);
  }
}

function mount(app: FastifyInstance, operation: Operation, path: string, gate: Gate): void {
  const { method, handle, mostBytes = MOST_BYTES, readsBody = false, cost } = operation;
  app.route({
    method,
    url: path,
    bodyLimit: mostBytes,
    schema: schemaOf(operation, path),
    config: { operation },
    onRequest: (request, reply) => enter(operation, gate, request, reply),
    preValidation: (request, reply) => enterByKey(operation, gate, request, reply),
    ...(cost === undefined
      ? {}
      : {
          preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
            const more = cost(request.body) - 1;
            if (more > 0) {
              await limitRequest(gate.limiter, gate.limits, operation.bucket, request, reply, more);
            }
          },
        }),
    // Whoever reads the body himself is handed it as it came.
    ...(readsBody ? { validatorCompiler: passBody(app) } : {}),
    handler: (request, reply) =>
      handle({
        params: request.params as never,
        query: request.query as never,
        body: request.body as never,
        request,
        reply,
      }),
  });
}

/** Asks who it is, whether they may, and counts it: before the body is read. */
async function enter(
  { access, bucket, method }: Operation,
  { auth, limiter, limits }: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (bucket === "free" || request.headers["nostra-key"] !== undefined) return;
  try {
    request.identity = await auth.identify(request);
    if (request.identity?.byCookie === true && method !== "GET") auth.requireOwnPage(request);
    auth.requireAccess(request.identity, access);
  } catch (refused) {
    // Guessing costs as much as asking.
    await limitRequest(limiter, limits, bucket, request, reply);
    throw refused;
  }
  await limitRequest(limiter, limits, bucket, request, reply);
}

/** The same for a request that is signed with a key: its signature is over the body, which must be read first. */
async function enterByKey(
  { access, bucket }: Operation,
  { auth, limiter, limits }: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  if (bucket === "free" || request.headers["nostra-key"] === undefined) return;
  try {
    request.identity = await auth.identifyKey({
      key: header(request, "nostra-key"),
      timestamp: header(request, "nostra-timestamp"),
      nonce: header(request, "nostra-nonce"),
      signature: header(request, "nostra-signature"),
      method: request.method,
      path: request.originalUrl,
      body: request.rawBody,
    });
    auth.requireAccess(request.identity, access);
  } catch (refused) {
    await limitRequest(limiter, limits, bucket, request, reply);
    throw refused;
  }
  await limitRequest(limiter, limits, bucket, request, reply);
}

function header(request: FastifyRequest, name: string): string {
  const value = request.headers[name];
  if (typeof value === "string") return value;
  throw unauthorized(
    "INVALID_SIGNATURE",
    `a request signed with a key needs ${name.toUpperCase()}`,
    {
      header: name,
    },
  );
}

function passBody(app: FastifyInstance): NonNullable<FastifyInstance["validatorCompiler"]> {
  return (route) => {
    if (route.httpPart === "body") return (value: unknown) => ({ value });
    return app.validatorCompiler!(route);
  };
}

function schemaOf(operation: Operation, path: string): FastifySchema & Record<string, unknown> {
  const { id, summary, tag, params, query, body, answer, alsoAnswers = [], access } = operation;
  const [own] = operation.paths;
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
  const alias = operation.paths.indexOf(path);
  const mask = Object.fromEntries(names.map((name) => [name, true as const]));
  return {
    operationId: alias === 0 ? id : `${id}${alias + 1}`,
    summary,
    ...(alias === 0 ? {} : { description: `The same as ${own}.` }),
    tags: [tag],
    ...(access === "anyone" ? {} : { security: [{ token: [] }, { key: [] }, { cookie: [] }] }),
    ...(params === undefined || names.length === 0
      ? {}
      : { params: params.pick(mask as never).required() }),
    ...(query === undefined ? {} : { querystring: query }),
    ...(body === undefined ? {} : { body }),
    response: {
      200: answer,
      ...Object.fromEntries(alsoAnswers.map((status) => [status, answer])),
      "4xx": errorOut.describe("refused; the code says why"),
      ...(alsoAnswers.length > 0
        ? {}
        : { "5xx": errorOut.describe("the venue failed, or is not ready") }),
    } as Record<string, z.ZodType>,
  };
}
