import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { TypedDataEncoder } from "ethers";
import { ethers } from "hardhat";
import {
  BUY,
  type ExchangeFixture,
  MAX_AMOUNT,
  ORDER_TYPES,
  type SignedOrder,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  signDigest,
  tokens,
} from "../../helpers/exchange";

/*
 * given an order
 * ├── when an amount is zero ............................... refused: InvalidAmount (OV-7)
 * ├── when an amount is above 2^120 - 1 .................... refused: InvalidAmount
 * │   └── and when it is exactly 2^120 - 1 ................. valid
 * ├── when its side is neither BUY nor SELL
 * │   ├── inside uint8 ..................................... refused: InvalidSide
 * │   └── outside uint8, in raw calldata ................... refused by the decoder (OV-11)
 * ├── when its price is above 1
 * │   ├── BUY or SELL, by one unit ......................... refused: InvalidPrice (OV-8)
 * │   └── exactly 1 ........................................ valid
 * ├── when it has an expiration
 * │   ├── one second before it ............................. valid
 * │   ├── in that second, or after ......................... refused: OrderExpired (OV-1)
 * │   └── zero ............................................. valid for ever (OV-2)
 * ├── when its nonce is below or above the maker's ......... refused: InvalidNonce (OV-3)
 * ├── when its fee rate is above 1000 bps .................. refused: FeeTooHigh (FE-1)
 * │   └── and when it is exactly 1000 bps .................. valid
 * ├── when its signature kind is above 2 .................... refused: UnsupportedSignatureType (SG-8)
 * ├── when its token is not registered ..................... refused: TokenNotRegistered (RG-4)
 * ├── when it was filled to the end ........................ refused: OrderFilledOrCancelled (OV-5)
 * ├── when it was cancelled ................................ refused: OrderFilledOrCancelled (OV-4)
 * ├── when it names its counterparty and meets another ..... refused: NotTaker (OV-9)
 * └── when several things are wrong ........................ the first in a fixed sequence is named
 *
 * "Refused" is held in three places: validateOrder, as a taker order, and as a maker order.
 */
