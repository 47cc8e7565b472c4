import { readFileSync } from "node:fs";
import { expect } from "chai";
import { ContractRevertError, decodeRevert } from "@nostra/sdk/errors";
import { FINDING_CODES } from "@nostra/sdk/preflight";
import { Interface } from "ethers";
import { artifacts } from "hardhat";
import { ERRORS_DOC, errorsDoc, errorsOf } from "../../scripts/generate/errorsDoc";
import { findingCodes, sdkErrors } from "../../scripts/generate/sdkErrors";
import exported from "../sdk/exports.json";

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

  it("lists no contract error that the SDK does not decode by that selector and name", () => {
    const documented = [
      ...readFileSync(ERRORS_DOC, "utf8").matchAll(/^- \*\*`(\w+)`\*\*.* `(0x[0-9a-f]{8})` *$/gm),
    ];
    expect(documented.length).to.be.greaterThan(70);
    for (const [, name, selector] of documented) {
      // Zeros are values of any shape.
      const error = decodeRevert(`0x${selector?.slice(2)}${"00".repeat(32 * 8)}`);
      expect(error, name).to.be.instanceOf(ContractRevertError);
      expect((error as ContractRevertError).revertName).to.equal(name);
    }
  });

  it("lists every error class that the SDK exports, and no other, each with what it means", () => {
    const classes = Object.values(exported)
      .flatMap(({ values }) => values)
      .filter((name) => /^[A-Z]\w*Error$/.test(name));
    const listed = sdkErrors();
    expect(listed.map(({ name }) => name).sort()).to.deep.equal([...new Set(classes)].sort());
    for (const { name, meaning } of listed) expect(meaning, name).to.not.equal("");
    const codes = listed.flatMap(({ codes: own }) => own);
    expect(codes).to.include.members(["INVALID_INPUT", "STALE_NONCE", "INSUFFICIENT_ALLOWANCE"]);
  });

  it("lists every finding of checkOrder with what it means, in the order of FINDING_CODES", () => {
    const listed = findingCodes().map(({ code, value }) => [code, value]);
    expect(listed).to.deep.equal(Object.entries(FINDING_CODES));
    for (const { code, meaning } of findingCodes()) expect(meaning, code).to.not.equal("");
  });
});
