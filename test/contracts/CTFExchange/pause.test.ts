import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { PARTITION, exchangeFixture, expectRefusal, tokens } from "../../helpers/exchange";

/*
 * given that matching runs
 * ├── when a pauser or the admin pauses ........ it stops
 * ├── when anyone else pauses .................. refused: NotPauser (AC-6)
 * └── when the admin unpauses .................. refused: NotPaused
 * given that matching is stopped
 * ├── when an operator settles a match ......... refused: Paused (AC-5)
 * ├── when someone pauses again ................ refused: Paused
 * ├── when a maker cancels or raises its nonce . it does (I17)
 * ├── when a holder splits or merges ........... it does (I17)
 * ├── when a pauser unpauses ................... refused: NotAdmin
 * └── when the admin unpauses .................. matching runs
 */
describe("CTFExchange: pause", () => {
  async function pausedFixture() {
    const f = await exchangeFixture();
    await f.exchange.connect(f.pauser).pause();
    return f;
  }

  for (const actor of ["pauser", "admin"] as const) {
    it(`is stopped by the ${actor}`, async () => {
      const f = await loadFixture(exchangeFixture);
      expect(await f.exchange.paused()).to.equal(false);
      await expect(f.exchange.connect(f[actor]).pause())
        .to.emit(f.exchange, "TradingPaused")
        .withArgs(f[actor].address);
      expect(await f.exchange.paused()).to.equal(true);
    });
  }

  for (const actor of ["operator", "registrar", "stranger", "taker"] as const) {
    it(`AC-6 is not stopped by the ${actor}`, async () => {
      const f = await loadFixture(exchangeFixture);
      await expectRefusal(f, () => f.exchange.connect(f[actor]).pause(), "NotPauser", [
        f[actor].address,
      ]);
    });
  }

  it("refuses to start what is running", async () => {
    const f = await loadFixture(exchangeFixture);
    await expectRefusal(f, () => f.exchange.unpause(), "NotPaused");
  });

  it("refuses to stop what is stopped", async () => {
    const f = await loadFixture(pausedFixture);
    await expectRefusal(f, () => f.exchange.pause(), "Paused");
    await expectRefusal(f, () => f.exchange.connect(f.pauser).pause(), "Paused");
  });

  it("AC-5 settles nothing while stopped, and goes on with the same orders after", async () => {
    const f = await loadFixture(pausedFixture);
    const [bid, ask] = [f.buy({ maker: f.taker }), f.sell({ maker: f.alice })];
    await expectRefusal(f, () => f.match(bid, [ask]), "Paused");
    await expect(f.exchange.unpause())
      .to.emit(f.exchange, "TradingUnpaused")
      .withArgs(f.admin.address);
    expect(await f.exchange.paused()).to.equal(false);
    await f.match(bid, [ask]);
  });

  it("AC-5 tells a stranger that it is no operator before it says that matching is stopped", async () => {
    const f = await loadFixture(pausedFixture);
    const [bid, ask] = [f.buy({ maker: f.taker }), f.sell({ maker: f.alice })];
    await expectRefusal(
      f,
      () => f.exchange.connect(f.stranger).matchOrders(bid, [ask], 1n, [1n]),
      "NotOperator",
      [f.stranger.address],
    );
  });

  for (const actor of ["pauser", "operator", "stranger"] as const) {
    it(`is not started again by the ${actor}`, async () => {
      const f = await loadFixture(pausedFixture);
      await expectRefusal(f, () => f.exchange.connect(f[actor]).unpause(), "NotAdmin", [
        f[actor].address,
      ]);
    });
  }

  it("I17 lets makers cancel and raise their nonces while stopped", async () => {
    const f = await loadFixture(pausedFixture);
    const asAlice = f.exchange.connect(f.alice);
    const [first, second] = [f.sell({ maker: f.alice }), f.sell({ maker: f.alice })];
    await expect(asAlice.cancelOrder(first)).to.emit(f.exchange, "OrderCancelled");
    await expect(asAlice.cancelOrders([second])).to.emit(f.exchange, "OrderCancelled");
    await expect(asAlice.incrementNonce()).to.emit(f.exchange, "NonceIncremented");
  });

  it("I17 lets holders split and merge while stopped", async () => {
    const f = await loadFixture(pausedFixture);
    const args = [await f.usdc.getAddress(), ZeroHash, f.market.conditionId, PARTITION] as const;
    await f.usdc.connect(f.alice).approve(f.ctf, tokens(1));
    await f.ctf.connect(f.alice).splitPosition(...args, tokens(1));
    await f.ctf.connect(f.alice).mergePositions(...args, tokens(1));
  });

  it("lets registration and roles go on while stopped", async () => {
    const f = await loadFixture(pausedFixture);
    await f.exchange.connect(f.registrar).registerCondition(f.market.conditionId);
    await f.exchange.addOperator(f.stranger);
    await f.exchange.validateOrder(f.sell({ maker: f.alice }));
  });
});