describe("CTFExchange: orders", () => {
  /** An order that crosses any at 0.50, so that only the order under test can be at fault. */
  function opposite(f: ExchangeFixture, order: SignedOrder): SignedOrder {
    const draft = { maker: f.erin, makerAmount: tokens(100), takerAmount: tokens(100) };
    return order.side === BUY ? f.sell({ ...draft, takerAmount: 1n }) : f.buy(draft);
  }

  async function expectRefusedEverywhere(
    f: ExchangeFixture,
    order: SignedOrder,
    error: string,
    args: unknown[],
  ): Promise<void> {
    const other = opposite(f, order);
    await expectRefusal(f, () => f.exchange.validateOrder(order), error, args);
    await expectRefusal(f, () => f.match(order, [other], [1n], 1n), error, args);
    await expectRefusal(f, () => f.match(other, [order], [1n], 1n), error, args);
  }

  describe("amounts", () => {
    for (const [field, amounts] of Object.entries({
      makerAmount: { makerAmount: 0n, takerAmount: tokens(100) },
      takerAmount: { makerAmount: tokens(100), takerAmount: 0n },
    })) {
      for (const side of ["buy", "sell"] as const) {
        it(`OV-7 refuses a ${side} order whose ${field} is zero`, async () => {
          const f = await loadFixture(exchangeFixture);
          const order = f[side]({ maker: f.alice, ...amounts });
          await expectRefusedEverywhere(f, order, "InvalidAmount", [
            order.hash,
            amounts.makerAmount,
            amounts.takerAmount,
          ]);
        });
      }
    }

    it("refuses a makerAmount above 2^120 - 1", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice, makerAmount: MAX_AMOUNT + 1n, takerAmount: 1n });
      await expectRefusedEverywhere(f, order, "InvalidAmount", [order.hash, MAX_AMOUNT + 1n, 1n]);
    });

    it("refuses a takerAmount above 2^120 - 1", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.buy({ maker: f.alice, makerAmount: 1n, takerAmount: MAX_AMOUNT + 1n });
      await expectRefusedEverywhere(f, order, "InvalidAmount", [order.hash, 1n, MAX_AMOUNT + 1n]);
    });

    it("refuses amounts of 2^256 - 1, whose product would overflow", async () => {
      const f = await loadFixture(exchangeFixture);
      const huge = ethers.MaxUint256;
      const order = f.buy({ maker: f.alice, makerAmount: huge, takerAmount: huge });
      await expectRefusedEverywhere(f, order, "InvalidAmount", [order.hash, huge, huge]);
    });

    it("takes amounts of exactly 2^120 - 1", async () => {
      const f = await loadFixture(exchangeFixture);
      const most = { makerAmount: MAX_AMOUNT, takerAmount: MAX_AMOUNT };
      await f.exchange.validateOrder(f.buy({ maker: f.alice, ...most }));
      await f.exchange.validateOrder(f.sell({ maker: f.alice, ...most }));
      expect(await f.exchange.MAX_AMOUNT()).to.equal(MAX_AMOUNT);
    });

    it("takes amounts of one unit", async () => {
      const f = await loadFixture(exchangeFixture);
      const least = { makerAmount: 1n, takerAmount: 1n };
      await f.exchange.validateOrder(f.buy({ maker: f.alice, ...least }));
      await f.exchange.validateOrder(f.sell({ maker: f.alice, ...least }));
    });
  });

  describe("side", () => {
    for (const side of [2, 255]) {
      it(`refuses side ${side} by name`, async () => {
        const f = await loadFixture(exchangeFixture);
        const order = f.sell({ maker: f.alice });
        const wrong = f.sign({ ...order, side }, f.alice);
        await expectRefusedEverywhere(f, wrong, "InvalidSide", [wrong.hash, side]);
      });
    }

    it("OV-11 refuses raw calldata whose side or signature kind does not fit uint8", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice });
      const { interface: abi } = f.exchange;
      const valid = abi.encodeFunctionData("validateOrder", [order]);
      // Selector, offset of the order, then its fields as words: side is the 11th, the kind the 12th.
      for (const field of [10, 11]) {
        const highByte = 2 + 2 * (4 + 32 + 32 * field + 30);
        const dirty = `${valid.slice(0, highByte)}01${valid.slice(highByte + 2)}`;
        await expectUnchanged(f, async () => {
          const call = f.stranger.call({ to: await f.exchange.getAddress(), data: dirty });
          await expect(call).to.be.revertedWithCustomError(f.exchange, "MalformedOrder");
        });
      }
    });

    it("OV-11 refuses a match with dirty high bits in an address or uint8, though signed as they stand", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const ask = f.sell({ maker: f.alice });
      const exchange = await f.exchange.getAddress();
      const word = "uint256";
      const order = `tuple(${ORDER_TYPES.Order.map(({ name }) => `${word} ${name}`).join()},bytes signature)`;
      const raw = new ethers.Interface([
        `function hashOrder(${order})`,
        `function matchOrders(${order},${order}[],uint256,uint256[])`,
      ]);
      const call = (name: "hashOrder" | "matchOrders", args: unknown[]) => {
        const { selector } = f.exchange.interface.getFunction(name);
        const data = selector + raw.encodeFunctionData(name, args).slice(10);
        return f.operator.call({ to: exchange, data });
      };
      const settle = (takerOrder: object, makerOrder: object) =>
        call("matchOrders", [takerOrder, [makerOrder], bid.makerAmount, [ask.makerAmount]]);

      await settle(bid, ask);
      for (const field of ["maker", "signer", "taker", "side", "signatureType"] as const) {
        for (const [name, clean, signer] of [
          ["taker", bid, f.taker],
          ["maker", ask, f.alice],
        ] as const) {
          const dirty = { ...clean, [field]: BigInt(clean[field]) | (1n << 200n) };
          const hash = await call("hashOrder", [dirty]);
          const signature = signDigest(hash, signer);
          const signed = { ...dirty, signature };
          const attempt = name === "taker" ? settle(signed, ask) : settle(bid, signed);
          await expect(attempt, `${field} of the ${name} order`)
            .to.be.revertedWithCustomError(f.exchange, "MalformedOrder")
            .withArgs(hash);
        }
      }
    });
  });

  describe("price", () => {
    it("OV-8 refuses a SELL that asks one unit more than 1.00 per token", async () => {
      const f = await loadFixture(exchangeFixture);
      const amounts = { makerAmount: tokens(100), takerAmount: tokens(100) + 1n };
      const order = f.sell({ maker: f.alice, ...amounts });
      await expectRefusedEverywhere(f, order, "InvalidPrice", [
        order.hash,
        amounts.makerAmount,
        amounts.takerAmount,
      ]);
    });

    it("OV-8 refuses a BUY that offers one unit more than 1.00 per token", async () => {
      const f = await loadFixture(exchangeFixture);
      const amounts = { makerAmount: tokens(100) + 1n, takerAmount: tokens(100) };
      const order = f.buy({ maker: f.alice, ...amounts });
      await expectRefusedEverywhere(f, order, "InvalidPrice", [
        order.hash,
        amounts.makerAmount,
        amounts.takerAmount,
      ]);
    });

    it("OV-8 takes a price of exactly 1.00 on both sides, and they match", async () => {
      const f = await loadFixture(exchangeFixture);
      const even = { makerAmount: tokens(100), takerAmount: tokens(100) };
      const [bid, ask] = [f.buy({ maker: f.taker, ...even }), f.sell({ maker: f.alice, ...even })];
      await f.exchange.validateOrder(bid);
      await f.exchange.validateOrder(ask);
      await f.match(bid, [ask]);
    });
  });

  describe("expiration", () => {
    for (const [second, offset] of [
      ["in its second", 0],
      ["one second later", 1],
    ] as const) {
      for (const role of ["taker", "maker"] as const) {
        it(`OV-1 refuses an order that expires, ${second}, as the ${role} order`, async () => {
          const f = await loadFixture(exchangeFixture);
          const expiration = BigInt(await time.latest()) + 100_000n;
          const order = f.sell({ maker: f.alice, expiration });
          const other = opposite(f, order);
          const args = [order.hash, expiration];
          const [takerOrder, makerOrder] = role === "taker" ? [order, other] : [other, order];
          const match = async () => {
            await time.setNextBlockTimestamp(expiration + BigInt(offset));
            return f.match(takerOrder, [makerOrder], [1n], 1n);
          };
          await expectRefusal(f, match, "OrderExpired", args);
          expect(await time.latest()).to.equal(Number(expiration) + offset);
          await expectRefusal(f, () => f.exchange.validateOrder(order), "OrderExpired", args);
        });
      }
    }

    it("OV-1 settles an order one second before it expires", async () => {
      const f = await loadFixture(exchangeFixture);
      const expiration = BigInt(await time.latest()) + 100_000n;
      const takerOrder = f.buy({ maker: f.taker, expiration });
      const makerOrder = f.sell({ maker: f.alice, expiration });
      await time.increaseTo(expiration - 2n);
      await f.exchange.validateOrder(makerOrder);
      await time.setNextBlockTimestamp(expiration - 1n);
      await f.match(takerOrder, [makerOrder]);
      expect(await time.latest()).to.equal(expiration - 1n);
    });

    it("OV-2 never lets an order with expiration 0 expire", async () => {
      const f = await loadFixture(exchangeFixture);
      const takerOrder = f.buy({ maker: f.taker, expiration: 0n });
      const makerOrder = f.sell({ maker: f.alice, expiration: 0n });
      await time.increase(100 * 365 * 86_400);
      await f.exchange.validateOrder(makerOrder);
      await f.match(takerOrder, [makerOrder]);
    });

    it("takes the highest expiration there is", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.validateOrder(f.buy({ maker: f.alice, expiration: ethers.MaxUint256 }));
    });
  });

  describe("nonce", () => {
    it("OV-3 refuses a nonce below the maker's", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice });
      await f.exchange.connect(f.alice).incrementNonce();
      await expectRefusedEverywhere(f, order, "InvalidNonce", [order.hash, 0n, 1n]);
    });

    it("OV-3 refuses a nonce above the maker's", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice, nonce: 1n });
      await expectRefusedEverywhere(f, order, "InvalidNonce", [order.hash, 1n, 0n]);
    });
  });

  describe("fee rate", () => {
    for (const side of ["buy", "sell"] as const) {
      it(`FE-1 refuses a ${side} order with a fee rate of 1001 bps`, async () => {
        const f = await loadFixture(exchangeFixture);
        const order = f[side]({ maker: f.alice, feeRateBps: 1001n });
        await expectRefusedEverywhere(f, order, "FeeTooHigh", [order.hash, 1001n, 1000n]);
      });
    }

    it("FE-1 takes a fee rate of exactly 1000 bps", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.validateOrder(f.sell({ maker: f.alice, feeRateBps: 1000n }));
      expect(await f.exchange.MAX_FEE_RATE_BPS()).to.equal(1000n);
    });
  });

  describe("signature kind", () => {
    for (const signatureType of [3, 9, 255]) {
      it(`SG-8 refuses signature kind ${signatureType}, which there is not, by name`, async () => {
        const f = await loadFixture(exchangeFixture);
        const order = f.sell({ maker: f.alice, signatureType });
        const args = [order.hash, signatureType];
        await expectRefusedEverywhere(f, order, "UnsupportedSignatureType", args);
        await expectRefusal(
          f,
          () => f.exchange.validateOrderSignature(order.hash, order),
          "UnsupportedSignatureType",
          args,
        );
      });
    }
  });

  describe("registration", () => {
    it("RG-4 refuses an order on a token that was never registered", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice, tokenId: 12345n });
      const args = [order.hash, 12345n];
      await expectRefusal(f, () => f.exchange.validateOrder(order), "TokenNotRegistered", args);
      const other = opposite(f, order);
      await expectRefusal(f, () => f.match(order, [other]), "TokenNotRegistered", args);
    });

    it("RG-4 refuses an order on token 0", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice, tokenId: 0n });
      const args = [order.hash, 0n];
      await expectRefusal(f, () => f.exchange.validateOrder(order), "TokenNotRegistered", args);
      await expectRefusal(f, () => f.match(order, [order]), "TokenNotRegistered", args);
    });

    it("RG-4 refuses a maker order on an unregistered token as not the taker's pair", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice, tokenId: 12345n });
      await expectRefusal(
        f,
        () => f.match(f.buy({ maker: f.taker }), [order]),
        "MismatchedTokenIds",
        [order.hash, 12345n, f.yes],
      );
    });
  });

  describe("status", () => {
    it("OV-5 refuses a filled order in either role, and in validateOrder", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const ask = f.sell({ maker: f.alice });
      await f.match(bid, [ask]);
      await expectRefusedEverywhere(f, bid, "OrderFilledOrCancelled", [bid.hash]);
      await expectRefusedEverywhere(f, ask, "OrderFilledOrCancelled", [ask.hash]);
    });

    it("OV-4 refuses a cancelled order in either role, and in validateOrder", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice });
      await f.exchange.connect(f.alice).cancelOrder(ask);
      await expectRefusedEverywhere(f, ask, "OrderFilledOrCancelled", [ask.hash]);
    });

    it("takes a partly filled order", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker });
      const ask = f.sell({ maker: f.alice });
      await f.match(bid, [ask], [tokens(40)]);
      await f.exchange.validateOrder(bid);
      await f.exchange.validateOrder(ask);
    });
  });

  describe("named counterparty", () => {
    it("OV-9 refuses a maker order that names another taker", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice, taker: f.carol.address });
      await expectRefusal(f, () => f.match(f.buy({ maker: f.taker }), [ask]), "NotTaker", [
        ask.hash,
        f.carol.address,
        f.taker.address,
      ]);
    });

    it("OV-9 refuses a taker order that names another maker", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, taker: f.carol.address });
      await expectRefusal(f, () => f.match(bid, [f.sell({ maker: f.alice })]), "NotTaker", [
        bid.hash,
        f.carol.address,
        f.alice.address,
      ]);
    });

    it("OV-9 refuses a taker order as soon as one of its makers is not the named one", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, taker: f.alice.address, size: tokens(200) });
      const asks = [f.sell({ maker: f.alice }), f.sell({ maker: f.bob })];
      await expectRefusal(f, () => f.match(bid, asks), "NotTaker", [
        bid.hash,
        f.alice.address,
        f.bob.address,
      ]);
    });

    it("OV-9 settles a private order with the account it names, in either role", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.match(f.buy({ maker: f.taker }), [
        f.sell({ maker: f.alice, taker: f.taker.address }),
      ]);
      await f.match(f.buy({ maker: f.taker, taker: f.alice.address }), [
        f.sell({ maker: f.alice }),
      ]);
    });

    it("OV-9 looks at the counterparty's account, not at the operator that sends the match", async () => {
      const f = await loadFixture(exchangeFixture);
      const ask = f.sell({ maker: f.alice, taker: f.operator.address });
      await expectRefusal(f, () => f.match(f.buy({ maker: f.taker }), [ask]), "NotTaker", [
        ask.hash,
        f.operator.address,
        f.taker.address,
      ]);
    });
  });

  it("names the first fault when several are there: amount, side, price, expiry, fee, nonce, signature, token", async () => {
    const f = await loadFixture(exchangeFixture);
    const expiration = 1n;
    const allWrong = {
      ...f.sell({ maker: f.alice }),
      ...{ makerAmount: 0n, takerAmount: 2n, side: 7, expiration, feeRateBps: 5000n, nonce: 9n },
      ...{ signatureType: 9, tokenId: 12345n, signature: "0x" },
    };
    const repairs: [string, Partial<SignedOrder>][] = [
      ["InvalidAmount", { makerAmount: 1n }],
      ["InvalidSide", { side: 1 }],
      ["InvalidPrice", { makerAmount: 2n }],
      ["OrderExpired", { expiration: 0n }],
      ["FeeTooHigh", { feeRateBps: 0n }],
      ["InvalidNonce", { nonce: 0n }],
      ["UnsupportedSignatureType", { signatureType: 0 }],
    ];
    let order: SignedOrder = allWrong;
    for (const [error, repair] of repairs) {
      await expect(f.exchange.validateOrder(order)).to.be.revertedWithCustomError(
        f.exchange,
        error,
      );
      order = { ...order, ...repair };
    }
    await expect(f.exchange.validateOrder(order))
      .to.be.revertedWithCustomError(f.exchange, "InvalidSignature")
      .withArgs(
        TypedDataEncoder.hash(f.domain, ORDER_TYPES, order),
        f.alice.address,
        f.alice.address,
      );
    const signed = f.sign(order, f.alice);
    await expect(f.exchange.validateOrder(signed))
      .to.be.revertedWithCustomError(f.exchange, "TokenNotRegistered")
      .withArgs(signed.hash, 12345n);
  });

  it("looks at no balance or approval in validateOrder", async () => {
    const f = await loadFixture(exchangeFixture);
    const { stranger } = f;
    await f.exchange.validateOrder(f.buy({ maker: stranger }));
    await f.exchange.validateOrder(f.sell({ maker: stranger }));
  });
});
