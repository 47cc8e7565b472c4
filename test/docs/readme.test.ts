import { readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import ts from "typescript";

const README = path.resolve(__dirname, "../../README.md");

describe("README", () => {
  it("has an example that runs as it is printed and prints a settled match", async () => {
    const [example] = [...readFileSync(README, "utf8").matchAll(/```ts\n([\s\S]*?)```/g)];
    expect(example, "a ts block in the README").to.not.equal(undefined);

    const printed: unknown[] = [];
    await runModule(example?.[1] ?? "", { log: (value: unknown) => printed.push(value) });

    expect(printed).to.have.length(1);
    const settled = printed[0] as { fills: { args: { making: bigint; taking: bigint } }[] };
    expect(settled.fills.map(({ args }) => [args.making, args.taking])).to.deep.equal([
      [50_000_000n, 30_000_000n],
      [30_000_000n, 50_000_000n],
    ]);
  });
});

/** Runs module text with top-level await, its imports resolved as from this file, its console the one given. */
async function runModule(text: string, console: object): Promise<void> {
  const { outputText } = ts.transpileModule(
    text.replace(/^import (.*) from (".*");$/gm, "const $1 = require($2);"),
    {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    },
  );
  const run = new Function("require", "console", `return (async () => {${outputText}\n})();`) as (
    load: NodeRequire,
    log: object,
  ) => Promise<void>;
  await run(require, console);
}
