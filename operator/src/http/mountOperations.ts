import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import type { z } from "zod";
import type { SignedRequest } from "./auth/ApiKeys";
import { ACCESS_COOKIE, type Auth } from "./auth/Auth";
import { unauthorized } from "./auth/refusals";
import { BodyBudget } from "./limits/BodyBudget";
import { chargeAddress, chargeIdentity, chargeTotal, type Counting } from "./limits/charge";
import type { Operation } from "./operation";
import { errorOut } from "./schemas";

declare module "fastify" {
  interface FastifyContextConfig {
    operation?: Operation;
  }
}

const MOST_BYTES = 32 * 1024;

export interface Gate extends Counting {
  readonly auth: Auth;
}

/** Gives each operation its paths. All paths of one have one handler. */
export function mountOperations(
  app: FastifyInstance,
  operations: readonly Operation[],
  gate: Gate,
): void {
  const bodies = new BodyBudget();
  for (const operation of operations) {
    for (const path of operation.paths) mount(app, operation, path, gate, bodies);
  }
}

function mount(
  app: FastifyInstance,
  operation: Operation,
  path: string,
  gate: Gate,
  bodies: BodyBudget,
): void {
  const { method, handle, mostBytes = MOST_BYTES, readsBody = false, cost } = operation;
  app.route({
    method,
    url: path,
    bodyLimit: mostBytes,
    schema: schemaOf(operation, path),
    config: { operation },
    onRequest: (request, reply, done) => {
      const entered = enter(operation, gate, request, reply);
      bodies.reserve(request, reply, mostBytes);
      if (entered === undefined) done();
      else entered.then(() => done(), done);
    },
    preValidation: (request, reply, done) => {
      if (request.identity !== undefined || !isSigned(request)) return done();
      enterByKey(operation, gate, request, reply).then(() => done(), done);
    },
    ...(cost === undefined
      ? {}
      : {
          preHandler: async (request: FastifyRequest, reply: FastifyReply) => {
            const more = cost(request.body) - 1;
            if (more > 0) await chargeMore(operation, gate, request, reply, more);
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

/**
 * Charges the address, before a body, a key or a session is looked at: every request of every path passes here first. One that
 * presents credentials pays the bucket of all accounts behind the address, any other that of the address itself.
 * @throws OperatorError with status 429, or 401 for a wrong service key.
 */
export function admit(
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): void | Promise<void> {
  const { operation } = request.routeOptions.config;
  const bucket = request.method === "OPTIONS" ? "probe" : (operation?.bucket ?? "read");
  if (operation === undefined || bucket === "probe")
    return chargeAddress(gate, bucket, request, reply);
  const serviceKey = request.headers["nostra-service-key"];
  if (serviceKey !== undefined)
    return admitService(gate, String(serviceKey), operation, request, reply);
  return presentsCredentials(request)
    ? chargeTotal(gate, bucket, request, reply)
    : chargeAddress(gate, bucket, request, reply);
}

function admitService(
  gate: Gate,
  serviceKey: string,
  { bucket }: Operation,
  request: FastifyRequest,
  reply: FastifyReply,
): void | Promise<void> {
  let identity;
  try {
    identity = gate.auth.identifyService(serviceKey);
  } catch (refused) {
    const paid = chargeAddress(gate, bucket, request, reply);
    if (paid === undefined) throw refused;
    return paid.then(() => {
      throw refused;
    });
  }
  request.identity = identity;
  return chargeIdentity(gate, bucket, identity, reply);
}

function isSigned(request: FastifyRequest): boolean {
  return request.headers["nostra-key"] !== undefined;
}

function presentsCredentials(request: FastifyRequest): boolean {
  const { authorization, cookie } = request.headers;
  return (
    isSigned(request) || authorization !== undefined || cookie?.includes(ACCESS_COOKIE) === true
  );
}

/** Finds out who asks and whether they may, before the body is read; undefined at once when there is nothing to find out. */
function enter(
  operation: Operation,
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): void | Promise<void> {
  const { access, bucket } = operation;
  if (bucket === "probe") return;
  if (request.identity !== undefined || !presentsCredentials(request)) {
    return gate.auth.requireAccess(request.identity, access);
  }
  return isSigned(request)
    ? knock(operation, gate, request, reply)
    : enterBySession(operation, gate, request, reply);
}

async function enterBySession(
  { access, bucket, method }: Operation,
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { auth } = gate;
  const identity = await orPay(auth.identify(request), bucket, gate, request, reply);
  request.identity = identity;
  // A cookie that is over stands for no account, so its request pays what one without it pays.
  if (identity === undefined) await chargeAddress(gate, bucket, request, reply);
  else await chargeIdentity(gate, bucket, identity, reply);
  if (identity?.byCookie === true && method !== "GET") auth.requireOwnPage(request);
  auth.requireAccess(identity, access);
}

/** What can be said of a signed request by its headers alone. */
async function knock(
  { bucket }: Operation,
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { keys } = gate.auth;
  try {
    keys.requireShape(signedRequest(request));
  } catch (refused) {
    await chargeAddress(gate, bucket, request, reply);
    throw refused;
  }
  if (keys.isKnown(header(request, "nostra-key"))) return;
  // An id that has not signed here lately is a guess until it has: it pays before anything is looked up.
  await chargeAddress(gate, bucket, request, reply);
  request.hasPaidGuess = true;
}

/**
 * Finds out who signed with a key: the signature is over the body, which is read by now. The account pays before the nonce is
 * stored, so that an account over its limit writes nothing.
 */
async function enterByKey(
  { access, bucket }: Operation,
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { auth } = gate;
  if (bucket === "probe") return;
  const signed = signedRequest(request);
  const identity = await orPay(auth.identifyKey(signed), bucket, gate, request, reply);
  request.identity = identity;
  await chargeIdentity(gate, bucket, identity, reply);
  auth.requireAccess(identity, access);
  await auth.keys.spend(signed);
}

/** The identity; a guess that fails pays as a request without credentials. */
async function orPay<Value>(
  identity: Promise<Value>,
  bucket: Operation["bucket"],
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<Value> {
  try {
    return await identity;
  } catch (refused) {
    if (!request.hasPaidGuess) await chargeAddress(gate, bucket, request, reply);
    throw refused;
  }
}

/** What a batch costs above one request, from each bucket that the request has paid. */
async function chargeMore(
  { bucket }: Operation,
  gate: Gate,
  request: FastifyRequest,
  reply: FastifyReply,
  more: number,
): Promise<void> {
  const { identity } = request;
  if (identity === undefined) return chargeAddress(gate, bucket, request, reply, more);
  if (identity.kind !== "service") await chargeTotal(gate, bucket, request, reply, more);
  await chargeIdentity(gate, bucket, identity, reply, more);
}

function signedRequest(request: FastifyRequest): SignedRequest {
  return {
    key: header(request, "nostra-key"),
    timestamp: header(request, "nostra-timestamp"),
    nonce: header(request, "nostra-nonce"),
    signature: header(request, "nostra-signature"),
    method: request.method,
    path: request.originalUrl,
    body: request.rawBody,
  };
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
