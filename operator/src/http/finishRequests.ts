import type { Socket } from "node:net";
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
  // Node takes a connection on which nothing has come yet for a busy one, and would wait for it.
  const unused = new Set<Socket>();
  app.server.on("connection", (socket) => {
    unused.add(socket);
    socket.once("close", () => unused.delete(socket));
  });
  app.server.on("request", ({ socket }) => unused.delete(socket));
  app.addHook("preClose", (done) => {
    isStopping = true;
    for (const socket of unused) if (socket.bytesRead === 0) socket.destroy();
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
