import { readFileSync } from "node:fs";
import path from "node:path";
import { InputError } from "@nostra/sdk/errors";
import {
  binaryTokens,
  checksumAddress,
  collectionId,
  conditionId,
  DEFAULT_QUESTION_ATTEMPTS,
  derivationSteps,
  findCheapQuestionId,
  IndexSet,
  parseAddress,
  positionId,
  questionIdOf,
} from "@nostra/sdk/ids";
import { expect } from "chai";
import { getAddress, id, solidityPackedKeccak256 } from "ethers";
import fc from "fast-check";

interface MarketVectors {
  markets: {
    oracle: string;
    questionId: string;
    conditionId: string;
    collateral: string;
    outcomes: [Outcome, Outcome];
  }[];
}

interface Outcome {
  collectionId: string;
  tokenId: string;
}

const { markets } = JSON.parse(
  readFileSync(path.join(__dirname, "../vectors/markets.json"), "utf8"),
) as MarketVectors;

const ORACLE = "0x6A9D222616C90FcA5754cd1333cFD9b7fb6a4F74";
const WORD = `0x${"11".repeat(32)}`;

function fieldRefusedBy(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return (error as InputError).field;
  }
  throw new Error("nothing was thrown");
}

describe("sdk/ids", () => {
  it("reproduces the published Amoy pair of token ids", () => {
    const tokens = binaryTokens(
      "0x9c4e1703476e875070ee25b56a58b008cfb8fa78",
      "0x5f65177b394277fd294cd75650044e32ba009a95022d88a0c1d565897d72f8f1",
    );
    expect(tokens).to.deep.equal({
      yes: 71321045679252212594626385532706912750332728571942532289631379312455583992563n,
      no: 52114319501245915516055106046884209969926127482827954674443846427813813222426n,
    });
  });

  it(`reproduces every id of ${markets.length} real markets`, () => {
    expect(markets).to.have.length(81);
    for (const market of markets) {
      const [yes, no] = market.outcomes;
      expect(conditionId(market.oracle, market.questionId)).to.equal(market.conditionId);
      expect(collectionId(market.conditionId, 1n)).to.equal(yes.collectionId);
      expect(collectionId(market.conditionId, 2n)).to.equal(no.collectionId);
      expect(positionId(market.collateral, yes.collectionId)).to.equal(BigInt(yes.tokenId));
      expect(binaryTokens(market.collateral, market.conditionId)).to.deep.equal({
        yes: BigInt(yes.tokenId),
        no: BigInt(no.tokenId),
      });
    }
  });

  it("numbers YES 1 and NO 2", () => {
    expect(IndexSet).to.deep.equal({ YES: 1n, NO: 2n });
  });

  it("counts the outcomes into the condition id", () => {
    expect(conditionId(ORACLE, WORD, 3n)).to.equal(
      solidityPackedKeccak256(["address", "bytes32", "uint256"], [ORACLE, WORD, 3n]),
    );
  });

  it("hashes a question as ethers.id does, in any script", () => {
    for (const text of ["Will it rain?", "¿Llueve?", "雨🌧"]) {
      expect(questionIdOf(text)).to.equal(id(text));
    }
  });

  for (const [what, act, field] of [
    ["an oracle that is no address", () => conditionId("0x12", WORD), "oracle"],
    ["a question id that is text", () => conditionId(ORACLE, "Will it rain?"), "questionId"],
    ["a question id of 31 bytes", () => conditionId(ORACLE, WORD.slice(0, -2)), "questionId"],
    ["one outcome", () => conditionId(ORACLE, WORD, 1n), "outcomeSlotCount"],
    ["257 outcomes", () => conditionId(ORACLE, WORD, 257n), "outcomeSlotCount"],
    ["a count as number", () => conditionId(ORACLE, WORD, 2 as never), "outcomeSlotCount"],
    ["a condition id that is no hex", () => collectionId(`0x${"g".repeat(64)}`, 1n), "conditionId"],
    ["an empty index set", () => collectionId(WORD, 0n), "indexSet"],
    ["an index set above uint256", () => collectionId(WORD, 2n ** 256n), "indexSet"],
    ["a negative index set", () => collectionId(WORD, -1n), "indexSet"],
    ["a collateral that is no address", () => positionId("usdc", WORD), "collateral"],
    ["a collection id that is none", () => positionId(ORACLE, "0x"), "collectionId"],
    ["an empty question", () => questionIdOf(""), "text"],
  ] as const) {
    it(`refuses ${what}, naming ${field}`, () => {
      expect(fieldRefusedBy(act)).to.equal(field);
    });
  }

  describe("findCheapQuestionId", () => {
    const options = { oracle: ORACLE };
    const stepsOf = (questionId: string): number =>
      derivationSteps(conditionId(ORACLE, questionId));
    /** Salt n as the documentation says it. */
    const salted = (text: string, salt: number): string =>
      salt === 0 ? id(text) : solidityPackedKeccak256(["bytes32", "uint256"], [id(text), salt]);

    it("takes the first salt with the fewest steps, as a plain search finds it", () => {
      fc.assert(
        fc.property(
          fc.string({ minLength: 1, unit: "grapheme" }),
          fc.integer({ min: 1, max: 6 }),
          (text, attempts) => {
            const ids = Array.from({ length: attempts }, (_, salt) => salted(text, salt));
            const steps = ids.map(stepsOf);
            const fewest = Math.min(...steps);
            const salt = steps.indexOf(fewest);
            expect(findCheapQuestionId(text, { ...options, attempts })).to.deep.equal({
              questionId: ids[salt],
              salt,
              derivationSteps: fewest,
              attempts: fewest === 2 ? salt + 1 : attempts,
            });
          },
        ),
        { numRuns: 50 },
      );
    });

    it("finds an id of two steps for each of 100 texts, within 64 salts", () => {
      for (let i = 0; i < 100; i++) {
        const found = findCheapQuestionId(`Question ${i}?`, options);
        expect(found.derivationSteps).to.equal(2);
        expect(found.attempts).to.be.within(1, DEFAULT_QUESTION_ATTEMPTS);
      }
      expect(DEFAULT_QUESTION_ATTEMPTS).to.equal(64);
    });

    it("depends on the oracle, and on nothing but its arguments", () => {
      const text = "Will it rain?";
      const first = findCheapQuestionId(text, options);
      expect(findCheapQuestionId(text, options)).to.deep.equal(first);
      const lower = { oracle: ORACLE.toLowerCase() };
      expect(findCheapQuestionId(text, lower)).to.deep.equal(first);
      const saltsOf = (oracle: string): number[] =>
        Array.from({ length: 20 }, (_, i) => findCheapQuestionId(`${i}`, { oracle }).salt);
      expect(saltsOf(ORACLE)).to.not.deep.equal(saltsOf(`0x${"12".repeat(20)}`));
    });

    for (const attempts of [0, -1, 1.5, 10_001, Number.NaN]) {
      it(`refuses ${attempts} attempts`, () => {
        expect(fieldRefusedBy(() => findCheapQuestionId("Q?", { ...options, attempts }))).to.equal(
          "attempts",
        );
      });
    }

    it("refuses an empty text and an oracle that is no address", () => {
      expect(fieldRefusedBy(() => findCheapQuestionId("", options))).to.equal("text");
      expect(fieldRefusedBy(() => findCheapQuestionId("Q?", { oracle: "0x12" }))).to.equal(
        "oracle",
      );
      expect(fieldRefusedBy(() => derivationSteps("0x12"))).to.equal("conditionId");
    });
  });

  describe("addresses", () => {
    it("get the checksum ethers gives, whatever their case", () => {
      fc.assert(
        fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
          const lower = `0x${Buffer.from(bytes).toString("hex")}`;
          const address = getAddress(lower);
          expect(checksumAddress(lower)).to.equal(address);
          expect(parseAddress(lower)).to.equal(address);
          expect(parseAddress(address)).to.equal(address);
          expect(parseAddress(`0x${lower.slice(2).toUpperCase()}`)).to.equal(address);
        }),
      );
    });

    it("are refused with a wrong checksum, because a digit may be wrong", () => {
      const wrong = ORACLE.replace("6A9D", "6a9D");
      expect(fieldRefusedBy(() => parseAddress(wrong, "order.maker"))).to.equal("order.maker");
      expect(checksumAddress(wrong)).to.equal(ORACLE);
    });

    for (const value of ["", "0x", ORACLE.slice(2), `${ORACLE}0`, ` ${ORACLE}`, "nostra.eth", 1]) {
      it(`are refused when they are ${JSON.stringify(value)}`, () => {
        expect(fieldRefusedBy(() => parseAddress(value as string))).to.equal("address");
      });
    }
  });
});
