import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { TransactionReceipt } from "ethers";
import { ethers } from "hardhat";
import {
  NO_WINS,
  PARTITION,
  SPLIT,
  YES_WINS,
  uncalledFunctions,
  unprovokedErrors,
} from "../helpers/market";
import { Chance, runsOr, seedOr } from "../helpers/random";

// PositionRedeemer
// ├── at deployment: given no tokens or no collateral: ZeroAddress
// ├── redeem
// │   ├── given resolved conditions: all YES and NO of the caller burned, paid exactly what came out
// │   ├── given any holdings and results: as much as redeeming one by one (property)
// │   ├── given a condition without result (RD-1): ConditionNotResolved
// │   ├── given a second time, or the loser (RD-2): paid 0, balance 0
// │   ├── given a condition that is not binary (RD-3): ConditionNotBinary
// │   ├── given a split or merge after resolution (RD-4): every pair stays backed
// │   ├── given a condition named twice, or nothing held: passed by
// │   ├── given no approval: NotApproved
// │   └── given an empty list: paid 0
// ├── given an account that approved: nobody else can move or redeem its tokens
// ├── given collateral that was sent here: it is not paid out
// ├── given collateral with a hook that enters again: ReentrancyGuardReentrantCall
// └── tokens that it did not fetch, single, batch, empty, foreign or by a false hook call: StrayToken

const SEED = seedOr(20_261_122);
const RUNS = runsOr(40);

type Signer = HardhatEthersSigner;

interface Condition {
  id: string;
  question: string;
  yes: bigint;
  no: bigint;
}

async function redeemerFixture() {
  const [oracle, alice, bob, stranger] = (await ethers.getSigners()) as [
    Signer,
    Signer,
    Signer,
    Signer,
  ];
  const tokens = await ethers.deployContract("ConditionalTokens");
  const collateral = await ethers.deployContract("HookedCollateral");
  const redeemer = await ethers.deployContract("PositionRedeemer", [tokens, collateral]);
  for (const account of [alice, bob]) {
    await collateral.mint(account, 10n ** 12n);
    await collateral.connect(account).approve(tokens, ethers.MaxUint256);
  }
  await tokens.connect(alice).setApprovalForAll(redeemer, true);

  async function idOf(conditionId: string, indexSet: number): Promise<bigint> {
    const collection = await tokens.getCollectionId(ethers.ZeroHash, conditionId, indexSet);
    return tokens.getPositionId(collateral, collection);
  }

  /** A condition that `oracle` resolves. */
  async function prepare(name: string, outcomes = 2): Promise<Condition> {
    const question = ethers.id(name);
    await tokens.prepareCondition(oracle, question, outcomes);
    const id = await tokens.getConditionId(oracle, question, outcomes);
    return { id, question, yes: await idOf(id, 1), no: await idOf(id, 2) };
  }

  const resolve = ({ question }: Condition, payouts: bigint[]) =>
    tokens.connect(oracle).reportPayouts(question, payouts);

  /** Gives `account` this much YES and this much NO. */
  async function hold(account: Signer, condition: Condition, yes: bigint, no: bigint) {
    const most = yes > no ? yes : no;
    if (most === 0n) return;
    await tokens
      .connect(account)
      .splitPosition(collateral, ethers.ZeroHash, condition.id, PARTITION, most);
    const surplus = [most - yes, most - no];
    for (const [i, id] of [condition.yes, condition.no].entries()) {
      const amount = surplus[i] as bigint;
      if (amount === 0n) continue;
      await tokens.connect(account).safeTransferFrom(account, stranger, id, amount, "0x");
    }
  }

  const held = async (account: { address: string }, { yes, no }: Condition): Promise<bigint[]> => [
    await tokens.balanceOf(account.address, yes),
    await tokens.balanceOf(account.address, no),
  ];

  /** Redeems through the contract; what it told, and what really came. */
  async function redeem(account: Signer, ids: string[]): Promise<bigint> {
    const before = await collateral.balanceOf(account);
    const returned = await redeemer.connect(account).redeem.staticCall(ids);
    await redeemer.connect(account).redeem(ids);
    const came = (await collateral.balanceOf(account)) - before;
    expect(returned, "returned").to.equal(came);
    return came;
  }

  /** The contract holds nothing: neither collateral nor a token of these conditions. */
  async function expectFlat(...conditions: Condition[]) {
    expect(await collateral.balanceOf(redeemer), "collateral").to.equal(0n);
    const address = await redeemer.getAddress();
    for (const condition of conditions) {
      expect(await held({ address }, condition)).to.deep.equal([0n, 0n]);
    }
  }

  return {
    ...{ oracle, alice, bob, stranger, tokens, collateral, redeemer },
    ...{ prepare, resolve, hold, held, redeem, expectFlat },
  };
}

