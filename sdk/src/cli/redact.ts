import type { Environment } from "./networks.js";

const KEYS = /(0x)?[0-9a-fA-F]{64}/g;
const WEB_ADDRESSES = /\b(https?|wss?):\/\/[^\s"'<>)\]]+/g;

/**
 * Takes out of what is printed the keys of the environment, those that were typed on the command line by mistake, and all of
 * a web address but its host: the rest often is a key.
 */
export function redactorFor(env: Environment, typed: readonly string[]): (text: string) => string {
  return (text) => {
    // The environment is read each time: a `.env` may have been loaded meanwhile.
    const keys = keysIn([...Object.values(env), ...typed]);
    return text
      .replace(KEYS, (found) => (keys.has(digitsOf(found)) ? "(hidden)" : found))
      .replace(WEB_ADDRESSES, hideBehindHost);
  };
}

function keysIn(texts: readonly (string | undefined)[]): ReadonlySet<string> {
  return new Set(texts.flatMap((text) => text?.match(KEYS) ?? []).map(digitsOf));
}

function digitsOf(key: string): string {
  return key.replace(/^0x/, "").toLowerCase();
}

function hideBehindHost(address: string): string {
  if (!URL.canParse(address)) return "(hidden)";
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
