/** Bundles the page and serves it on this machine, until it is interrupted. */
import { existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { build } from "esbuild";
import { UsageError } from "../connect";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
};

/** The files of the page by their path. The chain for practice is a chunk of its own, fetched when it is wanted. */
export async function bundlePage(): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [path.join(__dirname, "page.ts")],
    outdir: path.join(__dirname, "dist"),
    ...{ bundle: true, splitting: true, format: "esm", platform: "browser", target: "es2022" },
    ...{ minify: true, write: false, logLevel: "error" },
  });
  const files = new Map(outputFiles.map((file) => [`/${path.basename(file.path)}`, file.text]));
  return files.set("/index.html", readFileSync(path.join(__dirname, "index.html"), "utf8"));
}

/** @param deployment The text of a deployment file, for chains whose contracts the SDK does not carry. */
export async function startServer(port: number, deployment?: string): Promise<Server> {
  const files = await bundlePage();
  if (deployment !== undefined) files.set("/deployment.json", deployment);
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://page");
    const name = pathname === "/" ? "/index.html" : pathname;
    const text = files.get(name);
    response.writeHead(text === undefined ? 404 : 200, {
      "content-type": TYPES[path.extname(name)] ?? "text/plain",
    });
    response.end(text);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

export async function serve(): Promise<void> {
  const port = process.env["PORT"] || "5173";
  if (!/^[0-9]{1,5}$/.test(port)) throw new UsageError("PORT is not a port");
  const file = process.env["DEPLOYMENT"] || "deployments/localhost.json";
  const deployment = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const server = await startServer(Number(port), deployment);
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port} (Ctrl-C ends it)`);
}
