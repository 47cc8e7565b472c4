import { createHmac, randomBytes } from "node:crypto";
import { Agent, request, type IncomingHttpHeaders } from "node:http";
import type { Wallet } from "ethers";
import type { ApiKey } from "@nostra/sdk/client";
import { SiweMessage } from "siwe";

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** An HTTP client that has an address of its own in 127.0.0.0/8, as the venue sees it. */
export class Caller {
  readonly address: string;
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, address: string, connections = 4) {
    this.address = address;
    this.#url = new URL(url);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections, localAddress: address });
  }

  get url(): URL {
    return this.#url;
  }

  /** @throws when the connection fails or no answer comes in time. */
  ask(
    method: string,
    path: string,
    { body, headers, timeoutMs = 30_000 }: Asked = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          ...{ method, path, agent: this.#agent, localAddress: this.address },
          ...{ host: this.#url.hostname, port: this.#url.port },
          headers: {
            ...(body === undefined
              ? {}
              : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const { statusCode: status = 0, headers: answered } = response;
            resolve({ status, headers: answered, body: Buffer.concat(chunks).toString() });
          });
        },
      );
      sent.setTimeout(timeoutMs, () => sent.destroy(new Error("no answer in time")));
      sent.on("error", reject);
      sent.end(body);
    });
  }

  /** The same, signed with a key. */
  askSigned(key: ApiKey, method: string, path: string, body = ""): Promise<Answer> {
    const timestamp = `${Date.now()}`;
    const nonce = randomBytes(16).toString("hex");
    const signature = createHmac("sha256", key.secret)
      .update([timestamp, nonce, method, path, body].join("\n"))
      .digest("hex");
    const headers = {
      "nostra-key": key.id,
      "nostra-timestamp": timestamp,
      "nostra-nonce": nonce,
      "nostra-signature": signature,
    };
    return this.ask(method, path, body === "" ? { headers } : { body, headers });
  }

  /** Signs in and makes a key. @throws when the venue refuses. */
  async createKey(wallet: Wallet, chainId: number): Promise<ApiKey> {
    const token = await this.signIn(wallet, chainId);
    const made = await this.ask("POST", "/api/auth/keys", {
      body: JSON.stringify({ scopes: ["read", "trade", "cancel"] }),
      headers: { authorization: `Bearer ${token}` },
    });
    if (made.status !== 200) throw new Error(`no key: ${made.status} ${made.body}`);
    return JSON.parse(made.body) as ApiKey;
  }

  /** @returns an access token. */
  async signIn(wallet: Wallet, chainId: number): Promise<string> {
    const asked = await this.ask("GET", "/api/auth/nonce");
    if (asked.status !== 200) throw new Error(`no nonce: ${asked.status} ${asked.body}`);
    const { nonce } = JSON.parse(asked.body) as { nonce: string };
    const message = new SiweMessage({
      ...{ domain: this.#url.host, address: wallet.address, uri: this.#url.origin },
      ...{ version: "1", chainId, nonce, issuedAt: new Date().toISOString() },
      statement: "Sign in",
    }).prepareMessage();
    const body = JSON.stringify({ message, signature: await wallet.signMessage(message) });
    const answer = await this.ask("POST", "/api/auth/verify", { body });
    if (answer.status !== 200) throw new Error(`not signed in: ${answer.status} ${answer.body}`);
    return (JSON.parse(answer.body) as { accessToken: string }).accessToken;
  }

  close(): void {
    this.#agent.destroy();
  }
}
