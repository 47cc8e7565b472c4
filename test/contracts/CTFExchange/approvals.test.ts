import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  MAX_AMOUNT,
  type OrderDraft,
  type SignedOrder,
  changesOf,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given an order without a signature
 * ├── when its maker approved it on chain ............. it settles, as maker and taker (AP-1)
 * │   ├── and over partial fills, to its end .......... it stays approved until it is over (AP-2)
 * │   └── and again ................................... nothing happens, no event (AP-3)
 * ├── when another account wants to approve it ........ refused: NotOwner (AP-4)
 * ├── when it is filled or cancelled .................. refused: OrderFilledOrCancelled (AP-5)
 * ├── when its makerAmount is zero or too high ........ refused: InvalidAmount (AP-6)
 * └── when it is approved, and then
 *     ├── its maker raises its nonce .................. refused: InvalidNonce (AP-7)
 *     ├── it expires .................................. refused: OrderExpired (AP-7)
 *     ├── it is cancelled ............................. refused: OrderFilledOrCancelled (AP-7)
 *     └── a field of it changes ....................... it is another order: InvalidSignature (AP-7)
 */
describe("CTFExchange: approvals", () => {
  const FILLED = { isFilledOrCancelled: true, remaining: 0n };
  const UNSEEN = { isFilledOrCancelled: false, remaining: 0n };

  function unsigned(
    f: ExchangeFixture,
    side: "buy" | "sell",
    said: Partial<OrderDraft> = {},
  ): SignedOrder {
    return { ...f[side]({ maker: f.alice, ...said }), signature: "0x" };
  }

  async function expectDead(
    f: ExchangeFixture,
    order: SignedOrder,
    error: string,
    args: unknown[],
  ): Promise<void> {
    const other = f[order.side === 0 ? "sell" : "buy"]({ maker: f.erin });
    for (const call of [
      () => f.exchange.validateOrder(order),
      () => f.match(order, [other]),
      () => f.match(other, [order]),
    ]) {
      await expectRefusal(f, call, error, args);
    }
  }

  for (const role of ["maker", "taker"] as const) {
    for (const side of ["buy", "sell"] as const) {
      it(`AP-1 lets an order settle without a signature: ${side}, as ${role}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const order = unsigned(f, side);
        const args = [order.hash, f.alice.address, f.alice.address];
        await expectDead(f, order, "InvalidSignature", args);

        await expect(f.exchange.connect(f.alice).approveOrder(order))
          .to.emit(f.exchange, "OrderApproved")
          .withArgs(order.hash, f.alice.address);
        expect(await f.exchange.isOrderApproved(order.hash)).to.equal(true);
        await f.exchange.validateOrder(order);
        await f.exchange.validateOrderSignature(order.hash, order);
        const other = f[side === "buy" ? "sell" : "buy"]({ maker: f.erin });
        const changes = await changesOf(f, { alice: f.alice, erin: f.erin }, () =>
          role === "taker" ? f.match(order, [other]) : f.match(other, [order]),
        );
        const bought = { usdc: -tokens(50), yes: tokens(100) };
        const sold = { usdc: tokens(50), yes: -tokens(100) };
        expect(changes).to.deep.equal(
          side === "buy" ? { alice: bought, erin: sold } : { alice: sold, erin: bought },
        );
        expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
        expect(await f.exchange.isOrderApproved(order.hash)).to.equal(false);
      });
    }
  }

  it("AP-1 serves a contract that can sign nothing", async () => {
    const f = await loadFixture(exchangeFixture);
    const vault = await ethers.deployContract("HookedAccount");
    const maker = await vault.getAddress();
    await f.usdc.mint(vault, tokens(50));
    const approve = f.usdc.interface.encodeFunctionData("approve", [
      await f.exchange.getAddress(),
      tokens(50),
    ]);
    await vault.execute(f.usdc, approve);
    const bid = { ...f.sign({ ...f.buy({ maker: f.alice }), maker, signer: maker }, f.alice) };
    const order = { ...bid, signature: "0x" };
    const data = f.exchange.interface.encodeFunctionData("approveOrder", [order]);
    await vault.execute(f.exchange, data);
    await f.match(f.sell({ maker: f.erin }), [order]);
    expect(await f.ctf.balanceOf(vault, f.yes)).to.equal(tokens(100));
  });

  it("AP-1 does not look at the signature, whatever it is", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = unsigned(f, "sell");
    await f.exchange.connect(f.alice).approveOrder(order);
    for (const signature of ["0x", "0x01", `0x${"00".repeat(65)}`, `0x${"ff".repeat(500)}`]) {
      await f.exchange.validateOrder({ ...order, signature });
    }
  });

  for (const signatureType of [1, 2, 3, 255]) {
    it(`AP-1 does not look at the signature kind either: ${signatureType}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const order = unsigned(f, "sell", { signatureType, signer: f.stranger.address });
      await f.exchange.connect(f.alice).approveOrder(order);
      await f.exchange.validateOrder(order);
      await f.match(f.buy({ maker: f.erin }), [order]);
      expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
    });
  }

  for (const role of ["maker", "taker"] as const) {
    it(`AP-2 lasts over partial fills, to the end of the order, as ${role}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const order = unsigned(f, "sell");
      await f.exchange.connect(f.alice).approveOrder(order);
      expect(await statusOf(f.exchange, order)).to.deep.equal({
        ...UNSEEN,
        remaining: tokens(100),
      });
      for (const left of [70, 40, 10]) {
        const bid = f.buy({ maker: f.erin, size: tokens(30) });
        await (role === "maker"
          ? f.match(bid, [order], [tokens(30)])
          : f.match(order, [bid], [bid.makerAmount], tokens(30)));
        expect(await statusOf(f.exchange, order)).to.deep.equal({
          ...UNSEEN,
          remaining: tokens(left),
        });
        expect(await f.exchange.isOrderApproved(order.hash)).to.equal(true);
      }
      const greedy = f.buy({ maker: f.erin, size: tokens(20) });
      await expectRefusal(f, () => f.match(greedy, [order], [tokens(20)]), "MakingGtRemaining", [
        order.hash,
        tokens(20),
        tokens(10),
      ]);
      await f.match(f.buy({ maker: f.erin, size: tokens(10) }), [order], [tokens(10)]);
      expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
      expect(await f.exchange.isOrderApproved(order.hash)).to.equal(false);
    });
  }

  it("AP-2 may come after a first fill by signature, and keeps what is left", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    await f.match(f.buy({ maker: f.erin, size: tokens(30) }), [order], [tokens(30)]);
    await f.exchange.connect(f.alice).approveOrder(order);
    expect(await statusOf(f.exchange, order)).to.deep.equal({ ...UNSEEN, remaining: tokens(70) });
    const rest = f.buy({ maker: f.erin, size: tokens(70) });
    await f.match(rest, [{ ...order, signature: "0x" }], [tokens(70)]);
    expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
  });

  it("AP-3 changes nothing when repeated, and says nothing", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = unsigned(f, "sell");
    const alice = f.exchange.connect(f.alice);
    await alice.approveOrder(order);
    await f.match(f.buy({ maker: f.erin, size: tokens(30) }), [order], [tokens(30)]);
    await expectUnchanged(f, async () => {
      const receipt = await (await alice.approveOrder(order)).wait();
      expect(receipt?.logs).to.deep.equal([]);
    });
    expect(await f.exchange.isOrderApproved(order.hash)).to.equal(true);
  });

  it("AP-4 is the maker's alone", async () => {
    const f = await loadFixture(exchangeFixture);
    await f.exchange.connect(f.alice).authorizeSigner(f.bob, 2n ** 256n - 1n);
    const order = unsigned(f, "sell", { signer: f.bob.address, signatureType: 1 });
    for (const caller of [f.bob, f.stranger, f.admin, f.operator]) {
      await expectRefusal(f, () => f.exchange.connect(caller).approveOrder(order), "NotOwner", [
        order.hash,
        caller.address,
        f.alice.address,
      ]);
    }
    expect(await f.exchange.isOrderApproved(order.hash)).to.equal(false);
  });

  it("AP-5 is refused for an order that was filled, cancelled, or approved and cancelled", async () => {
    const f = await loadFixture(exchangeFixture);
    const alice = f.exchange.connect(f.alice);
    const [filled, cancelled, both] = [0, 1, 2].map(() => f.sell({ maker: f.alice })) as [
      SignedOrder,
      SignedOrder,
      SignedOrder,
    ];
    await f.match(f.buy({ maker: f.erin }), [filled]);
    await alice.cancelOrder(cancelled);
    await alice.approveOrder(both);
    await alice.cancelOrder(both);
    for (const order of [filled, cancelled, both]) {
      const call = () => alice.approveOrder(order);
      await expectRefusal(f, call, "OrderFilledOrCancelled", [order.hash]);
      expect(await f.exchange.isOrderApproved(order.hash)).to.equal(false);
    }
  });

  for (const makerAmount of [0n, MAX_AMOUNT + 1n, 2n ** 254n, 2n ** 255n, 2n ** 256n - 1n]) {
    it(`AP-6 is refused for a makerAmount of ${makerAmount}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const order = unsigned(f, "sell", { makerAmount, takerAmount: 1n });
      const call = () => f.exchange.connect(f.alice).approveOrder(order);
      await expectRefusal(f, call, "InvalidAmount", [order.hash, makerAmount, 1n]);
    });
  }

  it("AP-6 takes the highest makerAmount", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = unsigned(f, "sell", { makerAmount: MAX_AMOUNT, takerAmount: 1n });
    await f.exchange.connect(f.alice).approveOrder(order);
    expect(await statusOf(f.exchange, order)).to.deep.equal({ ...UNSEEN, remaining: MAX_AMOUNT });
    await f.exchange.validateOrder(order);
  });

  it("AP-6 makes no order fillable that breaks another rule", async () => {
    const f = await loadFixture(exchangeFixture);
    for (const [said, error, args] of [
      [{ takerAmount: 0n }, "InvalidAmount", [tokens(100), 0n]],
      [{ feeRateBps: 1001n }, "FeeTooHigh", [1001n, 1000n]],
      [{ takerAmount: tokens(101) }, "InvalidPrice", [tokens(100), tokens(101)]],
      [{ tokenId: 7n }, "TokenNotRegistered", [7n]],
      [{ nonce: 1n }, "InvalidNonce", [1n, 0n]],
    ] as const) {
      const order = unsigned(f, "sell", said);
      await f.exchange.connect(f.alice).approveOrder(order);
      const call = () => f.exchange.validateOrder(order);
      await expectRefusal(f, call, error, [order.hash, ...args]);
    }
  });

  it("AP-7 does not survive a raised nonce", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = unsigned(f, "sell");
    await f.exchange.connect(f.alice).approveOrder(order);
    await f.exchange.connect(f.alice).incrementNonce();
    await expectDead(f, order, "InvalidNonce", [order.hash, 0n, 1n]);
  });

  it("AP-7 does not survive the order's expiration", async () => {
    const f = await loadFixture(exchangeFixture);
    const end = BigInt(await time.latest()) + 100_000n;
    const order = unsigned(f, "sell", { expiration: end });
    await f.exchange.connect(f.alice).approveOrder(order);
    await f.exchange.validateOrder(order);
    await time.increaseTo(end);
    await expectDead(f, order, "OrderExpired", [order.hash, end]);
  });

  it("AP-7 does not survive cancelling, alone or among many, with what is left kept", async () => {
    const f = await loadFixture(exchangeFixture);
    const alice = f.exchange.connect(f.alice);
    for (const cancel of ["cancelOrder", "cancelOrders"] as const) {
      const order = unsigned(f, "sell");
      await alice.approveOrder(order);
      await f.match(f.buy({ maker: f.erin, size: tokens(30) }), [order], [tokens(30)]);
      await (cancel === "cancelOrder" ? alice.cancelOrder(order) : alice.cancelOrders([order]));
      expect(await statusOf(f.exchange, order)).to.deep.equal({
        isFilledOrCancelled: true,
        remaining: tokens(70),
      });
      expect(await f.exchange.isOrderApproved(order.hash)).to.equal(false);
      await expectDead(f, order, "OrderFilledOrCancelled", [order.hash]);
    }
  });

  it("AP-7 does not spread to an order that differs in one field", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = unsigned(f, "sell");
    await f.exchange.connect(f.alice).approveOrder(order);
    for (const change of [
      { salt: order.salt + 10_000n },
      { takerAmount: 1n },
      { feeRateBps: 1n },
    ]) {
      const other = { ...f.sign({ ...order, ...change }, f.alice), signature: "0x" };
      const args = [other.hash, f.alice.address, f.alice.address];
      await expectDead(f, other, "InvalidSignature", args);
    }
  });

  it("can be given while matching is stopped, by an ordinary account, within 60,000 gas", async () => {
    const f = await loadFixture(exchangeFixture);
    await f.exchange.connect(f.pauser).pause();
    const sent = await f.exchange.connect(f.alice).approveOrder(unsigned(f, "sell"));
    expect((await sent.wait())?.gasUsed).to.be.below(60_000n);
  });
});
