import { expect } from "chai";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Alert } from "../../operator/src/alerts";
import { httpRpc, RpcResponseError } from "../../operator/src/httpRpc";
import { describeTrouble, isRefusal } from "../../operator/src/nodeTrouble";
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

  describe("over kept connections", () => {
    let node: Server;
    let connections: number;
    let handle: (response: ServerResponse, socket: Socket) => void;
    const start = async (): Promise<string> => {
      connections = 0;
      node = createServer((_request, response) => handle(response, response.socket!));
      node.on("connection", () => connections++);
      await new Promise<void>((resolve) => node.listen(0, "127.0.0.1", resolve));
      return `http://127.0.0.1:${(node.address() as AddressInfo).port}`;
    };
    const result = (response: ServerResponse): void => {
      response.end('{"jsonrpc":"2.0","id":1,"result":"0x1"}');
    };
    const stop = async (): Promise<void> => {
      node.closeAllConnections();
      await new Promise((resolve) => node.close(resolve));
    };
    afterEach(stop);
    const failureOf = (call: Promise<unknown>): Promise<Error> =>
      call.then(
        () => expect.fail("it was answered"),
        (thrown: Error) => thrown,
      );

    it("asks one after the other over one connection, and ten at once over ten", async () => {
      const rpc = httpRpc(await start());
      handle = result;
      for (let i = 0; i < 5; i++) expect(await rpc.send("eth_chainId", [])).to.equal("0x1");
      expect(connections).to.equal(1);
      await Promise.all(Array.from({ length: 10 }, () => rpc.send("eth_chainId", [])));
      expect(connections).to.equal(10);
    });

    it("asks a node that closes each connection", async () => {
      const rpc = httpRpc(await start());
      handle = (response) => {
        response.setHeader("connection", "close");
        result(response);
      };
      for (let i = 0; i < 5; i++) expect(await rpc.send("eth_chainId", [])).to.equal("0x1");
      expect(connections).to.equal(5);
    });

    const troubles: readonly [string, (response: ServerResponse, socket: Socket) => void][] = [
      ["does not answer in time", () => undefined],
      ["stops in the middle of its answer", (response) => void response.write('{"result":')],
      [
        "closes in the middle of its answer",
        (response, socket) => {
          response.writeHead(200, { "content-length": "100" }).write('{"result":');
          setImmediate(() => socket.destroy());
        },
      ],
      ["closes without an answer", (_response, socket) => void socket.destroy()],
      ["answers what is no HTTP", (_response, socket) => void socket.end("hello\r\n\r\n")],
    ];
    for (const [what, how] of troubles) {
      it(`a node that ${what} is in trouble, and the next call asks again`, async () => {
        const rpc = httpRpc(await start(), 300);
        handle = how;
        const thrown = await failureOf(rpc.send("eth_call", []));
        expect(isRefusal("eth_call", thrown), thrown.message).to.equal(false);
        handle = result;
        expect(await rpc.send("eth_call", [])).to.equal("0x1");
      });
    }

    it("a node that is not there is in trouble, and the cause is told", async () => {
      const gone = await start();
      await stop();
      const thrown = await failureOf(httpRpc(gone).send("eth_call", []));
      expect(isRefusal("eth_call", thrown)).to.equal(false);
      expect(describeTrouble(thrown)).to.include("ECONNREFUSED");
      await start();
    });

    it("a node that never stops answering is cut off at the bound", async () => {
      const rpc = httpRpc(await start(), { maxResponseBytes: 10_000 });
      let closed = false;
      handle = (response, socket) => {
        socket.on("close", () => (closed = true));
        const more = (): void => void (!closed && response.write("x".repeat(1_000), more));
        more();
      };
      const thrown = await failureOf(rpc.send("eth_getLogs", []));
      expect(thrown).to.include({ code: "NODE_ANSWER_TOO_LARGE" });
      await until(async () => Promise.resolve(closed));
    });
  });
});
