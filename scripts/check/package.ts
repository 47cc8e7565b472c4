import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { BUNDLES, bundleSize, importTimes } from "../../bench/signing/bundles";

/*
What a user of the SDK gets, looked at as the user gets it: the packed tarball, installed with ethers alone in an empty folder.
Node runs it as ESM and as CommonJS, npx runs its program, TypeScript reads its types in each way of resolving modules, attw and publint judge the
package, and a browser bundle needs no stand-ins and stays within its budget.
*/

const ROOT = path.join(__dirname, "../..");
const SDK = path.join(ROOT, "sdk");
const loadFromRoot = createRequire(path.join(ROOT, "package.json"));

interface Manifest {
  readonly version: string;
  readonly sideEffects?: unknown;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
}

/** Scripts that npm would run on the user's machine. */
const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepare"];

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), "nostra-package-"));
  const consumer = path.join(folder, "consumer");
  const tarball = pack(folder);
  try {
    await step("installs beside ethers, with nothing else", () => install(consumer, tarball));
    const manifest = readManifest(path.join(consumer, "node_modules/@nostra/sdk"));
    await step("no side effects, no install scripts, no other dependencies", () =>
      checkManifest(manifest),
    );
    const subpaths = Object.keys(manifest.exports).filter((name) => !NEEDS_MORE.includes(name));
    const specifiers = subpaths.map((name) => `@nostra/sdk${name.slice(1)}`);
    await step("runs as ESM", () => {
      runConsumer(consumer, "consumer.mjs", esmConsumer(specifiers));
    });
    await step("runs as CommonJS", () => {
      runConsumer(consumer, "consumer.cjs", cjsConsumer(specifiers));
    });
    await step("runs the README's first file", () => runFirstFile(consumer));
    await step("nostra: help, and an order built, signed, hashed and verified", () =>
      useCommand(consumer),
    );
    for (const resolution of ["node16", "nodenext", "bundler"] as const) {
      await step(`types, ${resolution}`, () => typecheck(consumer, resolution, specifiers));
    }
    await step("publint", () => runTool("publint", ["run", tarball, "--strict"]));
    // Node 10 knows no subpaths: that profile is left out.
    await step("attw", () => runTool("@arethetypeswrong/cli", [tarball, "--profile", "node16"]));
    for (const budget of BUNDLES) {
      await step(`bundle, ${budget.name}`, async () => {
        const size = await bundleSize(consumer, budget);
        return within(size, budget.maxKilobytes, "KB");
      });
    }
    // Told, not judged: a busy machine would fail it. bench/signing holds it against its budget.
    const { order, curve } = importTimes(consumer, 9);
    const ratio = (order / curve).toFixed(2);
    console.log(
      `        import of @nostra/sdk/order: ${order.toFixed(1)} ms of CPU, ${ratio} of the curve's`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pack(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const output = npm(SDK, ["pack", "--json", "--ignore-scripts", "--pack-destination", folder]);
  const [packed] = JSON.parse(output) as { filename: string }[];
  return path.join(folder, packed?.filename ?? "nothing was packed");
}

/** From npm's own cache where it has what is needed. */
function install(consumer: string, tarball: string): void {
  mkdirSync(consumer);
  writeFileSync(path.join(consumer, "package.json"), '{ "private": true }\n');
  const { version } = readManifest(path.join(ROOT, "node_modules/ethers"));
  npm(consumer, ["install", "--prefer-offline", "--ignore-scripts", tarball, `ethers@${version}`]);
  const installed = readdirSync(path.join(consumer, "node_modules")).filter(
    (name) => name !== ".package-lock.json",
  );
  requireThat(!installed.includes("hardhat"), `installed ${installed.join(", ")}`);
}

function checkManifest(manifest: Manifest): void {
  requireThat(manifest.sideEffects === false, "sideEffects must be false");
  requireThat(
    Object.keys(manifest.dependencies).every((name) => name.startsWith("@noble/")),
    `dependencies: ${Object.keys(manifest.dependencies).join(", ")}`,
  );
  const peers = Object.entries(manifest.peerDependencies).filter(
    ([name]) => manifest.peerDependenciesMeta[name]?.optional !== true,
  );
  requireThat(
    peers.length === 1 && peers[0]?.[0] === "ethers" && peers[0][1].startsWith("^6."),
    "ethers ^6 is the only peer that must be there",
  );
  const scripts = INSTALL_SCRIPTS.filter((name) => name in manifest.scripts);
  requireThat(scripts.length === 0, `install scripts: ${scripts.join(", ")}`);
}

/** `arbitraries` is for who has fast-check. */
const NEEDS_MORE = ["./arbitraries", "./package.json"];

/** As it is printed; how long it took is told, not judged: a busy machine would fail it. */
function runFirstFile(consumer: string): string {
  const readme = readFileSync(path.join(SDK, "README.md"), "utf8");
  const file = /```js\n([\s\S]*?)```/.exec(readme)?.[1];
  const printed = /```text\n([\s\S]*?)```/.exec(readme)?.[1]?.trim().split("\n").at(-1);
  if (file === undefined || printed === undefined)
    throw new Error("sdk/README.md has no first file");
  const start = performance.now();
  const output = runConsumer(consumer, "first.mjs", file);
  requireThat(output.includes(printed), `printed ${output}`);
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** What a user would try first, in plain JavaScript; fails by an exit status. */
const USE = `
const wallet = fastSigner("0x" + "42".repeat(32));
const domain = orderDomain({ chainId: 137, exchange: "0x" + "ce".repeat(20) });
const terms = { tokenId: 1n, side: "BUY", price: "0.55", size: "10", nonce: 0n };
createLimitOrder(terms, wallet, domain).then((signed) => {
  const read = orderFromJson(JSON.stringify(orderToJson(signed)));
  if (!verifyOrder(read, domain).ok) throw new Error("not verified");
  if (!(failureOf(() => hashOrder({ ...read, nonce: -1n }, domain)) instanceof InputError)) {
    throw new Error("not an InputError of the same package");
  }
});
function failureOf(act) { try { act(); } catch (error) { return error; } }
`;

const USED = {
  order: "createLimitOrder, hashOrder, orderDomain, orderFromJson, orderToJson",
  signer: "fastSigner",
  verify: "verifyOrder",
  errors: "InputError",
};

function esmConsumer(specifiers: readonly string[]): string {
  const imports = Object.entries(USED).map(
    ([name, of]) => `import { ${of} } from "@nostra/sdk/${name}";`,
  );
  const all = specifiers.map((name) => `await import("${name}");`);
  return [...imports, ...all, USE].join("\n");
}

function cjsConsumer(specifiers: readonly string[]): string {
  const requires = Object.entries(USED).map(
    ([name, of]) => `const { ${of} } = require("@nostra/sdk/${name}");`,
  );
  return [...requires, ...specifiers.map((name) => `require("${name}");`), USE].join("\n");
}

/** What it printed. */
function runConsumer(consumer: string, file: string, code: string): string {
  writeFileSync(path.join(consumer, file), code);
  return execFileSync(process.execPath, [file], { cwd: consumer, stdio: "pipe", encoding: "utf8" });
}

const KEY = `0x${"42".repeat(32)}`;
/** The account of the key. */
const MAKER = "0x17c5185167401eD00cF5F5b2fc97D9BBfDb7D025";

const ADDRESS_DIGITS = {
  ...{ conditionalTokens: 1, collateral: 2, resolutionOracle: 3, marketFactory: 4 },
  ...{ ctfExchange: 5, positionRedeemer: 6, matchInspector: 7 },
};

/** The program as it is installed, offline: each command's output is the next one's input. */
function useCommand(consumer: string): void {
  const contracts = Object.fromEntries(
    Object.entries(ADDRESS_DIGITS).map(([name, digit]) => [name, `0x${`${digit}`.repeat(40)}`]),
  );
  const deployment = { network: "package-check", chainId: 137, startBlock: 1, contracts };
  writeFileSync(path.join(consumer, "deployment.json"), JSON.stringify(deployment));
  const nostra = (argv: readonly string[], input = ""): string =>
    execFileSync("npx", ["--no-install", "nostra", ...argv], {
      cwd: consumer,
      encoding: "utf8",
      env: { ...process.env, PRIVATE_KEY: KEY, npm_config_loglevel: "error" },
      input,
      stdio: "pipe",
    }).trim();
  const on = ["--deployment", "deployment.json"];

  requireThat(nostra(["--help"]).includes("order build"), "nostra --help lists no order build");
  const terms = ["--maker", MAKER, "--side", "buy", "--token-id", "1", "--nonce", "0"];
  const order = nostra(["order", "build", ...terms, "--price", "0.55", "--size", "10"]);
  const signed = nostra(["order", "sign", "-", ...on], order);
  const hash = nostra(["order", "hash", "-", ...on], signed);
  requireThat(/^0x[0-9a-f]{64}$/.test(hash), `nostra order hash printed ${hash}`);
  requireThat(nostra(["order", "verify", "-", ...on], signed).includes(hash), "not verified");
  const other = signed.replace('"5500000"', '"5400000"');
  const refusal = failureOf(() => nostra(["order", "verify", "-", ...on], other));
  requireThat(/^error: not valid, NOT_SIGNER/m.test(refusal), `of another order: ${refusal}`);
}

/** What a program that must fail printed on stderr. */
function failureOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    return String((thrown as { stderr?: unknown }).stderr).trim();
  }
  return "nothing was refused";
}

const MODULE_KINDS = { node16: "node16", nodenext: "nodenext", bundler: "esnext" } as const;

/** Compiles one file that imports everything, both as an ES module and as CommonJS where the resolution knows both. */
function typecheck(
  consumer: string,
  resolution: keyof typeof MODULE_KINDS,
  specifiers: readonly string[],
): void {
  const code = [
    ...specifiers.map((name, i) => `import * as module${i} from "${name}";`),
    `import { createLimitOrder, type SignedOrder } from "@nostra/sdk/order";`,
    `import { fastSigner } from "@nostra/sdk/signer";`,
    `export const all = [${specifiers.map((_, i) => `module${i}`).join(", ")}];`,
    `export const make: typeof createLimitOrder = createLimitOrder;`,
    `export const sign = (key: string): string => fastSigner(key).address;`,
    `export const nonceOf = (order: SignedOrder): bigint => order.nonce;`,
  ].join("\n");
  const files = resolution === "bundler" ? ["types.ts"] : ["types.mts", "types.cts"];
  for (const file of files) writeFileSync(path.join(consumer, file), code);
  const options = ["--noEmit", "--strict", "--target", "es2022"];
  execFileSync(
    process.execPath,
    [
      loadFromRoot.resolve("typescript/bin/tsc"),
      ...options,
      ...["--module", MODULE_KINDS[resolution], "--moduleResolution", resolution],
      ...files,
    ],
    { cwd: consumer, stdio: "pipe" },
  );
}

function runTool(name: string, args: readonly string[]): void {
  const file = path.dirname(findManifest(name));
  const { bin } = JSON.parse(readFileSync(path.join(file, "package.json"), "utf8")) as {
    bin: string | Record<string, string>;
  };
  const [entry = ""] = typeof bin === "string" ? [bin] : Object.values(bin);
  execFileSync(process.execPath, [path.join(file, entry), ...args], { cwd: ROOT, stdio: "pipe" });
}

function findManifest(name: string): string {
  return path.join(ROOT, "node_modules", name, "package.json");
}

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(folder, "package.json"), "utf8")) as Manifest;
}

