import { readFileSync } from "node:fs";
import { expect } from "chai";
import { Interface } from "ethers";
import { artifacts } from "hardhat";
import { ERRORS_DOC, errorsDoc, errorsOf } from "../../scripts/generate/errorsDoc";

/** Errors of libraries that a compiled ABI lists: OpenZeppelin's guard, token helper and short strings. */
const LIBRARY_ERRORS = [
  "ReentrancyGuardReentrantCall()",
  "SafeERC20FailedOperation(address)",
  "InvalidShortString()",
  "StringTooLong(string)",
].map((signature) => Interface.from([`error ${signature}`]).getError(signature)?.selector ?? "");

describe("docs/errors.md", () => {
  it("is what scripts/generate/errorsDoc.ts writes (run `npm run docs:errors` when it is not)", () => {
    expect(readFileSync(ERRORS_DOC, "utf8")).to.equal(errorsDoc());
  });

  for (const [contract, ...interfaces] of [
    ["CTFExchange", "ICTFExchange", "IAdministered"],
    ["MarketFactory", "IMarketFactory", "IAdministered"],
    ["ResolutionOracle", "IResolutionOracle", "IAdministered"],
    ["MatchInspector", "IMatchInspector"],
    ["PositionRedeemer", "IPositionRedeemer"],
  ] as const) {
    it(`lists every error of ${contract} by the selector of its ABI, and no other`, async () => {
      const { abi } = await artifacts.readArtifact(contract);
      const declared: string[] = [];
      new Interface(abi).forEachError(({ selector }) => declared.push(selector));
      const documented = interfaces
        .flatMap((name) => errorsOf(name))
        .map(({ selector }) => selector);

      const listed = new Set([...documented, ...LIBRARY_ERRORS]);
      // The inspector refuses a malformed match as the exchange does.
      if (contract === "MatchInspector") {
        errorsOf("ICTFExchange").forEach(({ selector }) => listed.add(selector));
      }
      expect(declared.filter((selector) => !listed.has(selector))).to.deep.equal([]);

      const known = new Set(declared);
      expect(documented.filter((selector) => !known.has(selector))).to.deep.equal([]);
    });
  }
});
