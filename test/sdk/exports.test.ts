import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import ts from "typescript";

/*
The public surface of the SDK is the file beside this one: what each subpath exports, values and types, sorted. A change of
it is a change to think about. To accept one: UPDATE=exports npx hardhat test --no-compile test/sdk/exports.test.ts
*/

const SNAPSHOT = path.join(__dirname, "exports.json");
const SDK = path.join(__dirname, "../../sdk");

interface PackageJson {
  readonly exports: Readonly<Record<string, string | Conditions>>;
}

interface Conditions {
  readonly import: { readonly types: string };
  readonly require: { readonly types: string };
}

interface Exports {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

const { exports: subpaths } = JSON.parse(
  readFileSync(path.join(SDK, "package.json"), "utf8"),
) as PackageJson;

const entries = Object.entries(subpaths).filter(
  (entry): entry is [string, Conditions] => typeof entry[1] !== "string",
);

/** What the declaration files of the built package export, by subpath. */
function declaredExports(kind: "import" | "require"): Record<string, Exports> {
  const fileOf = (conditions: Conditions): string => path.join(SDK, conditions[kind].types);
  const program = ts.createProgram(
    entries.map(([, conditions]) => fileOf(conditions)),
    {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      target: ts.ScriptTarget.ES2022,
      skipLibCheck: true,
      noEmit: true,
      types: [],
    },
  );
  const checker = program.getTypeChecker();
  return Object.fromEntries(
    entries.map(([subpath, conditions]) => {
      const file = program.getSourceFile(fileOf(conditions));
      const module = file === undefined ? undefined : checker.getSymbolAtLocation(file);
      if (module === undefined) throw new Error(`${subpath} has no declarations`);
      const symbols = checker.getExportsOfModule(module).map((symbol) => {
        const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
        const target = isAlias ? checker.getAliasedSymbol(symbol) : symbol;
        return { name: symbol.name, isValue: (target.flags & ts.SymbolFlags.Value) !== 0 };
      });
      const namesOf = (isValue: boolean): string[] =>
        symbols
          .filter((symbol) => symbol.isValue === isValue)
          .map(({ name }) => name)
          .sort();
      return [subpath, { values: namesOf(true), types: namesOf(false) }];
    }),
  );
}

describe("sdk: public exports", () => {
  let declared: Record<string, Exports>;

  before(async () => {
    declared = declaredExports("require");
    if (process.env["UPDATE"] === "exports") {
      const { format, resolveConfig } = await import("prettier");
      const style = { ...(await resolveConfig(SNAPSHOT)), parser: "json" };
      writeFileSync(SNAPSHOT, await format(JSON.stringify(declared), style));
    }
  });

  it("each subpath exports exactly what exports.json lists", () => {
    const snapshot = JSON.parse(readFileSync(SNAPSHOT, "utf8")) as Record<string, Exports>;
    expect(Object.keys(declared)).to.deep.equal(Object.keys(snapshot));
    for (const [subpath, listed] of Object.entries(snapshot)) {
      expect(declared[subpath], subpath).to.deep.equal(listed);
    }
  });

  for (const [subpath] of entries) {
    const specifier = `@nostra/sdk${subpath.slice(1)}`;

    it(`${specifier} has at run time the values it declares, by require and by import alike`, async () => {
      const nativeImport = new Function("name", "return import(name)") as (
        name: string,
      ) => Promise<object>;
      const required = (await import(specifier)) as object;
      const imported = await nativeImport(specifier);
      const namesOf = (module: object): string[] =>
        Object.keys(module)
          .filter((name) => name !== "default" && name !== "__esModule")
          .sort();
      expect(namesOf(required), "require").to.deep.equal(declared[subpath]?.values);
      expect(namesOf(imported), "import").to.deep.equal(declared[subpath]?.values);
    });
  }

  it("both builds declare the same", () => {
    expect(declaredExports("import")).to.deep.equal(declared);
  });

  it("nothing is exported by default", () => {
    for (const { values, types } of Object.values(declared)) {
      expect([...values, ...types]).to.not.include("default");
    }
  });
});
