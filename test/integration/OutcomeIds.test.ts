import { readMarket } from "@nostra/sdk/actions";
import {
  binaryTokens,
  collectionId,
  conditionId,
  derivationSteps,
  findCheapQuestionId,
  IndexSet,
  positionId,
} from "@nostra/sdk/ids";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { Chance, runsOr, seedOr } from "../helpers/random";

const SEED = seedOr(20_260_801);
const CONDITIONS = runsOr(300);
const MARKETS = 10;
const AT_ONCE = 50;

/** What ConditionalTokens pays to try one x; written by hand from a measurement. */
const GAS_PER_STEP = 7_430n;
/** Zero bytes in calldata, and the memory of a longer search. */
const GAS_TOLERANCE = 250n;

describe(`outcome ids: the SDK's are the chain's (seed ${SEED})`, () => {
  const chance = new Chance(SEED);
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ accounts: 0 });
  });

  after(() => sandbox.close());

  it(`condition, collection and position ids of ${CONDITIONS} random conditions are those of ConditionalTokens`, async () => {
    const { conditionalTokens: chain } = sandbox.connect(sandbox.admin);
    const sample = async (): Promise<void> => {
      const oracle = chance.hex(20);
      const questionId = chance.hex(32);
      const outcomes = BigInt(chance.pick([2, 2, 3, 256]));
      const collateral = chance.hex(20);
      const label = `oracle ${oracle}, question ${questionId}, ${outcomes} outcomes`;

      const condition = conditionId(oracle, questionId, outcomes);
      expect(condition, label).to.equal(await chain.getConditionId(oracle, questionId, outcomes));

      const tokens = await Promise.all(
        [IndexSet.YES, IndexSet.NO].map(async (indexSet) => {
          const collection = collectionId(condition, indexSet);
          const onChain = await chain.getCollectionId(ZeroHash, condition, indexSet);
          expect(collection, `${label}, index set ${indexSet}`).to.equal(onChain);
          const token = await chain.getPositionId(collateral, onChain);
          expect(positionId(collateral, collection), `${label}, token`).to.equal(token);
          return token;
        }),
      );
      const [yes, no] = tokens;
      expect(binaryTokens(collateral, condition), label).to.deep.equal({ yes, no });
    };

    for (let done = 0; done < CONDITIONS; done += AT_ONCE) {
      const count = Math.min(AT_ONCE, CONDITIONS - done);
      await Promise.all(Array.from({ length: count }, sample));
    }
  });

  it("any index set of a condition has the chain's collection id", async () => {
    const { conditionalTokens: chain } = sandbox.connect(sandbox.admin);
    for (const indexSet of [3n, 4n, 255n, 2n ** 255n, 2n ** 256n - 1n]) {
      const condition = chance.hex(32);
      expect(collectionId(condition, indexSet), `${condition}, ${indexSet}`).to.equal(
        await chain.getCollectionId(ZeroHash, condition, indexSet),
      );
    }
  });

  it("what deriving a condition's ids costs grows by the same for each step, from two steps on", async () => {
    const { conditionalTokens: chain } = sandbox.connect(sandbox.admin);
    const costOf = async (condition: string): Promise<bigint> => {
      const [yes, no] = await Promise.all(
        [IndexSet.YES, IndexSet.NO].map((indexSet) =>
          chain.getCollectionId.estimateGas(ZeroHash, condition, indexSet),
        ),
      );
      return (yes as bigint) + (no as bigint);
    };
    const cheapest = findCheapQuestionId("Will it rain?", { oracle: chance.hex(20) });
    expect(cheapest.derivationSteps).to.equal(2);
    let base: bigint | undefined;
    const seen = new Set<number>();
    for (let i = 0; i < CONDITIONS / 3; i++) {
      const condition = chance.hex(32);
      const steps = derivationSteps(condition);
      const cost = await costOf(condition);
      const rest = cost - GAS_PER_STEP * BigInt(steps);
      base ??= rest;
      const off = rest > base ? rest - base : base - rest;
      expect(off <= GAS_TOLERANCE, `${condition}: ${steps} steps cost ${cost}`).to.equal(true);
      seen.add(steps);
    }
    expect(seen.size, "different numbers of steps").to.be.greaterThan(CONDITIONS >= 60 ? 3 : 0);
  });

  it("a market with a cheap question id is created like any other, and its ids are the chain's", async () => {
    const connection = sandbox.connect(sandbox.admin);
    const { collateral, resolutionOracle: oracle } = sandbox.deployment.contracts;
    for (let i = 0; i < MARKETS; i++) {
      const found = findCheapQuestionId(`Is market ${i} cheap? ${chance.hex(4)}`, { oracle });
      const condition = conditionId(oracle, found.questionId);

      const created = await sandbox.createMarket({ questionId: found.questionId });

      expect(created.conditionId).to.equal(condition);
      const { yes, no } = created;
      expect({ yes, no }).to.deep.equal(binaryTokens(collateral, condition));
      expect(await connection.exchange.getComplement(yes)).to.equal(no);
      expect(derivationSteps(condition)).to.equal(found.derivationSteps);
    }
  });

  it("a created market has the ids computed without a node, in its event, in the factory and at the exchange", async () => {
    const connection = sandbox.connect(sandbox.admin);
    const { collateral, resolutionOracle } = sandbox.deployment.contracts;
    for (let i = 0; i < MARKETS; i++) {
      const questionId = chance.hex(32);
      const expectedCondition = conditionId(resolutionOracle, questionId);
      const expected = {
        questionId,
        conditionId: expectedCondition,
        ...binaryTokens(collateral, expectedCondition),
      };

      const created = await sandbox.createMarket({ questionId });
      expect(created, "MarketCreated").to.deep.equal(expected);
      expect(await readMarket(connection, questionId), "factory").to.deep.include(expected);
      const { exchange } = connection;
      expect(await exchange.getComplement(expected.yes), "complement of YES").to.equal(expected.no);
      expect(await exchange.getComplement(expected.no), "complement of NO").to.equal(expected.yes);
      expect(await exchange.getConditionId(expected.no)).to.equal(expectedCondition);
    }
  });
});
