import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { build, type Plugin } from "esbuild";
import { median } from "./measure";

/** What a web page loads for a use of the SDK, minified and compressed, and what it may be at most. */
export interface BundleBudget {
  readonly name: string;
  readonly code: string;
  readonly maxKilobytes: number;
  /** The curve is fetched with the first signature: leave it out, as a bundler does that splits. */
  readonly untilFirstSignature?: boolean;
}

const ORDER = "buildOrder, hashOrder, orderDomain, signOrder";

export const BUNDLES: readonly BundleBudget[] = [
  {
    name: "order: build, check, hash, sign with a wallet",
    code: `export { ${ORDER} } from "@nostra/sdk/order";`,
    maxKilobytes: 8,
    untilFirstSignature: true,
  },
  {
    name: "the same, and verify",
    code: `export { ${ORDER} } from "@nostra/sdk/order"; export { verifyOrder } from "@nostra/sdk/verify";`,
    maxKilobytes: 24,
  },
  {
    name: "everything with typed contracts, beside ethers",
    code: `export * from "@nostra/sdk";`,
    maxKilobytes: 60,
  },
];

const leaveDynamicImportsOut: Plugin = {
  name: "leave dynamic imports out",
  setup: ({ onResolve }) => {
    onResolve({ filter: /./ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};

/**
 * Bundles for a browser, without any stand-in for Node's modules: one that is needed fails here.
 * @param folder Where `@nostra/sdk` is installed.
 * @returns the compressed size in KB (1,024 bytes).
 */
export async function bundleSize(folder: string, budget: BundleBudget): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: budget.code, resolveDir: folder },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    external: ["ethers"],
    plugins: budget.untilFirstSignature === true ? [leaveDynamicImportsOut] : [],
    write: false,
    logLevel: "silent",
  });
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length / 1_024;
}

/** CPU milliseconds that importing a module takes, in a process of its own. */
export interface ImportTimes {
  readonly order: number;
  /** Importing the curve library alone, in the same rounds: what the budget is stated in. */
  readonly curve: number;
}

/**
 * The budget is 15 ms on a machine on which importing the curve library takes 12. A machine that is busy or slow needs
 * longer for both.
 */
export const MAX_IMPORT_PER_CURVE = 15 / 12;

export function importTimes(folder: string, rounds: number): ImportTimes {
  const times = { order: [] as number[], curve: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.order.push(importTime(folder, "@nostra/sdk/order"));
    times.curve.push(importTime(folder, "@noble/curves/secp256k1.js"));
  }
  return { order: median(times.order), curve: median(times.curve) };
}

function importTime(folder: string, specifier: string): number {
  const code = `const before = process.cpuUsage();
    await import(${JSON.stringify(specifier)});
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1000);`;
  const args = ["--input-type=module", "--eval", code];
  return Number(execFileSync(process.execPath, args, { cwd: folder, encoding: "utf8" }));
}
