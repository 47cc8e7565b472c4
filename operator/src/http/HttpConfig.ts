import { DEFAULT_LIMITS, type Limits } from "./limits/limits";

/** What the HTTP side is told. */
export interface HttpConfig {
  /** At least 32 characters. Tokens, sign-in nonces and sealed API secrets hang on it: another one ends them all. */
  readonly secret: string;
  /** Hosts, with their port, that sign-in messages may name: those of the pages, and the venue's own. */
  readonly domains: readonly string[];
  /** Origins of pages elsewhere that may call with cookies. Default: none. */
  readonly origins?: readonly string[];
  /** Cookies over HTTPS only, and HSTS. Default true. */
  readonly secureCookies?: boolean;
  /** How many proxies of ours stand in front: so many entries of X-Forwarded-For are believed. Default 0: none is. */
  readonly trustedProxies?: number;
  /** Key by which our own services are known. Default: none is. */
  readonly serviceKey?: string;
  readonly limits?: Limits;
  /** What must never be told or logged: keys, URLs with passwords. */
  readonly secrets?: readonly string[];
  /** Holds each answer against its schema: for tests, as it takes time. Default false. */
  readonly checkAnswers?: boolean;
}

/** The same, with all that was left out. */
export function completeConfig(config: HttpConfig): Required<Omit<HttpConfig, "serviceKey">> & {
  readonly serviceKey: string | undefined;
} {
  if (config.secret.length < 32)
    throw new Error("http: the secret must have 32 characters or more");
  return {
    secret: config.secret,
    domains: config.domains,
    origins: config.origins ?? [],
    secureCookies: config.secureCookies ?? true,
    trustedProxies: config.trustedProxies ?? 0,
    serviceKey: config.serviceKey,
    limits: config.limits ?? DEFAULT_LIMITS,
    secrets: [
      config.secret,
      ...((config.serviceKey ?? "") ? [config.serviceKey!] : []),
      ...(config.secrets ?? []),
    ],
    checkAnswers: config.checkAnswers ?? false,
  };
}
