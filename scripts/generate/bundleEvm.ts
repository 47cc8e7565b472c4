/**
 * Puts the virtual machine of the sandbox, @ethereumjs/vm with all it needs but @noble, into one file of the built SDK, so
 * that who installs the SDK installs nothing for the sandbox. Beside it goes a list of what is in it, with its licenses.
 *
 *   ts-node -T scripts/generate/bundleEvm.ts esm cjs
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { build } from "esbuild";

const ROOT = path.resolve(__dirname, "../..");
const SOURCE = path.join(ROOT, "sdk/src/testing/chain/evm.ts");

/** Licenses under which a copy may be passed on with their text, and with its source named. */
const LICENSES = ["MIT", "ISC", "BlueOak-1.0.0", "MPL-2.0"];

/** Writes nothing, in a sandbox: the machine's own log needs Node's terminal. */
const NO_DEBUG = "export default () => Object.assign(() => {}, { enabled: false });";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly repository?: string | { readonly url: string };
}

async function bundle(kind: "esm" | "cjs"): Promise<void> {
  const folder = path.join(ROOT, "sdk/dist", kind, "testing/chain");
  const { metafile } = await build({
    entryPoints: [SOURCE],
    outfile: path.join(folder, "evm.js"),
    ...{ bundle: true, format: kind, platform: "browser", target: "es2022", minify: true },
    external: ["@noble/*"],
    banner: { js: "/* @ethereumjs/vm and what it needs; see evm.licenses.txt */" },
    absWorkingDir: ROOT,
    metafile: true,
    plugins: [
      {
        name: "no-debug",
        setup: ({ onResolve, onLoad }) => {
          onResolve({ filter: /^debug$/ }, () => ({ path: "debug", namespace: "no-debug" }));
          onLoad({ filter: /.*/, namespace: "no-debug" }, () => ({ contents: NO_DEBUG }));
        },
      },
    ],
  });
  writeFileSync(path.join(folder, "evm.licenses.txt"), licenses(Object.keys(metafile.inputs)));
  // Bundled: as files of their own they would name packages that are not installed.
  for (const name of [
    "evm.js.map",
    "JournaledState.js",
    "JournaledState.js.map",
    "JournaledState.d.ts",
  ]) {
    rmSync(path.join(folder, name), { force: true });
  }
}

/** What is in the bundle, and under which terms: the license texts of the packages, each once. */
function licenses(files: readonly string[]): string {
  const folders = new Set(
    files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []),
  );
  const packages = [...folders].map((folder) => {
    const at = path.join(ROOT, folder);
    const manifest = readFileSync(path.join(at, "package.json"), "utf8");
    const { name, version, license, repository } = JSON.parse(manifest) as Manifest;
    if (license === undefined || !LICENSES.includes(license)) {
      throw new Error(`${name} ${version} has the license ${license}: may it be bundled?`);
    }
    const url = typeof repository === "object" ? repository.url : (repository ?? "npm");
    const file = readdirSync(at).find((one) => /^licen[cs]e/i.test(one));
    const text = file === undefined ? undefined : readFileSync(path.join(at, file), "utf8").trim();
    return { label: `${name} ${version}, ${license}, ${url}`, terms: `${license} ${url}`, text };
  });

  const labelsOf = new Map<string, Set<string>>();
  for (const { label, terms, text } of packages) {
    // Some packages of a repository leave the text of its license to the others.
    const found =
      text ?? packages.find((one) => one.terms === terms && one.text !== undefined)?.text;
    if (found === undefined) throw new Error(`${label}: there is no license text to pass on`);
    labelsOf.set(found, (labelsOf.get(found) ?? new Set()).add(label));
  }
  const parts = [...labelsOf].map(
    ([text, labels]) => `${[...labels].sort().join("\n")}\n\n${text}\n`,
  );
  return [
    "evm.js holds the parts of these packages that the sandbox uses, compressed. Their source is where it says.\n",
    ...parts.sort(),
  ].join(`\n${"-".repeat(80)}\n\n`);
}

async function main(): Promise<void> {
  for (const kind of process.argv.slice(2)) {
    if (kind !== "esm" && kind !== "cjs") throw new Error(`esm or cjs, not ${kind}`);
    await bundle(kind);
  }
}

void main();
