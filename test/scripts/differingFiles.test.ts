import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { differingFiles } from "../../scripts/lib/differingFiles";

// given two folders
// ├── when they hold the same ............. nothing is told
// ├── when files differ or are missing .... their paths
// ├── when one has a folder more .......... the folder, and what is in it
// └── when one is not there ............... all of the other

describe("differingFiles", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), "nostra-differing-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A folder with these files. */
  function folderOf(name: string, files: Record<string, string>): string {
    const at = path.join(folder, name);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(at, file)), { recursive: true });
      writeFileSync(path.join(at, file), text);
    }
    return at;
  }

  it("tells nothing of folders that hold the same", () => {
    const files = { "a.md": "1", "sub/b.md": "2" };
    expect(differingFiles(folderOf("x", files), folderOf("y", files))).to.deep.equal([]);
  });

  it("tells what is other, missing, or too much, also in folders of their own", () => {
    const x = folderOf("x", { "a.md": "1", "b.md": "2", "c.md": "3" });
    const y = folderOf("y", { "a.md": "1", "b.md": "other", "sub/d.md": "4" });
    mkdirSync(path.join(y, "empty"));
    const differing = ["b.md", "c.md", "empty", "sub", "sub/d.md"];
    expect(differingFiles(x, y)).to.deep.equal(differing);
    expect(differingFiles(y, x)).to.deep.equal(differing);
  });

  it("tells all of one when the other is not there", () => {
    const there = folderOf("x", { "a.md": "1" });
    expect(differingFiles(there, path.join(folder, "none"))).to.deep.equal(["a.md"]);
  });
});
