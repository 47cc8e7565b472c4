import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { execFile } from "node:child_process";
import path from "node:path";
import type { Sandbox } from "@nostra/sdk/testing";
import { sandboxStage, type Environment, type Stage } from "../../examples/connect";

const ROOT = path.resolve(__dirname, "../..");
const TS_NODE = require.resolve("ts-node/dist/bin.js");

/** Plays an example on a sandbox; gives the lines it printed. */
export async function play(
  main: (stage: Stage) => Promise<void>,
  sandbox: Sandbox,
  env: Environment = {},
): Promise<string[]> {
  const lines: string[] = [];
  await main(sandboxStage(sandbox, env, (line) => lines.push(line)));
  return lines;
}

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `npm run example -- <argv>` as a program of its own, with nothing in its environment but what is given. */
export function runExample(
  argv: readonly string[],
  env: Record<string, string> = {},
): Promise<Ended> {
  const { PATH = "" } = process.env;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [TS_NODE, "-T", "examples/run.ts", ...argv],
      { cwd: ROOT, env: { PATH, ...env }, timeout: 60_000 },
      (error, out, err) => resolve({ status: Number(error?.code ?? 0), out, err }),
    );
  });
}

interface Call {
  readonly id: unknown;
  readonly method: string;
  readonly params?: unknown[];
}

export interface ServedChain {
  readonly url: string;
  close(): void;
}

/** Puts a sandbox behind an HTTP RPC, so that a program takes it for a node. */
export async function serveChain({ provider }: Sandbox): Promise<ServedChain> {
  const answer = async (call: Call) => {
    try {
      const result = await provider.send(call.method, call.params ?? []);
      return { jsonrpc: "2.0", id: call.id, result };
    } catch (thrown) {
      const { code = -32000, message, data } = thrown as Error & { code?: number; data?: unknown };
      return { jsonrpc: "2.0", id: call.id, error: { code, message, data } };
    }
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const asked = JSON.parse(Buffer.concat(chunks).toString()) as Call | Call[];
      const answers = Array.isArray(asked)
        ? await Promise.all(asked.map(answer))
        : await answer(asked);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify(answers));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
