import type { FastifyReply, FastifyRequest } from "fastify";
import { OperatorError } from "../../errors";
import { addressKey } from "./limits";

/** Bodies up to this size are not counted: the bound on sockets bounds them. */
export const SMALL_BODY_BYTES = 32 * 1024;

/** Bytes of large bodies that may be on their way at once: of an address, and of all. */
const MAX_OF_ADDRESS = 4 * 1024 * 1024;
const MAX_IN_ALL = 64 * 1024 * 1024;

/**
 * Bounds the memory that bodies take while they arrive, since a sender may announce half a megabyte and then send it slowly. A body
 * counts from its headers until its request is over, as large as it was announced, or as its route allows when it was not.
 */
export class BodyBudget {
  readonly #ofAddress = new Map<string, number>();
  #inAll = 0;

  /** @throws OperatorError with status 429 for the address, 503 when the venue as a whole has no room. */
  reserve(request: FastifyRequest, reply: FastifyReply, mostBytes: number): void {
    if (mostBytes <= SMALL_BODY_BYTES) return;
    const announced = request.headers["content-length"];
    if (announced === undefined && request.headers["transfer-encoding"] === undefined) return;
    const bytes = Math.min(announced === undefined ? mostBytes : Number(announced), mostBytes);
    if (!(bytes > SMALL_BODY_BYTES)) return;
    const address = addressKey(request.ip);
    const before = this.#ofAddress.get(address) ?? 0;
    if (before + bytes > MAX_OF_ADDRESS) {
      throw new OperatorError("TOO_MANY_BODIES", "large bodies of this address are on their way", {
        ...{ status: 429, retryAfterSeconds: 1, details: { maxBytes: MAX_OF_ADDRESS } },
      });
    }
    if (this.#inAll + bytes > MAX_IN_ALL) {
      throw new OperatorError("TOO_MANY_BODIES", "the venue has no room for large bodies now", {
        ...{ status: 503, retryAfterSeconds: 1, details: { maxBytes: MAX_IN_ALL } },
      });
    }
    this.#ofAddress.set(address, before + bytes);
    this.#inAll += bytes;
    reply.raw.once("close", () => {
      this.#inAll -= bytes;
      const left = (this.#ofAddress.get(address) ?? 0) - bytes;
      if (left > 0) this.#ofAddress.set(address, left);
      else this.#ofAddress.delete(address);
    });
  }

  /** Bytes reserved now. */
  get bytes(): number {
    return this.#inAll;
  }
}
