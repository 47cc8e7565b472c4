import {
  impersonateAccount,
  loadFixture,
  setBalance,
} from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { exchangeFixture, expectRefusal, expectUnchanged, tokens } from "../../helpers/exchange";

/*
 * given ERC-1155 tokens on their way to the exchange
 * ├── when a match moves them ......................... taken
 * ├── when a holder or its operator sends them ........ refused: StrayToken, single and batch (TC-5)
 * ├── when they are of another contract ............... refused: StrayToken
 * └── when nothing moves and somebody calls the hook .. refused: StrayToken
 */
describe("CTFExchange: receiving tokens", () => {
  const HOOK = "0xf23a6e61";
  const BATCH_HOOK = "0xbc197c81";
  const RECEIVER_INTERFACE = "0x4e2312e0";
  const ERC165_INTERFACE = "0x01ffc9a7";

  it("TC-5 refuses outcome tokens sent by mistake", async () => {
    const f = await loadFixture(exchangeFixture);
    const send = () =>
      f.ctf.connect(f.alice).safeTransferFrom(f.alice, f.exchange, f.yes, tokens(1), "0x");
    await expectRefusal(f, send, "StrayToken", [await f.ctf.getAddress(), f.alice.address, f.yes]);
  });

  it("TC-5 refuses a batch of outcome tokens sent by mistake, naming the first", async () => {
    const f = await loadFixture(exchangeFixture);
    const send = () =>
      f.ctf
        .connect(f.alice)
        .safeBatchTransferFrom(f.alice, f.exchange, [f.no, f.yes], [1n, 1n], "0x");
    await expectRefusal(f, send, "StrayToken", [await f.ctf.getAddress(), f.alice.address, f.no]);
  });

  it("TC-5 refuses an empty batch, naming token 0", async () => {
    const f = await loadFixture(exchangeFixture);
    const send = () =>
      f.ctf.connect(f.alice).safeBatchTransferFrom(f.alice, f.exchange, [], [], "0x");
    await expectRefusal(f, send, "StrayToken", [await f.ctf.getAddress(), f.alice.address, 0n]);
  });

  it("TC-5 refuses outcome tokens sent by an operator of the holder, and names that operator", async () => {
    const f = await loadFixture(exchangeFixture);
    await f.ctf.connect(f.alice).setApprovalForAll(f.stranger, true);
    const send = () =>
      f.ctf.connect(f.stranger).safeTransferFrom(f.alice, f.exchange, f.yes, 1n, "0x");
    await expectRefusal(f, send, "StrayToken", [
      await f.ctf.getAddress(),
      f.stranger.address,
      f.yes,
    ]);
  });

  it("refuses tokens of another ERC-1155 contract, single and batch", async () => {
    const f = await loadFixture(exchangeFixture);
    const foreign = await ethers.deployContract("ForeignTokens");
    await foreign.mint(f.alice, 7n, 10n);
    const args = [await foreign.getAddress(), f.alice.address, 7n];
    const asAlice = foreign.connect(f.alice);
    await expectRefusal(
      f,
      () => asAlice.safeTransferFrom(f.alice, f.exchange, 7n, 1n, "0x"),
      "StrayToken",
      args,
    );
    await expectRefusal(
      f,
      () => asAlice.safeBatchTransferFrom(f.alice, f.exchange, [7n], [1n], "0x"),
      "StrayToken",
      args,
    );
    await expectRefusal(f, () => asAlice.mint(f.exchange, 7n, 1n), "StrayToken", args);
  });

  it("refuses anybody who calls a hook, even in the exchange's own name", async () => {
    const f = await loadFixture(exchangeFixture);
    const exchange = await f.exchange.getAddress();
    const asStranger = f.exchange.connect(f.stranger);
    const { address } = f.stranger;
    await expectRefusal(
      f,
      () => asStranger.onERC1155Received(exchange, address, f.yes, 1n, "0x"),
      "StrayToken",
      [address, exchange, f.yes],
    );
    await expectRefusal(
      f,
      () => asStranger.onERC1155BatchReceived(exchange, address, [f.yes, f.no], [1n, 1n], "0x"),
      "StrayToken",
      [address, exchange, f.yes],
    );
  });

  it("answers its own moves with the magic values of ERC-1155", async () => {
    const f = await loadFixture(exchangeFixture);
    const ctf = await f.ctf.getAddress();
    await impersonateAccount(ctf);
    await setBalance(ctf, ethers.parseEther("1"));
    const asTokens = f.exchange.connect(await ethers.getSigner(ctf));
    const exchange = await f.exchange.getAddress();
    const { address } = f.alice;
    expect(await asTokens.onERC1155Received(exchange, address, f.yes, 1n, "0x")).to.equal(HOOK);
    expect(await asTokens.onERC1155BatchReceived(exchange, address, [f.yes], [1n], "0x")).to.equal(
      BATCH_HOOK,
    );
  });

  it("has no way to take ether", async () => {
    const f = await loadFixture(exchangeFixture);
    await expectUnchanged(f, async () => {
      const to = await f.exchange.getAddress();
      await expect(f.alice.sendTransaction({ to, value: 1n })).to.be.revertedWithoutReason();
    });
  });

  it("says that it receives ERC-1155 tokens, and supports nothing else", async () => {
    const f = await loadFixture(exchangeFixture);
    expect(await f.exchange.supportsInterface(RECEIVER_INTERFACE)).to.equal(true);
    expect(await f.exchange.supportsInterface(ERC165_INTERFACE)).to.equal(true);
    for (const other of ["0xffffffff", "0x00000000", "0xd9b67a26", "0x1626ba7e"]) {
      expect(await f.exchange.supportsInterface(other), other).to.equal(false);
    }
  });
});
