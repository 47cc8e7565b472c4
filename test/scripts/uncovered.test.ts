import { expect } from "chai";
import { type FileCoverage, uncovered } from "../../scripts/check/uncovered";

// given a coverage report
// ├── when all of it ran .................. nothing is told
// ├── when anything never ran ............. its file, place and kind, in the sequence of the lines
// └── when it lacks the place of a hit .... refused

describe("uncovered", () => {
  const place = (line: number, column = 0) => ({ start: { line, column } });

  /** if (a) { one(); } on line 5, in a function on line 4. */
  function coverageOf(hits: {
    line: number;
    statement: number;
    fn: number;
    ways: [number, number];
  }): FileCoverage {
    return {
      ...{ l: { 5: hits.line }, s: { 1: hits.statement }, f: { 1: hits.fn }, b: { 1: hits.ways } },
      statementMap: { 1: place(5, 8) },
      fnMap: { 1: { name: "act", line: 4 } },
      branchMap: { 1: { type: "if", locations: [place(5, 4), place(5, 4)] } },
    };
  }

  it("tells nothing when everything ran", () => {
    const coverage = coverageOf({ line: 2, statement: 1, fn: 2, ways: [1, 1] });
    expect(uncovered({ "contracts/A.sol": coverage })).to.deep.equal([]);
  });

  it("tells what never ran, by file and line", () => {
    const nothing = coverageOf({ line: 0, statement: 0, fn: 0, ways: [0, 0] });
    const oneWay = coverageOf({ line: 1, statement: 1, fn: 1, ways: [1, 0] });
    expect(uncovered({ "contracts/A.sol": nothing, "contracts/B.sol": oneWay })).to.deep.equal([
      "contracts/A.sol:4 function act",
      "contracts/A.sol:5 line",
      "contracts/A.sol:5:8 statement",
      "contracts/A.sol:5:4 branch: if, 1 of 2",
      "contracts/A.sol:5:4 branch: if, 2 of 2",
      "contracts/B.sol:5:4 branch: if, 2 of 2",
    ]);
  });

  it("refuses a report that does not say where something is", () => {
    const coverage = coverageOf({ line: 1, statement: 0, fn: 1, ways: [1, 1] });
    const broken = { ...coverage, statementMap: {} };
    expect(() => uncovered({ "contracts/A.sol": broken })).to.throw("no place for 1");
  });
});
