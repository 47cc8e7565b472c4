import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Alert } from "../../operator/src/alerts";
import { httpRpc, RpcResponseError } from "../../operator/src/httpRpc";
import { resilientRpc, type ResilientRpc } from "../../operator/src/resilientRpc";
import type { Rpc } from "../../operator/src/rpc";
import { until } from "./helpers/settling";

/** Fast, so that tests wait for nothing. */
const QUICK = {
  timeoutMs: 20,
  retries: 3,
  delayMs: 1,
  mostDelayMs: 2,
  breakAfter: 5,
  breakMs: 400,
};

/** A node that fails as often as told, then answers its name. */
class Node implements Rpc {
  calls = 0;
  #failures: number;
  readonly #name: string;
  readonly #fail: () => Promise<unknown>;

  constructor(name: string, failures: number, fail: () => unknown) {
    this.#name = name;
    this.#failures = failures;
    this.#fail = async () => fail();
  }

  async send(): Promise<unknown> {
    this.calls += 1;
    if (this.#failures === 0) return this.#name;
    this.#failures -= 1;
    return this.#fail();
  }
}

const away = (): never => {
  throw new Error("connect ECONNREFUSED");
};
const silent = (): Promise<never> => new Promise(() => undefined);

describe("resilientRpc", () => {
  for (const [title, fail] of Object.entries({ "does not answer": silent, "is away": away })) {
    it(`asks again, a few times, a node that ${title}`, async () => {
      const node = new Node("a", 3, fail);
      expect(await resilientRpc([node], QUICK).send("eth_blockNumber", [])).to.equal("a");
      const lost = new Node("a", 99, fail);
      await expect(resilientRpc([lost], QUICK).send("eth_blockNumber", [])).to.be.rejected;
      expect([node.calls, lost.calls]).to.deep.equal([4, 4]);
    });
  }

  it("asks many things at once, and Node warns of no leak", async () => {
    const warnings: string[] = [];
    const listen = ({ message }: Error): void => void warnings.push(message);
    process.on("warning", listen);
    const slow: Rpc = { send: () => new Promise((resolve) => setImmediate(resolve, "a")) };
    const rpc = resilientRpc([slow]);
    await Promise.all(Array.from({ length: 30 }, () => rpc.send("eth_blockNumber", [])));
    await new Promise(setImmediate);
    process.off("warning", listen);
    expect(warnings).to.deep.equal([]);
  });

  it("asks the next endpoint when one is away", async () => {
    const [one, two] = [new Node("a", 99, away), new Node("b", 0, away)];
    expect(await resilientRpc([one, two], QUICK).send("eth_blockNumber", [])).to.equal("b");
  });

  it("sends a transaction once", async () => {
    const node = new Node("a", 1, away);
    await expect(
      resilientRpc([node], QUICK).send("eth_sendRawTransaction", ["0x"]),
    ).to.be.rejectedWith("ECONNREFUSED");
    expect(node.calls).to.equal(1);
  });

  const refusals: Record<string, unknown> = {
    "a revert": { code: 3, message: "execution reverted", data: "0x12345678" },
    "a revert as Hardhat tells it": {
      code: -32603,
      message: "reverted",
      data: { data: "0x12345678" },
    },
    "a nonce too low": { code: -32000, message: "nonce too low" },
    "what ethers wraps": {
      code: "UNKNOWN_ERROR",
      error: { code: -32000, message: "already known" },
    },
  };
  for (const [title, refusal] of Object.entries(refusals)) {
    it(`takes ${title} for an answer: thrown at once, and no sign of illness`, async () => {
      const node = new Node("a", 20, () => {
        throw refusal;
      });
      const rpc = resilientRpc([node], QUICK);
      for (let i = 0; i < 10; i += 1) {
        const thrown: unknown = await rpc.send("eth_call", []).catch((error: unknown) => error);
        expect(thrown).to.equal(refusal);
      }
      expect([node.calls, rpc.isOpen()]).to.deep.equal([10, false]);
    });
  }

  it("asks again when the node says that it has trouble", async () => {
    const node = new Node("a", 1, () => {
      throw Object.assign(new Error("limit exceeded"), { code: -32005 });
    });
    expect(await resilientRpc([node], QUICK).send("eth_call", [])).to.equal("a");
  });

  it("leaves an endpoint alone after failures in a row, raises an alarm, and tries it again later", async () => {
    const alerts: Alert[] = [];
    const node = new Node("a", 5, away);
    const rpc: ResilientRpc = resilientRpc([node], {
      ...QUICK,
      alarm: (alert) => alerts.push(alert),
    });
    for (let i = 0; i < 4; i += 1) await rpc.send("eth_call", []).catch(() => undefined);
    expect([node.calls, rpc.isOpen()]).to.deep.equal([5, true]);
    expect(alerts.map(({ type, severity }) => [type, severity])).to.deep.equal([
      ["rpc_breaker_open", "HIGH"],
    ]);
    await until(async () => (await rpc.send("eth_call", []).catch(() => undefined)) === "a");
    expect(rpc.isOpen()).to.equal(false);
  });
});

describe("httpRpc", () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  before(async () => {
    server = createServer((_request, response) => {
      response.writeHead(answer.status).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("gives the result, null included", async () => {
    answer = { status: 200, body: '{"jsonrpc":"2.0","id":1,"result":null}' };
    expect(await httpRpc(url).send("eth_getTransactionReceipt", [])).to.equal(null);
  });

  it("throws the node's error with its code and data", async () => {
    const error = { code: 3, message: "execution reverted", data: "0x12" };
    answer = { status: 200, body: JSON.stringify({ id: 1, error }) };
    const thrown: unknown = await httpRpc(url)
      .send("eth_call", [])
      .catch((e: unknown) => e);
    expect(thrown).to.be.instanceOf(RpcResponseError);
    expect(thrown).to.include({ code: 3, data: "0x12" });
  });

  for (const body of ["<html>502</html>", "[]", "{}", ""]) {
    it(`takes ${JSON.stringify(body)} for no answer`, async () => {
      answer = { status: 502, body };
      await expect(httpRpc(url).send("eth_call", [])).to.be.rejectedWith("HTTP 502");
    });
  }
});