describe(`PositionRedeemer (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, function () {
  describe("at deployment", function () {
    it("stands for these tokens and this collateral", async function () {
      const { redeemer, tokens, collateral } = await loadFixture(redeemerFixture);

      expect(await redeemer.conditionalTokens()).to.equal(await tokens.getAddress());
      expect(await redeemer.collateral()).to.equal(await collateral.getAddress());
      expect(await redeemer.supportsInterface("0x01ffc9a7"), "ERC-165").to.equal(true);
      expect(await redeemer.supportsInterface("0x4e2312e0"), "ERC-1155 receiver").to.equal(true);
      expect(await redeemer.supportsInterface("0xffffffff")).to.equal(false);
    });

    for (const missing of [0, 1]) {
      it(`refuses to be deployed without its ${missing === 0 ? "tokens" : "collateral"}`, async function () {
        const { redeemer, tokens, collateral } = await loadFixture(redeemerFixture);
        const all = [await tokens.getAddress(), await collateral.getAddress()];
        all[missing] = ethers.ZeroAddress;

        await expect(ethers.deployContract("PositionRedeemer", all)).to.be.revertedWithCustomError(
          redeemer,
          "ZeroAddress",
        );
      });
    }
  });

  describe("redeem", function () {
    it("burns all YES and NO of many conditions and pays what each is worth, in one transaction", async function () {
      const f = await loadFixture(redeemerFixture);
      const { alice, redeemer, collateral } = f;
      const [won, lost, halved] = [
        await f.prepare("won"),
        await f.prepare("lost"),
        await f.prepare("halved"),
      ];
      await f.hold(alice, won, 70n, 20n);
      await f.hold(alice, lost, 50n, 0n);
      await f.hold(alice, halved, 7n, 3n);
      await f.resolve(won, YES_WINS);
      await f.resolve(lost, NO_WINS);
      await f.resolve(halved, SPLIT);
      const before = await collateral.balanceOf(alice);

      const redeemed = redeemer.connect(alice).redeem([won.id, lost.id, halved.id]);

      for (const [condition, payout] of [
        [won, 70n],
        [lost, 0n],
        [halved, 4n],
      ] as const) {
        await expect(redeemed)
          .to.emit(redeemer, "PositionsRedeemed")
          .withArgs(alice.address, condition.id, payout);
        expect(await f.held(alice, condition)).to.deep.equal([0n, 0n]);
      }
      expect((await collateral.balanceOf(alice)) - before).to.equal(74n);
      await f.expectFlat(won, lost, halved);
    });

    it("pays for any holdings and results exactly what redeeming one by one pays", async function () {
      const f = await loadFixture(redeemerFixture);
      const { alice, bob, tokens, collateral } = f;
      const chance = new Chance(SEED);
      for (let run = 0; run < RUNS; run++) {
        const conditions: Condition[] = [];
        for (let i = chance.below(4); i >= 0; i--) {
          const condition = await f.prepare(`run ${run} condition ${i}`);
          const [yes, no] = [0, 1].map(() => (chance.chance(30) ? 0n : chance.upTo(1_000_000n)));
          for (const account of [alice, bob]) {
            await f.hold(account, condition, yes as bigint, no as bigint);
          }
          // Any oracle may report through ConditionalTokens, so any vector must be met.
          const any = [chance.upTo(9n), chance.upTo(9n)];
          await f.resolve(condition, chance.pick([YES_WINS, NO_WINS, SPLIT, any]));
          conditions.push(condition);
        }
        const before = await collateral.balanceOf(bob);
        for (const { id } of conditions) {
          await tokens.connect(bob).redeemPositions(collateral, ethers.ZeroHash, id, PARTITION);
        }
        const oneByOne = (await collateral.balanceOf(bob)) - before;

        const together = await f.redeem(
          alice,
          conditions.map(({ id }) => id),
        );

        expect(together, `run ${run}`).to.equal(oneByOne);
        for (const condition of conditions) {
          expect(await f.held(alice, condition), `run ${run}`).to.deep.equal([0n, 0n]);
        }
        await f.expectFlat(...conditions);
      }
    });

    it("RD-1 refuses the whole when one condition has no result yet, naming it", async function () {
      const f = await loadFixture(redeemerFixture);
      const [won, open] = [await f.prepare("won"), await f.prepare("open")];
      for (const condition of [won, open]) await f.hold(f.alice, condition, 5n, 5n);
      await f.resolve(won, YES_WINS);

      await expect(f.redeemer.connect(f.alice).redeem([won.id, open.id]))
        .to.be.revertedWithCustomError(f.redeemer, "ConditionNotResolved")
        .withArgs(open.id);

      for (const condition of [won, open]) {
        expect(await f.held(f.alice, condition)).to.deep.equal([5n, 5n]);
      }
    });

    it("RD-2 pays the loser nothing for its tokens, and nobody twice", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("lost");
      await f.hold(f.alice, condition, 9n, 0n);
      await f.resolve(condition, NO_WINS);

      expect(await f.redeem(f.alice, [condition.id]), "the loser").to.equal(0n);
      expect(await f.held(f.alice, condition)).to.deep.equal([0n, 0n]);

      const again = f.redeemer.connect(f.alice).redeem([condition.id]);
      await expect(again).to.not.emit(f.redeemer, "PositionsRedeemed");
      await expect(again).to.changeTokenBalance(f.collateral, f.alice, 0n);
    });

    it("RD-2 pays a single unit, and moves nothing where nothing is due", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("one");
      await f.hold(f.alice, condition, 1n, 0n);
      await f.hold(f.bob, condition, 0n, 1n);
      await f.tokens.connect(f.bob).setApprovalForAll(f.redeemer, true);
      await f.resolve(condition, YES_WINS);

      expect(await f.redeem(f.alice, [condition.id]), "the winner").to.equal(1n);
      await f.expectFlat(condition);
      const { logs } = (await (
        await f.redeemer.connect(f.bob).redeem([condition.id])
      ).wait()) as TransactionReceipt;
      const collateral = await f.collateral.getAddress();
      expect(logs.filter(({ address }) => address === collateral)).to.deep.equal([]);
    });

    it("RD-3 refuses what is not a condition of two outcomes: unknown, or of three", async function () {
      const f = await loadFixture(redeemerFixture);
      const three = await f.prepare("three", 3);
      await f.tokens
        .connect(f.alice)
        .splitPosition(f.collateral, ethers.ZeroHash, three.id, [1n, 2n, 4n], 5n);
      await f.resolve(three, [1n, 0n, 0n]);

      for (const [id, outcomes] of [
        [three.id, 3],
        [ethers.id("unknown"), 0],
        [ethers.ZeroHash, 0],
      ] as const) {
        await expect(f.redeemer.connect(f.alice).redeem([id]))
          .to.be.revertedWithCustomError(f.redeemer, "ConditionNotBinary")
          .withArgs(id, outcomes);
      }
      expect(await f.held(f.alice, three)).to.deep.equal([5n, 5n]);
    });

    it("RD-4 leaves every pair backed when others split and merge after the result", async function () {
      const f = await loadFixture(redeemerFixture);
      const { alice, bob, tokens, collateral } = f;
      const condition = await f.prepare("late");
      await f.hold(alice, condition, 10n, 10n);
      await f.resolve(condition, YES_WINS);
      await f.hold(bob, condition, 6n, 6n);
      await tokens
        .connect(bob)
        .mergePositions(collateral, ethers.ZeroHash, condition.id, PARTITION, 2n);

      expect(await f.redeem(alice, [condition.id])).to.equal(10n);

      expect(await collateral.balanceOf(tokens), "left for bob's pairs").to.equal(4n);
      expect(await f.held(bob, condition)).to.deep.equal([4n, 4n]);
    });

    it("passes by a condition named again, and one of which the caller holds nothing", async function () {
      const f = await loadFixture(redeemerFixture);
      const [won, foreign] = [await f.prepare("won"), await f.prepare("foreign")];
      await f.hold(f.alice, won, 8n, 0n);
      await f.hold(f.bob, foreign, 8n, 0n);
      await f.resolve(won, YES_WINS);
      await f.resolve(foreign, YES_WINS);

      const redeemed = await f.redeemer
        .connect(f.alice)
        .redeem([foreign.id, won.id, won.id, foreign.id]);

      const events = await f.redeemer.queryFilter(
        f.redeemer.filters.PositionsRedeemed(),
        redeemed.blockNumber ?? undefined,
      );
      expect(events.map(({ args }) => [...args])).to.deep.equal([[f.alice.address, won.id, 8n]]);
      await expect(redeemed).to.changeTokenBalance(f.collateral, f.alice, 8n);
      expect(await f.held(f.bob, foreign)).to.deep.equal([8n, 0n]);
    });

    for (const [yes, no] of [
      [5n, 0n],
      [0n, 5n],
    ] as const) {
      it(`takes ${yes} YES and ${no} NO: one outcome alone`, async function () {
        const f = await loadFixture(redeemerFixture);
        const condition = await f.prepare("one side");
        await f.hold(f.alice, condition, yes, no);
        await f.resolve(condition, SPLIT);

        expect(await f.redeem(f.alice, [condition.id])).to.equal(2n);
      });
    }

    it("refuses a caller that has not approved, and one that took it back", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("won");
      for (const account of [f.alice, f.bob]) await f.hold(account, condition, 5n, 0n);
      await f.resolve(condition, YES_WINS);
      await f.tokens.connect(f.alice).setApprovalForAll(f.redeemer, false);

      for (const account of [f.alice, f.bob]) {
        await expect(f.redeemer.connect(account).redeem([condition.id]))
          .to.be.revertedWithCustomError(f.redeemer, "NotApproved")
          .withArgs(account.address);
        expect(await f.held(account, condition)).to.deep.equal([5n, 0n]);
      }
    });

    it("pays nothing for an empty list", async function () {
      const f = await loadFixture(redeemerFixture);

      expect(await f.redeem(f.alice, [])).to.equal(0n);
    });
  });

  describe("hostile company", function () {
    it("lets nobody redeem or move the tokens of an account that approved", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("won");
      await f.hold(f.alice, condition, 5n, 5n);
      await f.resolve(condition, YES_WINS);
      await f.tokens.connect(f.stranger).setApprovalForAll(f.redeemer, true);

      expect(await f.redeem(f.stranger, [condition.id])).to.equal(0n);

      expect(await f.held(f.alice, condition)).to.deep.equal([5n, 5n]);
      const changing: string[] = [];
      f.redeemer.interface.forEachFunction(({ name, constant }) => {
        if (!constant) changing.push(name);
      });
      expect(changing, "there is no other way in").to.deep.equal(["redeem"]);
    });

    it("keeps collateral that was sent to it out of every payout", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("won");
      await f.hold(f.alice, condition, 5n, 0n);
      await f.resolve(condition, YES_WINS);
      await f.collateral.mint(f.redeemer, 1_000n);

      expect(await f.redeem(f.alice, [condition.id])).to.equal(5n);

      expect(await f.collateral.balanceOf(f.redeemer)).to.equal(1_000n);
    });

    it("refuses to be entered again from a hook of the collateral, and nothing has moved", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("won");
      await f.hold(f.alice, condition, 5n, 2n);
      await f.resolve(condition, YES_WINS);
      const again = f.redeemer.interface.encodeFunctionData("redeem", [[condition.id]]);
      await f.collateral.setCallback(f.redeemer, again);

      await expect(
        f.redeemer.connect(f.alice).redeem([condition.id]),
      ).to.be.revertedWithCustomError(f.redeemer, "ReentrancyGuardReentrantCall");

      expect(await f.held(f.alice, condition)).to.deep.equal([5n, 2n]);
      await f.expectFlat(condition);
    });

    it("serves an account that is a contract whose hook refuses tokens: none is called", async function () {
      const f = await loadFixture(redeemerFixture);
      const condition = await f.prepare("won");
      const wallet = await ethers.deployContract("HookedAccount");
      await f.hold(f.alice, condition, 5n, 3n);
      for (const [id, amount] of [
        [condition.yes, 5n],
        [condition.no, 3n],
      ] as const) {
        await f.tokens.connect(f.alice).safeTransferFrom(f.alice, wallet, id, amount, "0x");
      }
      await wallet.setRefusing(true);
      await f.resolve(condition, YES_WINS);
      const { interface: tokens } = f.tokens;
      await wallet.execute(
        f.tokens,
        tokens.encodeFunctionData("setApprovalForAll", [await f.redeemer.getAddress(), true]),
      );

      await wallet.execute(
        f.redeemer,
        f.redeemer.interface.encodeFunctionData("redeem", [[condition.id]]),
      );

      expect(await f.collateral.balanceOf(wallet)).to.equal(5n);
    });

    it("refuses outcome tokens sent to it, single and in a batch, by their owner or one it approved", async function () {
      const f = await loadFixture(redeemerFixture);
      const { alice, bob, tokens, redeemer } = f;
      const condition = await f.prepare("stray");
      await f.hold(alice, condition, 5n, 5n);
      await tokens.connect(alice).setApprovalForAll(bob, true);
      const { yes, no } = condition;

      for (const sender of [alice, bob]) {
        const as = tokens.connect(sender);
        for (const send of [
          () => as.safeTransferFrom(alice, redeemer, yes, 1n, "0x"),
          () => as.safeBatchTransferFrom(alice, redeemer, [yes, no], [1n, 1n], "0x"),
        ]) {
          await expect(send())
            .to.be.revertedWithCustomError(redeemer, "StrayToken")
            .withArgs(await tokens.getAddress(), sender.address, yes);
        }
        await expect(as.safeBatchTransferFrom(alice, redeemer, [], [], "0x"))
          .to.be.revertedWithCustomError(redeemer, "StrayToken")
          .withArgs(await tokens.getAddress(), sender.address, 0n);
      }
      await f.expectFlat(condition);
    });

    it("refuses ERC-1155 tokens of another contract, and a hook call that lies about its operator", async function () {
      const f = await loadFixture(redeemerFixture);
      const { redeemer, stranger } = f;
      const foreign = await ethers.deployContract("ForeignTokens");
      await expect(foreign.mint(redeemer, 7n, 1n))
        .to.be.revertedWithCustomError(redeemer, "StrayToken")
        .withArgs(await foreign.getAddress(), await f.oracle.getAddress(), 7n);

      const liar = redeemer.connect(stranger);
      const self = await redeemer.getAddress();
      for (const lie of [
        () => liar.onERC1155Received(self, stranger, 3n, 1n, "0x"),
        () => liar.onERC1155BatchReceived(self, stranger, [3n], [1n], "0x"),
      ]) {
        await expect(lie())
          .to.be.revertedWithCustomError(redeemer, "StrayToken")
          .withArgs(stranger.address, self, 3n);
      }
    });
  });

  describe("these tests", function () {
    it("provoke every error and call every function of IPositionRedeemer", async function () {
      const { redeemer } = await loadFixture(redeemerFixture);
      const library = ["SafeERC20FailedOperation"];

      expect(
        unprovokedErrors(redeemer.interface, [__filename]).filter((e) => !library.includes(e)),
        "errors",
      ).to.deep.equal([]);
      expect(uncalledFunctions(redeemer.interface, [__filename]), "functions").to.deep.equal([]);
    });
  });
});