function npm(cwd: string, args: readonly string[]): string {
  const quiet = ["--loglevel", "error", "--fund", "false", "--audit", "false"];
  return execFileSync("npm", [...args, ...quiet], { cwd, encoding: "utf8", stdio: "pipe" });
}

function requireThat(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

function within(value: number, most: number, unit: string): string {
  const figure = `${value.toFixed(1)} of ${most.toFixed(1)} ${unit}`;
  requireThat(value <= most, figure);
  return figure;
}

/** Does one check and says how it went, with a figure if it has one. */
async function step(what: string, act: () => void | string | Promise<string>): Promise<void> {
  try {
    const figure = await act();
    console.log(`ok      ${what}${figure === undefined ? "" : `: ${figure}`}`);
  } catch (thrown) {
    throw new Error(`${what}: ${describe(thrown)}`, { cause: thrown });
  }
}

/** What a program that failed printed, or the error itself. */
function describe(thrown: unknown): string {
  const { stdout, stderr, message } = thrown as Partial<Record<"stdout" | "stderr", Buffer>> &
    Error;
  const printed = [stdout, stderr].map((text) => text?.toString().trim() ?? "").join("\n");
  return printed.trim() === "" ? message : printed.trim();
}

main().catch((error: Error) => {
  console.error(`FAILED  ${error.message}`);
  process.exitCode = 1;
});
