import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";

const DOC = path.resolve(__dirname, "../../docs/invariants.md");
/** Held by other tests, as the document says. */
const ELSEWHERE = /^\| (I\d+) .*`(test\/[^`]+\.test\.ts)`/gm;

describe("docs/invariants.md", () => {
  const doc = readFileSync(DOC, "utf8");
  const source = readdirSync(__dirname)
    .filter((file) => file.endsWith(".ts") && file !== path.basename(__filename))
    .map((file) => readFileSync(path.join(__dirname, file), "utf8"))
    .join("\n");
  const checks = new Set(source.match(/\bI\d+_[A-Za-z]+/g));
  const named = new Set(doc.match(/\bI\d+_[A-Za-z]+/g));
  const listed = [...doc.matchAll(/^\| (I\d+) /gm)].map(([, id]) => id as string);

  it("names every check that the tests hold, and no other", () => {
    expect([...named].sort()).to.deep.equal([...checks].sort());
  });

  it("gives every rule a check of its id, or the test elsewhere that holds it", () => {
    const elsewhere = new Map([...doc.matchAll(ELSEWHERE)].map(([, id, file]) => [id, file]));
    for (const id of listed) {
      const held = [...checks].some((check) => check.startsWith(`${id}_`));
      const file = elsewhere.get(id);
      expect(held || file !== undefined, id).to.equal(true);
      if (file !== undefined) {
        const text = readFileSync(path.resolve(__dirname, "../..", file), "utf8");
        expect(text.length, file).to.be.greaterThan(0);
      }
    }
  });

  it("lists the id of every check once", () => {
    const ids = [...checks].map((check) => check.split("_")[0] as string);
    expect(listed).to.include.members(ids);
    expect(new Set(listed).size).to.equal(listed.length);
  });

  it("lists I1 to I26", () => {
    const all = Array.from({ length: 26 }, (_, i) => `I${i + 1}`);
    expect([...listed].sort()).to.deep.equal(all.sort());
  });
});
