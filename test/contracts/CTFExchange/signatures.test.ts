import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Signature, TypedDataEncoder, ZeroAddress } from "ethers";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  ORDER_TYPES,
  type SignedOrder,
  delegateTo,
  exchangeFixture,
  expectRefusal,
  keyOf,
  signDigest,
  statusOf,
} from "../../helpers/exchange";

/*
 * given an order of kind EOA
 * ├── when its signer is its maker, and signed its hash ............. valid
 * │   └── and the maker has EIP-7702 code ........................... valid all the same (SG-9)
 * ├── when another key signed it .................................... refused: InvalidSignature (SG-1)
 * ├── when the signer is honest, but not the maker .................. refused: InvalidSignature (SG-2)
 * ├── when signer and maker are zero, and the signature is junk ..... refused: InvalidSignature (SG-3)
 * ├── when it was signed for another exchange, chain or version ..... refused: InvalidSignature (SG-4)
 * ├── when one of the twelve fields changed after signing ........... refused (SG-5)
 * ├── when the hash was signed as a personal message ................ refused: InvalidSignature (SG-6)
 * └── when the signature has another form
 *     ├── 64 bytes, 66 bytes, none .................................. refused: InvalidSignature (SG-7)
 *     ├── the twin with a high s .................................... refused: InvalidSignature (SG-7)
 *     └── v is 0 or 1, or anything but 27 and 28 .................... refused: InvalidSignature
 *
 * "Refused" is held in validateOrder, in validateOrderSignature, and in both roles of a match.
 */
