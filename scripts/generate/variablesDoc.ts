/**
 * Writes the variables of the operator into docs/operations.md, from the schema that reads them.
 *
 *   npm run docs:variables             write it
 *   npm run docs:variables -- --check  only say whether it is up to date
 */
import { readFileSync } from "node:fs";
import path from "node:path";
import { format } from "prettier";
import { describeConfig } from "../../operator/src/config";
import { writeFileAtomically } from "../lib/writeFileAtomically";

const FILE = path.join(__dirname, "../../docs/operations.md");
const [START, END] = ["<!-- variables -->", "<!-- /variables -->"];

async function main(): Promise<void> {
  const before = readFileSync(FILE, "utf8");
  const [head, rest] = before.split(START) as [string, string];
  const tail = rest.split(END)[1] as string;
  const rows = describeConfig().map(
    ([name, meaning, usual]) => `| \`${name}\` | ${meaning} | ${usual} |`,
  );
  const table = ["| variable | what it is | if not set |", "| --- | --- | --- |", ...rows].join(
    "\n",
  );
  const text = `${head}${START}\n\n${table}\n\n${END}${tail}`;
  const after = await format(text, { parser: "markdown", printWidth: 120, proseWrap: "preserve" });
  if (after === before) return;
  if (process.argv.includes("--check")) {
    console.error("docs/operations.md is not up to date: run npm run docs:variables");
    process.exitCode = 1;
    return;
  }
  writeFileAtomically(FILE, after);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
