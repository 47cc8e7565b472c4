import { z } from "zod";
import { CHANNELS, clientMessages, serverMessages } from "./messages";
import { CLOSE } from "./Connection";

/** The description of the stream, made of the schemas of its messages (AsyncAPI 3). */
export function describeStream(): Record<string, unknown> {
  const messages: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries({ ...prefixed(clientMessages), ...serverMessages })) {
    const { $schema: _, ...payload } = z.toJSONSchema(schema, {
      io: "input",
      unrepresentable: "any",
    });
    messages[name] = { name, payload };
  }
  const refs = (names: readonly string[]) =>
    names.map((name) => ({ $ref: `#/channels/stream/messages/${name}` }));
  const inChannel = Object.fromEntries(
    Object.keys(messages).map((name) => [name, { $ref: `#/components/messages/${name}` }]),
  );
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Nostra venue: stream",
      version: "1",
      description: `Channels: ${CHANNELS.join(", ")}. Close codes: ${Object.entries(CLOSE)
        .map(([name, code]) => `${code} ${name}`)
        .join(", ")}.`,
    },
    channels: { stream: { address: "/ws", messages: inChannel } },
    operations: {
      say: {
        action: "receive",
        channel: { $ref: "#/channels/stream" },
        messages: refs(Object.keys(prefixed(clientMessages))),
      },
      tell: {
        action: "send",
        channel: { $ref: "#/channels/stream" },
        messages: refs(Object.keys(serverMessages)),
      },
    },
    components: { messages },
  };
}

/** The names of what clients say, apart from what the venue says. */
function prefixed(messages: typeof clientMessages): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(messages).map(([name, schema]) => [`ask_${name}`, schema]),
  );
}
