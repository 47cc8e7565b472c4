import type { Environment } from "./networks.js";

const KEY_DIGITS = /(0x)?[0-9a-fA-F]{64}/g;
const WEB_ADDRESS = /\b(https?|wss?):\/\/[^\s"'<>)\]]+/g;

/** Takes keys of the environment, and of web addresses all but the host, out of what is printed: the path often is a key. */
export function redactorFor(env: Environment): (text: string) => string {
  return (text) => {
    const keys = keyDigitsOf(env);
    return text
      .replace(KEY_DIGITS, (found) => (keys.has(digitsOf(found)) ? "(hidden)" : found))
      .replace(WEB_ADDRESS, hideBehindHost);
  };
}

/** Takes out everything that could be a key. For what was typed where no such thing belongs. */
export function hideKeys(text: string): string {
  return text.replace(KEY_DIGITS, "(hidden)");
}

/** The environment is read each time: a `.env` may have been loaded meanwhile. */
function keyDigitsOf(env: Environment): ReadonlySet<string> {
  const values = Object.values(env).map((value) => value?.trim() ?? "");
  return new Set(values.filter((value) => /^(0x)?[0-9a-fA-F]{64}$/.test(value)).map(digitsOf));
}

function digitsOf(text: string): string {
  return text.replace(/^0x/, "").toLowerCase();
}

function hideBehindHost(address: string): string {
  if (!URL.canParse(address)) return "(hidden)";
  const { protocol, host } = new URL(address);
  return `${protocol}//${host}`;
}
