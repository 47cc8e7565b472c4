/** One file's part of the coverage.json that solidity-coverage writes: what there is, and how often it ran, by the same id. */
export interface FileCoverage {
  /** Hits of each line with code on it. */
  readonly l: Readonly<Record<string, number>>;
  readonly s: Readonly<Record<string, number>>;
  readonly f: Readonly<Record<string, number>>;
  /** Hits of each way of each branch. */
  readonly b: Readonly<Record<string, readonly number[]>>;
  readonly statementMap: Readonly<Record<string, { readonly start: Place }>>;
  readonly fnMap: Readonly<Record<string, { readonly name: string; readonly line: number }>>;
  readonly branchMap: Readonly<
    Record<string, { readonly type: string; readonly locations: readonly { start: Place }[] }>
  >;
}

interface Place {
  readonly line: number;
  readonly column: number;
}

export type CoverageReport = Readonly<Record<string, FileCoverage>>;

/** What no test ran, a line of text each, such as `contracts/A.sol:12 line` and `contracts/A.sol:12:8 branch: if, 2 of 2`. */
export function uncovered(report: CoverageReport): string[] {
  return Object.entries(report).flatMap(([file, coverage]) => uncoveredOf(file, coverage));
}

function uncoveredOf(file: string, coverage: FileCoverage): string[] {
  const { l, s, f, b, statementMap, fnMap, branchMap } = coverage;
  const found: { line: number; text: string }[] = [];

  for (const line of neverRun(l)) found.push({ line: Number(line), text: `${line} line` });
  for (const id of neverRun(f)) {
    const { name, line } = at(fnMap, id);
    found.push({ line, text: `${line} function ${name}` });
  }
  for (const id of neverRun(s)) {
    const { line, column } = at(statementMap, id).start;
    found.push({ line, text: `${line}:${column} statement` });
  }
  for (const [id, ways] of Object.entries(b)) {
    const { type, locations } = at(branchMap, id);
    ways.forEach((hits, way) => {
      if (hits !== 0) return;
      const { line, column } = at(locations, way).start;
      const which = `${way + 1} of ${ways.length}`;
      found.push({ line, text: `${line}:${column} branch: ${type}, ${which}` });
    });
  }
  return found.sort((a, b) => a.line - b.line).map(({ text }) => `${file}:${text}`);
}

function neverRun(hits: Readonly<Record<string, number>>): string[] {
  return Object.keys(hits).filter((id) => hits[id] === 0);
}

/** A report that names what it does not describe is no report to pass on. */
function at<T>(map: Readonly<Record<string, T>> | readonly T[], id: string | number): T {
  const found = (map as Readonly<Record<string | number, T>>)[id];
  if (found === undefined) throw new Error(`coverage.json has no place for ${id}`);
  return found;
}
