import { expect } from "chai";
import { readBalances, readMarket, readNonce } from "@nostra/sdk/actions";
import type { Address, Hex } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { UsageError } from "../../examples/connect";
import { chooseQuotes, main } from "../../examples/market-maker/main";
import { play } from "./play";

const SHARE = 1_000_000n;
const CENT = 10_000n;

describe("examples: market-maker", () => {
  describe("chooses its quotes", () => {
    const inWords = (middle: bigint, position: bigint): string[] =>
      chooseQuotes(middle * CENT, position * SHARE).map(
        ({ outcome, price, size }) => `${outcome} ${size / SHARE} at ${price / CENT}`,
      );
    const cases: readonly [string, bigint, bigint, readonly string[]][] = [
      ["with nothing", 50n, 0n, ["YES 20 at 48", "NO 20 at 48"]],
      ["around another price", 62n, 0n, ["YES 20 at 60", "NO 20 at 36"]],
      ["20 YES more: YES is bid for less", 50n, 20n, ["YES 20 at 46", "NO 20 at 50"]],
      ["30 YES more: only 10 more may come", 50n, 30n, ["YES 10 at 45", "NO 20 at 51"]],
      ["at its limit of YES", 50n, 40n, ["NO 20 at 52"]],
      ["beyond its limit of NO", 50n, -45n, ["YES 20 at 52"]],
      ["where a bid would be less than a cent", 2n, 0n, ["NO 20 at 96"]],
    ];
    for (const [what, middle, position, expected] of cases) {
      it(what, () => expect(inWords(middle, position)).to.deep.equal(expected));
    }
  });

  describe("on a chain", () => {
    let sandbox: Sandbox;
    let snapshot: unknown;

    before(async () => {
      sandbox = await createSandbox({ accounts: 3 });
    });

    after(() => sandbox.close());

    beforeEach(async () => {
      snapshot = await sandbox.provider.send("evm_snapshot", []);
    });

    afterEach(async () => {
      await sandbox.provider.send("evm_revert", [snapshot]);
    });

    it("trades as its seed says, cancels by nonce, and its profit is what it holds", async () => {
      const env = { SEED: "7", ROUNDS: "5" };
      const lines = await play(main, sandbox, env);
      expect(lines.slice(1, 6)).to.deep.equal([
        " 1. bids YES 0.48, NO 0.48; a taker buys 5 YES; holds 0 YES, 5 NO",
        " 2. bids YES 0.50, NO 0.46; a taker buys 13 NO; holds 13 YES, 5 NO",
        " 3. bids YES 0.50, NO 0.46; a taker buys 8 YES; holds 13 YES, 13 NO",
        " 4. bids YES 0.50, NO 0.46; a taker buys 9 NO; holds 22 YES, 13 NO",
        " 5. bids YES 0.48, NO 0.48; a taker buys 13 NO; holds 35 YES, 13 NO",
      ]);
      // Paid 2.40 + 6.50 + 3.68 + 4.50 + 6.24, got 13 for the pairs; 22 YES at 0.48 are left.
      expect(lines.slice(7)).to.deep.equal([
        "merge: 13 pairs became 13 USDC",
        "inventory: 22 YES, 0 NO",
        "profit: 0.24 USDC",
        "  -10.32 in cash, 10.56 in inventory at 0.48",
      ]);

      const connection = sandbox.connect(sandbox.admin);
      const [newest] = await connection.factory.getMarkets(0n, 1n);
      const market = await readMarket(connection, newest!.questionId as Hex);
      const maker = sandbox.accounts[0]!.address as Address;
      const [held] = await readBalances(connection, { accounts: [maker], market });
      expect(held).to.deep.equal({ collateral: 9_989_680_000n, yes: 22n * SHARE, no: 0n });
      expect(lines[6]).to.include("the last quote is dead: the order has nonce 0");
      expect(await readNonce(connection, maker)).to.equal(1n);
    });

    it("the same seed trades the same, another otherwise", async () => {
      const trades = async (seed: string): Promise<string> => {
        const lines = await play(main, sandbox, { SEED: seed, ROUNDS: "2" });
        return lines.filter((line) => / bids /.test(line)).join("\n");
      };
      const first = await trades("3");
      await sandbox.provider.send("evm_revert", [snapshot]);
      snapshot = await sandbox.provider.send("evm_snapshot", []);
      expect(await trades("3")).to.equal(first);
      await sandbox.provider.send("evm_revert", [snapshot]);
      snapshot = await sandbox.provider.send("evm_snapshot", []);
      expect(await trades("4")).to.not.equal(first);
    });

    it("refuses a seed or a number of rounds that is none", async () => {
      for (const env of [{ SEED: "x" }, { ROUNDS: "0" }, { ROUNDS: "1.5" }]) {
        const thrown = await play(main, sandbox, env).catch((error: unknown) => error);
        expect(thrown).to.be.instanceOf(UsageError);
        expect((thrown as Error).message).to.include(`${Object.keys(env)[0]} is not a whole`);
      }
    });
  });
});
