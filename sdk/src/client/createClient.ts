import { InputError } from "../errors/InputError.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { accountMethods, type AccountMethods } from "./accountMethods.js";
import type { ClientSigner } from "./ClientSigner.js";
import { marketMethods, type MarketMethods } from "./marketMethods.js";
import { orderMethods, type OrderMethods } from "./orderMethods.js";
import { Requester, type Fetch } from "./Requester.js";
import type { ApiKey } from "./signRequest.js";
import type { ClientSession } from "./types.js";

/** What a client is made of. */
export interface ClientOptions {
  /** Where the venue is: `https://venue.example`, with a path when it stands behind one. */
  readonly url: string;
  /** Default: the global one. */
  readonly fetch?: Fetch;
  /** Wallet to sign in and to sign cancels with. */
  readonly signer?: ClientSigner;
  /** Key to sign requests with, instead of a session. */
  readonly apiKey?: ApiKey;
  /** Tokens of an earlier sign-in. */
  readonly session?: ClientSession;
  /** Domain that orders are signed for. Default: what the venue says. */
  readonly domain?: OrderDomain;
  /** How long an answer is waited for. Default 10 s. */
  readonly timeoutMs?: number;
  /** How often what is safe to repeat is repeated. Default 2. */
  readonly retries?: number;
  /** For tests: the clock, the waiting and the chance. */
  readonly nowMs?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly random?: () => number;
}

/** All that a venue can be asked. */
export type Client = MarketMethods & OrderMethods & AccountMethods;

const TIMEOUT_MS = 10_000;
const RETRIES = 2;

/**
 * A client of a venue's HTTP API. Every method throws an ApiError with the venue's code when it refuses (RateLimitError with
 * the time to wait), and an UnreachableError when no answer came. Nothing is printed, and secrets are in no error.
 */
export function createClient(options: ClientOptions): Client {
  const fetch = options.fetch ?? (globalThis as { fetch?: Fetch }).fetch;
  if (fetch === undefined)
    throw new InputError("fetch", undefined, "a fetch; there is no global one");
  const http = new Requester({
    url: options.url,
    // Browsers want it called on nothing.
    fetch: (url, init) => fetch(url, init),
    apiKey: options.apiKey,
    nowMs: options.nowMs ?? (() => Date.now()),
    sleep: options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    random: options.random ?? Math.random,
    timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
    retries: options.retries ?? RETRIES,
  });
  http.session = options.session ?? null;
  return {
    ...marketMethods(http),
    ...orderMethods(http, options.signer, options.domain),
    ...accountMethods(http, options.signer),
  };
}
