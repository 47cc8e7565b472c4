import { expect } from "chai";
import { ethers } from "hardhat";
import { CTFExchange } from "../../typechain-types";
import { SignerWithAddress } from "@nomicfoundation/hardhat-ethers/signers";

enum SignatureType {
  EOA = 0,
}
enum Side {
  BUY = 0,
  SELL = 1,
}

describe("CTF Exchange - Complete Production Workflow", function () {
  let exchange: CTFExchange;
  let owner: SignerWithAddress;
  let maker: SignerWithAddress;
  let taker: SignerWithAddress;
  let operator: SignerWithAddress;
  let conditionalTokens: any;
  let collateralToken: any;

  const token0 = BigInt(ethers.id("YES_TOKEN"));
  const token1 = BigInt(ethers.id("NO_TOKEN"));
  const conditionId = ethers.id("WILL_BTC_HIT_100K");

  beforeEach(async function () {
    // @ts-expect-error the compiler does not know how many signers there are
    [owner, maker, taker, operator] = await ethers.getSigners();

    // PHASE 1: Deploy contracts
    const ConditionalTokensFactory = await ethers.getContractFactory("ConditionalTokens");
    conditionalTokens = await ConditionalTokensFactory.deploy();

    const MockUSDCFactory = await ethers.getContractFactory("MockUSDC");
    collateralToken = await MockUSDCFactory.deploy();

    const CTFExchangeFactory = await ethers.getContractFactory("CTFExchange");
    exchange = await CTFExchangeFactory.deploy(
      await collateralToken.getAddress(),
      await conditionalTokens.getAddress(),
    );

    // PHASE 2: Setup
    // Register token pair (like after market creation)
    await exchange.connect(owner).registerToken(token0, token1, conditionId);

    // Add operator (your backend service)
    await exchange.connect(owner).addOperator(operator.address);

    // Mint collateral and approve
    const mintAmount = ethers.parseUnits("10000", 6);
    await collateralToken.mint(maker.address, mintAmount);
    await collateralToken.mint(taker.address, mintAmount);
    await collateralToken.connect(maker).approve(await exchange.getAddress(), ethers.MaxUint256);
    await collateralToken.connect(taker).approve(await exchange.getAddress(), ethers.MaxUint256);

    await conditionalTokens.connect(maker).setApprovalForAll(await exchange.getAddress(), true);
    await conditionalTokens.connect(taker).setApprovalForAll(await exchange.getAddress(), true);
  });

  // Helper to create order
  function createOrder(overrides: any = {}) {
    const defaultExpiration =
      overrides.expiration !== undefined
        ? overrides.expiration
        : Math.floor(Date.now() / 1000) + 31536000; // 1 year from now

    return {
      salt: overrides.salt || 1n,
      maker: overrides.maker || maker.address,
      signer: overrides.signer || maker.address,
      taker: overrides.taker || ethers.ZeroAddress,
      tokenId: overrides.tokenId || token0,
      makerAmount: overrides.makerAmount || ethers.parseUnits("100", 6),
      takerAmount: overrides.takerAmount || ethers.parseUnits("100", 6),
      expiration: defaultExpiration,
      nonce: overrides.nonce || 0n,
      feeRateBps: overrides.feeRateBps || 0n,
      side: overrides.side !== undefined ? overrides.side : Side.BUY,
      signatureType:
        overrides.signatureType !== undefined ? overrides.signatureType : SignatureType.EOA,
      signature: overrides.signature || "0x",
    };
  }

  // Helper to sign order
  async function signOrder(order: any, signerWallet: SignerWithAddress) {
    const domain = {
      name: "Nostra CTF Exchange",
      version: "1",
      chainId: (await ethers.provider.getNetwork()).chainId,
      verifyingContract: await exchange.getAddress(),
    };

    const types = {
      Order: [
        { name: "salt", type: "uint256" },
        { name: "maker", type: "address" },
        { name: "signer", type: "address" },
        { name: "taker", type: "address" },
        { name: "tokenId", type: "uint256" },
        { name: "makerAmount", type: "uint256" },
        { name: "takerAmount", type: "uint256" },
        { name: "expiration", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "feeRateBps", type: "uint256" },
        { name: "side", type: "uint8" },
        { name: "signatureType", type: "uint8" },
      ],
    };

    return await signerWallet.signTypedData(domain, types, order);
  }

  describe("PHASE 3: Order Creation, Validation, and Cancellation", function () {
    it("Should complete full order lifecycle", async function () {
      // Step 1: Maker creates order (frontend)
      const order = createOrder({
        signer: maker.address,
        maker: maker.address,
        tokenId: token0,
        side: Side.BUY,
        makerAmount: ethers.parseUnits("100", 6),
        takerAmount: ethers.parseUnits("100", 6),
        feeRateBps: 100n, // 1% fee
      });

      // Step 2: Maker signs order with wallet
      const signature = await signOrder(order, maker);
      const signedOrder = { ...order, signature };

      // Step 3: Backend validates order
      await expect(exchange.validateOrder(signedOrder)).to.not.be.reverted;

      // Step 4: Get order hash and verify status
      const orderHash = await exchange.hashOrder(order);
      let status = await exchange.getOrderStatus(orderHash);
      expect(status.isFilledOrCancelled).to.equal(false);

      console.log("✅ Order created and validated");
      console.log("Order hash:", orderHash);

      // Step 5: Maker cancels order
      await exchange.connect(maker).cancelOrder(signedOrder);

      // Step 6: Verify cancelled
      status = await exchange.getOrderStatus(orderHash);
      expect(status.isFilledOrCancelled).to.equal(true);

      console.log("✅ Order cancelled successfully");
    });
  });

  describe("PHASE 3: Nonce Management (Bulk Order Cancellation)", function () {
    it("Should invalidate all orders with nonce increment", async function () {
      // Create multiple orders with nonce 0
      const order1 = createOrder({
        salt: 1n,
        signer: maker.address,
        maker: maker.address,
        nonce: 0n,
      });
      const order2 = createOrder({
        salt: 2n,
        signer: maker.address,
        maker: maker.address,
        nonce: 0n,
      });
      const order3 = createOrder({
        salt: 3n,
        signer: maker.address,
        maker: maker.address,
        nonce: 0n,
      });

      const sig1 = await signOrder(order1, maker);
      const sig2 = await signOrder(order2, maker);
      const sig3 = await signOrder(order3, maker);

      // All orders valid
      await expect(exchange.validateOrder({ ...order1, signature: sig1 })).to.not.be.reverted;
      await expect(exchange.validateOrder({ ...order2, signature: sig2 })).to.not.be.reverted;
      await expect(exchange.validateOrder({ ...order3, signature: sig3 })).to.not.be.reverted;

      console.log("✅ All 3 orders with nonce 0 are valid");

      // Increment nonce (cancels all nonce 0 orders)
      await exchange.connect(maker).incrementNonce();

      console.log("✅ Nonce incremented to 1");

      // All orders now invalid
      await expect(
        exchange.validateOrder({ ...order1, signature: sig1 }),
      ).to.be.revertedWithCustomError(exchange, "InvalidNonce");

      await expect(
        exchange.validateOrder({ ...order2, signature: sig2 }),
      ).to.be.revertedWithCustomError(exchange, "InvalidNonce");

      await expect(
        exchange.validateOrder({ ...order3, signature: sig3 }),
      ).to.be.revertedWithCustomError(exchange, "InvalidNonce");

      console.log("✅ All orders with nonce 0 invalidated");

      // New order with nonce 1 is valid
      const newOrder = createOrder({
        salt: 4n,
        signer: maker.address,
        maker: maker.address,
        nonce: 1n,
      });
      const newSig = await signOrder(newOrder, maker);
      await expect(exchange.validateOrder({ ...newOrder, signature: newSig })).to.not.be.reverted;

      console.log("✅ New order with nonce 1 is valid");
    });
  });

  describe("PHASE 3: Multi-User Order Management", function () {
    it("Should manage orders for multiple users independently", async function () {
      // Maker and taker create orders
      const makerOrder = createOrder({ salt: 1n, signer: maker.address, maker: maker.address });
      const takerOrder = createOrder({ salt: 1n, signer: taker.address, maker: taker.address });

      const makerSig = await signOrder(makerOrder, maker);
      const takerSig = await signOrder(takerOrder, taker);

      // Both valid
      await expect(exchange.validateOrder({ ...makerOrder, signature: makerSig })).to.not.be
        .reverted;
      await expect(exchange.validateOrder({ ...takerOrder, signature: takerSig })).to.not.be
        .reverted;

      console.log("✅ Both users' orders are valid");

      // Maker cancels their order
      await exchange.connect(maker).cancelOrder({ ...makerOrder, signature: makerSig });

      const makerHash = await exchange.hashOrder(makerOrder);
      const takerHash = await exchange.hashOrder(takerOrder);

      expect((await exchange.getOrderStatus(makerHash)).isFilledOrCancelled).to.equal(true);
      expect((await exchange.getOrderStatus(takerHash)).isFilledOrCancelled).to.equal(false);

      console.log("✅ Maker's order cancelled, taker's order still valid");

      // Taker's order still validates
      await expect(exchange.validateOrder({ ...takerOrder, signature: takerSig })).to.not.be
        .reverted;

      // Taker can cancel their order
      await exchange.connect(taker).cancelOrder({ ...takerOrder, signature: takerSig });
      expect((await exchange.getOrderStatus(takerHash)).isFilledOrCancelled).to.equal(true);

      console.log("✅ Independent order management working correctly");
    });
  });
});
