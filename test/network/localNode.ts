import { spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import path from "node:path";
import { JsonRpcProvider } from "ethers";

const CONFIG = path.join(__dirname, "node.config.cjs");
const CLI = require.resolve("hardhat/internal/cli/cli.js");

/** A `hardhat node` in a process of its own. */
export interface LocalNode {
  readonly url: string;
  readonly provider: JsonRpcProvider;
  /** Ends the process, and waits until it is gone. */
  stop(): Promise<void>;
}

/** Starts a node of this chain id on a free port of the loopback. */
export async function startNode(chainId: number): Promise<LocalNode> {
  const port = await freePort();
  const child = spawn(
    process.execPath,
    [CLI, "node", "--hostname", "127.0.0.1", "--port", String(port), "--config", CONFIG],
    { env: { ...process.env, CHAIN_ID: String(chainId) }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const killWithUs = (): boolean => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  await new Promise<void>((resolve, reject) => {
    let printed = "";
    const listen = (chunk: Buffer): void => {
      printed += chunk.toString();
      if (printed.includes("Started HTTP")) resolve();
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    child.once("exit", (status) => reject(new Error(`hardhat node ended (${status}): ${printed}`)));
  });
  const url = `http://127.0.0.1:${port}`;
  const provider = new JsonRpcProvider(url, chainId, { staticNetwork: true, cacheTimeout: -1 });
  provider.pollingInterval = 50;
  return {
    url,
    provider,
    stop: async () => {
      provider.destroy();
      process.off("exit", killWithUs);
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
