import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { format, resolveConfig } from "prettier";
import type { Operation } from "../../operator/src/http/operation";
import { emptyStore } from "./helpers/stores";
import { readDoc, ROOT, startHttp, type TestHttp } from "./helpers/venue";

/*
The description of the API is held to its routes, and docs/http-api.md to both. To write the table of routes and that of limits
anew: UPDATE=http-api npx hardhat test --no-compile test/operator/httpDocs.test.ts
*/

interface Documented {
  operationId: string;
  summary?: string;
  tags?: string[];
  parameters?: { name: string; in: string }[];
  requestBody?: unknown;
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
}

const BEGIN = "<!-- routes: generated -->";
const END = "<!-- end of routes -->";

describe("operator: description of the API", () => {
  let http: TestHttp;
  let paths: Record<string, Record<string, Documented>>;
  before(async () => {
    http = await startHttp(await emptyStore("pglite"));
    const { json } = await http.ask("GET", "/openapi.json");
    expect(json.openapi).to.equal("3.1.0");
    paths = json.paths;
  });
  after(() => http.app.close());

  const described = (): [string, string, Documented][] =>
    Object.entries(paths).flatMap(([url, methods]) =>
      Object.entries(methods).map(([method, one]): [string, string, Documented] => [
        method.toUpperCase(),
        url,
        one,
      ]),
    );
  const mounted = (): [string, string, Operation][] =>
    http.operations.flatMap((one) =>
      one.paths.map((url): [string, string, Operation] => [
        one.method,
        url.replace(/:(\w+)/g, "{$1}"),
        one,
      ]),
    );

  it("has every route, and no other", () => {
    const nameOf = ([method, url]: readonly [string, string, unknown]): string =>
      `${method} ${url}`;
    expect(described().map(nameOf).sort()).to.deep.equal(mounted().map(nameOf).sort());
  });

  it("tells of each what it is for, what it takes, and what it answers", () => {
    const ids = new Set<string>();
    for (const [method, url, one] of described()) {
      const at = `${method} ${url}`;
      expect(one.summary, at).to.be.a("string").and.not.equal("");
      expect(one.tags, at).to.have.length(1);
      expect(ids.has(one.operationId), `${at}: ${one.operationId} twice`).to.equal(false);
      ids.add(one.operationId);
      const answers = Object.values(one.responses["200"]!.content!);
      expect(Object.keys(answers[0]!.schema), at).to.not.be.empty;
      expect(one.responses["4XX"] ?? one.responses["4xx"], at).to.not.equal(undefined);
      const inPath = [...url.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const named = (one.parameters ?? []).filter((it) => it.in === "path").map(({ name }) => name);
      expect(named, at).to.deep.equal(inPath);
      if (method === "POST" && /orders/.test(url)) expect(one.requestBody, at).to.be.an("object");
    }
  });

  it("is true: every path described answers, with something else than that there is none", async () => {
    for (const [method, url] of described()) {
      const real = url
        .replace("{market}", "market-0")
        .replace("{orderHash}", `0x${"00".repeat(32)}`)
        .replace(/\{\w+\}/g, "none");
      const { status, json } = await http.ask(method as "GET", real, { address: randomAddress() });
      expect(status, `${method} ${url}`).to.be.below(500);
      expect(json?.error?.code, `${method} ${url}`).to.not.equal("NOT_FOUND");
    }
  });

  it("is a page too", async () => {
    const { status, headers } = await http.ask("GET", "/docs");
    expect(status).to.equal(200);
    expect(headers["content-security-policy"]).to.be.a("string");
  });

  it("docs/http-api.md has the routes as they are", async () => {
    const rows = http.operations.map(({ method, paths, access, bucket, summary }) => {
      const [own, ...aliases] = paths.map((url) => `\`${url}\``);
      return `| \`${method}\` ${own} | ${summary} | ${access} | ${bucket} | ${aliases.join("<br>")} |`;
    });
    const table = [
      "| route | what it does | who may | counted as | aliases |",
      "| --- | --- | --- | --- | --- |",
      ...rows,
    ].join("\n");
    const file = path.join(ROOT, "docs/http-api.md");
    const style = { ...(await resolveConfig(file)), parser: "markdown" };
    const text = readDoc("http-api.md");
    const [before, rest] = text.split(BEGIN) as [string, string];
    const after = rest.split(END)[1]!;
    const wanted = await format(`${before}${BEGIN}\n\n${table}\n\n${END}${after}`, style);
    if (process.env["UPDATE"] === "http-api") {
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, wanted);
      return;
    }
    expect(text).to.equal(wanted);
  });
});

let count = 0;
const randomAddress = (): string => `10.1.${Math.floor(count / 250)}.${count++ % 250}`;