describe("CTFExchange: signatures", () => {
  async function expectInvalid(f: ExchangeFixture, order: SignedOrder): Promise<void> {
    const hash = TypedDataEncoder.hash(f.domain, ORDER_TYPES, order);
    const refusal = ["InvalidSignature", [hash, order.maker, order.signer]] as const;
    const other = f.buy({ maker: f.erin });
    for (const call of [
      () => f.exchange.validateOrder(order),
      () => f.exchange.validateOrderSignature(hash, order),
      () => f.match(order, [other]),
      () => f.match(other, [order]),
    ]) {
      await expectRefusal(f, call, refusal[0], [...refusal[1]]);
    }
  }

  it("takes an order signed by its maker", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    await f.exchange.validateOrder(order);
    await f.exchange.validateOrderSignature(order.hash, order);
  });

  it("takes what a wallet returns for eth_signTypedData_v4", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const signature = await f.alice.signTypedData(f.domain, ORDER_TYPES, order);
    expect(signature).to.equal(order.signature);
  });

  it("SG-1 refuses an order signed by another key", async () => {
    const f = await loadFixture(exchangeFixture);
    await expectInvalid(f, f.sign(f.sell({ maker: f.alice }), f.bob));
  });

  it("SG-2 refuses an order that a signer other than its maker signed, honestly named", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = { ...f.sell({ maker: f.alice }), signer: f.bob.address };
    await expectInvalid(f, f.sign(order, f.bob));
  });

  it("SG-2 refuses an order that its maker signed, but that names another signer", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = { ...f.sell({ maker: f.alice }), signer: f.bob.address };
    await expectInvalid(f, f.sign(order, f.alice));
  });

  it("SG-3 refuses junk that recovers to zero, for signer and maker zero", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = { ...f.sell({ maker: f.alice }), maker: ZeroAddress, signer: ZeroAddress };
    for (const signature of [
      `0x${"00".repeat(65)}`,
      `0x${"00".repeat(64)}1b`,
      `0x${"ff".repeat(65)}`,
    ]) {
      await expectInvalid(f, { ...order, signature });
    }
  });

  it("SG-3 refuses junk for signer zero and an honest maker", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = { ...f.sell({ maker: f.alice }), signer: ZeroAddress };
    await expectInvalid(f, { ...order, signature: `0x${"00".repeat(65)}` });
  });

  for (const [name, change] of Object.entries({
    "contract of the same code": { verifyingContract: `0x${"12".repeat(20)}` },
    chain: { chainId: 1n },
    name: { name: "Polymarket CTF Exchange" },
    version: { version: "2" },
  })) {
    it(`SG-4 refuses an order signed for another ${name}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice });
      const digest = TypedDataEncoder.hash({ ...f.domain, ...change }, ORDER_TYPES, order);
      await expectInvalid(f, { ...order, signature: signDigest(digest, f.alice) });
    });
  }

  it("SG-4 refuses in a second deployment what was signed for the first", async () => {
    const f = await loadFixture(exchangeFixture);
    const second = await ethers.deployContract("CTFExchange", [
      await f.usdc.getAddress(),
      await f.ctf.getAddress(),
    ]);
    const order = f.sell({ maker: f.alice });
    await expect(second.validateOrder(order))
      .to.be.revertedWithCustomError(second, "InvalidSignature")
      .withArgs(await second.hashOrder(order), f.alice.address, f.alice.address);
  });

  it("SG-5 refuses an order whose fee rate changed after signing", async () => {
    const f = await loadFixture(exchangeFixture);
    await expectInvalid(f, { ...f.sell({ maker: f.alice }), feeRateBps: 100n });
  });

  for (const [field, value] of Object.entries({
    salt: 99n,
    taker: `0x${"12".repeat(20)}`,
    tokenId: 5n,
    makerAmount: 99_000_000n,
    takerAmount: 49_000_000n,
    expiration: 99_999_999_999n,
  })) {
    it(`SG-5 refuses an order whose ${field} changed after signing`, async () => {
      const f = await loadFixture(exchangeFixture);
      await expectInvalid(f, { ...f.sell({ maker: f.alice }), [field]: value });
    });
  }

  it("SG-5 refuses an order whose side changed after signing", async () => {
    const f = await loadFixture(exchangeFixture);
    const even = { makerAmount: 7n, takerAmount: 7n };
    await expectInvalid(f, { ...f.sell({ maker: f.alice, ...even }), side: 0 });
  });

  it("SG-5 refuses an order whose maker and signer changed after signing", async () => {
    const f = await loadFixture(exchangeFixture);
    const thief = { maker: f.bob.address, signer: f.bob.address };
    await expectInvalid(f, { ...f.sell({ maker: f.alice }), ...thief });
  });

  it("SG-5 refuses an order whose nonce was raised to the current one after signing", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    await f.exchange.connect(f.alice).incrementNonce();
    await expectInvalid(f, { ...order, nonce: 1n });
  });

  it("SG-6 refuses the hash signed as a personal message", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const signature = await f.alice.signMessage(ethers.getBytes(order.hash));
    await expectInvalid(f, { ...order, signature });
  });

  it("SG-6 refuses the struct hash signed without the domain", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const bare = TypedDataEncoder.hashStruct("Order", ORDER_TYPES, order);
    await expectInvalid(f, { ...order, signature: signDigest(bare, f.alice) });
  });

  it("SG-7 refuses the 64-byte compact form", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const signature = Signature.from(order.signature).compactSerialized;
    expect(ethers.dataLength(signature)).to.equal(64);
    await expectInvalid(f, { ...order, signature });
  });

  it("SG-7 refuses signatures of any length but 65 bytes", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const cut = order.signature.slice(0, -2);
    for (const signature of [
      "0x",
      "0x1b",
      cut,
      `${order.signature}00`,
      order.signature + cut.slice(2),
    ]) {
      await expectInvalid(f, { ...order, signature });
    }
  });

  it("SG-7 refuses the twin of a signature with a high s", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const { r, s, v } = Signature.from(order.signature);
    const curveOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const highS = ethers.toBeHex(curveOrder - BigInt(s), 32);
    const signature = ethers.concat([r, highS, v === 27 ? "0x1c" : "0x1b"]);
    await expectInvalid(f, { ...order, signature });
  });

  for (const shape of ["v 0 and 1", "v 2", "v 29", "v 255", "the other v"] as const) {
    it(`refuses a signature with ${shape}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const order = f.sell({ maker: f.alice });
      const { r, s, v } = Signature.from(order.signature);
      const wrong = {
        "v 0 and 1": v - 27,
        "v 2": 2,
        "v 29": 29,
        "v 255": 255,
        "the other v": 55 - v,
      }[shape];
      const signature = ethers.concat([r, s, ethers.toBeHex(wrong, 1)]);
      await expectInvalid(f, { ...order, signature });
    });
  }

  it("SG-9 takes the key's signature of a maker that has EIP-7702 code", async () => {
    const f = await loadFixture(exchangeFixture);
    const code = await ethers.deployContract("HookedAccount");
    await delegateTo(f.alice, code);
    const ask = f.sell({ maker: f.alice });
    const bid = f.buy({ maker: f.taker });
    await f.exchange.validateOrder(ask);
    await f.match(bid, [ask]);
    expect(await statusOf(f.exchange, ask)).to.deep.equal({
      isFilledOrCancelled: true,
      remaining: 0n,
    });
  });

  it("SG-9 takes no other key's signature for a maker that has EIP-7702 code", async () => {
    const f = await loadFixture(exchangeFixture);
    await delegateTo(f.alice, await ethers.deployContract("HookedAccount"));
    await expectInvalid(f, f.sign(f.sell({ maker: f.alice }), f.bob));
  });

  it("checks in validateOrderSignature the hash it is given, and nothing else of the order", async () => {
    const f = await loadFixture(exchangeFixture);
    const spoiled = { ...f.sell({ maker: f.alice }), makerAmount: 0n, nonce: 7n, expiration: 1n };
    const digest = ethers.id("any hash");
    const signature = keyOf(f.alice).sign(digest).serialized;
    await f.exchange.validateOrderSignature(digest, { ...spoiled, signature });
    await expect(
      f.exchange.validateOrderSignature(ethers.id("another hash"), { ...spoiled, signature }),
    )
      .to.be.revertedWithCustomError(f.exchange, "InvalidSignature")
      .withArgs(ethers.id("another hash"), f.alice.address, f.alice.address);
  });
});
