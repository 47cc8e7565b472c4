import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { Addressable } from "ethers";
import { ethers } from "hardhat";
import { Chance, runsOr, seedOr } from "../../helpers/random";

/*
 * given a twin of each piece of assembly, in plain Solidity
 * ├── confirms says the same, whatever the wallet answers and however much gas it has (BC-1)
 * ├── callSelf does and returns the same, reasons cut at 1,024 bytes (BC-2)
 * │   ├── and leaves memory whole
 * │   └── and costs no more
 * ├── canAfford says yes only when the call gets its whole allowance (BC-3)
 * │   └── from the allowance, a 63rd of it and the reserve on, to the unit
 * ├── the struct hash of an order is the same for random fields (OH-1)
 * │   └── and takes little memory, however much is in use
 * ├── isClean finds each bit beyond a field's size, and no other (OH-2)
 * ├── legs hold what legs made by Solidity hold, and leave memory whole (LG-1)
 * └── tryTransfer moves and answers the same, whatever the token does (TC-1)
 */
const SEED = seedOr(20_261_122);
const RUNS = runsOr(100);

describe(`BoundedCalls, OrderHash, Legs, TokenCalls (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
  async function twinsFixture() {
    const [owner] = await ethers.getSigners();
    const twins = await ethers.deployContract("PlainTwins");
    const wallet = await ethers.deployContract("SigningWallet", [owner]);
    return { twins, wallet };
  }

  for (let mode = 0; mode <= 12; mode++) {
    it(`BC-1 confirms says what its twin says of a wallet in mode ${mode}`, async () => {
      const { twins, wallet } = await loadFixture(twinsFixture);
      await wallet.setMode(mode);
      const hash = ethers.id("hash");
      for (const gas of [0n, 2_000n, 50_000n, 400_000n]) {
        for (const signature of ["0x", "0x12", `0x${"34".repeat(65)}`, `0x${"56".repeat(1_000)}`]) {
          const answers = await Promise.all([
            twins.confirms(wallet, hash, signature, gas),
            twins.plainConfirms(wallet, hash, signature, gas),
          ]);
          expect(answers[0], `gas ${gas}`).to.equal(answers[1]);
          if (mode === 8 && gas === 400_000n) expect(answers[0]).to.equal(true);
          if (mode !== 8) expect(answers[0]).to.equal(false);
        }
      }
    });
  }

  it("BC-1 confirms says no for an account without code", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const nobody = `0x${"12".repeat(20)}`;
    expect(await twins.confirms(nobody, ethers.id("hash"), "0x", 400_000n)).to.equal(false);
  });

  it("BC-2 callSelf returns and leaves what its twin does", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const coder = ethers.AbiCoder.defaultAbiCoder();
    const fail = (size: number) => coder.encode(["bytes"], [`0x${"ab".repeat(size)}`]);
    const calls: [string, string, bigint][] = [
      ["leave", coder.encode(["uint256"], [77n]), 100_000n],
      ["leave", "0x", 100_000n],
      // A byte short of a number: nothing may be added behind the arguments.
      ["leave", `0x${"00".repeat(31)}`, 100_000n],
      ["leave", coder.encode(["uint256"], [78n]), 3_000n],
      ["burn", "0x", 100_000n],
      ...[0, 1, 31, 32, 33, 1023, 1024, 1025, 5_000].map(
        (size) => ["failWith", fail(size), 300_000n] as [string, string, bigint],
      ),
    ];
    for (const [name, args, gas] of calls) {
      const { selector } = twins.interface.getFunction(name as "leave");
      const [one, two] = await Promise.all([
        twins.callSelf.staticCall(selector, args, gas),
        twins.plainCallSelf.staticCall(selector, args, gas),
      ]);
      expect([...one], `${name} ${args.length}`).to.deep.equal([...two]);
      expect(one.later).to.equal("0xc0ffee");
      expect(ethers.dataLength(one.reason)).to.be.at.most(1024);
    }
    const { selector } = twins.interface.getFunction("leave");
    await twins.callSelf(selector, coder.encode(["uint256"], [79n]), 100_000n);
    expect(await twins.left()).to.equal(79n);
    await twins.callSelf(twins.interface.getFunction("failWith").selector, fail(9), 100_000n);
    expect(await twins.left()).to.equal(79n);
  });

  it("BC-2 callSelf costs no more than its twin", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const { selector } = twins.interface.getFunction("leave");
    const args = [selector, ethers.zeroPadValue("0x4d", 32), 100_000n] as const;
    const [cost, plain] = await Promise.all([
      twins.callSelf.estimateGas(...args),
      twins.plainCallSelf.estimateGas(...args),
    ]);
    expect(cost).to.be.at.most(plain);
  });

  it("BC-3 canAfford says yes only when the call gets all of its allowance", async () => {
    const { twins } = await loadFixture(twinsFixture);
    for (const gasLimit of [100_000n, 200_000n, 400_000n]) {
      let yes = 0;
      for (let extra = 0n; extra < 60_000n; extra += 1_500n) {
        const got = await twins.gasOfCall(gasLimit, 4_000n, {
          gasLimit: gasLimit + 21_000n + extra,
        });
        if (got === 0n) continue;
        yes += 1;
        // What the callee spent before it looked: selector dispatch, a few hundred.
        expect(got).to.be.within(gasLimit - 600n, gasLimit);
      }
      expect(yes).to.be.within(1, 39);
    }
  });

  it("BC-3 canAfford wants the allowance, a 63rd of it and the reserve, to the unit", async () => {
    const { twins } = await loadFixture(twinsFixture);
    /** The least gas of a call that says yes. */
    async function threshold(gasLimit: bigint, reserve: bigint): Promise<bigint> {
      let [no, yes] = [21_000n, 2_000_000n];
      while (yes - no > 1n) {
        const middle = (no + yes) / 2n;
        const answer = await twins
          .canAfford(gasLimit, reserve, { gasLimit: middle })
          .catch(() => false);
        if (answer) yes = middle;
        else no = middle;
      }
      return yes;
    }
    // Of as many bytes that are not zero, so that the calls themselves cost the same.
    const base = await threshold(100_001n, 1_001n);
    for (const [gasLimit, reserve] of [
      [100_001n, 60_001n],
      [630_001n, 1_001n],
      [1_000_001n, 1_001n],
      [1_000_001n, 60_001n],
    ] as const) {
      const wanted = gasLimit + gasLimit / 63n + reserve;
      expect((await threshold(gasLimit, reserve)) - base, `${gasLimit} ${reserve}`).to.equal(
        wanted - (100_001n + 100_001n / 63n + 1_001n),
      );
    }
  });

  it("OH-1 the struct hash of an order is that of its twin", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const rng = new Chance(SEED);
    for (let run = 0; run < RUNS; run++) {
      const order = randomOrder(rng);
      const [assembled, plain] = await twins.structHashes(order);
      expect(assembled).to.equal(plain);
      const before = rng.hex(33);
      expect(await twins.structHashAmongMemory(order, before)).to.equal(
        ethers.concat([before, `0x${"00".repeat(64)}`]),
      );
    }
  });

  it("OH-1 the struct hash takes little memory, however much is in use", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const order = {
      ...{ salt: 1n, tokenId: 2n, nonce: 3n, makerAmount: 4n, takerAmount: 5n, expiration: 6n },
      ...{ maker: twins, signer: twins, taker: twins, feeRateBps: 7n, side: 0, signatureType: 0 },
      signature: "0x",
    };
    // A buffer far behind these bytes would cost millions of gas.
    const before = `0x${"12".repeat(8_192)}`;
    const answer = await twins.structHashAmongMemory(order, before, { gasLimit: 400_000n });
    expect(answer).to.equal(ethers.concat([before, `0x${"00".repeat(64)}`]));
  });

  it("OH-2 isClean finds each bit beyond the size of a field, and no other", async () => {
    const { twins } = await loadFixture(twinsFixture);
    type Words = Parameters<typeof twins.cleanliness>[0];
    const FIELDS = 12;
    for (let field = 0; field < FIELDS; field++) {
      for (const bit of [0n, 7n, 8n, 9n, 159n, 160n, 161n, 255n]) {
        const words = Array.from({ length: FIELDS }, (_, i) => (i === field ? 1n << bit : 0n));
        const [assembled, plain] = await twins.cleanliness(words as unknown as Words);
        expect(assembled, `field ${field}, bit ${bit}`).to.equal(plain);
      }
    }
  });

  it("LG-1 legs hold what legs made by Solidity hold", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const rng = new Chance(SEED);
    for (let count = 1; count <= 12; count++) {
      const orders = Array.from({ length: count }, () => randomOrder(rng));
      for (const hashed of [0, count - 1, count]) {
        const [assembled, plain] = await twins.legs(orders, hashed);
        expect(assembled, `${hashed} of ${count}`).to.equal(plain);
      }
    }
  });

  it("TC-1 tryTransfer moves and answers what its twin does", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const [owner, friend] = (await ethers.getSigners()) as [
      HardhatEthersSigner,
      HardhatEthersSigner,
    ];
    const tokens = await ethers.deployContract("ForeignTokens");
    await tokens.mint(owner, 7n, 100n);
    const move = (to: Addressable, amount: bigint, gas: bigint, token: Addressable = tokens) =>
      [token, owner, to, 7n, amount, gas] as const;
    const compare = async (args: ReturnType<typeof move>, success: boolean) => {
      const one = await twins.tryTransfer.staticCall(...args);
      expect([...one]).to.deep.equal([...(await twins.plainTryTransfer.staticCall(...args))]);
      expect([...one]).to.deep.equal([success, "0xc0ffee"]);
    };

    await compare(move(friend, 1n, 200_000n), false);
    await tokens.setApprovalForAll(twins, true);
    await compare(move(friend, 100n, 200_000n), true);
    await compare(move(friend, 0n, 200_000n), true);
    await compare(move(friend, 101n, 200_000n), false);
    await compare(move(friend, 1n, 5_000n), false);
    await compare(move(tokens, 1n, 200_000n), false);
    await compare(move(friend, 1n, 200_000n, friend), true);

    await twins.tryTransfer(...move(friend, 40n, 200_000n));
    expect(await tokens.balanceOf(friend, 7n)).to.equal(40n);
    expect(await tokens.balanceOf(owner, 7n)).to.equal(60n);
  });
});

function randomOrder(rng: Chance) {
  return {
    ...{ salt: rng.uint256(), tokenId: rng.uint256(), nonce: rng.uint256() },
    ...{ maker: rng.hex(20), signer: rng.hex(20), taker: rng.hex(20) },
    ...{ makerAmount: rng.uint256(), takerAmount: rng.uint256() },
    ...{ expiration: rng.uint256(), feeRateBps: rng.uint256() },
    ...{ side: rng.below(256), signatureType: rng.below(256) },
    signature: rng.hex(rng.below(100) + 1),
  };
}
