/** Lists the mutants of a file. */
import { type Edit, type Node, childrenOf, editsOf } from "./operators";
import { parse, sourceOf } from "./solidity";

export interface Mutant {
  /** Where and what, without the line: it stays the same when the file grows above it. */
  readonly id: string;
  readonly file: string;
  /** Contract.function, or what else holds the change. */
  readonly scope: string;
  readonly line: number;
  readonly column: number;
  readonly operator: string;
  readonly original: string;
  readonly replacement: string;
  /** The change itself, in bytes. */
  readonly edit: { readonly start: number; readonly end: number; readonly text: string };
}

const SCOPES: Record<string, true> = {
  ContractDefinition: true,
  FunctionDefinition: true,
  ModifierDefinition: true,
  VariableDeclaration: true,
};

export function listMutants(files: readonly string[]): Mutant[] {
  const trees = parse(files) as Map<string, Node>;
  const nodes = new Map<number, Node>();
  for (const tree of trees.values()) {
    walk(tree, (node) => {
      if (typeof node.id === "number") nodes.set(node.id, node);
    });
  }
  return files.flatMap((file) => mutantsOf(file, trees.get(file)!, nodes));
}

/** The text of the file with the change made. */
export function mutatedSource({ file, edit }: Mutant): string {
  const bytes = Buffer.from(sourceOf(file));
  return apply(bytes, edit, 0, bytes.length);
}

function mutantsOf(file: string, tree: Node, nodes: ReadonlyMap<number, Node>): Mutant[] {
  const bytes = Buffer.from(sourceOf(file));
  const mutants: Mutant[] = [];
  const changes = new Set<string>();
  const ids = new Map<string, number>();
  walk(tree, (node, parents) => {
    const context = { bytes, parents, lookup: (id: number) => nodes.get(id) };
    const scope = scopeOf([...parents, node]);
    for (const edit of editsOf(node, context)) {
      const change = `${edit.start}:${edit.end}:${edit.text}`;
      if (changes.has(change)) continue;
      changes.add(change);
      const original = squeeze(bytes.toString("utf8", edit.shown.start, edit.shown.end));
      const replacement = squeeze(apply(bytes, edit, edit.shown.start, edit.shown.end));
      const name = `${file} ${scope} ${edit.operator}: ${original} -> ${replacement}`;
      const count = (ids.get(name) ?? 0) + 1;
      ids.set(name, count);
      mutants.push({
        id: count === 1 ? name : `${name} #${count}`,
        ...{ file, scope, operator: edit.operator, original, replacement },
        ...positionOf(bytes, edit.start),
        edit: { start: edit.start, end: edit.end, text: edit.text },
      });
    }
  });
  return mutants.sort((a, b) => a.edit.start - b.edit.start);
}

function walk(
  node: Node,
  visit: (node: Node, parents: readonly Node[]) => void,
  parents: readonly Node[] = [],
): void {
  visit(node, parents);
  for (const child of childrenOf(node)) walk(child, visit, [...parents, node]);
}

function scopeOf(path: readonly Node[]): string {
  const names: string[] = [];
  for (const node of path) {
    if (SCOPES[node.nodeType] === undefined) continue;
    names.push((node["name"] as string) || (node["kind"] as string));
    // A variable within a function is no place of its own.
    if (node.nodeType !== "ContractDefinition") break;
  }
  return names.join(".");
}

function apply(
  bytes: Buffer,
  edit: Pick<Edit, "start" | "end" | "text">,
  from: number,
  to: number,
) {
  const [before, after] = [bytes.subarray(from, edit.start), bytes.subarray(edit.end, to)];
  return Buffer.concat([before, Buffer.from(edit.text), after]).toString("utf8");
}

function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim() || "(nothing)";
}

function positionOf(bytes: Buffer, offset: number): { line: number; column: number } {
  const lines = bytes.toString("utf8", 0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}
