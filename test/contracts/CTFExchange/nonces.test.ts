import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { exchangeFixture, expectRefusal, statusOf, tokens } from "../../helpers/exchange";

/*
 * given an account
 * └── when it raises its nonce
 *     ├── its nonce grows by one, and nobody else's changes (I13)
 *     ├── orders signed with the old nonce are dead at once, partly filled ones too
 *     └── orders signed with the new nonce live
 */
describe("CTFExchange: nonces", () => {
  it("I13 starts every nonce at zero and raises it by one, the caller's only", async () => {
    const f = await loadFixture(exchangeFixture);
    const asAlice = f.exchange.connect(f.alice);
    expect(await f.exchange.nonces(f.alice)).to.equal(0n);
    for (const nonce of [1n, 2n, 3n]) {
      await expect(asAlice.incrementNonce())
        .to.emit(f.exchange, "NonceIncremented")
        .withArgs(f.alice.address, nonce);
      expect(await f.exchange.nonces(f.alice)).to.equal(nonce);
    }
    expect(await f.exchange.nonces(f.bob)).to.equal(0n);
  });

  it("I8 kills orders of the old nonce at once, in either role", async () => {
    const f = await loadFixture(exchangeFixture);
    const ask = f.sell({ maker: f.alice });
    const bid = f.buy({ maker: f.taker });
    await f.exchange.connect(f.alice).incrementNonce();
    const args = [ask.hash, 0n, 1n];
    await expectRefusal(f, () => f.match(bid, [ask]), "InvalidNonce", args);
    await expectRefusal(f, () => f.match(ask, [bid]), "InvalidNonce", args);
  });

  it("I8 kills what is left of a partly filled order, and leaves its status as it was", async () => {
    const f = await loadFixture(exchangeFixture);
    const ask = f.sell({ maker: f.alice });
    await f.match(f.buy({ maker: f.taker }), [ask], [tokens(40)]);
    await f.exchange.connect(f.alice).incrementNonce();
    await expectRefusal(f, () => f.match(f.buy({ maker: f.taker }), [ask], [1n]), "InvalidNonce", [
      ask.hash,
      0n,
      1n,
    ]);
    expect(await statusOf(f.exchange, ask)).to.deep.equal({
      isFilledOrCancelled: false,
      remaining: tokens(60),
    });
  });

  it("settles orders signed with the new nonce, each maker by its own", async () => {
    const f = await loadFixture(exchangeFixture);
    await f.exchange.connect(f.alice).incrementNonce();
    await f.exchange.connect(f.alice).incrementNonce();
    await f.exchange.connect(f.taker).incrementNonce();
    const asks = [f.sell({ maker: f.alice, nonce: 2n }), f.sell({ maker: f.bob })];
    await f.match(f.buy({ maker: f.taker, nonce: 1n, size: tokens(200) }), asks);
  });
});
