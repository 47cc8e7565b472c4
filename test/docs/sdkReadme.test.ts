import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";

const ROOT = path.resolve(__dirname, "../..");
const README = readFileSync(path.join(ROOT, "sdk/README.md"), "utf8");

/** The text of the first fenced block of a language. */
function firstBlock(language: string): string {
  const block = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(README)?.[1];
  if (block === undefined) throw new Error(`sdk/README.md has no ${language} block`);
  return block;
}

describe("sdk/README", () => {
  it("starts with a file that node runs as it is printed, and that prints what is printed under it", () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), "nostra-readme-"));
    try {
      symlinkSync(path.join(ROOT, "node_modules"), path.join(folder, "node_modules"));
      writeFileSync(path.join(folder, "first.mjs"), firstBlock("js"));
      const options = { cwd: folder, encoding: "utf8", timeout: 60_000 } as const;
      const printed = execFileSync(process.execPath, ["first.mjs"], options);
      // Salts are random, so calldata and its gas vary.
      const withoutGas = (text: string): string => text.replace(/\d+ gas/, "gas");
      expect(withoutGas(printed)).to.equal(withoutGas(firstBlock("text")));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("names every subpath of the package, and no other", () => {
    const { exports: subpaths } = JSON.parse(
      readFileSync(path.join(ROOT, "sdk/package.json"), "utf8"),
    ) as { exports: Record<string, unknown> };
    const named = [...README.matchAll(/^\| `(\/\w+)`/gm)].map(([, name]) => name).sort();
    const exported = Object.keys(subpaths)
      .filter((name) => name !== "." && name !== "./package.json")
      .map((name) => name.slice(1))
      .sort();
    expect(named).to.deep.equal(exported);
  });
});
