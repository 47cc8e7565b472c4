import {
  addPauser,
  adminFinalizeResolution,
  approveCollateral,
  approveOutcomeTokens,
  approveRedeemer,
  approveSplit,
  cancelMarket,
  cancelOrder,
  cancelOrders,
  clarifyMarket,
  createBinaryMarket,
  createMarkets,
  disputeResolution,
  finalizeByTimeout,
  finalizeResolution,
  incrementNonce,
  isRegistered,
  MARKET_STATUSES,
  matchOrders,
  mergePositions,
  pauseCreation,
  PAYOUTS,
  planApprovals,
  proposeResolution,
  readApprovals,
  readBalances,
  readMarket,
  readNonce,
  readOrderStatuses,
  readPositions,
  redeemMany,
  redeemPositions,
  registerCondition,
  registerToken,
  removePauser,
  splitPosition,
  unpauseCreation,
  type MarketIds,
  type PreparedTx,
} from "@nostra/sdk/actions";
import { connect, type Connection } from "@nostra/sdk/contracts";
import {
  ContractRevertError,
  SigningRejectedError,
  TransportError,
  UnknownContractError,
} from "@nostra/sdk/errors";
import { createBook, MatcherError, matchOrder, type MatchPlan } from "@nostra/sdk/matcher";
import {
  buildOrder,
  hashOrder,
  orderDomain,
  signOrder,
  type Address,
  type Hex,
  type SignedOrder,
} from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import {
  Interface,
  makeError,
  VoidSigner,
  type ContractRunner,
  type TransactionRequest,
  type Wallet,
} from "ethers";
import { expectInputError, expectRevert, GAS_LIMIT, run, thrownBy } from "../helpers/sandbox";

const MAX_UINT256 = 2n ** 256n - 1n;
const ZERO_WORD = `0x${"00".repeat(32)}`;

// Written by hand from the interfaces of the contracts: the functions the actions must call.
const ORDER =
  "(uint256 salt, address maker, address signer, address taker, uint256 tokenId, uint256 makerAmount, uint256 takerAmount, uint256 expiration, uint256 nonce, uint256 feeRateBps, uint8 side, uint8 signatureType, bytes signature)";
const FUNCTIONS = new Interface([
  "function approve(address spender, uint256 amount)",
  "function setApprovalForAll(address operator, bool approved)",
  "function splitPosition(address, bytes32, bytes32, uint256[], uint256)",
  "function mergePositions(address, bytes32, bytes32, uint256[], uint256)",
  "function redeemPositions(address, bytes32, bytes32, uint256[])",
  "function createBinaryMarket(bytes32, string, string, string, uint256, uint256)",
  "function createBinaryMarkets((bytes32 questionId, string question, string description, string category, uint256 endTime, uint256 resolutionTime, uint256 disputeWindow)[])",
  "function clarifyMarket(bytes32, string)",
  "function pauseCreation()",
  "function unpauseCreation()",
  "function addPauser(address)",
  "function removePauser(address)",
  "function redeem(bytes32[])",
  "function cancelMarket(bytes32)",
  "function registerToken(uint256, uint256, bytes32)",
  "function registerCondition(bytes32)",
  `function matchOrders(${ORDER}, ${ORDER}[], uint256, uint256[])`,
  `function cancelOrder(${ORDER})`,
  `function cancelOrders(${ORDER}[])`,
  "function incrementNonce()",
  "function proposeResolution(bytes32, uint256[])",
  "function disputeResolution(bytes32)",
  "function finalizeResolution(bytes32)",
  "function finalizeByTimeout(bytes32)",
  "function adminFinalizeResolution(bytes32, uint256[])",
]);

