import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { marketFixture } from "../helpers/market";

// MockUSDC
// ├── it counts in six decimals
// ├── when anyone mints
// │   └── it creates the units for whom they name, and tells so
// ├── when a holder transfers
// │   ├── given enough: it moves exactly the amount
// │   └── given too little: it refuses and moves nothing
// └── when a spender transfers from a holder
//     ├── given enough allowance: it moves the amount and lowers the allowance
//     ├── given the highest allowance: it does not lower it
//     └── given too little allowance: it refuses and moves nothing
describe("MockUSDC", function () {
  it("calls itself USDC and counts in six decimals", async function () {
    const { usdc } = await loadFixture(marketFixture);

    expect(await usdc.name()).to.equal("Mock USD Coin");
    expect(await usdc.symbol()).to.equal("USDC");
    expect(await usdc.decimals()).to.equal(6n);
    expect(await usdc.totalSupply()).to.equal(0n);
  });

  it("lets anyone mint any amount to anyone", async function () {
    const { usdc, stranger, alice } = await loadFixture(marketFixture);

    await expect(usdc.connect(stranger).mint(alice, 1_000_000n))
      .to.emit(usdc, "Transfer")
      .withArgs(ethers.ZeroAddress, alice.address, 1_000_000n);

    expect(await usdc.balanceOf(alice)).to.equal(1_000_000n);
    expect(await usdc.totalSupply()).to.equal(1_000_000n);
  });

  it("moves exactly the amount of a transfer", async function () {
    const { usdc, alice, bob } = await loadFixture(marketFixture);
    await usdc.mint(alice, 100n);

    await expect(usdc.connect(alice).transfer(bob, 40n)).to.changeTokenBalances(
      usdc,
      [alice, bob],
      [-40n, 40n],
    );
  });

  it("refuses to transfer more than the balance", async function () {
    const { usdc, alice, bob } = await loadFixture(marketFixture);
    await usdc.mint(alice, 100n);

    await expect(usdc.connect(alice).transfer(bob, 101n))
      .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
      .withArgs(alice.address, 100n, 101n);

    expect(await usdc.balanceOf(alice)).to.equal(100n);
    expect(await usdc.balanceOf(bob)).to.equal(0n);
  });

  it("lets a spender move what was approved, once", async function () {
    const { usdc, alice, bob, stranger } = await loadFixture(marketFixture);
    await usdc.mint(alice, 100n);

    await expect(usdc.connect(alice).approve(bob, 60n))
      .to.emit(usdc, "Approval")
      .withArgs(alice.address, bob.address, 60n);
    await usdc.connect(bob).transferFrom(alice, stranger, 60n);

    expect(await usdc.balanceOf(stranger)).to.equal(60n);
    expect(await usdc.allowance(alice, bob)).to.equal(0n);
  });

  it("never lowers the highest allowance", async function () {
    const { usdc, alice, bob } = await loadFixture(marketFixture);
    await usdc.mint(alice, 100n);
    await usdc.connect(alice).approve(bob, ethers.MaxUint256);

    await usdc.connect(bob).transferFrom(alice, bob, 100n);

    expect(await usdc.allowance(alice, bob)).to.equal(ethers.MaxUint256);
  });

  it("refuses a spender more than was approved", async function () {
    const { usdc, alice, bob } = await loadFixture(marketFixture);
    await usdc.mint(alice, 100n);
    await usdc.connect(alice).approve(bob, 60n);

    await expect(usdc.connect(bob).transferFrom(alice, bob, 61n))
      .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
      .withArgs(bob.address, 60n, 61n);

    expect(await usdc.balanceOf(alice)).to.equal(100n);
    expect(await usdc.allowance(alice, bob)).to.equal(60n);
  });
});
