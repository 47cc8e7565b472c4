import type { Address } from "@nostra/sdk/order";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import type { Action } from "../modes";
import type { BucketName } from "./limits/limits";

/** What a key or session may be used for. */
export const SCOPES = ["read", "trade", "cancel"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. A session may do all that its account may; a key what its scopes say. */
export interface Identity {
  readonly kind: "session" | "key" | "service";
  /** Undefined for our own services. */
  readonly account?: Address;
  /** Id of the session or key. */
  readonly id: string;
  readonly scopes: readonly Scope[];
  readonly byCookie: boolean;
}

/** What a request must prove: nothing, a scope, or a session of its own. */
export type Access = "anyone" | Scope | "session";

declare module "fastify" {
  interface FastifyRequest {
    /** The body's bytes as they came, for signatures. */
    rawBody: string;
    identity: Identity | undefined;
    /** True when its address has paid for credentials that may prove nothing. */
    hasPaidGuess: boolean;
  }
}

type Shape = z.ZodObject<z.ZodRawShape>;

export interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** One thing the venue can be asked, under each of its paths. */
export interface Operation {
  /** Name in the API document; stable. */
  readonly id: string;
  readonly method: "GET" | "POST" | "DELETE";
  /** The first is its own; the others are aliases. */
  readonly paths: readonly [string, ...string[]];
  readonly tag: string;
  readonly summary: string;
  readonly access: Access;
  readonly bucket: BucketName;
  /** Which of the venue's modes take it. Default: by its bucket; see enforceMode. */
  readonly mode?: Action | "any";
  readonly params?: Shape;
  readonly query?: Shape;
  readonly body?: z.ZodType;
  /** What it answers with 200. */
  readonly answer: z.ZodType;
  /** True when the handler reads the body itself: it is described, and not checked. */
  readonly readsBody?: boolean;
  /** Largest body, in bytes. Default 32 KiB. */
  readonly mostBytes?: number;
  /** How many tokens of its bucket it takes; 1 unless it says. */
  cost?(body: unknown): number;
  /** Other statuses that have the same shape as 200. */
  readonly alsoAnswers?: readonly number[];
  /** Media type of the answer, when it is not JSON. */
  readonly mediaType?: string;
  handle(input: Input<never, never, never>): unknown;
}

/** The types that a handler gets follow from its schemas. */
export function operation<
  P extends Shape = Shape,
  Q extends Shape = Shape,
  B extends z.ZodType = z.ZodType,
  A extends z.ZodType = z.ZodType,
>(
  described: Omit<Operation, "handle" | "params" | "query" | "body" | "answer"> & {
    readonly params?: P;
    readonly query?: Q;
    readonly body?: B;
    readonly answer: A;
    handle(
      input: Input<z.output<P>, z.output<Q>, z.output<B>>,
    ): z.output<A> | Promise<z.output<A>> | FastifyReply;
  },
): Operation {
  return described as unknown as Operation;
}
