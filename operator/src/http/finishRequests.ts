import type { FastifyInstance } from "fastify";
import { OperatorError } from "../errors";

/** How long a stopping server waits for the requests under way; then it cuts their connections. */
export const FINISH_MS = 10_000;

/**
 * Lets a server that is stopped answer what is under way. Idle connections close at once; busy ones after their answer, which says
 * so with `Connection: close`. A request that comes on them later is refused with 503 STOPPING and has had no effect.
 */
export function finishRequests(app: FastifyInstance, finishMs = FINISH_MS): void {
  let isStopping = false;
  app.addHook("preClose", (done) => {
    isStopping = true;
    const timer = setTimeout(() => app.server.closeAllConnections(), finishMs);
    timer.unref();
    app.server.once("close", () => clearTimeout(timer));
    done();
  });
  app.addHook("onRequest", (_request, _reply, done) => {
    if (!isStopping) return done();
    const retry = { status: 503, retryAfterSeconds: 5 };
    done(
      new OperatorError("STOPPING", "the venue is stopping; send the request again later", retry),
    );
  });
  app.addHook("onSend", (_request, reply, _payload, done) => {
    if (isStopping) void reply.header("connection", "close");
    done();
  });
}
