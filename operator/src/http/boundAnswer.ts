import type { ErrorDetails } from "@nostra/sdk/errors";

/** Characters of a sender's text, a value or a field's name, that a refusal repeats. */
const MAX_ECHOED = 80;
/** Characters of a sentence of the venue's own. */
const MAX_SENTENCE = 400;
const MAX_MEMBERS = 20;
const MAX_DEPTH = 4;
/** JSON characters of `details`; larger ones are left out. */
const MAX_DETAILS = 3_000;

/** Members of `details` whose text is the venue's own and may be longer than an echo. */
const OWN_WORDS: ReadonlySet<string> = new Set(["expected", "problem", "message"]);

/** Text cut at so many characters. */
export function cut(text: string, most = MAX_ECHOED): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}

export function boundMessage(message: string): string {
  return cut(message, MAX_SENTENCE);
}

/**
 * `details` as plain JSON of bounded size, whatever was sent: text and names are cut, lists and objects shortened, integers of the
 * chain become text. The work is bounded too: what is left out is not walked through.
 */
export function boundDetails(details: ErrorDetails): ErrorDetails {
  const bounded = boundObject(details, 0);
  return JSON.stringify(bounded).length > MAX_DETAILS ? {} : bounded;
}

function boundObject(value: object, depth: number): Record<string, unknown> {
  const bounded: [string, unknown][] = [];
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue;
    if (bounded.length >= MAX_MEMBERS) break;
    const member = (value as Record<string, unknown>)[name];
    const isOwnWords = typeof member === "string" && OWN_WORDS.has(name);
    bounded.push([cut(name), isOwnWords ? boundMessage(member) : bound(member, depth + 1)]);
  }
  return Object.fromEntries(bounded);
}

function bound(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case "string":
      return cut(value);
    case "bigint":
      return cut(value.toString());
    case "number":
    case "boolean":
    case "undefined":
      return value;
    case "object":
      if (value === null) return null;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
      if (depth > MAX_DEPTH) return "...";
      return Array.isArray(value)
        ? value.slice(0, MAX_MEMBERS).map((item) => bound(item, depth + 1))
        : boundObject(value, depth);
    default:
      return typeof value;
  }
}