describe("sdk/actions", () => {
  let sandbox: Sandbox;
  let market: MarketIds;
  let ada: Wallet;
  let ben: Wallet;
  let salt = 0n;

  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
    market = await sandbox.createMarket();
    [ada, ben] = sandbox.accounts as [Wallet, Wallet];
    const { conditionId } = market;
    await run(splitPosition(sandbox.connect(ada), { conditionId, amount: 100_000_000n }));
  });

  after(() => sandbox.close());

  const contracts = () => sandbox.deployment.contracts;
  const domain = () =>
    orderDomain({ chainId: sandbox.deployment.chainId, exchange: contracts().ctfExchange });
  const hashOf = (order: SignedOrder): Hex => hashOrder(order, domain());

  async function orderOf(
    wallet: Wallet,
    side: "BUY" | "SELL",
    price = "0.5",
  ): Promise<SignedOrder> {
    const maker = wallet.address as Address;
    salt += 1n;
    const nonce = await readNonce(sandbox.connect(wallet), maker);
    const terms = { maker, side, price, size: "2", tokenId: market.yes, nonce, salt } as const;
    return signOrder(buildOrder({ ...terms, expiration: 0 }), wallet, domain());
  }

  function planOf(taker: SignedOrder, ...makers: SignedOrder[]): MatchPlan {
    const book = createBook(market);
    for (const order of makers) book.add({ hash: hashOf(order), order });
    const result = matchOrder(book, { hash: hashOf(taker), order: taker });
    if (result.status === "no-match") throw new Error(result.reason);
    return result.plan;
  }

  const plan = async (): Promise<MatchPlan> =>
    planOf(await orderOf(ben, "BUY"), await orderOf(ada, "SELL"));

  /** A connection whose signer is a stand-in. */
  const connectedTo = (runner: Partial<ContractRunner> | null): Connection =>
    connect(sandbox.deployment, runner === null ? null : { provider: null, ...runner });

  describe("what each action calls", () => {
    const Q: Hex = `0x${"c1".repeat(32)}`;
    const C: Hex = `0x${"c2".repeat(32)}`;
    const IDS: MarketIds = { questionId: Q, conditionId: C, yes: 11n, no: 22n };
    const PAUSER: Address = `0x${"c3".repeat(20)}`;
    const MARKET = {
      questionId: Q,
      question: "Q?",
      description: "D",
      category: "K",
      endTimeSeconds: 2_000_000_000n,
      resolutionTimeSeconds: 2_000_000_001n,
    };

    type ContractName = keyof Sandbox["deployment"]["contracts"];
    const CASES: readonly (readonly [
      title: string,
      prepare: (connection: Connection) => PreparedTx<unknown>,
      to: ContractName,
      call: string,
      args: (of: Sandbox["deployment"]["contracts"]) => readonly unknown[],
    ])[] = [
      [
        "approveCollateral without limit",
        (c) => approveCollateral(c),
        "collateral",
        "approve",
        (of) => [of.ctfExchange, MAX_UINT256],
      ],
      [
        "approveCollateral of an amount",
        (c) => approveCollateral(c, { amount: 5n }),
        "collateral",
        "approve",
        (of) => [of.ctfExchange, 5n],
      ],
      [
        "approveOutcomeTokens",
        (c) => approveOutcomeTokens(c),
        "conditionalTokens",
        "setApprovalForAll",
        (of) => [of.ctfExchange, true],
      ],
      [
        "approveOutcomeTokens taken back",
        (c) => approveOutcomeTokens(c, { approved: false }),
        "conditionalTokens",
        "setApprovalForAll",
        (of) => [of.ctfExchange, false],
      ],
      [
        "approveSplit",
        (c) => approveSplit(c),
        "collateral",
        "approve",
        (of) => [of.conditionalTokens, MAX_UINT256],
      ],
      [
        "approveSplit of nothing",
        (c) => approveSplit(c, { amount: 0n }),
        "collateral",
        "approve",
        (of) => [of.conditionalTokens, 0n],
      ],
      [
        "splitPosition",
        (c) => splitPosition(c, { conditionId: C, amount: 7n }),
        "conditionalTokens",
        "splitPosition",
        (of) => [of.collateral, ZERO_WORD, C, [1n, 2n], 7n],
      ],
      [
        "mergePositions",
        (c) => mergePositions(c, { conditionId: C, amount: 7n }),
        "conditionalTokens",
        "mergePositions",
        (of) => [of.collateral, ZERO_WORD, C, [1n, 2n], 7n],
      ],
      [
        "redeemPositions of both outcomes",
        (c) => redeemPositions(c, { conditionId: C }),
        "conditionalTokens",
        "redeemPositions",
        (of) => [of.collateral, ZERO_WORD, C, [1n, 2n]],
      ],
      [
        "redeemPositions of one outcome",
        (c) => redeemPositions(c, { conditionId: C, indexSets: [2n] }),
        "conditionalTokens",
        "redeemPositions",
        (of) => [of.collateral, ZERO_WORD, C, [2n]],
      ],
      [
        "createBinaryMarket",
        (c) => createBinaryMarket(c, MARKET),
        "marketFactory",
        "createBinaryMarket",
        () => [Q, "Q?", "D", "K", 2_000_000_000n, 2_000_000_001n],
      ],
      [
        "createMarkets, one with a window and one without",
        (c) => createMarkets(c, [{ ...MARKET, disputeWindowSeconds: 86_400n }, MARKET]),
        "marketFactory",
        "createBinaryMarkets",
        () => [[86_400n, 0n].map((w) => [Q, "Q?", "D", "K", 2_000_000_000n, 2_000_000_001n, w])],
      ],
      [
        "clarifyMarket",
        (c) => clarifyMarket(c, { questionId: Q, text: "In words." }),
        "marketFactory",
        "clarifyMarket",
        () => [Q, "In words."],
      ],
      ["pauseCreation", (c) => pauseCreation(c), "marketFactory", "pauseCreation", () => []],
      ["unpauseCreation", (c) => unpauseCreation(c), "marketFactory", "unpauseCreation", () => []],
      [
        "addPauser",
        (c) => addPauser(c, { pauser: PAUSER }),
        "marketFactory",
        "addPauser",
        () => [PAUSER],
      ],
      [
        "removePauser",
        (c) => removePauser(c, { pauser: PAUSER }),
        "marketFactory",
        "removePauser",
        () => [PAUSER],
      ],
      [
        "approveRedeemer",
        (c) => approveRedeemer(c),
        "conditionalTokens",
        "setApprovalForAll",
        (of) => [of.positionRedeemer, true],
      ],
      [
        "approveRedeemer taken back",
        (c) => approveRedeemer(c, { approved: false }),
        "conditionalTokens",
        "setApprovalForAll",
        (of) => [of.positionRedeemer, false],
      ],
      [
        "redeemMany",
        (c) => redeemMany(c, { conditionIds: [C, Q] }),
        "positionRedeemer",
        "redeem",
        () => [[C, Q]],
      ],
      ["cancelMarket", (c) => cancelMarket(c, IDS), "marketFactory", "cancelMarket", () => [Q]],
      [
        "registerToken",
        (c) => registerToken(c, IDS),
        "ctfExchange",
        "registerToken",
        () => [11n, 22n, C],
      ],
      [
        "registerCondition",
        (c) => registerCondition(c, IDS),
        "ctfExchange",
        "registerCondition",
        () => [C],
      ],
      ["incrementNonce", (c) => incrementNonce(c), "ctfExchange", "incrementNonce", () => []],
      ...(
        [
          ["YES", [1n, 0n]],
          ["NO", [0n, 1n]],
          ["SPLIT", [1n, 1n]],
        ] as const
      ).flatMap(
        ([result, payouts]) =>
          [
            [
              `proposeResolution of ${result}`,
              (c: Connection) => proposeResolution(c, { questionId: Q, result }),
              "resolutionOracle",
              "proposeResolution",
              () => [Q, payouts],
            ],
            [
              `adminFinalizeResolution of ${result}`,
              (c: Connection) => adminFinalizeResolution(c, { questionId: Q, result }),
              "resolutionOracle",
              "adminFinalizeResolution",
              () => [Q, payouts],
            ],
          ] as const,
      ),
      [
        "disputeResolution",
        (c) => disputeResolution(c, IDS),
        "resolutionOracle",
        "disputeResolution",
        () => [Q],
      ],
      [
        "finalizeResolution",
        (c) => finalizeResolution(c, IDS),
        "resolutionOracle",
        "finalizeResolution",
        () => [Q],
      ],
      [
        "finalizeByTimeout",
        (c) => finalizeByTimeout(c, IDS),
        "resolutionOracle",
        "finalizeByTimeout",
        () => [Q],
      ],
    ];

    for (const [title, prepare, to, call, args] of CASES) {
      it(`${title} calls ${call} of ${to}, encoded without a runner`, () => {
        const prepared = prepare(connectedTo(null));
        expect(prepared.to).to.equal(contracts()[to]);
        expect(prepared.data).to.equal(FUNCTIONS.encodeFunctionData(call, args(contracts())));
        expect(prepared.action).to.equal(title.split(/[ ,]/)[0]);
      });
    }

    it("matchOrders calls the exchange with the plan's orders and amounts", async () => {
      const taker = await orderOf(ben, "BUY");
      const maker = await orderOf(ada, "SELL");
      const prepared = matchOrders(connectedTo(null), planOf(taker, maker));
      expect([prepared.action, prepared.to]).to.deep.equal([
        "matchOrders",
        contracts().ctfExchange,
      ]);
      expect(prepared.data).to.equal(
        FUNCTIONS.encodeFunctionData("matchOrders", [taker, [maker], 1_000_000n, [2_000_000n]]),
      );
    });

    it("a cancel needs no signature: only the twelve fields matter", async () => {
      const signed = await orderOf(ada, "SELL");
      const { signature, ...unsigned } = signed;
      expect(signature).to.have.length(132);
      const c = connectedTo(null);
      const bare = { ...unsigned, signature: "0x" };
      expect(cancelOrder(c, signed).data).to.equal(
        FUNCTIONS.encodeFunctionData("cancelOrder", [signed]),
      );
      expect(cancelOrder(c, unsigned).data).to.equal(
        FUNCTIONS.encodeFunctionData("cancelOrder", [bare]),
      );
      expect(cancelOrders(c, [signed, unsigned]).data).to.equal(
        FUNCTIONS.encodeFunctionData("cancelOrders", [[signed, bare]]),
      );
    });

    it("payouts and statuses stand in the contracts' order", () => {
      expect(PAYOUTS).to.deep.equal({ YES: [1n, 0n], NO: [0n, 1n], SPLIT: [1n, 1n] });
      expect(MARKET_STATUSES).to.deep.equal([
        "NONE",
        "ACTIVE",
        "ENDED",
        "PROPOSED",
        "DISPUTED",
        "RESOLVED",
        "CANCELLED",
      ]);
    });
  });

  describe("what is refused before anything is sent", () => {
    const C: Hex = `0x${"c2".repeat(32)}`;

    for (const indexSet of [0n, 3n, 4n, -1n]) {
      it(`redeeming the index set ${indexSet} is refused (RD-3)`, async () => {
        const c = connectedTo(null);
        const error = await expectInputError(
          () => redeemPositions(c, { conditionId: C, indexSets: [1n, indexSet] }),
          "indexSets",
        );
        expect(error.value).to.equal(indexSet);
      });
    }

    for (const field of ["endTimeSeconds", "resolutionTimeSeconds"] as const) {
      it(`milliseconds as ${field} of a market are refused`, async () => {
        const params = {
          questionId: C,
          question: "Q?",
          description: "D",
          category: "K",
          endTimeSeconds: 2_000_000_000n,
          resolutionTimeSeconds: 2_000_000_000n,
        };
        const c = connectedTo(null);
        const milliseconds = 2_000_000_000_000n;
        const error = await expectInputError(
          () => createBinaryMarket(c, { ...params, [field]: milliseconds }),
          field,
        );
        expect(error.value).to.equal(milliseconds);
        expect(error.expected).to.include("milliseconds");
        await expectInputError(
          () => createMarkets(c, [params, { ...params, [field]: milliseconds }]),
          `markets[1].${field}`,
        );
      });
    }

    for (const amount of [0n, -1n]) {
      it(`splitting or merging ${amount} is refused`, async () => {
        for (const act of [splitPosition, mergePositions]) {
          const c = connectedTo(null);
          await expectInputError(() => act(c, { conditionId: C, amount }), "amount");
        }
      });
    }

    it("a dispute window of zero is refused: the default is said by naming none", () =>
      expectInputError(() => {
        const times = { endTimeSeconds: 2_000_000_000n, resolutionTimeSeconds: 2_000_000_000n };
        const texts = { question: "Q?", description: "D", category: "K" };
        const market = { questionId: C, ...texts, ...times, disputeWindowSeconds: 0n };
        return createMarkets(connectedTo(null), [market]);
      }, "markets[0].disputeWindowSeconds"));

    it("creating no market and redeeming no condition at all are refused", async () => {
      await expectInputError(() => createMarkets(connectedTo(null), []), "markets");
      await expectInputError(
        () => redeemMany(connectedTo(null), { conditionIds: [] }),
        "conditionIds",
      );
    });

    it("cancelling no order at all is refused", () =>
      expectInputError(() => cancelOrders(connectedTo(null), []), "orders"));

    it("a plan with an unsigned order is refused, naming the order", async () => {
      const taker = await orderOf(ben, "BUY");
      const maker = { ...(await orderOf(ada, "SELL")), signature: "0x" as const };
      const thrown = await thrownBy(() => matchOrders(connectedTo(null), planOf(taker, maker)));
      if (!(thrown instanceof MatcherError)) throw thrown;
      expect([thrown.code, thrown.details]).to.deep.equal([
        "MISSING_SIGNATURE",
        { hash: hashOf(maker) },
      ]);
    });

    it("without a runner a transaction is encoded, and neither tried nor sent", async () => {
      const prepared = incrementNonce(connectedTo(null));
      for (const act of [prepared.simulate, prepared.estimateGas, prepared.send]) {
        await expectInputError(() => act(), "runner");
      }
    });

    it("a provider simulates and estimates, but cannot send", async () => {
      const prepared = incrementNonce(connect(sandbox.deployment, sandbox.provider));
      await prepared.simulate();
      expect(await prepared.estimateGas()).to.be.greaterThan(21_000n);
      await expectInputError(() => prepared.send(), "runner");
    });
  });

  describe("trying and sending", () => {
    it("simulate runs in the sender's name and changes nothing", async () => {
      const before = await readNonce(sandbox.connect(ada), ada.address as Address);
      await incrementNonce(sandbox.connect(ada)).simulate();
      expect(await readNonce(sandbox.connect(ada), ada.address as Address)).to.equal(before);
      // Only the operator may settle: the caller named is the signer of the connection.
      const settle = await plan();
      await expectRevert(
        () => matchOrders(sandbox.connect(ada), settle).simulate(),
        "NotOperator",
        {
          caller: ada.address,
        },
      );
      await matchOrders(sandbox.connect(sandbox.operator), settle).simulate();
    });

    it("a refused simulation, estimate, sending and waiting give the decoded error that names the order", async () => {
      const maker = await orderOf(ada, "SELL");
      const settle = planOf(await orderOf(ben, "BUY"), maker);
      await run(cancelOrder(sandbox.connect(ada), maker));
      const prepared = matchOrders(sandbox.connect(sandbox.operator), settle);
      for (const act of [
        () => prepared.simulate(),
        () => prepared.estimateGas(),
        () => prepared.send(),
        async () => (await prepared.send({ gasLimit: GAS_LIMIT })).wait(),
      ]) {
        const error = await expectRevert(act, "OrderFilledOrCancelled", {
          orderHash: hashOf(maker),
        });
        expect(error.orderHash).to.equal(hashOf(maker));
        expect(error.cause, "what the provider threw").to.be.instanceOf(Error);
      }
    });

    it("a failed token call inside a match names the order to blame and says why", async () => {
      const maker = await orderOf(ada, "BUY");
      const settle = planOf(await orderOf(ben, "SELL"), maker);
      const poor = ben.address;
      const error = await thrownBy(() =>
        matchOrders(sandbox.connect(sandbox.operator), settle).simulate(),
      );
      if (!(error instanceof ContractRevertError)) throw error;
      expect(error.revertName).to.equal("OutcomeTransferFailed");
      expect(error.orderHash).to.equal(settle.takerHash);
      expect(error.args["from"]).to.equal(poor);
      expect((error.cause as ContractRevertError).args).to.deep.equal({
        message: "SafeMath: subtraction overflow",
      });
    });

    it("estimateGas is enough to send with: what is used, and what a token transfer must be able to use", async () => {
      const { exchange } = sandbox.connect(sandbox.operator);
      const prepared = matchOrders(sandbox.connect(sandbox.operator), await plan());
      const gasLimit = await prepared.estimateGas();
      const { gasUsed } = await (await prepared.send({ gasLimit })).wait();
      expect(gasUsed <= gasLimit).to.equal(true);
      const spare = (await exchange.OUTCOME_TRANSFER_GAS()) + 50_000n;
      expect(gasLimit - gasUsed <= spare, `${gasLimit} for ${gasUsed}`).to.equal(true);
    });

    it("send gives the hash at once, and wait the receipt's hash, block and gas with the typed result", async () => {
      const before = await readNonce(sandbox.connect(ben), ben.address as Address);
      const sent = await incrementNonce(sandbox.connect(ben)).send();
      const result = await sent.wait();
      const receipt = await sandbox.provider.getTransactionReceipt(sent.hash);
      expect(result).to.deep.equal({
        nonce: before + 1n,
        transactionHash: sent.hash,
        blockNumber: receipt?.blockNumber,
        gasUsed: receipt?.gasUsed,
      });
    });

    it("matchOrders yields one fill for each order, makers first, and the fees", async () => {
      const settle = await plan();
      const { fills, fees } = await run(matchOrders(sandbox.connect(sandbox.operator), settle));
      expect(fills.map(({ name, args }) => [name, args.orderHash])).to.deep.equal([
        ["OrderFilled", settle.makers[0]?.hash],
        ["OrderFilled", settle.takerHash],
      ]);
      expect(fees).to.deep.equal([]);
      expect(
        await readOrderStatuses(sandbox.connect(ada), [settle.takerHash, ZERO_WORD as Hex]),
      ).to.deep.equal([
        { isFilledOrCancelled: true, remaining: 0n },
        { isFilledOrCancelled: false, remaining: 0n },
      ]);
    });

    it("a transaction that is mined but fails is told with its reason, not as a failure of the node", async () => {
      const order = await orderOf(ada, "SELL");
      const prepared = cancelOrder(sandbox.connect(ada), order);
      await (await prepared.send({ gasLimit: GAS_LIMIT })).wait();
      const { hash, wait } = await prepared.send({ gasLimit: GAS_LIMIT });
      await expectRevert(() => wait(), "OrderFilledOrCancelled", { orderHash: hashOf(order) });
      expect((await sandbox.provider.getTransactionReceipt(hash))?.status).to.equal(0);
    });

    for (const [replay, call] of [
      ["would pass now", () => Promise.resolve("0x")],
      ["cannot be tried again", () => Promise.reject(new Error("missing trie node"))],
    ] as const) {
      it(`one that failed when mined, and ${replay}, is told without a reason`, async () => {
        const failure = Object.assign(
          makeError("reverted", "CALL_EXCEPTION", {
            action: "sendTransaction",
            data: null,
            reason: null,
            transaction: { to: null, data: "0x" },
            invocation: null,
            revert: null,
          }),
          { receipt: { blockNumber: 1 } },
        );
        const sent = { hash: ZERO_WORD, wait: () => Promise.reject(failure) };
        const c = connectedTo({ call, sendTransaction: () => Promise.resolve(sent as never) });
        const thrown = await thrownBy(async () => (await incrementNonce(c).send()).wait());
        if (!(thrown instanceof UnknownContractError)) throw thrown;
        expect([thrown.data, thrown.cause]).to.deep.equal(["0x", failure]);
      });
    }

    it("a node that fails while one waits is a TransportError", async () => {
      const broken = new Error("ECONNRESET");
      const sent = { hash: ZERO_WORD, wait: () => Promise.reject(broken) };
      const c = connectedTo({ sendTransaction: () => Promise.resolve(sent as never) });
      const thrown = await thrownBy(async () => (await incrementNonce(c).send()).wait());
      if (!(thrown instanceof TransportError)) throw thrown;
      expect(thrown.cause).to.equal(broken);
    });

    it("what the sender fixes is passed on, and nothing else is added", async () => {
      const seen: TransactionRequest[] = [];
      const c = connectedTo({
        sendTransaction: (tx) => {
          seen.push(tx);
          return Promise.resolve({ hash: ZERO_WORD } as never);
        },
      });
      const { to, data, send } = incrementNonce(c);
      await send();
      await send({ gasLimit: 1n, gasPrice: 2n, nonce: 3 });
      expect(seen).to.deep.equal([
        { to, data },
        { to, data, gasLimit: 1n, gasPrice: 2n, nonce: 3 },
      ]);
    });

    it("a declined signature and a failing node are told apart", async () => {
      const failing = (error: Error): Connection =>
        connectedTo({ sendTransaction: () => Promise.reject(error) });
      const declined = makeError("no", "ACTION_REJECTED", {
        action: "sendTransaction",
        reason: "rejected",
      });
      const rejected = await thrownBy(() => incrementNonce(failing(declined)).send());
      expect(rejected).to.be.instanceOf(SigningRejectedError);
      const broken = new Error("ECONNREFUSED");
      const transport = await thrownBy(() => incrementNonce(failing(broken)).send());
      expect(transport).to.be.instanceOf(TransportError);
      expect((transport as TransportError).cause).to.equal(broken);
      expect((transport as TransportError).details).to.deep.equal({ action: "incrementNonce" });
    });

    it("cancelOrders yields the orders it ended, and not those already over", async () => {
      const orders = [await orderOf(ada, "SELL"), await orderOf(ada, "BUY")] as const;
      const connection = sandbox.connect(ada);
      await run(cancelOrder(connection, orders[0]));
      const { cancelled } = await run(cancelOrders(connection, orders));
      expect(cancelled).to.deep.equal([hashOf(orders[1])]);
    });

    it("an order is cancelled by its maker alone", async () => {
      const order = await orderOf(ada, "SELL");
      await expectRevert(() => cancelOrder(sandbox.connect(ben), order).simulate(), "NotOwner", {
        orderHash: hashOf(order),
        caller: ben.address,
        maker: ada.address,
      });
    });
  });

  describe("reading", () => {
    it("readApprovals tells each approval apart, and planApprovals sends only what is missing", async () => {
      const fresh = sandbox.feeReceiver;
      const address = fresh.address as Address;
      const connection = sandbox.connect(fresh);
      const planned = async (): Promise<string[]> =>
        (await planApprovals(connection, address)).map(({ action }) => action);
      expect(await planned()).to.deep.equal([
        "approveCollateral",
        "approveOutcomeTokens",
        "approveSplit",
      ]);

      await run(approveCollateral(connection, { amount: 5n }));
      await run(approveOutcomeTokens(connection));
      expect(await readApprovals(connection, address)).to.deep.equal({
        exchangeAllowance: 5n,
        exchangeMaySell: true,
        splitAllowance: 0n,
      });
      expect(await planned(), "5 units are not without limit").to.deep.equal([
        "approveCollateral",
        "approveSplit",
      ]);

      for (const prepared of await planApprovals(connection, address)) await run(prepared);
      expect(await planned()).to.deep.equal([]);
      await run(approveOutcomeTokens(connection, { approved: false }));
      expect(await planned()).to.deep.equal(["approveOutcomeTokens"]);
    });

    it("readBalances and readPositions answer in the order asked", async () => {
      const connection = sandbox.connect(sandbox.admin);
      const accounts = [ben, ada, ben].map(({ address }) => address as Address);
      const balances = await readBalances(connection, { accounts, market });
      for (const [i, account] of accounts.entries()) {
        expect(balances[i]).to.deep.equal({
          collateral: await connection.collateral.balanceOf(account),
          yes: await connection.conditionalTokens.balanceOf(account, market.yes),
          no: await connection.conditionalTokens.balanceOf(account, market.no),
        });
      }
      expect(balances[0]).to.deep.equal(balances[2]);
      expect(balances[1]?.no).to.equal(100_000_000n);
      expect(await readPositions(connection, { accounts, market })).to.deep.equal(
        balances.map(({ yes, no }) => ({ yes, no })),
      );
      expect(await readBalances(connection, { accounts: [], market })).to.deep.equal([]);
    });

    it("readMarket gives a market's ids, times, creator and status by name", async () => {
      const details = await readMarket(sandbox.connect(ada), market.questionId);
      expect(details).to.deep.include({
        ...market,
        status: "ACTIVE",
        creator: sandbox.admin.address,
      });
      expect(details.payouts).to.deep.equal([0n, 0n]);
    });

    it("isRegistered holds for the very pair in its order, and for no other", async () => {
      const connection = sandbox.connect(ada);
      const { yes, no } = market;
      expect(await isRegistered(connection, market)).to.equal(true);
      const other = `0x${"c2".repeat(32)}` as const;
      for (const wrong of [{ conditionId: other }, { no: 5n }, { yes: 5n }, { yes: no, no: no }]) {
        expect(await isRegistered(connection, { ...market, ...wrong })).to.equal(false);
      }
      expect(yes).to.not.equal(no);
    });

    it("registering a condition again changes nothing, and registering its tokens again is refused", async () => {
      const connection = sandbox.connect(sandbox.admin);
      await run(registerCondition(connection, market));
      expect(await isRegistered(connection, market)).to.equal(true);
      await expectRevert(() => registerToken(connection, market).simulate(), "AlreadyRegistered", {
        tokenId: market.yes,
      });
    });
  });

  it("a signer that only watches can simulate in its own name", async () => {
    const watcher = new VoidSigner(ada.address, sandbox.provider);
    await incrementNonce(connect(sandbox.deployment, watcher)).simulate();
    const settle = await plan();
    const prepared = matchOrders(connect(sandbox.deployment, watcher), settle);
    await expectRevert(() => prepared.simulate(), "NotOperator", { caller: ada.address });
  });
});
