/**
 * Runs the contracts' tests on an instrumented build, and ends with status 1 when a test fails or when any line, branch,
 * statement or function of our own contracts never ran. .solcover.js says which contracts those are.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { type CoverageReport, uncovered } from "./uncovered";

const ROOT = path.resolve(__dirname, "../..");
const REPORT = path.join(ROOT, "coverage.json");
const HARDHAT = path.join(
  path.dirname(require.resolve("hardhat/package.json")),
  "internal/cli/cli",
);

/** Every step of the chain becomes an object; with room for many young ones most are never copied. Halves the time. */
const V8_OPTIONS = ["--min-semi-space-size=256", "--max-semi-space-size=512"];

/** All but those that hold contracts of others. */
const TESTS = "test/contracts/**/!(ConditionalTokens|MockUSDC).test.ts";

/** The ordinary run makes random tests many times over. Here more runs reach no new line. */
const RUNS = "10";

function main(): void {
  rmSync(REPORT, { force: true });
  rmSync(path.join(ROOT, "coverage"), { recursive: true, force: true });

  const { status, error } = spawnSync(
    process.execPath,
    [
      ...[...V8_OPTIONS, HARDHAT, "--config", path.join(__dirname, "coverage.hardhat.ts")],
      ...["coverage", "--testfiles", TESTS],
    ],
    {
      ...{ cwd: ROOT, stdio: "inherit" },
      env: { NOSTRA_RUNS: RUNS, ...process.env, SOLIDITY_COVERAGE: "true" },
    },
  );
  if (error !== undefined) throw error;
  if (status !== 0) {
    console.error("coverage: the tests did not pass; see above");
    process.exitCode = 1;
    return;
  }

  const report = JSON.parse(readFileSync(REPORT, "utf8")) as CoverageReport;
  const missing = uncovered(report);
  for (const place of missing) console.error(place);
  const lines = Object.values(report).reduce((sum, { l }) => sum + Object.keys(l).length, 0);
  // An empty report would have nothing uncovered.
  if (lines === 0 || missing.length > 0) {
    console.error(`coverage: ${missing.length} places, in ${lines} lines, never ran`);
    process.exitCode = 1;
    return;
  }
  console.log(`coverage: all of ${lines} lines, and every branch of them, ran`);
}

main();
