import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import { Chance, runsOr, seedOr } from "../../helpers/random";

/*
 * given amounts from 1 to 2^120 - 1, and sums of fewer than 2^16 of them
 * └── each function gives what bigints give, without overflow (FM-1)
 * given any payout vector
 * └── it stands for a result exactly when it is [1,0], [0,1] or [1,1], and back (PO-1)
 * given any status word
 * └── its two flags and what remains are told apart, and kept apart by each change (SW-1)
 */
const SEED = seedOr(20_261_123);
const RUNS = runsOr(100);

describe(`FillMath, Payouts, StatusWord (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
  const MAX = 2n ** 120n - 1n;
  const MAX_SUM = MAX * (2n ** 16n - 1n);
  const DONE = 1n << 255n;
  const APPROVED = 1n << 254n;
  const ceilDiv = (a: bigint, b: bigint) => (a + b - 1n) / b;

  const twinsFixture = async () => ethers.deployContract("PlainTwins");
  type Twins = Awaited<ReturnType<typeof twinsFixture>>;

  async function expectSame(twins: Twins, amounts: [bigint, bigint, bigint, bigint]) {
    const [fill, total, maker, taker] = amounts;
    const [received, consumed, keeps, fee] = await Promise.all([
      twins.receivedUp(fill, maker, taker),
      twins.consumedUp(total, maker, taker),
      twins.keepsLimit(total, total, maker, taker),
      twins.feeDown(1000n, total),
    ]);
    expect(received).to.equal(ceilDiv(fill * taker, maker));
    expect(consumed).to.equal(ceilDiv(total * maker, taker));
    expect(keeps).to.equal(maker >= taker);
    expect(fee).to.equal((1000n * total) / 10_000n);
  }

  it("FM-1 gives what bigints give at every edge", async () => {
    const twins = await loadFixture(twinsFixture);
    const edges = [1n, 2n, 3n, 10n ** 6n, 2n ** 119n, MAX - 1n, MAX];
    for (const maker of edges) {
      for (const taker of edges) {
        for (const fill of [1n, maker, maker / 2n + 1n]) {
          await expectSame(twins, [fill, MAX_SUM, maker, taker]);
        }
      }
    }
  });

  it("FM-1 gives what bigints give for random amounts", async () => {
    const twins = await loadFixture(twinsFixture);
    const rng = new Chance(SEED);
    for (let run = 0; run < RUNS; run++) {
      const some = () => rng.upTo(2n ** BigInt(rng.int(1, 120)) - 1n);
      const maker = some();
      await expectSame(twins, [rng.upTo(maker), rng.upTo(MAX_SUM), maker, some()]);
      const [making, taking, taker] = [rng.upTo(MAX_SUM), rng.upTo(MAX_SUM), some()];
      expect(await twins.keepsLimit(making, taking, maker, taker)).to.equal(
        taking * maker >= making * taker,
      );
    }
  });

  it("FM-1 keeps a limit met to the unit, and not one unit worse", async () => {
    const twins = await loadFixture(twinsFixture);
    expect(await twins.keepsLimit(MAX, MAX, MAX, MAX)).to.equal(true);
    expect(await twins.keepsLimit(MAX, MAX - 1n, MAX, MAX)).to.equal(false);
    expect(await twins.keepsLimit(MAX_SUM, MAX_SUM - 1n, MAX, MAX)).to.equal(false);
  });

  it("PO-1 knows the three payout vectors, and no other", async () => {
    const twins = await loadFixture(twinsFixture);
    const known: Record<string, bigint> = {};
    for (const outcome of [0n, 1n, 2n, 3n]) {
      const vector = await twins.toVector(outcome);
      known[vector.join()] = outcome;
      expect(await twins.toOutcome([...vector])).to.equal(outcome);
    }
    expect(Object.keys(known).sort()).to.deep.equal(["0,0", "0,1", "1,0", "1,1"]);
    const big = 2n ** 256n - 1n;
    const unknown = [[], [1n], [1n, 0n, 0n], [2n, 0n], [0n, 2n], [2n, 1n], [1n, 2n]];
    for (const vector of [...unknown, [1n, big], [big, 1n]]) {
      expect(await twins.toOutcome(vector), vector.join()).to.equal(known["0,0"]);
    }
  });

  it("SW-1 tells flags and remaining apart", async () => {
    const twins = await loadFixture(twinsFixture);
    for (const left of [0n, 1n, MAX, APPROVED - 1n]) {
      for (const flags of [0n, DONE, APPROVED, DONE | APPROVED]) {
        const read = await twins.readWord(flags | left);
        expect(read.unseen).to.equal((flags | left) === 0n);
        expect(read.done).to.equal((flags & DONE) !== 0n);
        expect(read.approved).to.equal((flags & APPROVED) !== 0n);
        expect(read.remaining).to.equal(left);
        expect([...read.status]).to.deep.equal([(flags & DONE) !== 0n, left]);
      }
    }
  });

  it("SW-1 keeps an approval over fills, and ends it with the order", async () => {
    const twins = await loadFixture(twinsFixture);
    for (const word of [0n, 5n, MAX, APPROVED | 5n, APPROVED | MAX]) {
      for (const left of [0n, 1n, MAX]) {
        const changed = await twins.changeWord(word, left);
        expect(changed.approved).to.equal(left | APPROVED);
        expect(changed.filled).to.equal(left === 0n ? DONE : (word & APPROVED) | left);
        expect(changed.cancelled).to.equal(left | DONE);
      }
    }
  });
});
