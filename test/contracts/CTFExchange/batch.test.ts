import {
  impersonateAccount,
  loadFixture,
  setBalance,
  takeSnapshot,
} from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { TransactionResponse } from "ethers";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  type SignedOrder,
  cents,
  changesOf,
  delegateTo,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  holdingsReader,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given a batch of matches, each with a gas limit of its own
 * ├── when all are sound
 * │   ├── two or ten ...................... balances, statuses and events as if sent one by one (BA-1)
 * │   └── one maker order in two of them .. its fills add up (BA-2)
 * ├── when one cannot settle .............. MatchFailed: taker hash, index, decodable reason (BA-3)
 * │   └── and nothing else of it changed; the others settled
 * ├── when there is none .................. nothing happens (BA-4)
 * ├── when the caller is no operator, or matching is stopped: refused (BA-5)
 * │   └── only the exchange itself calls matchOrders without the role
 * ├── when a gas limit is too small ....... that match fails alone (BA-6)
 * ├── when it is more than there is ....... that match fails with InsufficientGas (BA-6)
 * ├── when a hook says a lot .............. 512 bytes of it are kept, and the error decodes (BA-7)
 * ├── when a hook re-enters ............... refused, as the operator too (BA-8)
 * └── when the calldata is malformed ...... it fails, and nothing else settles (BA-9)
 */
