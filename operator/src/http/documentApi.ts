import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { describeStream } from "../stream/describeStream";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";

const DESCRIPTION = `Place, cancel and follow orders of Nostra's prediction markets.

Integers of the chain are decimal text; prices are whole millionths; times are milliseconds since 1970 unless they come from the
chain, which counts in seconds. A failure is \`{ error: { code, message, details, requestId } }\`; programs look at \`code\`.`;

/** The description of all routes at /openapi.json, and as a page at /docs. */
export async function documentApi(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Nostra venue", version: "1", description: DESCRIPTION },
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", description: "access token of a session" },
          key: {
            type: "apiKey",
            in: "header",
            name: "NOSTRA-KEY",
            description:
              "with NOSTRA-TIMESTAMP (ms), NOSTRA-NONCE, and NOSTRA-SIGNATURE: hex HMAC-SHA256 over timestamp, nonce, method, path with query, and body, joined by line breaks",
          },
          cookie: { type: "apiKey", in: "cookie", name: "nostra_access" },
        },
      },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      const mediaType = route.route.config?.operation?.mediaType;
      if (mediaType === undefined) return { schema, url };
      const answers = schema["response"] as Record<string, object>;
      const text = {
        description: "text",
        content: { [mediaType]: { schema: { type: "string" } } },
      };
      return { schema: { ...schema, response: { ...answers, 200: text } }, url };
    },
    transformObject: jsonSchemaTransformObject,
  });
  await app.register(swaggerUi, { routePrefix: "/docs", staticCSP: true });
  // Written out once: they are long, and anyone may ask for them.
  const stream = JSON.stringify(describeStream());
  let api: string | undefined;
  app.get("/asyncapi.json", { schema: { hide: true } }, async (_request, reply) => {
    return reply.type("application/json").serializer(String).send(stream);
  });
  app.get("/openapi.json", { schema: { hide: true } }, async (_request, reply) => {
    api ??= JSON.stringify(app.swagger());
    return reply.type("application/json").serializer(String).send(api);
  });
}
