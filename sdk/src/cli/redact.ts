import type { Environment } from "./networks.js";

const KEYS = /(0x)?[0-9a-fA-F]{64}/g;
const WEB_ADDRESSES = /\b(https?|wss?):\/\/[^\s"'<>)\]]+/g;

/** Variables that hold secrets; the id of a token is none. */
const SECRET_NAMES = /KEY|SECRET|MNEMONIC|TOKEN(?!_?IDS?($|_))|PASSWORD/i;

/**
 * Takes out of what is printed the keys in secret variables of the environment, those that were typed on the command line by
 * mistake, and all of a web address but its host: the rest often is a key. `keyVariable` is one more secret variable.
 */
export function redactorFor(
  env: Environment,
  typed: readonly string[],
  keyVariable?: string,
): (text: string) => string {
  const isSecret = (name: string): boolean => SECRET_NAMES.test(name) || name === keyVariable;
  return (text) => {
    // The environment is read each time: a `.env` may have been loaded meanwhile.
    const secrets = Object.keys(env)
      .filter(isSecret)
      .map((name) => env[name]);
    const keys = keysIn([...secrets, ...typed]);
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
