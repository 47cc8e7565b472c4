/** The compiler, in this process, over sources that can be replaced one at a time. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { ROOT } from "./targets";

export interface Replacement {
  readonly file: string;
  readonly content: string;
}

/** Compiler settings; how they are written is the compiler's. */
export type Settings = Readonly<Record<string, unknown>>;

export interface Compiled {
  readonly name: string;
  readonly file: string;
  readonly abi: unknown[];
  readonly bytecode: string;
  readonly deployedBytecode: string;
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly message: string }[];
  readonly contracts?: Record<string, Record<string, SolcContract>>;
  readonly sources?: Record<string, { readonly ast: unknown }>;
}

interface SolcContract {
  readonly abi: unknown[];
  readonly evm: { bytecode: { object: string }; deployedBytecode: { object: string } };
}

/** The sources do not compile under the settings. */
export class CompileError extends Error {
  override readonly name = "CompileError";

  /** True when other settings may compile the same sources. */
  get isStackTooDeep(): boolean {
    return /stack too deep|too deep in(side)? the stack/i.test(this.message);
  }
}

// The package has no types.
const compiler = createRequire(__filename)("solc") as { compile: (input: string) => string };

const IMPORT = /^\s*import\s[^;]*?["']([^"']+)["']\s*;/gm;
const CODE = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"];

const originals = new Map<string, string>();

export function sourceOf(file: string): string {
  let content = originals.get(file);
  if (content === undefined) {
    const at = file.startsWith("contracts/") ? file : path.join("node_modules", file);
    content = readFileSync(path.join(ROOT, at), "utf8");
    originals.set(file, content);
  }
  return content;
}

/** A file and all that it imports, directly or not. */
export function closureOf(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, imported = ""] of sourceOf(file).matchAll(IMPORT)) {
    const target = imported.startsWith(".")
      ? path.posix.join(path.posix.dirname(file), imported)
      : imported;
    closureOf(target, found);
  }
  return found;
}

/** The syntax trees of these files, and of what they import. */
export function parse(files: readonly string[]): Map<string, unknown> {
  const { sources = {} } = solc(files, {}, { "*": { "": ["ast"] } });
  return new Map(Object.entries(sources).map(([file, { ast }]) => [file, ast]));
}

/**
 * The contracts of these files that can be deployed.
 * @throws CompileError
 */
export function compile(
  files: readonly string[],
  settings: Settings,
  replacement?: Replacement,
): Compiled[] {
  const selected = Object.fromEntries(files.map((file) => [file, { "*": CODE }]));
  const { contracts = {} } = solc(files, settings, selected, replacement);
  return files.flatMap((file) =>
    Object.entries(contracts[file] ?? {})
      .filter(([, { evm }]) => evm.bytecode.object !== "")
      .map(([name, { abi, evm }]) => ({
        ...{ name, file, abi },
        bytecode: `0x${evm.bytecode.object}`,
        deployedBytecode: `0x${evm.deployedBytecode.object}`,
      })),
  );
}

function solc(
  files: readonly string[],
  settings: Settings,
  outputSelection: Record<string, Record<string, string[]>>,
  replacement?: Replacement,
): Output {
  const needed = new Set<string>();
  for (const file of files) closureOf(file, needed);
  const contentOf = (file: string) =>
    file === replacement?.file ? replacement.content : sourceOf(file);
  const input = {
    language: "Solidity",
    sources: Object.fromEntries([...needed].map((file) => [file, { content: contentOf(file) }])),
    settings: {
      evmVersion: "cancun",
      ...settings,
      // Without it the code would differ by the hash of the source alone.
      metadata: { appendCBOR: false, bytecodeHash: "none" },
      outputSelection,
    },
  };
  const output = JSON.parse(compiler.compile(JSON.stringify(input))) as Output;
  const failure = output.errors?.find(({ severity }) => severity === "error");
  if (failure !== undefined) throw new CompileError(failure.message);
  return output;
}
