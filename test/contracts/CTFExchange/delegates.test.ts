import { loadFixture, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Signature, TypedDataEncoder, ZeroAddress } from "ethers";
import {
  type ExchangeFixture,
  ORDER_TYPES,
  type OrderDraft,
  type SignedOrder,
  changesOf,
  exchangeFixture,
  expectRefusal,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given an order of kind DELEGATE, signed by Bob for Alice
 * ├── when Alice authorised Bob ............................ it settles, as maker and as taker (DE-1)
 * │   ├── and only for Alice, and Bob gains and pays nothing
 * │   └── until the second before the authorisation expires (DE-3)
 * ├── when she never did, or took it back .................. refused: SignerNotAuthorized (DE-2)
 * │   └── and when she did again ........................... it settles
 * ├── when another than Bob signed ......................... refused: InvalidSignature (DE-4)
 * ├── when Alice signed it herself, unauthorised ........... refused: SignerNotAuthorized (DE-5)
 * └── when Bob wants to cancel it .......................... refused: NotOwner (DE-6)
 *
 * given an authorisation
 * ├── when it is given, replaced or taken back ............. event, signerExpiration (DE-7)
 * ├── when it would end now or in the past ................. refused: InvalidExpiration (DE-8)
 * ├── when the signer is zero .............................. refused: ZeroAddress (DE-8)
 * └── when there is none to take back ...................... refused: UnknownSigner (DE-8)
 */
describe("CTFExchange: delegates", () => {
  const DELEGATE = 1;
  const FOREVER = 2n ** 256n - 1n;
  const FILLED = { isFilledOrCancelled: true, remaining: 0n };

  /** An order of Alice, unless told, that `signer` signs for her. */
  function delegated(
    f: ExchangeFixture,
    side: "buy" | "sell",
    signer = f.bob,
    said: Partial<OrderDraft> = {},
  ): SignedOrder {
    const draft = { maker: f.alice, signer: signer.address, signatureType: DELEGATE, ...said };
    return f.sign(f[side](draft), signer);
  }

  async function expectRefused(
    f: ExchangeFixture,
    order: SignedOrder,
    error: string,
    args: unknown[],
  ): Promise<void> {
    const other = f[order.side === 0 ? "sell" : "buy"]({ maker: f.erin });
    for (const call of [
      () => f.exchange.validateOrder(order),
      () => f.exchange.validateOrderSignature(order.hash, order),
      () => f.match(order, [other]),
      () => f.match(other, [order]),
    ]) {
      await expectRefusal(f, call, error, args);
    }
  }

  describe("orders", () => {
    for (const role of ["maker", "taker"] as const) {
      for (const side of ["buy", "sell"] as const) {
        it(`DE-1 settle for the maker who authorised the signer: ${side}, as ${role}`, async () => {
          const f = await loadFixture(exchangeFixture);
          await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
          const order = delegated(f, side);
          const other = f[side === "buy" ? "sell" : "buy"]({ maker: f.erin });
          await f.exchange.validateOrder(order);
          await f.exchange.validateOrderSignature(order.hash, order);
          const accounts = { alice: f.alice, bob: f.bob, erin: f.erin };
          const changes = await changesOf(f, accounts, () =>
            role === "taker" ? f.match(order, [other]) : f.match(other, [order]),
          );
          const bought = { usdc: -tokens(50), yes: tokens(100) };
          const sold = { usdc: tokens(50), yes: -tokens(100) };
          expect(changes).to.deep.equal(
            side === "buy" ? { alice: bought, erin: sold } : { alice: sold, erin: bought },
          );
          expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
        });
      }
    }

    it("DE-1 may be signed for several makers by one signer, and by several for one", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      await f.exchange.connect(f.alice).authorizeSigner(f.carol, FOREVER);
      await f.exchange.connect(f.dave).authorizeSigner(f.bob, FOREVER);
      await f.exchange.validateOrder(delegated(f, "sell"));
      await f.exchange.validateOrder(delegated(f, "sell", f.carol));
      await f.exchange.validateOrder(delegated(f, "sell", f.bob, { maker: f.dave }));
      const stolen = delegated(f, "sell", f.carol, { maker: f.dave });
      const args = [stolen.hash, f.dave.address, f.carol.address, 0n];
      await expectRefused(f, stolen, "SignerNotAuthorized", args);
    });

    it("DE-2 are refused when the maker never authorised the signer", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = delegated(f, "sell");
      const args = [order.hash, f.alice.address, f.bob.address, 0n];
      await expectRefused(f, order, "SignerNotAuthorized", args);
    });

    it("DE-2 are refused when only the signer authorised the maker", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.bob).authorizeSigner(f.alice, FOREVER);
      const order = delegated(f, "sell");
      const args = [order.hash, f.alice.address, f.bob.address, 0n];
      await expectRefused(f, order, "SignerNotAuthorized", args);
    });

    it("DE-2 do not pass on: a signer's signer is not the maker's", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      await f.exchange.connect(f.bob).authorizeSigner(f.carol, FOREVER);
      const order = delegated(f, "sell", f.carol);
      const args = [order.hash, f.alice.address, f.carol.address, 0n];
      await expectRefused(f, order, "SignerNotAuthorized", args);
    });

    it("DE-2 die with the authorisation, partly filled ones too, and live again with it", async () => {
      const f = await loadFixture(exchangeFixture);
      const alice = f.exchange.connect(f.alice);
      await alice.authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell");
      await f.match(f.buy({ maker: f.erin, size: tokens(40) }), [order], [tokens(40)]);
      await alice.revokeSigner(f.bob);
      const args = [order.hash, f.alice.address, f.bob.address, 0n];
      const rest = f.buy({ maker: f.erin, size: tokens(60) });
      const call = () => f.match(rest, [order], [tokens(60)]);
      await expectRefusal(f, call, "SignerNotAuthorized", args);
      await expectRefusal(f, () => f.exchange.validateOrder(order), "SignerNotAuthorized", args);

      await alice.authorizeSigner(f.bob, FOREVER);
      await call();
      expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
    });

    for (const [when, offset] of [
      ["one second before", -1n],
      ["at", 0n],
      ["one second after", 1n],
    ] as const) {
      for (const role of ["maker", "taker"] as const) {
        const verb = offset < 0n ? "settle" : "are refused";
        it(`DE-3 ${verb} ${when} the authorisation's end, as ${role}`, async () => {
          const f = await loadFixture(exchangeFixture);
          const end = BigInt(await time.latest()) + 100_000n;
          await f.exchange.connect(f.alice).authorizeSigner(f.bob, end);
          const order = delegated(f, "sell");
          const other = f.buy({ maker: f.erin });
          await time.setNextBlockTimestamp(end + offset);
          const call = () => (role === "taker" ? f.match(order, [other]) : f.match(other, [order]));
          if (offset < 0n) {
            await call();
            expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
          } else {
            await expect(call())
              .to.be.revertedWithCustomError(f.exchange, "SignerNotAuthorized")
              .withArgs(order.hash, f.alice.address, f.bob.address, end);
          }
        });
      }
    }

    it("DE-4 are refused when another key signed them, even the maker's", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell");
      for (const forger of [f.alice, f.carol]) {
        const args = [order.hash, f.alice.address, f.bob.address];
        await expectRefused(f, f.sign(order, forger), "InvalidSignature", args);
      }
    });

    it("DE-4 are refused with a changed field, and in the 64-byte form", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell");
      const changed = { ...order, takerAmount: 1n };
      const hash = TypedDataEncoder.hash(f.domain, ORDER_TYPES, changed);
      const args = (of: string) => [of, f.alice.address, f.bob.address];
      await expectRefused(f, { ...changed, hash }, "InvalidSignature", args(hash));
      const signature = Signature.from(order.signature).compactSerialized;
      await expectRefused(f, { ...order, signature }, "InvalidSignature", args(order.hash));
    });

    it("DE-4 are refused with junk for the signer zero", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sign(
        f.sell({ maker: f.alice, signer: ZeroAddress, signatureType: DELEGATE }),
        f.bob,
      );
      for (const signature of [`0x${"00".repeat(65)}`, `0x${"ff".repeat(65)}`, "0x"]) {
        await expectRefused(f, { ...order, signature }, "InvalidSignature", [
          order.hash,
          f.alice.address,
          ZeroAddress,
        ]);
      }
    });

    it("DE-5 are refused when the maker signed them itself and authorised nobody", async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice, signatureType: DELEGATE });
      const args = [order.hash, f.alice.address, f.alice.address, 0n];
      await expectRefused(f, order, "SignerNotAuthorized", args);
      await f.exchange.connect(f.alice).authorizeSigner(f.alice, FOREVER);
      await f.exchange.validateOrder(order);
    });

    it("SG-2 of kind EOA are refused for an authorised signer too", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell", f.bob, { signatureType: 0 });
      const args = [order.hash, f.alice.address, f.bob.address];
      await expectRefused(f, order, "InvalidSignature", args);
    });

    it("SG-2 of kind EIP1271 are refused for an authorised signer too", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell", f.bob, { signatureType: 2 });
      const args = [order.hash, f.alice.address, f.bob.address];
      await expectRefused(f, order, "InvalidSignature", args);
    });

    it("DE-6 are cancelled by their maker, and not by their signer", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell");
      const args = [order.hash, f.bob.address, f.alice.address];
      const bob = f.exchange.connect(f.bob);
      await expectRefusal(f, () => bob.cancelOrder(order), "NotOwner", args);
      await expectRefusal(f, () => bob.cancelOrders([order]), "NotOwner", args);
      await expectRefusal(f, () => bob.approveOrder(order), "NotOwner", args);
      await f.exchange.connect(f.alice).cancelOrder(order);
      const call = () => f.exchange.validateOrder(order);
      await expectRefusal(f, call, "OrderFilledOrCancelled", [order.hash]);
    });

    it("DE-6 follow the nonce of their maker, not of their signer", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      const order = delegated(f, "sell");
      await f.exchange.connect(f.bob).incrementNonce();
      await f.exchange.validateOrder(order);
      await f.exchange.connect(f.alice).incrementNonce();
      const call = () => f.exchange.validateOrder(order);
      await expectRefusal(f, call, "InvalidNonce", [order.hash, 0n, 1n]);
    });
  });

  describe("authorisations", () => {
    it("DE-7 are remembered by maker and signer, and told", async () => {
      const f = await loadFixture(exchangeFixture);
      const alice = f.exchange.connect(f.alice);
      const soon = BigInt(await time.latest()) + 100_000n;
      expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(0n);
      for (const expiration of [soon, soon + 1n, FOREVER, soon]) {
        await expect(alice.authorizeSigner(f.bob, expiration))
          .to.emit(f.exchange, "SignerAuthorized")
          .withArgs(f.alice.address, f.bob.address, expiration);
        expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(expiration);
      }
      expect(await f.exchange.signerExpiration(f.bob, f.alice)).to.equal(0n);
      expect(await f.exchange.signerExpiration(f.alice, f.carol)).to.equal(0n);
      await expect(alice.revokeSigner(f.bob))
        .to.emit(f.exchange, "SignerRevoked")
        .withArgs(f.alice.address, f.bob.address);
      expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(0n);
    });

    it("DE-7 can be given and taken back while matching is stopped", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.pauser).pause();
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      await f.exchange.connect(f.alice).revokeSigner(f.bob);
      expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(0n);
    });

    it("DE-7 can be taken back after they expired", async () => {
      const f = await loadFixture(exchangeFixture);
      const end = BigInt(await time.latest()) + 100_000n;
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, end);
      await time.increaseTo(end + 5n);
      await f.exchange.connect(f.alice).revokeSigner(f.bob);
      expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(0n);
    });

    for (const [name, offset] of [
      ["in the past", -1n],
      ["in the block's own second", 0n],
    ] as const) {
      it(`DE-8 are refused when they would end ${name}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const now = BigInt(await time.latest()) + 100_000n;
        await time.setNextBlockTimestamp(now);
        await expect(f.exchange.connect(f.alice).authorizeSigner(f.bob, now + offset))
          .to.be.revertedWithCustomError(f.exchange, "InvalidExpiration")
          .withArgs(now + offset, now);
      });
    }

    it("DE-8 may end in the next second", async () => {
      const f = await loadFixture(exchangeFixture);
      const now = BigInt(await time.latest()) + 100_000n;
      await time.setNextBlockTimestamp(now);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, now + 1n);
      expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(now + 1n);
    });

    it("DE-8 are refused with an end of zero: revoking has its own call", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.connect(f.alice).authorizeSigner(f.bob, FOREVER);
      await expect(
        f.exchange.connect(f.alice).authorizeSigner(f.bob, 0n),
      ).to.be.revertedWithCustomError(f.exchange, "InvalidExpiration");
      expect(await f.exchange.signerExpiration(f.alice, f.bob)).to.equal(FOREVER);
    });

    it("DE-8 are refused for the signer zero", async () => {
      const f = await loadFixture(exchangeFixture);
      const call = () => f.exchange.connect(f.alice).authorizeSigner(ZeroAddress, FOREVER);
      await expectRefusal(f, call, "ZeroAddress");
    });

    it("DE-8 cannot be taken back when there is none, or twice, or by the signer", async () => {
      const f = await loadFixture(exchangeFixture);
      const [alice, bob] = [f.alice, f.bob].map((one) => f.exchange.connect(one));
      const refused = (from: typeof alice, maker: string, signer: string) =>
        expectRefusal(f, async () => from?.revokeSigner(signer), "UnknownSigner", [maker, signer]);
      await refused(alice, f.alice.address, f.bob.address);
      await alice?.authorizeSigner(f.bob, FOREVER);
      await refused(bob, f.bob.address, f.bob.address);
      await refused(bob, f.bob.address, f.alice.address);
      await alice?.revokeSigner(f.bob);
      await refused(alice, f.alice.address, f.bob.address);
    });
  });
});
