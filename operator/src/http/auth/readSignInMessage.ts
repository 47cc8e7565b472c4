import { checksumAddress } from "@nostra/sdk/ids";
import type { Address } from "@nostra/sdk/order";

/** What a sign-in message says, as far as the venue looks at it. */
export interface SignInMessage {
  readonly domain: string;
  readonly address: Address;
  readonly chainId: number;
  readonly nonce: string;
  /** Milliseconds since 1970; undefined when the message never runs out. */
  readonly expirationMs: number | undefined;
  readonly notBeforeMs: number | undefined;
}

/** Characters of the longest message that is read; a wallet's takes 300 to 500. */
export const MAX_SIGN_IN_MESSAGE = 1_536;

const TITLE = " wants you to sign in with your Ethereum account:";
const SCHEME = /^[a-z][a-z0-9+.-]{0,31}:\/\//i;
const PRINTABLE = /^[ -~]+$/;
const URI = /^[a-z][a-z0-9+.-]{0,31}:[!-~]+$/i;
const NONCE = /^[a-z0-9]{8,128}$/i;
const CHAIN_ID = /^[1-9]\d{0,14}$/;
const REQUEST_ID = /^[!-~]*$/;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

/**
 * Reads an EIP-4361 message, strictly: each line in its place, none besides. The work is linear in the text, and the text is short.
 * @returns undefined when it is no such message.
 */
export function readSignInMessage(text: string): SignInMessage | undefined {
  if (text.length > MAX_SIGN_IN_MESSAGE) return undefined;
  const lines = text.split("\n");
  let at = 0;
  const next = (): string | undefined => lines[at++];
  /** What follows a title on the next line; the line stays when it has another title. */
  const optional = (title: string): string | undefined => {
    const line = lines[at];
    if (line?.startsWith(title) !== true) return undefined;
    at += 1;
    return line.slice(title.length);
  };
  const field = (title: string, form: RegExp): string | undefined => {
    const value = optional(title);
    return value !== undefined && form.test(value) ? value : undefined;
  };

  const head = next() ?? "";
  if (!head.endsWith(TITLE)) return undefined;
  const domain = head.slice(0, -TITLE.length).replace(SCHEME, "");
  const address = readAddress(next());
  if (address === undefined || next() !== "") return undefined;
  // A statement stands between two empty lines; without one they follow each other.
  const statement = next();
  if (statement !== "" && !(PRINTABLE.test(statement ?? "") && next() === "")) return undefined;
  if (field("URI: ", URI) === undefined || optional("Version: ") !== "1") return undefined;
  const chainId = field("Chain ID: ", CHAIN_ID);
  const nonce = field("Nonce: ", NONCE);
  if (chainId === undefined || nonce === undefined) return undefined;
  const issuedMs = readMoment(optional("Issued At: "));
  const expirationMs = readOptional(optional("Expiration Time: "));
  const notBeforeMs = readOptional(optional("Not Before: "));
  if (issuedMs === undefined || expirationMs === null || notBeforeMs === null) return undefined;
  if (!REQUEST_ID.test(optional("Request ID: ") ?? "")) return undefined;
  if (lines[at] === "Resources:") {
    at += 1;
    while (lines[at]?.startsWith("- ") === true) {
      if (!URI.test(next()!.slice(2))) return undefined;
    }
  }
  if (at !== lines.length) return undefined;
  return { domain, address, chainId: Number(chainId), nonce, expirationMs, notBeforeMs };
}

/** An address with its EIP-55 checksum. */
function readAddress(text: string | undefined): Address | undefined {
  if (text === undefined || !/^0x[0-9a-fA-F]{40}$/.test(text)) return undefined;
  const address = checksumAddress(text.toLowerCase());
  return address === text ? address : undefined;
}

function readMoment(text: string | undefined): number | undefined {
  const ms = text !== undefined && DATE_TIME.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

/** Undefined when there is no text, null when it is no moment. */
function readOptional(text: string | undefined): number | undefined | null {
  return text === undefined ? undefined : (readMoment(text) ?? null);
}
