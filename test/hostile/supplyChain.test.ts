import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";

/*
M12: what an installation runs and where it comes from
├── packages with install scripts are exactly those of this list, each known and pinned
├── none of them is a production dependency but the optional secp256k1, whose absence a test of the verifier covers
├── every package of the lock has an integrity hash
└── neither the lock nor an .npmrc names a registry
*/

const ROOT = path.resolve(__dirname, "../..");

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly inBundle?: boolean;
}

/** Packages that run a script when they are installed, and who needs them. A new one must be looked at and added by hand. */
const WITH_SCRIPTS: Readonly<Record<string, string>> = {
  "node_modules/@foundry-rs/anvil": "1.7.1 dev",
  "node_modules/esbuild": "0.28.2 dev",
  "node_modules/ethereum-cryptography/node_modules/secp256k1": "4.0.5 dev",
  "node_modules/keccak": "3.0.4 dev",
  "node_modules/secp256k1": "5.0.2 optional",
  "node_modules/solc-0.5/node_modules/keccak": "1.4.0 dev",
};

describe("M12: the supply chain", () => {
  const text = readFileSync(path.join(ROOT, "package-lock.json"), "utf8");
  const lock = JSON.parse(text) as { readonly packages: Readonly<Record<string, Locked>> };
  const packages = Object.entries(lock.packages).filter(([name]) => name.includes("node_modules/"));

  it("M12: packages with install scripts are those of the list, in these versions", () => {
    const found = packages
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([name, { version, dev, optional, devOptional }]) => {
        const who = dev === true ? "dev" : optional || devOptional ? "optional" : "production";
        return [name, `${version} ${who}`];
      });
    expect(Object.fromEntries(found)).to.deep.equal(WITH_SCRIPTS);
  });

  it("M12: no workspace needs a package with an install script, but optionally", () => {
    const names = Object.keys(WITH_SCRIPTS).map((name) => name.split("node_modules/").at(-1)!);
    for (const workspace of [".", "sdk", "operator"]) {
      const { dependencies = {} } = JSON.parse(
        readFileSync(path.join(ROOT, workspace, "package.json"), "utf8"),
      ) as { readonly dependencies?: Readonly<Record<string, string>> };
      expect(Object.keys(dependencies), workspace).not.to.include.members(names);
      for (const name of names) expect(dependencies, workspace).not.to.have.property(name);
    }
  });

  it("M12: every package has an integrity hash", () => {
    expect(packages.length).to.be.greaterThan(100);
    const without = packages.filter(
      ([, { link, inBundle, integrity = "" }]) =>
        link !== true && inBundle !== true && !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity),
    );
    expect(without.map(([name]) => name)).to.deep.equal([]);
  });

  it("M12: neither the lock nor an .npmrc names a registry or a host", () => {
    const resolved = packages.flatMap(([, { resolved: from }]) =>
      from === undefined ? [] : [from],
    );
    for (const from of resolved) expect(from, "a workspace").to.match(/^(sdk|operator|web)$/);
    expect(text).not.to.match(/"resolved": *"[a-z+]+:/);
    const files = [ROOT, ...readdirSync(ROOT).map((name) => path.join(ROOT, name))].flatMap(
      (dir) => {
        try {
          return [readFileSync(path.join(dir, ".npmrc"), "utf8")];
        } catch {
          return [];
        }
      },
    );
    expect(files).to.have.length.greaterThan(0);
    for (const file of files) expect(file).not.to.match(/registry *=|https?:|_auth|:\/\//);
  });
});
