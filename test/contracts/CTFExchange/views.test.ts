import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { TypedDataEncoder, ZeroAddress, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import { exchangeFixture, tokens } from "../../helpers/exchange";

/*
 * given a deployment
 * ├── when an address of the constructor is zero .. refused: ZeroAddress
 * ├── when there is no contract at one of them .... refused: NoCode
 * ├── its domain is that of EIP-712 and EIP-5267 .. name, version, chain, contract
 * └── ConditionalTokens may take what it splits ... an allowance without limit
 * given orders
 * ├── a status tells unseen, open, filled and cancelled apart
 * └── many statuses come in the order asked
 */
describe("CTFExchange: views", () => {
  it("tells its parts", async () => {
    const f = await loadFixture(exchangeFixture);
    expect(await f.exchange.collateral()).to.equal(await f.usdc.getAddress());
    expect(await f.exchange.conditionalTokens()).to.equal(await f.ctf.getAddress());
    expect(await f.exchange.feeReceiver()).to.equal(f.feeReceiver.address);
    expect(await f.usdc.allowance(f.exchange, f.ctf)).to.equal(ethers.MaxUint256);
  });

  it("is not deployed without collateral or ConditionalTokens", async () => {
    const f = await loadFixture(exchangeFixture);
    const [usdc, ctf] = [await f.usdc.getAddress(), await f.ctf.getAddress()];
    for (const args of [
      [ZeroAddress, ctf],
      [usdc, ZeroAddress],
    ] as const) {
      await expect(ethers.deployContract("CTFExchange", [...args])).to.be.revertedWithCustomError(
        f.exchange,
        "ZeroAddress",
      );
    }
  });

  it("is not deployed over an account without code: a call to one goes through and moves nothing", async () => {
    const f = await loadFixture(exchangeFixture);
    const [usdc, ctf] = [await f.usdc.getAddress(), await f.ctf.getAddress()];
    for (const args of [
      [f.alice.address, ctf],
      [usdc, f.alice.address],
    ] as const) {
      await expect(ethers.deployContract("CTFExchange", [...args]))
        .to.be.revertedWithCustomError(f.exchange, "NoCode")
        .withArgs(f.alice.address);
    }
  });

  it("tells its EIP-712 domain by EIP-5267", async () => {
    const f = await loadFixture(exchangeFixture);
    expect([...(await f.exchange.eip712Domain())]).to.deep.equal([
      "0x0f",
      "Nostra CTF Exchange",
      "1",
      31337n,
      await f.exchange.getAddress(),
      ZeroHash,
      [],
    ]);
    expect(await f.exchange.domainSeparator()).to.equal(TypedDataEncoder.hashDomain(f.domain));
  });

  it("tells unseen, open, filled and cancelled orders apart", async () => {
    const f = await loadFixture(exchangeFixture);
    const unseen = f.sell({ maker: f.bob });
    const open = f.sell({ maker: f.alice });
    const filled = f.sell({ maker: f.bob });
    const cancelled = f.sell({ maker: f.carol });
    const bid = f.buy({ maker: f.taker, size: tokens(200) });
    await f.match(bid, [open, filled], [tokens(25), tokens(100)]);
    await f.exchange.connect(f.carol).cancelOrder(cancelled);

    const asked = [cancelled, unseen, filled, open, unseen, cancelled];
    const expected = [
      [true, tokens(100)],
      [false, 0n],
      [true, 0n],
      [false, tokens(75)],
      [false, 0n],
      [true, tokens(100)],
    ];
    const statuses = await f.exchange.getOrderStatuses(asked.map(({ hash }) => hash));
    expect(statuses.map((status) => [...status])).to.deep.equal(expected);
    for (const [i, { hash }] of asked.entries()) {
      expect([...(await f.exchange.getOrderStatus(hash))]).to.deep.equal(expected[i]);
    }
  });

  it("answers no statuses when none are asked", async () => {
    const f = await loadFixture(exchangeFixture);
    expect(await f.exchange.getOrderStatuses([])).to.deep.equal([]);
  });
});