describe("CTFExchange: batches", () => {
  interface Match {
    takerOrder: SignedOrder;
    makerOrders: SignedOrder[];
    takerFillAmount: bigint;
    makerFillAmounts: bigint[];
    gasLimit: bigint;
  }

  /** Enough for any match here. */
  const GAS_LIMIT = 900_000n;
  const OUTCOME_TRANSFER_GAS = 200_000n;
  const MAX_REASON_BYTES = 1024;
  const FILLED = { isFilledOrCancelled: true, remaining: 0n };
  const UNSEEN = { isFilledOrCancelled: false, remaining: 0n };

  function matchOf(
    takerOrder: SignedOrder,
    makerOrders: SignedOrder[],
    said: Partial<Match> = {},
  ): Match {
    return {
      ...{ takerOrder, makerOrders, gasLimit: GAS_LIMIT },
      takerFillAmount: takerOrder.makerAmount,
      makerFillAmounts: makerOrders.map(({ makerAmount }) => makerAmount),
      ...said,
    };
  }

  /** A match of each kind in turn, none of which touches another's orders. */
  function sound(f: ExchangeFixture, i: number, said: Partial<Match> = {}): Match {
    const maker = [f.alice, f.bob, f.carol, f.dave, f.erin][i % 5] as typeof f.alice;
    const fee = { feeRateBps: BigInt(i) * 10n };
    const bid = () => f.buy({ maker: f.taker, ...fee });
    const ask = () => f.sell({ maker: f.taker, ...fee });
    const [takerOrder, makerOrder] = [
      () => [bid(), f.sell({ maker, price: cents(40) })],
      () => [ask(), f.buy({ maker, price: cents(60) })],
      () => [bid(), f.buy({ maker, tokenId: f.no, ...fee })],
      () => [ask(), f.sell({ maker, tokenId: f.no, ...fee })],
    ][i % 4]?.() as [SignedOrder, SignedOrder];
    return matchOf(takerOrder, [makerOrder], {
      ...(takerOrder.side === 0 && makerOrder.side === 1 ? { takerFillAmount: tokens(50) } : {}),
      ...said,
    });
  }

  function send(f: ExchangeFixture, matches: Match[]): Promise<TransactionResponse> {
    return f.exchange.connect(f.operator).matchOrdersBatch(matches);
  }

  interface Failure {
    takerHash: string;
    index: bigint;
    reason: string;
    /** The reason read as an error of the exchange: name and values. */
    error?: [string, ...unknown[]];
  }

  async function failuresOf(f: ExchangeFixture, sent: TransactionResponse): Promise<Failure[]> {
    const receipt = await sent.wait();
    const failures: Failure[] = [];
    for (const log of receipt?.logs ?? []) {
      const event = f.exchange.interface.parseLog(log);
      if (event?.name !== "MatchFailed") continue;
      const [takerHash, index, reason] = event.args.toArray() as [string, bigint, string];
      // One that was cut cannot be decoded to its end.
      const isCut = ethers.dataLength(reason) === MAX_REASON_BYTES;
      const read = reason === "0x" || isCut ? null : f.exchange.interface.parseError(reason);
      failures.push({
        ...{ takerHash, index, reason },
        ...(read && { error: [read.name, ...read.args.toArray()] }),
      });
    }
    return failures;
  }

  async function expectFilled(f: ExchangeFixture, ...matches: Match[]): Promise<void> {
    for (const { takerOrder, makerOrders } of matches) {
      for (const order of [takerOrder, ...makerOrders]) {
        expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
      }
    }
  }

  async function logsOf(sent: TransactionResponse[]): Promise<unknown[]> {
    const receipts = await Promise.all(sent.map((one) => one.wait()));
    return receipts.flatMap((receipt) =>
      (receipt?.logs ?? []).map(({ address, topics, data }) => [address, [...topics], data]),
    );
  }

  describe("of sound matches", () => {
    for (const count of [1, 2, 10]) {
      it(`BA-1 settles ${count} as if they were sent one by one`, async () => {
        const f = await loadFixture(exchangeFixture);
        const matches = Array.from({ length: count }, (_, i) => sound(f, i));
        const accounts = [...f.traders, f.feeReceiver, f.exchange, f.ctf];
        const read = await holdingsReader(f, accounts);
        const hashes = matches.flatMap(({ takerOrder, makerOrders }) => [
          takerOrder.hash,
          ...makerOrders.map(({ hash }) => hash),
        ]);
        const outcome = async (sent: TransactionResponse[]) => ({
          logs: await logsOf(sent),
          holdings: await read(),
          statuses: (await f.exchange.getOrderStatuses(hashes)).map((s) => [
            s.isFilledOrCancelled,
            s.remaining,
          ]),
        });

        const snapshot = await takeSnapshot();
        const single: TransactionResponse[] = [];
        for (const one of matches) {
          const { takerOrder, makerOrders, makerFillAmounts, takerFillAmount } = one;
          single.push(await f.match(takerOrder, makerOrders, makerFillAmounts, takerFillAmount));
        }
        const expected = await outcome(single);
        await snapshot.restore();

        expect(await outcome([await send(f, matches)])).to.deep.equal(expected);
        await expectFilled(f, ...matches);
      });
    }

    it("BA-2 adds up the fills of a maker order that two matches name", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice });
      const bids = [f.taker, f.bob].map((maker) => f.buy({ maker, size: tokens(40) }));
      const fill = { makerFillAmounts: [tokens(40)] };
      const sent = await send(
        f,
        bids.map((bid) => matchOf(bid, [ask], fill)),
      );
      expect(await failuresOf(f, sent)).to.deep.equal([]);
      expect(await statusOf(f.exchange, ask)).to.deep.equal({ ...UNSEEN, remaining: tokens(20) });
    });

    it("BA-2 fails the match that asks more of a shared order than an earlier one left", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice });
      const bids = [f.taker, f.bob, f.carol].map((maker) => f.buy({ maker, size: tokens(40) }));
      const fill = { makerFillAmounts: [tokens(40)] };
      const sent = await send(
        f,
        bids.map((bid) => matchOf(bid, [ask], fill)),
      );
      const failures = await failuresOf(f, sent);
      expect(failures).to.have.length(1);
      expect(failures[0]?.index).to.equal(2n);
      expect(failures[0]?.error).to.deep.equal([
        "MakingGtRemaining",
        ask.hash,
        tokens(40),
        tokens(20),
      ]);
    });

    it("BA-4 does nothing for an empty batch", async () => {
      const f = await loadFixture(exchangeFixture);
      let sent: TransactionResponse | undefined;
      await expectUnchanged(f, async () => {
        sent = await send(f, []);
      });
      expect(await logsOf([sent as TransactionResponse])).to.deep.equal([]);
    });
  });

  describe("with one match that cannot settle", () => {
    type Fault = (f: ExchangeFixture) => Promise<{ match: Match; error: [string, ...unknown[]] }>;

    const FAULTS: Record<string, Fault> = {
      "an expired maker": async (f) => {
        const ask = f.sell({ maker: f.carol, expiration: 1n });
        const match = matchOf(f.buy({ maker: f.dave }), [ask]);
        return { match, error: ["OrderExpired", ask.hash, 1n] };
      },
      "an expired taker": async (f) => {
        const bid = f.buy({ maker: f.dave, expiration: 1n });
        return {
          match: matchOf(bid, [f.sell({ maker: f.carol })]),
          error: ["OrderExpired", bid.hash, 1n],
        };
      },
      "a cancelled maker": async (f) => {
        const ask = f.sell({ maker: f.carol });
        await f.exchange.connect(f.carol).cancelOrder(ask);
        const match = matchOf(f.buy({ maker: f.dave }), [ask]);
        return { match, error: ["OrderFilledOrCancelled", ask.hash] };
      },
      "a wrong nonce": async (f) => {
        const ask = f.sell({ maker: f.carol, nonce: 3n });
        const match = matchOf(f.buy({ maker: f.dave }), [ask]);
        return { match, error: ["InvalidNonce", ask.hash, 3n, 0n] };
      },
      "prices that do not cross": async (f) => {
        const bid = f.buy({ maker: f.dave, price: cents(49) });
        const match = matchOf(bid, [f.sell({ maker: f.carol, size: tokens(98) })]);
        return { match, error: ["NotCrossing", bid.hash, tokens(49), tokens(98)] };
      },
      "a bad signature": async (f) => {
        const ask = f.sign(f.sell({ maker: f.carol }), f.bob);
        const match = matchOf(f.buy({ maker: f.dave }), [ask]);
        return { match, error: ["InvalidSignature", ask.hash, f.carol.address, f.carol.address] };
      },
      "no makers": async (f) => ({
        match: matchOf(f.buy({ maker: f.dave }), []),
        error: ["NoMakerOrders"],
      }),
      "too few fills": async (f) => ({
        match: matchOf(f.buy({ maker: f.dave }), [f.sell({ maker: f.carol })], {
          makerFillAmounts: [],
        }),
        error: ["LengthMismatch", 1n, 0n],
      }),
    };

    for (const [name, fault] of Object.entries(FAULTS)) {
      it(`BA-3 reports it, names the order, and settles the others: ${name}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const { match, error } = await fault(f);
        const [first, last] = [sound(f, 0), sound(f, 1)];
        const orders = [match.takerOrder, ...match.makerOrders];
        const before = await Promise.all(orders.map((order) => statusOf(f.exchange, order)));
        let sent: TransactionResponse | undefined;
        const changes = await changesOf(f, { carol: f.carol, dave: f.dave }, async () => {
          sent = await send(f, [first, match, last]);
        });

        const failures = await failuresOf(f, sent as TransactionResponse);
        expect(failures).to.have.length(1);
        expect(failures[0]?.takerHash).to.equal(match.takerOrder.hash);
        expect(failures[0]?.index).to.equal(1n);
        expect(failures[0]?.error).to.deep.equal(error);
        expect(changes).to.deep.equal({});
        expect(await Promise.all(orders.map((order) => statusOf(f.exchange, order)))).to.deep.equal(
          before,
        );
        await expectFilled(f, first, last);
      });
    }

    it("BA-3 undoes a match that fails at its last maker", async () => {
      const f = await loadFixture(exchangeFixture);
      const good = f.sell({ maker: f.carol });
      const poor = f.sell({ maker: f.erin });
      await f.ctf.connect(f.erin).setApprovalForAll(f.exchange, false);
      const bad = matchOf(f.buy({ maker: f.dave, size: tokens(200) }), [good, poor]);
      let failures: Failure[] = [];
      await expectUnchanged(f, async () => {
        failures = await failuresOf(f, await send(f, [bad]));
      });
      expect(failures.map(({ error }) => error?.slice(0, 2))).to.deep.equal([
        ["OutcomeTransferFailed", poor.hash],
      ]);
    });

    it("BA-3 reports every failing match, each at its own index", async () => {
      const f = await loadFixture(exchangeFixture);
      const matches = [1n, 0n, 2n, 0n].map((expiration) =>
        matchOf(f.buy({ maker: f.taker, expiration }), [f.sell({ maker: f.alice })]),
      );
      const failures = await failuresOf(f, await send(f, matches));
      expect(failures.map(({ index, takerHash }) => [index, takerHash])).to.deep.equal([
        [0n, matches[0]?.takerOrder.hash],
        [2n, matches[2]?.takerOrder.hash],
      ]);
      await expectFilled(f, matches[1] as Match, matches[3] as Match);
    });
  });

  describe("sent by the wrong one, or at the wrong time", () => {
    it("BA-5 is refused for all but operators, even when it is empty", async () => {
      const f = await loadFixture(exchangeFixture);
      for (const caller of [f.stranger, f.admin, f.registrar, f.pauser, f.taker]) {
        for (const matches of [[sound(f, 0)], []]) {
          await expectRefusal(
            f,
            () => f.exchange.connect(caller).matchOrdersBatch(matches),
            "NotOperator",
            [caller.address],
          );
        }
      }
    });

    it("BA-5 is refused while matching is stopped, even when it is empty", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.pauser).pause();
      await expectRefusal(f, () => send(f, [sound(f, 0)]), "Paused");
      await expectRefusal(f, () => send(f, []), "Paused");
      await f.exchange.unpause();
      expect(await failuresOf(f, await send(f, [sound(f, 0)]))).to.deep.equal([]);
    });

    it("BA-5 lets the exchange itself, and nobody else, call matchOrders without the role", async () => {
      const f = await loadFixture(exchangeFixture);
      const { takerOrder, makerOrders, takerFillAmount, makerFillAmounts } = sound(f, 0);
      const args = [takerOrder, makerOrders, takerFillAmount, makerFillAmounts] as const;
      const proxy = await ethers.deployContract("HookedAccount");
      const data = f.exchange.interface.encodeFunctionData("matchOrders", [...args]);
      for (const caller of [f.stranger, f.admin, f.registrar, f.pauser]) {
        const call = () => f.exchange.connect(caller).matchOrders(...args);
        await expectRefusal(f, call, "NotOperator", [caller.address]);
      }
      await expectRefusal(
        f,
        () => proxy.connect(f.operator).execute(f.exchange, data),
        "NotOperator",
        [await proxy.getAddress()],
      );

      const itself = await f.exchange.getAddress();
      await impersonateAccount(itself);
      await setBalance(itself, 10n ** 18n);
      await f.exchange.connect(await ethers.getSigner(itself)).matchOrders(...args);
      expect(await statusOf(f.exchange, takerOrder)).to.deep.equal(FILLED);
    });
  });

  describe("gas", () => {
    for (const gasLimit of [0n, 1n, 1_000n, 50_000n, 150_000n]) {
      it(`BA-6 fails a match with a gas limit of ${gasLimit} alone`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [first, small, last] = [sound(f, 0), sound(f, 2, { gasLimit }), sound(f, 1)];
        const failures = await failuresOf(f, await send(f, [first, small, last]));
        expect(failures.map(({ index, takerHash }) => [index, takerHash])).to.deep.equal([
          [1n, small.takerOrder.hash],
        ]);
        expect(await statusOf(f.exchange, small.takerOrder)).to.deep.equal(UNSEEN);
        await expectFilled(f, first, last);
      });
    }

    it("BA-6 says InsufficientGas when a transfer could not have its whole allowance", async () => {
      const f = await loadFixture(exchangeFixture);
      const [first, small, last] = [sound(f, 0), sound(f, 0, { gasLimit: 250_000n }), sound(f, 1)];
      const failures = await failuresOf(f, await send(f, [first, small, last]));
      expect(failures.map(({ index, error }) => [index, error])).to.deep.equal([
        [1n, ["InsufficientGas", OUTCOME_TRANSFER_GAS]],
      ]);
      await expectFilled(f, first, last);
    });

    it("BA-6 says InsufficientGas when a match wants more than is left", async () => {
      const f = await loadFixture(exchangeFixture);
      const [first, big, last] = [sound(f, 0), sound(f, 2, { gasLimit: 3_000_000n }), sound(f, 1)];
      const sent = await f.exchange
        .connect(f.operator)
        .matchOrdersBatch([first, big, last], { gasLimit: 3_000_000n });
      const failures = await failuresOf(f, sent);
      expect(failures.map(({ index, error }) => [index, error])).to.deep.equal([
        [1n, ["InsufficientGas", 3_000_000n]],
      ]);
      await expectFilled(f, first, last);
    });

    it("BA-6 says InsufficientGas when the 64th part that a call holds back is missing", async () => {
      const f = await loadFixture(exchangeFixture);
      const gasLimit = 7_000_000n;
      const match = sound(f, 0, { gasLimit });
      const batch = f.exchange.connect(f.operator);
      // Enough for the match and what comes before and after it, but not for 1/63 of the match on top, 111,111.
      const sent = await batch.matchOrdersBatch([match], { gasLimit: gasLimit + 150_000n });
      const failures = await failuresOf(f, sent);
      expect(failures.map(({ error }) => error)).to.deep.equal([["InsufficientGas", gasLimit]]);
      await batch.matchOrdersBatch([match], { gasLimit: gasLimit + 300_000n });
      await expectFilled(f, match);
    });

    for (const gasLimit of [2n ** 256n - 1n, 2n ** 255n, 2n ** 64n, 30_000_001n]) {
      it(`BA-6 survives a gas limit of ${gasLimit}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [first, big, last] = [sound(f, 0), sound(f, 2, { gasLimit }), sound(f, 1)];
        const failures = await failuresOf(f, await send(f, [first, big, last]));
        expect(failures.map(({ index, error }) => [index, error])).to.deep.equal([
          [1n, ["InsufficientGas", gasLimit]],
        ]);
        await expectFilled(f, first, last);
      });
    }
  });

  describe("reasons", () => {
    // What OutcomeTransferFailed says besides the hook's own words: selector and seven words.
    const HEAD = 4 + 7 * 32;

    for (const [name, size, kept] of [
      ["short", 100, 128],
      ["of 512 bytes", 512, 512],
      ["one byte longer", 513, 512],
      ["a page long", 4_096, 512],
      ["huge", 20_000, 512],
    ] as const) {
      it(`BA-7 keeps at most 512 bytes of what a hook says when it is ${name}, so that the error decodes`, async () => {
        const f = await loadFixture(exchangeFixture);
        const code = await ethers.deployContract("HostileReceiver");
        await delegateTo(f.carol, code);
        const hooked = await ethers.getContractAt("HostileReceiver", f.carol.address);
        await hooked.setTrap(3, size);
        const bid = f.buy({ maker: f.carol });
        const trapped = matchOf(f.sell({ maker: f.dave }), [bid]);
        const [first, last] = [sound(f, 0), sound(f, 3)];
        const failures = await failuresOf(f, await send(f, [first, trapped, last]));
        expect(failures).to.have.length(1);
        const reason = failures[0]?.reason ?? "";
        expect(failures[0]?.index).to.equal(1n);
        expect(ethers.dataLength(reason)).to.equal(HEAD + kept);
        const error = f.exchange.interface.parseError(reason);
        expect(error?.name).to.equal("OutcomeTransferFailed");
        expect(error?.args.orderHash).to.equal(bid.hash);
        expect(ethers.dataLength(error?.args.reason)).to.equal(Math.min(size, 512));
        await expectFilled(f, first, last);
      });
    }
  });

  describe("re-entered by a hook", () => {
    for (const entry of ["matchOrders", "matchOrdersBatch"] as const) {
      for (const outer of ["matchOrders", "matchOrdersBatch"] as const) {
        it(`BA-8 refuses ${entry} from inside ${outer}, as the operator too`, async () => {
          const f = await loadFixture(exchangeFixture);
          const vault = await ethers.deployContract("HookedAccount");
          await delegateTo(f.carol, vault);
          const hooked = await ethers.getContractAt("HookedAccount", f.carol.address);
          await f.exchange.addOperator(f.carol);
          const inner = sound(f, 0);
          const { takerOrder, makerOrders, takerFillAmount, makerFillAmounts } = inner;
          const data =
            entry === "matchOrders"
              ? f.exchange.interface.encodeFunctionData("matchOrders", [
                  takerOrder,
                  makerOrders,
                  takerFillAmount,
                  makerFillAmounts,
                ])
              : f.exchange.interface.encodeFunctionData("matchOrdersBatch", [[inner]]);
          await hooked.setCallback(f.exchange, data);

          const bid = f.buy({ maker: f.carol });
          const trapped = matchOf(f.sell({ maker: f.dave }), [bid], { gasLimit: 2_000_000n });
          const guard = ethers.id("ReentrancyGuardReentrantCall()").slice(0, 10);
          const error = [
            "OutcomeTransferFailed",
            ...[bid.hash, f.dave.address, f.carol.address, f.yes, tokens(100), guard],
          ];
          if (outer === "matchOrders") {
            const call = () => f.match(trapped.takerOrder, trapped.makerOrders);
            await expectRefusal(f, call, "OutcomeTransferFailed", error.slice(1));
          } else {
            const other = sound(f, 1);
            const failures = await failuresOf(f, await send(f, [trapped, other]));
            expect(failures.map((failure) => failure.error)).to.deep.equal([error]);
            expect(await statusOf(f.exchange, takerOrder)).to.deep.equal(UNSEEN);
            await expectFilled(f, other);
          }
        });
      }
    }
  });

  describe("malformed calldata", () => {
    /** The batch as calldata, with its members' offsets, in words behind the array's length, put in another order. */
    function malformed(f: ExchangeFixture, matches: Match[], order: number[]): string {
      const data = f.exchange.interface.encodeFunctionData("matchOrdersBatch", [matches]);
      const bytes = ethers.getBytes(data);
      const heads = matches.map((_, i) => bytes.slice(68 + 32 * i, 100 + 32 * i));
      order.forEach((from, to) => bytes.set(heads[from] as Uint8Array, 68 + 32 * to));
      return ethers.hexlify(bytes);
    }

    async function sendRaw(f: ExchangeFixture, data: string): Promise<TransactionResponse> {
      return f.operator.sendTransaction({ to: f.exchange, data, gasLimit: 8_000_000n });
    }

    it("BA-9 is what this test makes: in order, it settles", async () => {
      const f = await loadFixture(exchangeFixture);
      const matches = [sound(f, 0), sound(f, 1), sound(f, 2)];
      const sent = await sendRaw(f, malformed(f, matches, [0, 1, 2]));
      expect(await failuresOf(f, sent)).to.deep.equal([]);
      await expectFilled(f, ...matches);
    });

    for (const order of [
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 2, 0],
    ]) {
      it(`BA-9 settles each match as its own, members in the order ${order.join()}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const matches = [sound(f, 0), sound(f, 1), sound(f, 2)];
        const sent = await sendRaw(f, malformed(f, matches, order));
        expect(await failuresOf(f, sent)).to.deep.equal([]);
        await expectFilled(f, ...matches);
      });
    }

    it("BA-9 fails a member given twice once, and settles it once", async () => {
      const f = await loadFixture(exchangeFixture);
      const matches = [sound(f, 0), sound(f, 1), sound(f, 2)];
      const sent = await sendRaw(f, malformed(f, matches, [0, 0, 2]));
      const failures = await failuresOf(f, sent);
      expect(failures.map(({ index, takerHash }) => [index, takerHash])).to.deep.equal([
        [1n, matches[0]?.takerOrder.hash],
      ]);
      await expectFilled(f, matches[0] as Match, matches[2] as Match);
      expect(await statusOf(f.exchange, (matches[1] as Match).takerOrder)).to.deep.equal(UNSEEN);
    });

    it("BA-9 refuses offsets that lead out of the calldata", async () => {
      const f = await loadFixture(exchangeFixture);
      const data = ethers.getBytes(malformed(f, [sound(f, 0), sound(f, 1)], [0, 1]));
      data.set(ethers.getBytes(ethers.toBeHex(2n ** 40n, 32)), 100);
      await expectUnchanged(f, async () => {
        await expect(sendRaw(f, ethers.hexlify(data))).to.be.rejected;
      });
    });

    it("BA-9 fails a match whose taker order has a dirty address, alone", async () => {
      const f = await loadFixture(exchangeFixture);
      const matches = [sound(f, 0), sound(f, 1)];
      const raw = malformed(f, matches, [0, 1]);
      const word = ethers.zeroPadValue((matches[0] as Match).takerOrder.maker, 32).slice(2);
      const dirty = raw.replace(word, `01${word.slice(2)}`);
      const failures = await failuresOf(f, await sendRaw(f, dirty));
      expect(failures.map(({ index }) => index)).to.deep.equal([0n]);
      expect(
        failures.map(({ reason }) => f.exchange.interface.parseError(reason)?.name),
      ).to.deep.equal(["MalformedOrder"]);
      await expectFilled(f, matches[1] as Match);
      expect(await statusOf(f.exchange, (matches[0] as Match).takerOrder)).to.deep.equal(UNSEEN);
    });
  });
});
