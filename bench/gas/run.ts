/** Measures the gas of the compiled contracts, and prints it beside the peers' figures and the budgets. */
import { parseArgs } from "node:util";
import { measure } from "./measure";
import { readPeer, writeRecord } from "./record";
import { SCENARIOS } from "./scenarios";
import { table } from "./table";

const HELP = `Measures what trading costs in gas, with real transactions on a chain inside this process.

  npm run bench:gas                      measure everything, print the table
  npm run bench:gas -- --only '^mint'    only scenarios whose name matches
  npm run bench:gas -- --write           also replace bench/gas/gas.json, which the tests compare with
  npm run bench:gas -- --help            this text

Exit status 1 when a scenario failed, or moved balances other than its orders say.`;

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      only: { type: "string" },
      write: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    console.log(HELP);
    return;
  }
  if (options.write && options.only !== undefined) {
    throw new Error("--write records every scenario: leave --only out");
  }

  const only = new RegExp(options.only ?? "");
  const measured = await measure({
    scenarios: SCENARIOS.filter(({ id }) => only.test(id)),
    onProgress: showProgress,
  });
  console.log(table(measured, [readPeer("polymarket-v1"), readPeer("polymarket-v2")]));

  const failed = measured.flatMap((one) =>
    one.gas === null ? [`${one.scenario.id}: ${one.failure}`] : [],
  );
  if (failed.length > 0) {
    console.error(`\nFailed:\n  ${failed.join("\n  ")}`);
    process.exitCode = 1;
  } else if (options.write) {
    await writeRecord(measured);
    console.log("\nbench/gas/gas.json is written.");
  }
}

/** On a terminal one line that changes; else a line now and then. */
function showProgress(done: number, total: number, id: string): void {
  const line = `${done}/${total} ${id}`;
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\x1b[K${done === total ? "" : line}`);
  } else if (done % 10 === 0 || done === total) {
    process.stderr.write(`${line}\n`);
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
