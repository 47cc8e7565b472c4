import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  type OrderDraft,
  type SignedOrder,
  cents,
  exchangeFixture,
  tokens,
} from "../helpers/exchange";
import { Chance, runsOr, seedOr } from "../helpers/random";

/*
 * given a match
 * ├── when it would settle ......................... no problems (MI-1)
 * ├── when one order has one fault ................. that order, and the error of the exchange (MI-2)
 * ├── when several orders have faults .............. all of them at once (MI-3)
 * ├── when accounts lack funds or approval ......... the first order they cannot cover (MI-4)
 * │   └── over all their orders in the match
 * │   └── content with exactly what is needed
 * ├── when an order has several faults ............. its first, or all those of its funds (MI-9)
 * ├── when an order is listed twice ................ the second fill finds what the first left (MI-5)
 * │   └── and what earlier matches left of it
 * ├── when it crosses only with a guilty maker ..... the taker is not blamed (MI-8)
 * ├── when it has no makers, or too few fills ...... refused (MI-6)
 * └── when it is random ............................ no problems exactly when the exchange settles it (MI-7)
 */
const SEED = seedOr(20_261_121);
const RUNS = runsOr(100);

describe(`MatchInspector (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
  interface Match {
    takerOrder: SignedOrder;
    makerOrders: SignedOrder[];
    takerFillAmount: bigint;
    makerFillAmounts: bigint[];
    gasLimit: bigint;
  }
  type Fixture = Awaited<ReturnType<typeof inspectorFixture>>;
  type Problem = [orderHash: string, error: string, ...args: unknown[]];

  async function inspectorFixture() {
    const f = await loadFixture(exchangeFixture);
    return { ...f, inspector: await ethers.deployContract("MatchInspector", [f.exchange]) };
  }

  function matchOf(
    takerOrder: SignedOrder,
    makerOrders: SignedOrder[],
    said: Partial<Match> = {},
  ): Match {
    return {
      ...{ takerOrder, makerOrders, gasLimit: 0n },
      takerFillAmount: takerOrder.makerAmount,
      makerFillAmounts: makerOrders.map(({ makerAmount }) => makerAmount),
      ...said,
    };
  }

  async function inspect(f: Fixture, one: Match): Promise<Problem[]> {
    const problems = await f.inspector.inspectMatch(one);
    return problems.map(({ orderHash, reason }) => {
      const error =
        f.exchange.interface.parseError(reason) ?? f.inspector.interface.parseError(reason);
      if (error === null) throw new Error(`unknown error ${reason}`);
      return [orderHash, error.name, ...error.args.toArray()];
    });
  }

  /** What the exchange would revert with; undefined when it would settle. */
  async function refusalOf(f: Fixture, one: Match): Promise<string | undefined> {
    const { takerOrder, makerOrders, takerFillAmount, makerFillAmounts } = one;
    const data = f.exchange.interface.encodeFunctionData("matchOrders", [
      takerOrder,
      makerOrders,
      takerFillAmount,
      makerFillAmounts,
    ]);
    try {
      const to = await f.exchange.getAddress();
      await ethers.provider.call({ from: f.operator.address, to, data });
      return undefined;
    } catch (error) {
      return (error as { data: string }).data;
    }
  }

  for (const [kind, taker, maker, token] of [
    ["taker buys", "buy", "sell", "yes"],
    ["taker sells", "sell", "buy", "yes"],
    ["mint", "buy", "buy", "no"],
    ["merge", "sell", "sell", "no"],
  ] as const) {
    it(`MI-1 finds nothing in a sound match: ${kind}`, async () => {
      const f = await loadFixture(inspectorFixture);
      const one = matchOf(f[taker]({ maker: f.taker, feeRateBps: 100n }), [
        f[maker]({ maker: f.alice, tokenId: f[token], size: tokens(60) }),
        f[maker]({ maker: f.bob, tokenId: f[token], size: tokens(40) }),
      ]);
      expect(await inspect(f, one)).to.deep.equal([]);
      expect(await refusalOf(f, one)).to.equal(undefined);
    });
  }

  /** A sound bid of 100 over two asks of 50, but for what is said of the first ask and of the bid. */
  function pairOf(
    f: Fixture,
    said: { ask?: Partial<OrderDraft>; bid?: Partial<OrderDraft> } = {},
  ): { bid: SignedOrder; ask: SignedOrder; good: SignedOrder; one: Match } {
    const ask = f.sell({ maker: f.alice, size: tokens(50), ...said.ask });
    const good = f.sell({ maker: f.bob, size: tokens(50) });
    const bid = f.buy({ maker: f.taker, ...said.bid });
    return { bid, ask, good, one: matchOf(bid, [ask, good]) };
  }

  describe("MI-2 names the order and gives the exchange's own error", () => {
    const DRAFTS: [string, Partial<OrderDraft>, string][] = [
      ["expired", { expiration: 1n }, "OrderExpired"],
      ["with a wrong nonce", { nonce: 5n }, "InvalidNonce"],
      ["with too high a fee", { feeRateBps: 1001n }, "FeeTooHigh"],
      ["of an unknown token", { tokenId: 7n }, "TokenNotRegistered"],
      ["of an unknown signature kind", { signatureType: 3 }, "UnsupportedSignatureType"],
      ["of a signer nobody authorised", { signatureType: 1 }, "SignerNotAuthorized"],
      ["of a contract that is none", { signatureType: 2 }, "InvalidSignature"],
      ["with an amount of zero", { takerAmount: 0n }, "InvalidAmount"],
    ];
    for (const role of ["ask", "bid"] as const) {
      for (const [name, draft, error] of DRAFTS) {
        it(`a ${role} ${name}: ${error}`, async () => {
          const f = await loadFixture(inspectorFixture);
          const pair = pairOf(f, { [role]: draft });
          const found = await f.inspector.inspectMatch(pair.one);
          const own = found.filter(({ orderHash }) => orderHash === pair[role].hash);
          const refusal = await refusalOf(f, pair.one);
          // An unregistered token has more to say: a maker's is not the taker's either.
          expect(own[0]?.reason).to.satisfy(
            (reason: string) => f.exchange.interface.parseError(reason)?.name === error,
          );
          if (error !== "TokenNotRegistered") {
            expect(own).to.have.length(1);
            expect(own[0]?.reason).to.equal(refusal);
          }
          expect(refusal).to.not.equal(undefined);
        });
      }
    }

    it("a cancelled, a filled and a forged ask", async () => {
      const f = await loadFixture(inspectorFixture);
      const { ask, one, bid, good } = pairOf(f);
      await f.exchange.connect(f.alice).cancelOrder(ask);
      expect(await inspect(f, one)).to.deep.include([ask.hash, "OrderFilledOrCancelled", ask.hash]);
      const forged = f.sign(f.sell({ maker: f.alice, size: tokens(50) }), f.bob);
      expect(await inspect(f, matchOf(bid, [forged, good]))).to.deep.include([
        forged.hash,
        "InvalidSignature",
        ...[forged.hash, f.alice.address, f.alice.address],
      ]);
    });

    for (const [name, change, error] of [
      ["a fill of zero", { makerFillAmounts: [0n, tokens(50)] }, "ZeroFill"],
      ["too much of a maker", { makerFillAmounts: [tokens(51), tokens(49)] }, "MakingGtRemaining"],
      ["a taker fill of zero", { takerFillAmount: 0n }, "ZeroFill"],
      ["too much of the taker", { takerFillAmount: tokens(51) }, "MakingGtRemaining"],
      ["too little declared", { takerFillAmount: tokens(49) }, "TakerFillExceeded"],
    ] as const) {
      it(`${name}: ${error}`, async () => {
        const f = await loadFixture(inspectorFixture);
        const pair = pairOf(f);
        const one: Match = { ...pair.one, ...change } as Match;
        const found = await f.inspector.inspectMatch(one);
        const refusal = await refusalOf(f, one);
        expect(found.map(({ reason }) => reason)).to.deep.equal([refusal]);
        expect(f.exchange.interface.parseError(refusal ?? "0x")?.name).to.equal(error);
        expect(found[0]?.orderHash).to.equal(ethers.dataSlice(refusal ?? "0x", 4, 36));
      });
    }

    for (const [name, said, error] of [
      ["prices that do not cross", { bid: { price: cents(49) } }, "NotCrossing"],
      ["an ask of the other token", { ask: { tokenId: 1n } }, "MismatchedTokenIds"],
      ["an ask for another taker", { ask: { taker: `0x${"12".repeat(20)}` } }, "NotTaker"],
      ["a bid for another maker", { bid: { taker: `0x${"12".repeat(20)}` } }, "NotTaker"],
    ] as const) {
      it(`${name}: ${error}`, async () => {
        const f = await loadFixture(inspectorFixture);
        const fixed = error === "MismatchedTokenIds" ? { ask: { tokenId: f.no } } : said;
        const { one } = pairOf(f, fixed);
        // The declared fill follows the price, so that only one rule is broken.
        const refusal = await refusalOf(f, { ...one, takerFillAmount: one.takerOrder.makerAmount });
        const found = await f.inspector.inspectMatch(one);
        expect(found.map(({ reason }) => reason)).to.include(refusal);
      });
    }

    for (const side of ["buy", "sell"] as const) {
      it(`a maker that would ${side} the taker's own token too: InvalidComplement`, async () => {
        const f = await loadFixture(inspectorFixture);
        const taker = f[side]({ maker: f.taker, size: tokens(50) });
        const maker = f[side]({ maker: f.alice, size: tokens(50) });
        const one = matchOf(taker, [maker]);
        expect(await inspect(f, one)).to.deep.equal([
          [maker.hash, "InvalidComplement", maker.hash, f.yes, f.no],
        ]);
        const [problem] = await f.inspector.inspectMatch(one);
        expect(problem?.reason).to.equal(await refusalOf(f, one));
      });
    }
  });

  it("MI-3 tells of every guilty order at once", async () => {
    const f = await loadFixture(inspectorFixture);
    const small = { size: tokens(20) };
    const asks = [
      f.sell({ maker: f.alice, ...small, expiration: 1n }),
      f.sell({ maker: f.bob, ...small }),
      f.sell({ maker: f.carol, ...small, nonce: 2n }),
      f.sign(f.sell({ maker: f.dave, ...small }), f.bob),
      f.sell({ maker: f.erin, ...small }),
    ];
    await f.ctf.connect(f.erin).setApprovalForAll(f.exchange, false);
    const bid = f.buy({ maker: f.taker, expiration: 1n });
    const found = await inspect(f, matchOf(bid, asks));
    expect(found.map(([hash, error]) => [hash, error])).to.deep.equal([
      [bid.hash, "OrderExpired"],
      [asks[0]?.hash, "OrderExpired"],
      [asks[2]?.hash, "InvalidNonce"],
      [asks[3]?.hash, "InvalidSignature"],
      [asks[4]?.hash, "InsufficientApproval"],
    ]);
  });

  describe("MI-4 looks at funds", () => {
    it("of an account over all its orders, and blames the first it cannot cover", async () => {
      const f = await loadFixture(inspectorFixture);
      const all = await f.ctf.balanceOf(f.alice, f.yes);
      await f.ctf
        .connect(f.alice)
        .safeTransferFrom(f.alice, f.stranger, f.yes, all - tokens(70), "0x");
      const asks = [0, 1].map(() => f.sell({ maker: f.alice, size: tokens(50) }));
      const one = matchOf(f.buy({ maker: f.taker }), asks);
      expect(await inspect(f, one)).to.deep.equal([
        [
          asks[1]?.hash,
          "InsufficientBalance",
          ...[asks[1]?.hash, f.alice.address, f.yes, tokens(70), tokens(100)],
        ],
      ]);
      expect(ethers.dataSlice((await refusalOf(f, one)) ?? "0x", 4, 36)).to.equal(asks[1]?.hash);
    });

    it("of the taker: balance and allowance of collateral", async () => {
      const f = await loadFixture(inspectorFixture);
      const all = await f.usdc.balanceOf(f.taker);
      await f.usdc.connect(f.taker).transfer(f.stranger, all - 7n);
      await f.usdc.connect(f.taker).approve(f.exchange, 9n);
      const { bid, one } = pairOf(f);
      expect(await inspect(f, one)).to.deep.equal([
        [bid.hash, "InsufficientBalance", bid.hash, f.taker.address, 0n, 7n, tokens(50)],
        [bid.hash, "InsufficientApproval", bid.hash, f.taker.address, 0n, 9n, tokens(50)],
      ]);
    });

    it("of a maker that took its approval back", async () => {
      const f = await loadFixture(inspectorFixture);
      await f.ctf.connect(f.alice).setApprovalForAll(f.exchange, false);
      const { ask, one } = pairOf(f);
      const args = [ask.hash, f.alice.address, f.yes, 0n, tokens(50)];
      expect(await inspect(f, one)).to.deep.equal([[ask.hash, "InsufficientApproval", ...args]]);
    });
  });

  /** Leaves an account exactly so much of its tokens. */
  async function keepTokens(
    f: Fixture,
    account: typeof f.alice,
    id: bigint,
    amount: bigint,
  ): Promise<void> {
    const spare = (await f.ctf.balanceOf(account, id)) - amount;
    await f.ctf.connect(account).safeTransferFrom(account, f.stranger, id, spare, "0x");
  }

  async function keepCollateral(f: Fixture, account: typeof f.alice, amount: bigint) {
    const spare = (await f.usdc.balanceOf(account)) - amount;
    await f.usdc.connect(account).transfer(f.stranger, spare);
  }

  describe("MI-4 is content with exactly what is needed", () => {
    it("of several accounts that give the same asset, and of one taker", async () => {
      const f = await loadFixture(inspectorFixture);
      const { one } = pairOf(f);
      await keepTokens(f, f.alice, f.yes, tokens(50));
      await keepTokens(f, f.bob, f.yes, tokens(50));
      await keepCollateral(f, f.taker, tokens(50));
      await f.usdc.connect(f.taker).approve(f.exchange, tokens(50));
      expect(await inspect(f, one)).to.deep.equal([]);
      expect(await refusalOf(f, one)).to.equal(undefined);
    });

    it("of one account that gives two assets", async () => {
      const f = await loadFixture(inspectorFixture);
      const makers = [
        f.buy({ maker: f.alice, size: tokens(50) }),
        f.sell({ maker: f.alice, size: tokens(50), tokenId: f.no }),
      ];
      await keepCollateral(f, f.alice, tokens(25));
      await keepTokens(f, f.alice, f.no, tokens(50));
      const one = matchOf(f.sell({ maker: f.taker }), makers);
      expect(await inspect(f, one)).to.deep.equal([]);
      expect(await refusalOf(f, one)).to.equal(undefined);
    });
  });

  describe("MI-9 says no more of an order than its first fault, unless that is its funds", () => {
    for (const [name, draft, error] of [
      ["that expired", { expiration: 1n }, "OrderExpired"],
      ["of the other token", { tokenId: 0n }, "MismatchedTokenIds"],
    ] as const) {
      it(`an ask ${name}, without approval, that does not cross: ${error}`, async () => {
        const f = await loadFixture(inspectorFixture);
        const tokenId = error === "MismatchedTokenIds" ? f.no : f.yes;
        await f.ctf.connect(f.alice).setApprovalForAll(f.exchange, false);
        const { ask, one } = pairOf(f, { ask: { ...draft, tokenId, price: cents(90) } });
        const found = await inspect(f, one);
        expect(found.map(([hash, reason]) => [hash, reason])).to.deep.equal([[ask.hash, error]]);
      });
    }

    it("a bid that expired, without approval, that does not cross", async () => {
      const f = await loadFixture(inspectorFixture);
      await f.usdc.connect(f.taker).approve(f.exchange, 0n);
      const { bid, one } = pairOf(f, { bid: { expiration: 1n, price: cents(10) } });
      expect(await inspect(f, one)).to.deep.equal([[bid.hash, "OrderExpired", bid.hash, 1n]]);
    });

    it("an ask that is used up, or asked for too much, whose account has no more", async () => {
      const f = await loadFixture(inspectorFixture);
      const ask = f.sell({ maker: f.alice, size: tokens(50) });
      await keepTokens(f, f.alice, f.yes, tokens(50));
      const twice = matchOf(f.buy({ maker: f.taker }), [ask, ask]);
      expect(await inspect(f, twice)).to.deep.equal([
        [ask.hash, "OrderFilledOrCancelled", ask.hash],
      ]);
      const over = matchOf(f.buy({ maker: f.taker }), [ask], { makerFillAmounts: [tokens(51)] });
      expect(await inspect(f, over)).to.deep.equal([
        [ask.hash, "MakingGtRemaining", ask.hash, tokens(51), tokens(50)],
      ]);
    });

    it("and finds place for the most there can be to say", async () => {
      const f = await loadFixture(inspectorFixture);
      const ask = f.sell({ maker: f.alice, price: cents(60) });
      const bid = f.buy({ maker: f.taker });
      await keepTokens(f, f.alice, f.yes, 1n);
      await f.ctf.connect(f.alice).setApprovalForAll(f.exchange, false);
      await keepCollateral(f, f.taker, 2n);
      await f.usdc.connect(f.taker).approve(f.exchange, 3n);
      expect(await inspect(f, matchOf(bid, [ask]))).to.deep.equal([
        [ask.hash, "InsufficientBalance", ask.hash, f.alice.address, f.yes, 1n, tokens(100)],
        [ask.hash, "InsufficientApproval", ask.hash, f.alice.address, f.yes, 0n, tokens(100)],
        [bid.hash, "TakerFillExceeded", bid.hash, tokens(60), tokens(50)],
        [bid.hash, "NotCrossing", bid.hash, tokens(60), tokens(100)],
        [bid.hash, "InsufficientBalance", bid.hash, f.taker.address, 0n, 2n, tokens(60)],
        [bid.hash, "InsufficientApproval", bid.hash, f.taker.address, 0n, 3n, tokens(60)],
      ]);
    });
  });

  it("MI-1 finds nothing in orders that name each other", async () => {
    const f = await loadFixture(inspectorFixture);
    const one = matchOf(f.buy({ maker: f.taker, taker: f.alice.address }), [
      f.sell({ maker: f.alice, taker: f.taker.address }),
    ]);
    expect(await inspect(f, one)).to.deep.equal([]);
    expect(await refusalOf(f, one)).to.equal(undefined);
  });

  it("MI-2 blames the taker for naming another maker", async () => {
    const f = await loadFixture(inspectorFixture);
    const { bid, one } = pairOf(f, { bid: { taker: f.bob.address } });
    expect(await inspect(f, one)).to.deep.equal([
      [bid.hash, "NotTaker", bid.hash, f.bob.address, f.alice.address],
    ]);
  });

  it("MI-2 counts what a taker gives to mint with several makers", async () => {
    const f = await loadFixture(inspectorFixture);
    const makers = [f.alice, f.bob].map((maker) =>
      f.buy({ maker, tokenId: f.no, size: tokens(50), price: cents(40) }),
    );
    const bid = f.buy({ maker: f.taker, price: cents(60) });
    const one = matchOf(bid, makers);
    expect(await inspect(f, one)).to.deep.equal([]);
    const declared = tokens(60) - 1n;
    expect(await inspect(f, { ...one, takerFillAmount: declared })).to.deep.equal([
      [bid.hash, "TakerFillExceeded", bid.hash, tokens(60), declared],
    ]);
  });

  it("MI-5 counts what an order listed twice gave before", async () => {
    const f = await loadFixture(inspectorFixture);
    const ask = f.sell({ maker: f.alice });
    const bid = f.buy({ maker: f.taker });
    const fits = matchOf(bid, [ask, ask], { makerFillAmounts: [tokens(60), tokens(40)] });
    expect(await inspect(f, fits)).to.deep.equal([]);
    expect(await refusalOf(f, fits)).to.equal(undefined);
    const large = f.buy({ maker: f.taker, size: tokens(120) });
    const over = matchOf(large, [ask, ask], { makerFillAmounts: [tokens(60), tokens(41)] });
    const found = await f.inspector.inspectMatch(over);
    expect(found.map(({ reason }) => reason)).to.include(await refusalOf(f, over));
  });

  it("MI-5 counts what earlier matches took of an order, in either role", async () => {
    const f = await loadFixture(inspectorFixture);
    const ask = f.sell({ maker: f.alice });
    const bid = f.buy({ maker: f.taker });
    await f.match(bid, [ask], [tokens(60)], tokens(30));
    const rest = { makerFillAmounts: [tokens(40)], takerFillAmount: tokens(20) };
    expect(await inspect(f, matchOf(bid, [ask], rest))).to.deep.equal([]);
    expect(await refusalOf(f, matchOf(bid, [ask], rest))).to.equal(undefined);

    const makerOver = matchOf(f.buy({ maker: f.bob }), [ask], { makerFillAmounts: [tokens(41)] });
    const takerOver = matchOf(bid, [f.sell({ maker: f.bob, size: tokens(40) })], {
      takerFillAmount: tokens(21),
    });
    for (const [over, args] of [
      [makerOver, [ask.hash, tokens(41), tokens(40)]],
      [takerOver, [bid.hash, tokens(21), tokens(20)]],
    ] as const) {
      expect(await inspect(f, over)).to.deep.equal([[args[0], "MakingGtRemaining", ...args]]);
      expect((await f.inspector.inspectMatch(over))[0]?.reason).to.equal(await refusalOf(f, over));
    }
  });

  it("MI-5 says of an order that the first fill used up what the exchange says", async () => {
    const f = await loadFixture(inspectorFixture);
    const ask = f.sell({ maker: f.alice, size: tokens(50) });
    const one = matchOf(f.buy({ maker: f.taker }), [ask, ask]);
    expect(await inspect(f, one)).to.deep.equal([[ask.hash, "OrderFilledOrCancelled", ask.hash]]);
    expect(await refusalOf(f, one)).to.equal((await f.inspector.inspectMatch(one))[0]?.reason);
  });

  it("MI-8 does not blame the taker for a match that crosses only with the guilty maker", async () => {
    const f = await loadFixture(inspectorFixture);
    const said = { size: tokens(50) };
    const cheap = f.sell({ ...said, maker: f.alice, price: cents(40), expiration: 1n });
    const dear = f.sell({ ...said, maker: f.bob, price: cents(60) });
    const one = matchOf(f.buy({ maker: f.taker, price: cents(50) }), [cheap, dear]);
    expect(await inspect(f, one)).to.deep.equal([[cheap.hash, "OrderExpired", cheap.hash, 1n]]);
  });

  it("MI-6 refuses what is no match", async () => {
    const f = await loadFixture(inspectorFixture);
    const { one } = pairOf(f);
    await expect(f.inspector.inspectMatch({ ...one, makerOrders: [], makerFillAmounts: [] }))
      .to.be.revertedWithCustomError(f.exchange, "NoMakerOrders")
      .withArgs();
    await expect(f.inspector.inspectMatch({ ...one, makerFillAmounts: [1n] }))
      .to.be.revertedWithCustomError(f.exchange, "LengthMismatch")
      .withArgs(2n, 1n);
  });

  it("MI-7 agrees with the exchange on random matches", async () => {
    const f = await loadFixture(inspectorFixture);
    const rng = new Chance(SEED);
    await f.ctf.connect(f.erin).setApprovalForAll(f.exchange, false);
    await f.usdc.connect(f.dave).approve(f.exchange, tokens(20));
    const outcomes = { settles: 0, refused: 0 };
    for (let run = 0; run < RUNS; run++) {
      const side = rng.pick(["buy", "sell"] as const);
      const spoil = (): Partial<OrderDraft> =>
        rng.chance(88)
          ? {}
          : rng.pick<Partial<OrderDraft>>([
              { expiration: 1n },
              { nonce: 1n },
              { feeRateBps: 1001n },
              { signatureType: rng.int(1, 3) },
              { taker: f.stranger.address },
              { tokenId: rng.pick([f.yes, f.no, f.otherMarket.yes]) },
              { takerAmount: 0n },
            ]);
      // Accounts without approval come up seldom, so that many matches are sound.
      const account = () =>
        rng.chance(90) ? rng.pick([f.alice, f.bob, f.carol]) : rng.pick([f.dave, f.erin]);
      const makers = Array.from({ length: rng.int(1, 3) }, () => {
        const pairs = rng.chance(50);
        const makerSide = pairs ? side : side === "buy" ? "sell" : "buy";
        const price = cents(rng.int(45, 55));
        const tokenId = pairs ? f.no : f.yes;
        return f[makerSide]({ maker: account(), size: tokens(10), price, tokenId, ...spoil() });
      });
      const size = tokens(10 * makers.length);
      const price = cents(side === "buy" ? rng.int(48, 70) : rng.int(30, 52));
      const takerOrder = f[side]({ maker: f.taker, size, price, ...spoil() });
      const one = matchOf(takerOrder, makers);
      if (rng.chance(5)) one.makerFillAmounts[0] = rng.pick([0n, tokens(11), 1n]);
      if (rng.chance(5)) one.takerFillAmount = rng.pick([0n, size + 1n, 1n]);

      const found = await f.inspector.inspectMatch(one);
      const refusal = await refusalOf(f, one);
      const told = JSON.stringify(await inspect(f, one), (_, v: unknown) =>
        typeof v === "bigint" ? `${v}` : v,
      );
      expect(found.length === 0, `run ${run}: ${refusal ?? "settles"}, ${told}`).to.equal(
        refusal === undefined,
      );
      outcomes[refusal === undefined ? "settles" : "refused"]++;
      if (refusal === undefined) continue;
      const name = f.exchange.interface.parseError(refusal)?.name ?? "";
      if (name.endsWith("TransferFailed")) {
        const blamed = found.map(({ orderHash }) => orderHash);
        expect(blamed, `run ${run}`).to.include(ethers.dataSlice(refusal, 4, 36));
      } else {
        expect(
          found.map(({ reason }) => reason),
          `run ${run}: ${name}`,
        ).to.include(refusal);
      }
    }
    expect(Math.min(outcomes.settles, outcomes.refused)).to.be.above(RUNS / 10);
  });
});
