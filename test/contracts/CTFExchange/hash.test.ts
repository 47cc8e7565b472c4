import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { ORDER_TYPES, type OrderFields, exchangeFixture } from "../../helpers/exchange";

/*
 * given any order, valid or not
 * ├── its hash is that of an independent EIP-712 library (I19): test/integration/OrderHashes.test.ts
 * ├── when one of its twelve fields differs .... its hash differs
 * └── when its signature differs ............... its hash is the same
 */
describe("CTFExchange: order hash", () => {
  it("I19 has the type hash of the published type string", async () => {
    const type =
      "Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)";
    const f = await loadFixture(exchangeFixture);
    const zero = {
      ...{ salt: 0n, tokenId: 0n, makerAmount: 0n, takerAmount: 0n, expiration: 0n, nonce: 0n },
      ...{ maker: ethers.ZeroAddress, signer: ethers.ZeroAddress, taker: ethers.ZeroAddress },
      ...{ feeRateBps: 0n, side: 0, signatureType: 0, signature: "0x" },
    };
    const struct = ethers.keccak256(ethers.concat([ethers.id(type), new Uint8Array(12 * 32)]));
    const domainType =
      "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
    const domain = ethers.keccak256(
      ethers.AbiCoder.defaultAbiCoder().encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [
          ethers.id(domainType),
          ethers.id("Nostra CTF Exchange"),
          ethers.id("1"),
          31337n,
          await f.exchange.getAddress(),
        ],
      ),
    );
    expect(await f.exchange.domainSeparator()).to.equal(domain);
    expect(await f.exchange.hashOrder(zero)).to.equal(
      ethers.keccak256(ethers.concat(["0x1901", domain, struct])),
    );
  });

  it("I19 differs when any of the twelve fields differs", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    const hashes = new Set([await f.exchange.hashOrder(order)]);
    for (const { name, type } of ORDER_TYPES.Order) {
      const value = order[name as keyof OrderFields];
      const other = type === "address" ? f.bob.address : BigInt(value) + 1n;
      hashes.add(await f.exchange.hashOrder({ ...order, [name]: other }));
    }
    // `taker` was zero; maker and signer were Alice: thirteen different orders.
    expect(hashes.size).to.equal(13);
  });

  it("I19 does not depend on the signature", async () => {
    const f = await loadFixture(exchangeFixture);
    const order = f.sell({ maker: f.alice });
    for (const signature of ["0x", "0x00", `0x${"ff".repeat(65)}`, `0x${"ab".repeat(500)}`]) {
      expect(await f.exchange.hashOrder({ ...order, signature })).to.equal(order.hash);
    }
  });
});
