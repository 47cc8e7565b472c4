import { createSandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { hexlify, id, zeroPadValue } from "ethers";
import { bloomOf, hasUnexplainedBits, mayContain } from "../../operator/src/indexer/bloom";
import type { Header } from "../../operator/src/indexer/chain";
import { NodeAnswerError, NodeInconsistentError } from "../../operator/src/indexer/errors";
import { placesOf } from "../../operator/src/indexer/places";
import { readBlock } from "../../operator/src/indexer/readBlock";
import { readRange } from "../../operator/src/indexer/readRange";
import type { Rpc } from "../../operator/src/rpc";
import { describeStores } from "./helpers/stores";
import { createIndexer, deployChain, dump, rpc, type Chain } from "./helpers/indexing";

const address = (n: number): string => zeroPadValue(hexlify(Uint8Array.of(n)), 20);
const hash = (n: number): string => id(`block ${n}`);

const places = placesOf({
  ...{ network: "test", chainId: 1, startBlock: 0 },
  contracts: {
    ...{ conditionalTokens: address(1), collateral: address(2), resolutionOracle: address(3) },
    ...{ marketFactory: address(4), ctfExchange: address(5), positionRedeemer: address(6) },
    matchInspector: address(7),
  } as never,
});

interface RawLog {
  readonly address: string;
  readonly topics: string[];
  readonly blockNumber: string;
  readonly blockHash: string;
  readonly logIndex: string;
  readonly transactionHash: string;
  readonly data: string;
}

function log(block: number, index: number, from: string, topics: string[] = []): RawLog {
  return {
    ...{ address: from, topics, blockNumber: `0x${block.toString(16)}`, blockHash: hash(block) },
    ...{ logIndex: `0x${index.toString(16)}`, transactionHash: id("tx"), data: "0x" },
  };
}

function header(number: number, logs: readonly RawLog[]): Header {
  return {
    ...{ number: BigInt(number), hash: hash(number), parentHash: hash(number - 1) },
    ...{ timestamp: 1n, logsBloom: hexlify(bloomOf(logs)) },
  };
}

/** A node with these logs, that counts what it is asked. */
function nodeWith(
  logs: readonly RawLog[],
  hidden: (log: RawLog, isFiltered: boolean) => boolean = () => false,
): Rpc & { readonly asked: string[] } {
  const asked: string[] = [];
  const send = async (method: string, params: unknown[]): Promise<unknown> => {
    asked.push(method);
    if (method === "eth_getBlockByNumber") {
      const number = Number(params[0]);
      const own = logs.filter((one) => Number(one.blockNumber) === number);
      const { hash: blockHash, parentHash, logsBloom } = header(number, own);
      return { number: params[0], hash: blockHash, parentHash, timestamp: "0x1", logsBloom };
    }
    const [filter] = params as [
      { address?: string[]; blockHash?: string; fromBlock?: string; toBlock?: string },
    ];
    return logs.filter(
      (one) =>
        (filter.blockHash === undefined || one.blockHash === filter.blockHash) &&
        (filter.fromBlock === undefined || BigInt(one.blockNumber) >= BigInt(filter.fromBlock)) &&
        (filter.toBlock === undefined || BigInt(one.blockNumber) <= BigInt(filter.toBlock)) &&
        (filter.address?.includes(one.address) ?? true) &&
        !hidden(one, filter.address !== undefined),
    );
  };
  return { send, asked };
}

describe("indexer: reading a block", () => {
  it("knows the bloom filter of a real block", async () => {
    const chain: Chain = await deployChain();
    try {
      await chain.market();
      const block = (await rpc.send("eth_getBlockByNumber", ["latest", false])) as {
        hash: string;
        logsBloom: string;
      };
      const logs = (await rpc.send("eth_getLogs", [{ blockHash: block.hash }])) as RawLog[];
      expect(logs.length).to.be.greaterThan(3);
      expect(hexlify(bloomOf(logs))).to.equal(block.logsBloom);
      expect(mayContain(block.logsBloom, chain.contracts.marketFactory)).to.equal(true);
      expect(mayContain(block.logsBloom, chain.contracts.collateral)).to.equal(false);
      expect(hasUnexplainedBits(block.logsBloom, logs)).to.equal(false);
      expect(hasUnexplainedBits(block.logsBloom, logs.slice(1))).to.equal(true);
    } finally {
      await chain.end();
    }
  });

  it("believes that nothing of ours is in a block whose filter is full of others' logs", async () => {
    const crowd = Array.from({ length: 3000 }, (_, n) => log(9, n, `0x${id(`${n}`).slice(26)}`));
    const node = nodeWith(crowd);
    const full = header(9, crowd);
    expect(mayContain(full.logsBloom!, places.exchange)).to.equal(true);
    expect(await readBlock(node, full, places)).to.deep.equal({ logs: [], collateral: [] });
    expect(node.asked).to.deep.equal(["eth_getLogs", "eth_getLogs"]);
  });

  it("asks once where the filter says that the answer is whole", async () => {
    const ours = places.kept.map((from, n) => log(9, n, from));
    const node = nodeWith([...ours, log(9, 7, places.collateral)]);
    const found = await readBlock(node, header(9, [...ours, log(9, 7, places.collateral)]), places);
    expect(found.logs).to.have.length(5);
    expect(found.collateral).to.have.length(1);
    expect(node.asked).to.deep.equal(["eth_getLogs"]);
  });

  it("takes from all logs what the filtered answer left out", async () => {
    const logs = [log(9, 0, places.exchange), log(9, 1, places.factory)];
    const node = nodeWith(logs, (one, isFiltered) => isFiltered && one.address === places.exchange);
    const found = await readBlock(node, header(9, logs), places);
    expect(found.logs.map((one) => one.address)).to.deep.equal([places.exchange, places.factory]);
  });

  const lies: [string, RawLog[], (logs: RawLog[]) => RawLog[]][] = [
    ["leaves a log out everywhere", [log(9, 0, places.exchange)], () => []],
    [
      "gives a log of another block",
      [log(9, 0, places.exchange)],
      ([one]) => [{ ...one!, blockHash: hash(8) }],
    ],
    ["gives a log twice", [log(9, 0, places.exchange)], ([one]) => [one!, one!]],
    [
      "gives a log that is not in the filter",
      [log(9, 0, places.exchange)],
      ([one]) => [one!, log(9, 1, places.factory)],
    ],
  ];
  for (const [what, truth, told] of lies) {
    it(`refuses a node that ${what}`, async () => {
      const node: Rpc = { send: async () => told(truth) };
      await expect(readBlock(node, header(9, truth), places)).to.be.rejectedWith(
        NodeInconsistentError,
      );
    });
  }

  it("takes logs of the collateral that the filter does not have: bridges write such", async () => {
    const node: Rpc = {
      send: async () => [log(9, 0, places.collateral), log(9, 0, places.collateral)],
    };
    expect((await readBlock(node, header(9, []), places)).collateral).to.have.length(2);
  });

  it("refuses what is no list of logs", async () => {
    for (const answer of [null, {}, [{}], [{ ...log(9, 0, address(5)), blockNumber: null }]]) {
      const node: Rpc = { send: async () => answer };
      await expect(readBlock(node, header(9, []), places)).to.be.rejectedWith(NodeAnswerError);
    }
  });
});

describe("indexer: reading a range", () => {
  const range = { from: 1n, to: 1000n, size: 1000n, places };

  it("halves it until the node answers, and tells where it ended", async () => {
    const logs = [5, 20, 400].map((block) => log(block, 0, places.exchange));
    const node = nodeWith(logs);
    const strict: Rpc = {
      send: async (method, params) => {
        const [{ fromBlock, toBlock }] = params as [{ fromBlock: string; toBlock: string }];
        if (method === "eth_getLogs" && BigInt(toBlock) - BigInt(fromBlock) >= 100n) {
          throw new Error("block range is too wide");
        }
        return node.send(method, params);
      },
    };
    const { first, last, logs: found } = await readRange(strict, range);
    expect([first.number, last.number]).to.deep.equal([1n, 63n]);
    expect(found.map((one) => one.blockNumber)).to.deep.equal([5n, 20n]);
  });

  it("does not believe an answer that ends at a round number", async () => {
    const logs = Array.from({ length: 1500 }, (_, n) =>
      log(1 + Math.floor(n / 2), n % 2, places.exchange),
    );
    const node = nodeWith(logs);
    const cutting: Rpc = {
      send: async (method, params) => {
        const answer = await node.send(method, params);
        return method === "eth_getLogs" ? (answer as RawLog[]).slice(0, 1000) : answer;
      },
    };
    const { last, logs: found } = await readRange(cutting, range);
    expect(last.number).to.equal(250n + 1n - 1n);
    expect(found).to.have.length(500);
  });

  it("refuses logs that are not of the blocks at their heights", async () => {
    const node = nodeWith([log(5, 0, places.exchange)]);
    const forked: Rpc = {
      send: async (method, params) => {
        const answer = await node.send(method, params);
        return method === "eth_getLogs"
          ? (answer as RawLog[]).map((one) => ({ ...one, blockHash: hash(77) }))
          : answer;
      },
    };
    await expect(readRange(forked, range)).to.be.rejectedWith(NodeInconsistentError);
  });
});

describeStores("indexer: on the sandbox's chain", (fresh) => {
  it("follows it", async () => {
    const sandbox = await createSandbox({ accounts: 2 });
    const store = await fresh();
    const { deployment, provider } = sandbox;
    const { indexer } = createIndexer(store, { deployment } as Chain, { rpc: provider });
    await sandbox.createMarket({ question: "Sand?" });
    await indexer.step();
    await sandbox.createMarket({ question: "More sand?" });
    await indexer.step();
    expect((await dump(store))["market"]).to.have.length(2);
    sandbox.close();
  });
});
