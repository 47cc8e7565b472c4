import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { VenueChain } from "./venueProcessChain";
import type { Chance } from "../../helpers/random";
import { DEPTH } from "./venueProcessChain";

/** What becomes of a request: an answer, or `Unanswered`. */
export type Behaviour = (
  method: string,
  params: unknown[],
  pass: (params?: unknown[]) => Promise<unknown>,
) => Promise<unknown>;

/** No answer: the connection is cut. */
export class Unanswered extends Error {}

/** The path of the node's URL, which is a key in real life. */
export const NODE_KEY = "v3/5f2c1d7be8a94";

/**
 * A node, by HTTP, that answers from the test's chain as it is told to: well, late, with an old head, or not at all. Blocks are
 * final for it a few below the head.
 */
export class VenueNode {
  readonly url: string;
  /** How it is now. */
  behave: Behaviour = (_, __, pass) => pass();
  /** Requests that came, by method. */
  readonly asked = new Map<string, number>();
  readonly #server: Server;
  readonly #chain: VenueChain;

  private constructor(server: Server, chain: VenueChain) {
    this.#server = server;
    this.#chain = chain;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/${NODE_KEY}`;
  }

  static async start(chain: VenueChain): Promise<VenueNode> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
          id: number;
          method: string;
          params: unknown[];
        };
        node.asked.set(method, (node.asked.get(method) ?? 0) + 1);
        const pass = (given = params): Promise<unknown> => answer(chain, method, given);
        void (async () => {
          try {
            const result = await node.behave(method, params, pass);
            tell({ result });
          } catch (thrown) {
            if (thrown instanceof Unanswered) {
              request.socket.destroy();
              return;
            }
            const { code = -32_603, message, data } = thrown as Error & Record<string, unknown>;
            tell({ error: { code, message, data: textOf(data) } });
          }
        })();
        function tell(body: object): void {
          response.setHeader("content-type", "application/json");
          response.end(JSON.stringify({ jsonrpc: "2.0", id, ...body }));
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const node = new VenueNode(server, chain);
    return node;
  }

  heal(): void {
    this.behave = (_, __, pass) => pass();
  }

  /** Answers nothing until healed. */
  goDown(): void {
    this.behave = async () => {
      throw new Unanswered();
    };
  }

  /** Now and then no answer comes, though a transaction was taken. */
  loseAnswers(chance: Chance, percent: number): void {
    this.behave = async (_, __, pass) => {
      const result = await pass();
      if (chance.chance(percent)) throw new Unanswered();
      return result;
    };
  }

  /** Several nodes behind one URL, each some blocks behind: every request meets another. */
  lag(chance: Chance, most: number): void {
    this.behave = async (method, params, pass) => {
      const head = (await this.#chain.head()) - chance.int(0, most);
      const tag = `0x${head.toString(16)}`;
      const isAbove = (number: unknown): boolean =>
        typeof number === "string" && BigInt(number) > head;
      switch (method) {
        case "eth_blockNumber":
          return tag;
        case "eth_getBlockByNumber": {
          const [at, full] = params;
          if (at === "latest") return pass([tag, full]);
          return typeof at === "string" && at.startsWith("0x") && isAbove(at) ? null : pass();
        }
        case "eth_getTransactionReceipt": {
          const receipt = (await pass()) as { blockNumber: string } | null;
          return receipt === null || isAbove(receipt.blockNumber) ? null : receipt;
        }
        case "eth_getTransactionCount":
        case "eth_getBalance":
        case "eth_call":
        case "eth_estimateGas":
          return pass(
            params[1] === "latest" || params[1] === undefined ? [params[0], tag] : params,
          );
        default:
          return pass();
      }
    };
  }

  /** Now and then it answers as it did the first time it was asked the same, also when the chain has changed its mind since. */
  rememberForks(chance: Chance, percent: number): void {
    const first = new Map<string, unknown>();
    this.behave = async (method, params, pass) => {
      if (!FORKING.has(method)) return pass();
      const key = JSON.stringify([method, params]);
      const before = first.get(key);
      if (before !== undefined && chance.chance(percent)) return before;
      const result = await pass();
      if (result !== null && !key.includes("latest") && before === undefined)
        first.set(key, result);
      return result;
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** What differs from fork to fork. */
const FORKING: ReadonlySet<string> = new Set([
  "eth_getBlockByNumber",
  "eth_getLogs",
  "eth_getTransactionReceipt",
]);

function textOf(data: unknown): unknown {
  if (typeof data !== "object" || data === null) return data;
  return (data as { data?: unknown }).data;
}

async function answer(chain: VenueChain, method: string, params: unknown[]): Promise<unknown> {
  if (method === "eth_getBlockByNumber" && params[0] === "finalized") {
    const final = Math.max(0, (await chain.head()) - DEPTH);
    return chain.send(method, [`0x${final.toString(16)}`, params[1]]);
  }
  return chain.send(method, params);
}
