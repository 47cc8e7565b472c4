import {
  createBinaryMarket,
  incrementNonce,
  matchOrders,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import { interfaces } from "@nostra/sdk/contracts";
import {
  decodeLogs,
  EventNotFoundError,
  findEvent,
  type NostraEvent,
  type NostraEventName,
  type RawLog,
} from "@nostra/sdk/events";
import { createBook, submitOrder } from "@nostra/sdk/matcher";
import { buildOrder, hashOrder, orderDomain, signOrder } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { ContractFactory, Interface, type TransactionReceipt, type Wallet } from "ethers";
import { artifacts } from "hardhat";
import { run, thrownBy } from "../helpers/sandbox";

/**
 * Every event there is, written by hand. The compiler holds that these are exactly the keys of NostraEventArgs, and the
 * first test that they are exactly the events of the ABIs.
 */
const EVENTS: Readonly<Record<NostraEventName, true>> = {
  AdminChanged: true,
  AdminOffered: true,
  Approval: true,
  ApprovalForAll: true,
  ConditionPreparation: true,
  ConditionResolution: true,
  CreationPaused: true,
  CreationUnpaused: true,
  DisputeWindowSet: true,
  EIP712DomainChanged: true,
  ExchangeSet: true,
  FeeCharged: true,
  FeeReceiverSet: true,
  MarketCancelled: true,
  MarketClarified: true,
  MarketCreated: true,
  MarketFactorySet: true,
  MatchFailed: true,
  NonceIncremented: true,
  OrderApproved: true,
  OrderCancelled: true,
  OrderFilled: true,
  OrdersMatched: true,
  PayoutRedemption: true,
  PositionSplit: true,
  PositionsMerge: true,
  PositionsRedeemed: true,
  QuestionOpened: true,
  ResolutionDisputed: true,
  ResolutionFinalized: true,
  ResolutionProposed: true,
  RoleGranted: true,
  RoleRevoked: true,
  SignerAuthorized: true,
  SignerRevoked: true,
  TokenRegistered: true,
  TradingPaused: true,
  TradingUnpaused: true,
  Transfer: true,
  TransferBatch: true,
  TransferSingle: true,
  URI: true,
};

describe("sdk/events", () => {
  let sandbox: Sandbox;
  let market: MarketIds;
  let ada: Wallet;
  let ben: Wallet;

  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
    market = await sandbox.createMarket();
    [ada, ben] = sandbox.accounts as [Wallet, Wallet];
  });

  after(() => sandbox.close());

  async function receiptOf(hash: string): Promise<TransactionReceipt> {
    const receipt = await sandbox.provider.getTransactionReceipt(hash);
    if (receipt === null) throw new Error(`no receipt of ${hash}`);
    return receipt;
  }

  /** A log of an event with these values, from an address of choice. */
  function logOf(contract: Interface, name: string, values: unknown[], address: string): RawLog {
    const fragment = contract.getEvent(name);
    if (fragment === null) throw new Error(`no event ${name}`);
    const { topics, data } = contract.encodeEventLog(fragment, values);
    const transactionHash = `0x${"77".repeat(32)}`;
    return { address, topics, data, blockNumber: 7, transactionHash, index: 3 };
  }

  it("every event of the ABIs has an entry in NostraEventArgs, and none is missing", () => {
    const declared = new Set<string>();
    for (const contract of Object.values<Interface>(interfaces)) {
      contract.forEachEvent(({ name }) => declared.add(name));
    }
    expect([...declared].sort()).to.deep.equal(Object.keys(EVENTS).sort());
  });

  it("an event that several contracts declare has one shape in all of them, so that one type describes it", () => {
    const shapes = new Map<string, string>();
    for (const contract of Object.values<Interface>(interfaces)) {
      contract.forEachEvent((fragment) => {
        const shape = fragment.format("full");
        expect(shapes.get(fragment.name) ?? shape).to.equal(shape);
        shapes.set(fragment.name, shape);
      });
    }
  });

  it("the logs of a creation are decoded in their order, with values by name and their place in the chain", async () => {
    const endTimeSeconds = (await sandbox.now()) + 1_000n;
    const { transactionHash, market: created } = await run(
      createBinaryMarket(sandbox.connect(sandbox.admin), {
        questionId: `0x${"42".repeat(32)}`,
        question: "Q?",
        description: "D",
        category: "C",
        endTimeSeconds,
        resolutionTimeSeconds: endTimeSeconds,
      }),
    );
    const receipt = await receiptOf(transactionHash);
    const events = decodeLogs(receipt, sandbox.deployment);
    expect(events.map(({ name }) => name)).to.deep.equal([
      "ConditionPreparation",
      "QuestionOpened",
      "TokenRegistered",
      "MarketCreated",
    ]);
    const { contracts } = sandbox.deployment;
    const event = events[3];
    expect(event).to.deep.equal({
      name: "MarketCreated",
      args: {
        questionId: created.questionId,
        conditionId: created.conditionId,
        creator: sandbox.admin.address,
        token0: created.yes,
        token1: created.no,
        question: "Q?",
        description: "D",
        category: "C",
        endTime: endTimeSeconds,
        resolutionTime: endTimeSeconds,
      },
      address: contracts.marketFactory,
      blockNumber: receipt.blockNumber,
      transactionHash,
      logIndex: 3,
    });
    expect(decodeLogs(receipt.logs, sandbox.deployment)).to.deep.equal(events);
  });

  it("the logs of a match are decoded, lists as plain arrays", async () => {
    const { chainId, contracts } = sandbox.deployment;
    const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    await run(
      splitPosition(sandbox.connect(ada), { conditionId: market.conditionId, amount: 9_000_000n }),
    );
    const incoming = async (wallet: Wallet, side: "BUY" | "SELL") => {
      const terms = { side, price: "0.5", size: "2", tokenId: market.yes, nonce: 0n } as const;
      const order = buildOrder({ ...terms, maker: wallet.address, expiration: 0 });
      const signed = await signOrder(order, wallet, domain);
      return { hash: hashOrder(signed, domain), order: signed };
    };
    const maker = await incoming(ada, "SELL");
    const taker = await incoming(ben, "BUY");
    const book = createBook(market);
    submitOrder(book, maker);
    const [plan] = submitOrder(book, taker).plans;
    if (plan === undefined) throw new Error("nothing matched");
    const { transactionHash } = await run(matchOrders(sandbox.connect(sandbox.operator), plan));

    const receipt = await receiptOf(transactionHash);
    const names = decodeLogs(receipt, sandbox.deployment).map(({ name }) => name);
    expect(names.slice(0, 3)).to.deep.equal(["OrderFilled", "OrderFilled", "OrdersMatched"]);
    expect(names.slice(3), "the two assets").to.have.members(["TransferSingle", "Transfer"]);
    const matched = findEvent(receipt, "OrdersMatched", sandbox.deployment);
    expect(matched.args).to.deep.equal({
      takerOrderHash: taker.hash,
      makerOrderHashes: [maker.hash],
      takerFillAmount: 1_000_000n,
      makerFillAmounts: [2_000_000n],
    });
    expect(Array.isArray(matched.args.makerOrderHashes)).to.equal(true);
    const paid = findEvent(receipt, "Transfer", sandbox.deployment);
    expect(paid.args).to.deep.equal({ from: ben.address, to: ada.address, value: 1_000_000n });
  });

  it("a foreign contract's event of the same shape counts without a deployment, and is left out with one", () => {
    const { contracts } = sandbox.deployment;
    const foreign = `0x${"f0".repeat(20)}`;
    const values = [ada.address, 5n];
    const logs = [
      logOf(interfaces.ctfExchange, "NonceIncremented", values, foreign),
      logOf(interfaces.ctfExchange, "NonceIncremented", [ben.address, 6n], contracts.ctfExchange),
    ];
    const makers = (events: readonly NostraEvent[]): unknown[] =>
      events.map((event) => event.name === "NonceIncremented" && event.args.maker);
    expect(makers(decodeLogs(logs))).to.deep.equal([ada.address, ben.address]);
    expect(makers(decodeLogs(logs, sandbox.deployment))).to.deep.equal([ben.address]);
    expect(findEvent(logs, "NonceIncremented", sandbox.deployment).args.nonce).to.equal(6n);
  });

  it("a second collateral deployed beside Nostra emits real Transfers, and none of them is ours", async () => {
    const { abi, bytecode } = await artifacts.readArtifact("MockUSDC");
    const other = await new ContractFactory(abi, bytecode, sandbox.admin).deploy();
    await other.waitForDeployment();
    const sent = await sandbox.admin.sendTransaction({
      to: await other.getAddress(),
      data: interfaces.mockUsdc.encodeFunctionData("mint", [ada.address, 1n]),
    });
    await sent.wait();
    const receipt = await receiptOf(sent.hash);
    expect(decodeLogs(receipt).map(({ name }) => name)).to.deep.equal(["Transfer"]);
    expect(decodeLogs(receipt, sandbox.deployment)).to.deep.equal([]);
  });

  it("the addresses of logs are compared whatever their case", () => {
    const { ctfExchange } = sandbox.deployment.contracts;
    for (const address of [ctfExchange.toLowerCase(), `0x${ctfExchange.slice(2).toUpperCase()}`]) {
      const log = logOf(interfaces.ctfExchange, "NonceIncremented", [ada.address, 1n], address);
      expect(decodeLogs([log], sandbox.deployment)).to.have.length(1);
    }
  });

  it("logs that no contract declares, or that only look alike, are left out", () => {
    const { ctfExchange, collateral } = sandbox.deployment.contracts;
    const stranger = new Interface([
      "event Strange(uint256 x)",
      // ERC-721: the topic of ERC-20's Transfer, with three indexed values and no data.
      "event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
    ]);
    const logs = [
      logOf(stranger, "Strange", [1n], ctfExchange),
      logOf(stranger, "Transfer", [ada.address, ben.address, 1n], collateral),
      { ...logOf(stranger, "Strange", [1n], ctfExchange), topics: [] },
    ];
    expect(decodeLogs(logs)).to.deep.equal([]);
    expect(decodeLogs([])).to.deep.equal([]);
  });

  it("findEvent gives the first of its name, and an EventNotFoundError when there is none", async () => {
    const { ctfExchange } = sandbox.deployment.contracts;
    const logs = [1n, 2n].map((nonce) =>
      logOf(interfaces.ctfExchange, "NonceIncremented", [ada.address, nonce], ctfExchange),
    );
    expect(findEvent(logs, "NonceIncremented").args.nonce).to.equal(1n);

    const { transactionHash } = await run(incrementNonce(sandbox.connect(ada)));
    const receipt = await receiptOf(transactionHash);
    const thrown = await thrownBy(() => findEvent(receipt, "OrderFilled", sandbox.deployment));
    if (!(thrown instanceof EventNotFoundError)) throw thrown;
    expect([thrown.code, thrown.details]).to.deep.equal([
      "EVENT_NOT_FOUND",
      { name: "OrderFilled" },
    ]);
  });

  it("the name of an event gives the type of its values", () => {
    const typed = (event: NostraEvent): bigint =>
      event.name === "OrderFilled" ? event.args.remaining : 0n;
    const values = [`0x${"01".repeat(32)}`, ada.address, 5n, 1, 2n, 3n, 4n];
    const [event] = decodeLogs([
      logOf(
        interfaces.ctfExchange,
        "OrderFilled",
        values,
        sandbox.deployment.contracts.ctfExchange,
      ),
    ]);
    expect(event === undefined ? undefined : typed(event)).to.equal(4n);
  });
});
