import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  type SignedOrder,
  cents,
  changesOf,
  exchangeFixture,
  expectRefusal,
  tokens,
} from "../../helpers/exchange";

/*
 * given an order with a fee rate
 * ├── when it receives g of an asset ............... floor(rate * g / 10000) of it goes to the fee receiver (I7)
 * ├── when that is below one unit, or the rate is 0  no transfer and no event (FE-2)
 * ├── when the prices are p and 1 - p .............. the fees mirror each other (FE-3)
 * ├── when the match is of one kind ................ one transfer per asset brings all fees
 * ├── when the taker's fee exceeds what the pairs bring it
 * │   └── the rest is kept from complementary makers' payments, first come, first kept
 * └── when the fee receiver trades itself .......... it gets its fees and its trade (FE-5)
 * given a new fee receiver
 * ├── when the admin names it ...................... later fees go there
 * ├── when anyone else names it .................... refused: NotAdmin (FE-4)
 * ├── when it is zero .............................. refused: ZeroAddress
 * └── when it has code but takes no ERC-1155 ....... refused: FeeReceiverRefusesTokens
 */
describe("CTFExchange: fees", () => {
  const BPS = 100n;
  const ZERO_ID = 0n;

  function changes(f: ExchangeFixture, action: () => Promise<unknown>) {
    const { taker, alice, bob, carol, feeReceiver, exchange, ctf } = f;
    return changesOf(f, { taker, alice, bob, carol, feeReceiver, exchange, ctf }, action);
  }

  /** The transfers that one match makes to the fee receiver, and the fees its events tell. */
  async function feesOf(f: ExchangeFixture, sent: ReturnType<ExchangeFixture["match"]>) {
    const receipt = await (await sent).wait();
    const transfers: { asset: string; amount: bigint }[] = [];
    const charged: { order: string; assetId: bigint; amount: bigint }[] = [];
    for (const log of receipt?.logs ?? []) {
      const erc20 = f.usdc.interface.parseLog(log);
      if (erc20?.name === "Transfer" && erc20.args.to === f.feeReceiver.address) {
        transfers.push({ asset: "usdc", amount: erc20.args.value as bigint });
      }
      const erc1155 = f.ctf.interface.parseLog(log);
      if (erc1155?.name === "TransferSingle" && erc1155.args.to === f.feeReceiver.address) {
        const asset = erc1155.args.id === f.yes ? "yes" : "no";
        transfers.push({ asset, amount: erc1155.args.value as bigint });
      }
      const own = f.exchange.interface.parseLog(log);
      if (own?.name === "FeeCharged") {
        const [order, assetId, amount] = own.args as unknown as [string, bigint, bigint];
        charged.push({ order, assetId, amount });
      }
    }
    return { transfers, charged };
  }

  /** A taker order and one maker order of each kind, both at `rate`; the taker's price is `price`. */
  function pairOf(
    f: ExchangeFixture,
    kind: string,
    price: number,
    rate: bigint = BPS,
  ): [SignedOrder, SignedOrder] {
    const mine = { maker: f.taker, price: cents(price), feeRateBps: rate };
    const theirs = { maker: f.alice, price: cents(price), feeRateBps: rate };
    const mirrored = { ...theirs, tokenId: f.no, price: cents(100 - price) };
    if (kind === "taker buys") return [f.buy(mine), f.sell(theirs)];
    if (kind === "taker sells") return [f.sell(mine), f.buy(theirs)];
    if (kind === "mint") return [f.buy(mine), f.buy(mirrored)];
    return [f.sell(mine), f.sell(mirrored)];
  }

  describe("FE-3 one percent of 100 tokens", () => {
    // What taker and maker pay, in hundredths of a dollar or of a token.
    const table: [string, number, Record<string, bigint>][] = [
      ["taker buys", 50, { yes: 100n, usdc: 50n }],
      ["taker buys", 10, { yes: 100n, usdc: 10n }],
      ["taker buys", 90, { yes: 100n, usdc: 90n }],
      ["taker sells", 50, { yes: 100n, usdc: 50n }],
      ["taker sells", 10, { yes: 100n, usdc: 10n }],
      ["taker sells", 90, { yes: 100n, usdc: 90n }],
      ["mint", 50, { yes: 100n, no: 100n }],
      ["mint", 10, { yes: 100n, no: 100n }],
      ["mint", 90, { yes: 100n, no: 100n }],
      ["merge", 50, { usdc: 100n }],
      ["merge", 10, { usdc: 100n }],
      ["merge", 90, { usdc: 100n }],
    ];
    for (const [kind, price, hundredths] of table) {
      it(`${kind} at 0.${price}: each pays 1 % of what it receives`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [takerOrder, makerOrder] = pairOf(f, kind, price);
        const moved = await changes(f, () => f.match(takerOrder, [makerOrder]));
        const expected = Object.entries(hundredths).map(([asset, n]) => [asset, n * 10_000n]);
        expect(moved.feeReceiver).to.deep.equal(Object.fromEntries(expected));
        expect(moved).not.to.have.property("exchange");
      });
    }

    it("merge: the fees of p and 1 - p mirror each other", async () => {
      const f = await loadFixture(exchangeFixture);
      for (const price of [10, 30, 50, 70, 90]) {
        const [takerOrder, makerOrder] = pairOf(f, "merge", price);
        const { charged } = await feesOf(f, f.match(takerOrder, [makerOrder]));
        expect(charged).to.have.deep.members([
          { order: takerOrder.hash, assetId: ZERO_ID, amount: cents(price) },
          { order: makerOrder.hash, assetId: ZERO_ID, amount: cents(100 - price) },
        ]);
      }
    });
  });

  describe("I7 each order pays only its own rate", () => {
    for (const kind of ["taker buys", "taker sells", "mint", "merge"]) {
      it(`${kind}: the maker alone, the taker alone, different rates`, async () => {
        const f = await loadFixture(exchangeFixture);
        for (const [takerRate, makerRate] of [
          [0n, 1000n],
          [1000n, 0n],
          [37n, 911n],
        ] as const) {
          const [takerDraft, makerDraft] = pairOf(f, kind, 40);
          const takerOrder = f.sign({ ...takerDraft, feeRateBps: takerRate }, f.taker);
          const makerOrder = f.sign({ ...makerDraft, feeRateBps: makerRate }, f.alice);
          const { charged } = await feesOf(f, f.match(takerOrder, [makerOrder]));
          const expected = [
            { order: takerOrder, rate: takerRate },
            { order: makerOrder, rate: makerRate },
          ]
            .filter(({ rate }) => rate !== 0n)
            .map(({ order, rate }) => ({
              order: order.hash,
              assetId: order.side === 0 ? order.tokenId : ZERO_ID,
              amount: (order.takerAmount * rate) / 10_000n,
            }));
          expect(charged).to.have.deep.members(expected);
        }
      });
    }

    it("takes the fee from what the taker really got, improvement included", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, price: cents(30), feeRateBps: BPS });
      const moved = await changes(f, () => f.match(ask, [f.buy({ maker: f.alice })]));
      expect(moved.taker?.usdc).to.equal(tokens(50) - 500_000n);
      expect(moved.feeReceiver).to.deep.equal({ usdc: 500_000n });
    });

    it("rounds the fee down, in favour of the trader", async () => {
      const f = await loadFixture(exchangeFixture);
      const amounts = { makerAmount: 199n, takerAmount: 199n };
      const bid = f.buy({ maker: f.taker, ...amounts, feeRateBps: BPS });
      const moved = await changes(f, () => f.match(bid, [f.sell({ maker: f.alice, ...amounts })]));
      expect(moved.taker?.yes).to.equal(198n);
      expect(moved.feeReceiver).to.deep.equal({ yes: 1n });
    });

    it("computes the fee on a maker's fill each time, not on the whole order", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice, makerAmount: 300n, takerAmount: 300n, feeRateBps: BPS });
      for (const fill of [150n, 150n]) {
        const bid = f.buy({ maker: f.taker, makerAmount: fill, takerAmount: fill });
        const moved = await changes(f, () => f.match(bid, [ask], [fill]));
        expect(moved.feeReceiver).to.deep.equal({ usdc: 1n });
      }
    });
  });

  describe("FE-2", () => {
    for (const kind of ["taker buys", "taker sells", "mint", "merge"]) {
      it(`makes no transfer and no event at rate 0: ${kind}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [takerOrder, makerOrder] = pairOf(f, kind, 50, 0n);
        expect(await feesOf(f, f.match(takerOrder, [makerOrder]))).to.deep.equal({
          transfers: [],
          charged: [],
        });
      });
    }

    it("makes no transfer and no event when the fee is below one unit", async () => {
      const f = await loadFixture(exchangeFixture);
      const amounts = { makerAmount: 99n, takerAmount: 99n, feeRateBps: BPS };
      const bid = f.buy({ maker: f.taker, ...amounts });
      const sent = f.match(bid, [f.sell({ maker: f.alice, ...amounts })]);
      expect(await feesOf(f, sent)).to.deep.equal({ transfers: [], charged: [] });
    });
  });

  describe("transfers", () => {
    const perKind: Record<string, { asset: string; amount: bigint }[]> = {
      "taker buys": [
        { asset: "yes", amount: tokens(2) },
        { asset: "usdc", amount: tokens(1) },
      ],
      "taker sells": [
        { asset: "usdc", amount: tokens(1) },
        { asset: "yes", amount: tokens(2) },
      ],
      mint: [
        { asset: "no", amount: tokens(2) },
        { asset: "yes", amount: tokens(2) },
      ],
      merge: [{ asset: "usdc", amount: tokens(2) }],
    };
    for (const [kind, transfers] of Object.entries(perKind)) {
      it(`bring all fees of a match with one transfer per asset: ${kind}, two makers`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [takerDraft, first] = pairOf(f, kind, 50);
        const second = f.sign({ ...first, maker: f.bob.address, signer: f.bob.address }, f.bob);
        const { makerAmount, takerAmount } = takerDraft;
        const takerOrder = f.sign(
          { ...takerDraft, makerAmount: 2n * makerAmount, takerAmount: 2n * takerAmount },
          f.taker,
        );
        const fees = await feesOf(f, f.match(takerOrder, [first, second]));
        expect(fees.transfers).to.have.deep.members(transfers);
      });
    }

    it("keep the taker's fee from the minted pairs when those suffice", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(200), feeRateBps: 1000n });
      const makers = [f.sell({ maker: f.alice }), f.buy({ maker: f.bob, tokenId: f.no })];
      let fees: Awaited<ReturnType<typeof feesOf>> | undefined;
      const moved = await changes(f, async () => {
        fees = await feesOf(f, f.match(bid, makers));
      });
      expect(fees?.transfers).to.deep.equal([{ asset: "yes", amount: tokens(20) }]);
      expect(moved.taker).to.deep.equal({ usdc: -tokens(100), yes: tokens(180) });
      expect(moved.alice).to.deep.equal({ usdc: tokens(50), yes: -tokens(100) });
    });

    it("keep from a complementary maker only what exceeds the taker's part of the pairs", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(200), feeRateBps: 1000n });
      const makers = [
        f.sell({ maker: f.alice, size: tokens(195) }),
        f.buy({ maker: f.bob, tokenId: f.no, size: tokens(5) }),
      ];
      let fees: Awaited<ReturnType<typeof feesOf>> | undefined;
      const moved = await changes(f, async () => {
        fees = await feesOf(f, f.match(bid, makers));
      });
      // 20 due: the 5 minted all go there, and 15 of Alice's 195.
      expect(fees?.transfers).to.deep.equal([
        { asset: "yes", amount: tokens(15) },
        { asset: "yes", amount: tokens(5) },
      ]);
      expect(fees?.charged).to.deep.equal([
        { order: bid.hash, assetId: f.yes, amount: tokens(20) },
      ]);
      expect(moved.taker).to.deep.equal({ usdc: -tokens(100), yes: tokens(180) });
      expect(moved.alice).to.deep.equal({ usdc: tokens(97) + 500_000n, yes: -tokens(195) });
      expect(moved.bob).to.deep.equal({ usdc: -(tokens(5) / 2n), no: tokens(5) });
    });

    it("keep from a complementary buyer what exceeds the taker's part of the merge", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, size: tokens(200), feeRateBps: 1000n });
      const makers = [
        f.buy({ maker: f.alice, size: tokens(190), feeRateBps: BPS }),
        f.sell({ maker: f.bob, tokenId: f.no, size: tokens(10), feeRateBps: BPS }),
      ];
      let fees: Awaited<ReturnType<typeof feesOf>> | undefined;
      const moved = await changes(f, async () => {
        fees = await feesOf(f, f.match(ask, makers));
      });
      // 10 due of 100: 5 are the taker's part of the merge, 5 are kept from Alice's 95. Bob pays 0.05.
      expect(fees?.transfers).to.have.deep.members([
        { asset: "usdc", amount: tokens(5) },
        { asset: "yes", amount: 1_900_000n },
        { asset: "usdc", amount: tokens(5) + 50_000n },
      ]);
      expect(moved.taker).to.deep.equal({ usdc: tokens(90), yes: -tokens(200) });
      expect(moved.alice).to.deep.equal({ usdc: -tokens(95), yes: tokens(190) - 1_900_000n });
      expect(moved.bob).to.deep.equal({ usdc: tokens(5) - 50_000n, no: -tokens(10) });
      expect(moved).not.to.have.property("exchange");
    });

    it("keep the taker's fee from the first makers alone: at most one transfer more", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(100), feeRateBps: 1000n });
      const makers = [
        f.sell({ maker: f.alice, size: tokens(4) }),
        f.sell({ maker: f.bob, size: tokens(6) }),
        f.sell({ maker: f.carol, size: tokens(90) }),
      ];
      let fees: Awaited<ReturnType<typeof feesOf>> | undefined;
      const moved = await changes(f, async () => {
        fees = await feesOf(f, f.match(bid, makers));
      });
      expect(fees?.transfers).to.deep.equal([
        { asset: "yes", amount: tokens(4) },
        { asset: "yes", amount: tokens(6) },
      ]);
      expect(moved.taker).to.deep.equal({ usdc: -tokens(50), yes: tokens(90) });
      expect(moved.alice).to.deep.equal({ usdc: tokens(2), yes: -tokens(4) });
    });

    it("keep a selling taker's fee from the first buyers alone, all that they pay if need be", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.taker, size: tokens(100), feeRateBps: 1000n });
      const makers = [
        f.buy({ maker: f.alice, size: tokens(4) }),
        f.buy({ maker: f.bob, size: tokens(6) }),
        f.buy({ maker: f.carol, size: tokens(90) }),
      ];
      let fees: Awaited<ReturnType<typeof feesOf>> | undefined;
      const moved = await changes(f, async () => {
        fees = await feesOf(f, f.match(ask, makers));
      });
      // 5 due of 50: all of Alice's 2 and Bob's 3.
      expect(fees?.transfers).to.deep.equal([
        { asset: "usdc", amount: tokens(2) },
        { asset: "usdc", amount: tokens(3) },
      ]);
      expect(fees?.charged).to.deep.equal([
        { order: ask.hash, assetId: ZERO_ID, amount: tokens(5) },
      ]);
      expect(moved.taker).to.deep.equal({ usdc: tokens(45), yes: -tokens(100) });
      expect(moved.alice).to.deep.equal({ usdc: -tokens(2), yes: tokens(4) });
      expect(moved.bob).to.deep.equal({ usdc: -tokens(3), yes: tokens(6) });
    });
  });

  describe("FE-5 a fee receiver that trades", () => {
    for (const kind of ["taker buys", "taker sells", "mint", "merge"]) {
      for (const role of ["taker", "alice"] as const) {
        it(`gets its fees and its trade: ${kind}, as the ${role === "taker" ? "taker" : "maker"}`, async () => {
          const f = await loadFixture(exchangeFixture);
          await f.exchange.setFeeReceiver(f[role]);
          const [takerOrder, makerOrder] = pairOf(f, kind, 40);
          const sum: Record<string, bigint> = {};
          const own = role === "taker" ? takerOrder : makerOrder;
          const others = role === "taker" ? makerOrder : takerOrder;
          const tokenOf = (order: SignedOrder) => (order.tokenId === f.yes ? "yes" : "no");
          const add = (asset: string, amount: bigint) => {
            sum[asset] = (sum[asset] ?? 0n) + amount;
          };
          add(own.side === 0 ? "usdc" : tokenOf(own), -own.makerAmount);
          add(own.side === 0 ? tokenOf(own) : "usdc", own.takerAmount);
          add(others.side === 0 ? tokenOf(others) : "usdc", others.takerAmount / 100n);
          const moved = await changes(f, () => f.match(takerOrder, [makerOrder]));
          expect(moved[role]).to.deep.equal(sum);
          expect(moved).not.to.have.property("exchange");
        });
      }
    }
  });

  describe("the fee receiver", () => {
    it("is the deployer until the admin names another", async () => {
      const f = await loadFixture(exchangeFixture);
      const fresh = await ethers.deployContract("CTFExchange", [
        await f.usdc.getAddress(),
        await f.ctf.getAddress(),
      ]);
      expect(await fresh.feeReceiver()).to.equal(f.admin.address);
      await expect(fresh.deploymentTransaction())
        .to.emit(fresh, "FeeReceiverSet")
        .withArgs(f.admin.address);
    });

    it("gets later fees once the admin named it", async () => {
      const f = await loadFixture(exchangeFixture);
      await expect(f.exchange.setFeeReceiver(f.carol))
        .to.emit(f.exchange, "FeeReceiverSet")
        .withArgs(f.carol.address);
      expect(await f.exchange.feeReceiver()).to.equal(f.carol.address);
      const [takerOrder, makerOrder] = pairOf(f, "taker buys", 50);
      const moved = await changes(f, () => f.match(takerOrder, [makerOrder]));
      expect(moved.carol).to.deep.equal({ yes: tokens(1), usdc: 500_000n });
      expect(moved).not.to.have.property("feeReceiver");
    });

    for (const actor of ["operator", "registrar", "pauser", "stranger", "feeReceiver"] as const) {
      it(`FE-4 is not named by the ${actor}`, async () => {
        const f = await loadFixture(exchangeFixture);
        await expectRefusal(
          f,
          () => f.exchange.connect(f[actor]).setFeeReceiver(f.stranger),
          "NotAdmin",
          [f[actor].address],
        );
      });
    }

    it("is never the zero address", async () => {
      const f = await loadFixture(exchangeFixture);
      await expectRefusal(f, () => f.exchange.setFeeReceiver(ZeroAddress), "ZeroAddress");
    });

    it("is never a contract that does not say it takes ERC-1155 tokens", async () => {
      const f = await loadFixture(exchangeFixture);
      for (const contract of [f.usdc, f.ctf, f.reads]) {
        const address = await contract.getAddress();
        await expectRefusal(
          f,
          () => f.exchange.setFeeReceiver(address),
          "FeeReceiverRefusesTokens",
          [address],
        );
      }
    });

    it("may be a contract that takes ERC-1155 tokens", async () => {
      const f = await loadFixture(exchangeFixture);
      const vault = await ethers.deployContract("HookedAccount");
      await f.exchange.setFeeReceiver(vault);
      const [takerOrder, makerOrder] = pairOf(f, "mint", 50);
      await f.match(takerOrder, [makerOrder]);
      expect(await f.ctf.balanceOf(vault, f.yes)).to.equal(tokens(1));
      expect(await f.ctf.balanceOf(vault, f.no)).to.equal(tokens(1));
    });
  });
});
