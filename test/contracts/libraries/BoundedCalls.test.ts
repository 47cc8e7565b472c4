import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { Chance, runsOr, seedOr } from "../../helpers/random";

/*
 * given a twin of each piece of assembly, in plain Solidity
 * ├── confirms says the same, whatever the wallet answers and however much gas it has (BC-1)
 * ├── callSelf does and returns the same, reasons cut at 1,024 bytes (BC-2)
 * │   └── and leaves memory whole
 * ├── canAfford says yes only when the call gets its whole allowance (BC-3)
 * └── the struct hash of an order is the same for random fields (OH-1)
 */
const SEED = seedOr(20_261_122);
const RUNS = runsOr(100);

describe(`BoundedCalls and OrderHash (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
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

  it("OH-1 the struct hash of an order is that of its twin", async () => {
    const { twins } = await loadFixture(twinsFixture);
    const rng = new Chance(SEED);
    for (let run = 0; run < RUNS; run++) {
      const order = {
        ...{ salt: rng.uint256(), tokenId: rng.uint256(), nonce: rng.uint256() },
        ...{ maker: rng.hex(20), signer: rng.hex(20), taker: rng.hex(20) },
        ...{ makerAmount: rng.uint256(), takerAmount: rng.uint256() },
        ...{ expiration: rng.uint256(), feeRateBps: rng.uint256() },
        ...{ side: rng.below(256), signatureType: rng.below(256) },
        signature: rng.hex(rng.below(100) + 1),
      };
      const [assembled, plain] = await twins.structHashes(order);
      expect(assembled).to.equal(plain);
      const before = rng.hex(33);
      expect(await twins.structHashAmongMemory(order, before)).to.equal(
        ethers.concat([before, `0x${"00".repeat(64)}`]),
      );
    }
  });
});
