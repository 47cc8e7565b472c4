import type { Limit } from "../http/limits/TokenBucket";

/** What a stream and its address are kept to. Messages, frames and bytes that come are counted as they arrive. */
export interface StreamLimits {
  /** Bytes that may wait to be read by one connection, by all of one address, and by all. */
  readonly mostBuffered: number;
  readonly mostBufferedOfAddress: number;
  readonly mostBufferedInAll: number;
  readonly mostSubscriptions: number;
  /** Messages that may wait for the one being answered, their bytes, and the bytes of all connections together. */
  readonly mostQueuedFrames: number;
  readonly mostQueuedBytes: number;
  readonly mostQueuedInAll: number;
  /** Tokens of one connection, and of all of one address. A message costs one; see costs.ts for what costs more. */
  readonly messages: Limit;
  readonly messagesOfAddress: Limit;
  /** Bytes that one connection, and all of one address, may send. Frames that carry no message count too. */
  readonly bytes: Limit;
  readonly bytesOfAddress: Limit;
}

const KIB = 1024;
const MIB = 1024 * KIB;

export const DEFAULT_STREAM_LIMITS: StreamLimits = {
  mostBuffered: MIB,
  mostBufferedOfAddress: 32 * MIB,
  mostBufferedInAll: 256 * MIB,
  mostSubscriptions: 200,
  // All that the token limit lets in at once fits the queue: who keeps to the limit is never cut off for sending it at once.
  mostQueuedFrames: 128,
  mostQueuedBytes: 256 * KIB,
  mostQueuedInAll: 64 * MIB,
  messages: { count: 100, seconds: 10 },
  messagesOfAddress: { count: 1_000, seconds: 10 },
  bytes: { count: 512 * KIB, seconds: 10 },
  bytesOfAddress: { count: 2 * MIB, seconds: 10 },
};

/** The largest message. */
export const MAX_MESSAGE_BYTES = 16 * KIB;
/** Parts that one message may come in, by frames and by reads of the socket. */
export const MAX_FRAGMENTS = 16;
export const MAX_MESSAGE_CHUNKS = 256;
/** How deep the JSON of a message may nest. */
export const MAX_MESSAGE_DEPTH = 8;
/** Characters of a client's text that an error carries back. */
export const MAX_ECHO = 80;
/** A connection with less than this waiting is not cut off for what others of its address have waiting. */
export const MIN_SLOW_BYTES = 64 * KIB;
