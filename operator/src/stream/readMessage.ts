import type { z } from "zod";
import { clientMessages, type ClientMessage } from "./messages";
import { MAX_MESSAGE_DEPTH } from "./streamLimits";

const SCHEMA_OF: Readonly<Record<string, z.ZodType<ClientMessage>>> = {
  unsubscribe: clientMessages.unsubscribe,
  "subscribe:market": clientMessages.subscribeMarket,
  "unsubscribe:market": clientMessages.unsubscribeMarket,
  resync: clientMessages.resync,
  ping: clientMessages.ping,
};
const MAX_CHANNELS = 50;

/**
 * A message, or `{ event, data }` as other protocols wrap it; undefined when it is neither. Takes time in proportion to the
 * text: what is too deep or has too many parts is refused before its parts are looked at.
 */
export function readMessage(data: Buffer): ClientMessage | undefined {
  const text = data.toString("utf8");
  if (!isShallow(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { event, data: inner } = value;
  const message =
    typeof event === "string" ? { ...(isObject(inner) ? inner : {}), type: event } : value;
  return schemaOf(message)?.safeParse(message).data;
}

/** One schema is tried, by what the message says it is, instead of all. */
function schemaOf(message: Record<string, unknown>): z.ZodType<ClientMessage> | undefined {
  const { type, channels } = message;
  if (typeof type !== "string") return undefined;
  if (type === "auth")
    return "token" in message ? clientMessages.authToken : clientMessages.authKey;
  if (type === "subscribe") {
    if (!Array.isArray(channels)) return clientMessages.subscribe;
    return channels.length > MAX_CHANNELS ? undefined : clientMessages.subscribeMany;
  }
  return Object.hasOwn(SCHEMA_OF, type) ? SCHEMA_OF[type] : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True when brackets outside of strings nest no deeper than a message may. */
function isShallow(text: string): boolean {
  let depth = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (isInString) {
      if (char === "\\") i += 1;
      else if (char === '"') isInString = false;
    } else if (char === '"') isInString = true;
    else if (char === "{" || char === "[") {
      depth += 1;
      if (depth > MAX_MESSAGE_DEPTH) return false;
    } else if (char === "}" || char === "]") depth -= 1;
  }
  return true;
}
