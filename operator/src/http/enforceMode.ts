import type { FastifyInstance } from "fastify";
import type { Action, Modes } from "../modes";
import type { Operation } from "./operation";

/** What an operation asks of the venue; null when every mode takes it. Orders are judged one by one, by the intake. */
export function actionOf({ id, bucket, mode }: Operation): Action | null {
  if (mode !== undefined) return mode === "any" ? null : mode;
  if (id === "heartbeat") return "heartbeat";
  switch (bucket) {
    case "read":
      return "read";
    case "cancel":
      return "cancel";
    case "auth":
      return "sign-in";
    default:
      return null;
  }
}

/** Refuses what the venue's mode does not take, after the request was counted and before its handler runs. */
export function enforceMode(app: FastifyInstance, modes: Pick<Modes, "require">): void {
  app.addHook("preHandler", (request, _reply, done) => {
    const { operation } = request.routeOptions.config;
    const action = operation === undefined ? null : actionOf(operation);
    try {
      if (action !== null) modes.require(action);
      done();
    } catch (refusal) {
      done(refusal as Error);
    }
  });
}
