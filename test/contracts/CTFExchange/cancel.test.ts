import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  MAX_AMOUNT,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given an order
 * ├── when its maker cancels it
 * │   ├── never filled ............................. it is over with all of makerAmount remaining
 * │   ├── partly filled ............................ it is over with the rest remaining
 * │   ├── filled or cancelled ...................... refused: OrderFilledOrCancelled (OV-4)
 * │   ├── unsigned, expired or of an old nonce ..... it is over
 * │   └── amount zero or above the maximum ......... refused: InvalidAmount
 * ├── when another account cancels it .............. refused: NotOwner (OV-6)
 * └── when it is one of many
 *     ├── all of the caller ........................ all are over; those already over are passed by
 *     └── one of another account ................... refused as a whole: NotOwner (OV-10)
 */
describe("CTFExchange: cancelling", () => {
  it("ends an order that was never filled and keeps all of it as remaining", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    await expect(f.exchange.connect(f.alice).cancelOrder(order))
      .to.emit(f.exchange, "OrderCancelled")
      .withArgs(order.hash);
    expect(await statusOf(f.exchange, order)).to.deep.equal({
      isFilledOrCancelled: true,
      remaining: tokens(100),
    });
  });

  it("ends a partly filled order and keeps the rest as remaining", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    await f.match(f.buy({ maker: f.taker }), [order], [tokens(30)]);
    await f.exchange.connect(f.alice).cancelOrder(order);
    expect(await statusOf(f.exchange, order)).to.deep.equal({
      isFilledOrCancelled: true,
      remaining: tokens(70),
    });
  });

  it("I8 lets no cancelled order into a match, in either role", async () => {
    const f = await loadFixture(exchangeFixture);
    const [bid, ask] = [f.buy({ maker: f.taker }), f.sell({ maker: f.alice })];
    const [live, other] = [f.buy({ maker: f.bob }), f.sell({ maker: f.carol })];
    await f.exchange.connect(f.taker).cancelOrder(bid);
    await f.exchange.connect(f.alice).cancelOrder(ask);
    await expectRefusal(f, () => f.match(bid, [other]), "OrderFilledOrCancelled", [bid.hash]);
    await expectRefusal(f, () => f.match(live, [ask]), "OrderFilledOrCancelled", [ask.hash]);
  });

  it("OV-4 refuses to cancel an order twice", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const asAlice = f.exchange.connect(f.alice);
    await asAlice.cancelOrder(order);
    await expectRefusal(f, () => asAlice.cancelOrder(order), "OrderFilledOrCancelled", [
      order.hash,
    ]);
  });

  it("OV-4 refuses to cancel a filled order", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    await f.match(f.buy({ maker: f.taker }), [order]);
    await expectRefusal(
      f,
      () => f.exchange.connect(f.alice).cancelOrder(order),
      "OrderFilledOrCancelled",
      [order.hash],
    );
  });

  for (const actor of ["stranger", "operator", "admin", "pauser", "taker"] as const) {
    it(`OV-6 refuses a cancel by the ${actor}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice });
      const caller = f[actor];
      await expectRefusal(f, () => f.exchange.connect(caller).cancelOrder(order), "NotOwner", [
        order.hash,
        caller.address,
        f.alice.address,
      ]);
    });
  }

  it("OV-6 refuses a cancel by the named signer or the named counterparty", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice, signer: f.bob.address, taker: f.bob.address });
    await expectRefusal(f, () => f.exchange.connect(f.bob).cancelOrder(order), "NotOwner", [
      order.hash,
      f.bob.address,
      f.alice.address,
    ]);
  });

  it("ends an order whatever its signature, expiry and nonce: it may be signed but not sent yet", async () => {
    const f = await loadFixture(exchangeFixture);
    const asAlice = f.exchange.connect(f.alice);
    const unsigned = { ...f.sell({ maker: f.alice }), signature: "0x" };
    const expired = f.sell({ maker: f.alice, expiration: BigInt(await time.latest()) });
    const ofLaterNonce = f.sell({ maker: f.alice, nonce: 4n });
    for (const order of [unsigned, expired, ofLaterNonce]) {
      await asAlice.cancelOrder(order);
      expect((await statusOf(f.exchange, order)).isFilledOrCancelled).to.equal(true);
    }
  });

  it("refuses to cancel an order whose makerAmount could never fill", async () => {
    const f = await loadFixture(exchangeFixture);
    const asAlice = f.exchange.connect(f.alice);
    for (const makerAmount of [0n, MAX_AMOUNT + 1n, 2n ** 255n, 2n ** 256n - 1n]) {
      const order = f.sell({ maker: f.alice, makerAmount });
      const args = [order.hash, makerAmount, order.takerAmount];
      await expectRefusal(f, () => asAlice.cancelOrder(order), "InvalidAmount", args);
      await expectRefusal(f, () => asAlice.cancelOrders([order]), "InvalidAmount", args);
    }
  });

  it("cancels an order of the highest amount", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice, makerAmount: MAX_AMOUNT });
    await f.exchange.connect(f.alice).cancelOrder(order);
    expect(await statusOf(f.exchange, order)).to.deep.equal({
      isFilledOrCancelled: true,
      remaining: MAX_AMOUNT,
    });
  });

  describe("many", () => {
    it("ends them all and passes by those already over, also one named twice", async () => {
      const f = await loadFixture(exchangeFixture);
      const asAlice = f.exchange.connect(f.alice);
      const [filled, cancelled, partly, fresh] = [1, 2, 3, 4].map(() => f.sell({ maker: f.alice }));
      if (!filled || !cancelled || !partly || !fresh) throw new Error("four orders");
      await f.match(f.buy({ maker: f.taker }), [filled]);
      await f.match(f.buy({ maker: f.taker }), [partly], [tokens(1)]);
      await asAlice.cancelOrder(cancelled);

      const sent = await asAlice.cancelOrders([filled, cancelled, partly, fresh, fresh]);
      const receipt = await sent.wait();
      expect(receipt?.logs.map((log) => log.topics[1])).to.deep.equal([partly.hash, fresh.hash]);
      const remaining = [filled, cancelled, partly, fresh].map((o) => statusOf(f.exchange, o));
      expect(await Promise.all(remaining)).to.deep.equal(
        [0n, tokens(100), tokens(99), tokens(100)].map((left) => {
          return { isFilledOrCancelled: true, remaining: left };
        }),
      );
    });

    it("OV-10 refuses the whole when one order is another's, wherever it stands", async () => {
      const f = await loadFixture(exchangeFixture);
      const foreign = f.sell({ maker: f.bob });
      const own = [f.sell({ maker: f.alice }), f.buy({ maker: f.alice })] as const;
      for (const orders of [
        [foreign, ...own],
        [own[0], foreign, own[1]],
        [...own, foreign],
      ]) {
        await expectRefusal(f, () => f.exchange.connect(f.alice).cancelOrders(orders), "NotOwner", [
          foreign.hash,
          f.alice.address,
          f.bob.address,
        ]);
      }
    });

    it("OV-10 refuses another's order even when it is over already", async () => {
      const f = await loadFixture(exchangeFixture);
      const foreign = f.sell({ maker: f.bob });
      await f.exchange.connect(f.bob).cancelOrder(foreign);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.alice).cancelOrders([foreign]),
        "NotOwner",
        [foreign.hash, f.alice.address, f.bob.address],
      );
    });

    it("does nothing for an empty list", async () => {
      const f = await loadFixture(exchangeFixture);
      await expectUnchanged(f, () => f.exchange.connect(f.alice).cancelOrders([]));
    });
  });
});
