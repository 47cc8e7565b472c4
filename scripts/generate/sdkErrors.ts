import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";

const SOURCES = path.resolve(__dirname, "../../sdk/src");

/** What no user of the library meets: generated code, the program, and the chain inside the sandbox. */
const NOT_EXPORTED = /^(generated|cli|testing[/\\]chain)[/\\]/;

/** An error class of the SDK, as its source says it. */
export interface SdkError {
  readonly name: string;
  /** What it extends. */
  readonly parent: string;
  /** Its own codes; none when its subclasses or callers choose. */
  readonly codes: readonly string[];
  /** What it carries beside code and message, by the names of its members and details. */
  readonly values: readonly string[];
  /** Its documentation, in one line. */
  readonly meaning: string;
}

/** A code with what it means. */
export interface DocumentedCode {
  readonly code: string;
  readonly value: string;
  readonly meaning: string;
}

/** Every error class of the SDK, the root first, then by name. */
export function sdkErrors(): SdkError[] {
  const found = sourceFiles().flatMap((file) =>
    file.statements
      .filter(ts.isClassDeclaration)
      .filter((each) => each.name?.text.endsWith("Error") === true)
      .map((each) => describe(each, file)),
  );
  const byName = new Map(found.map((each) => [each.name, each]));
  const valuesOf = (each: SdkError): string[] => {
    const parent = byName.get(each.parent);
    return [...new Set([...(parent === undefined ? [] : valuesOf(parent)), ...each.values])];
  };
  return found
    .map((each) => ({ ...each, values: valuesOf(each) }))
    .sort((a, b) => Number(b.parent === "Error") - Number(a.parent === "Error") || compare(a, b));
}

/** The findings of checkOrder, in their order. */
export function findingCodes(): DocumentedCode[] {
  const file = parse(path.join(SOURCES, "preflight/Finding.ts"));
  const codes: DocumentedCode[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ts.isStringLiteral(node.initializer)) {
      const value = node.initializer.text;
      codes.push({ code: node.name.getText(file), value, meaning: meaningOf(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return codes;
}

function sourceFiles(): ts.SourceFile[] {
  return readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !NOT_EXPORTED.test(name))
    .map((name) => parse(path.join(SOURCES, name)))
    .filter(({ text }) => /class \w+Error\b/.test(text));
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
}

function describe(node: ts.ClassDeclaration, file: ts.SourceFile): SdkError {
  const name = node.name?.text ?? "";
  const [heritage] = node.heritageClauses ?? [];
  return {
    name,
    parent: heritage?.types[0]?.expression.getText(file) ?? "",
    codes: codesOf(node, file),
    values: [...membersOf(node), ...detailsOf(node)],
    meaning: meaningOf(node),
  };
}

/** The code its constructor names; else every member of the type of that name, `MatcherErrorCode`. */
function codesOf(node: ts.ClassDeclaration, file: ts.SourceFile): string[] {
  const union = file.statements
    .filter(ts.isTypeAliasDeclaration)
    .find((each) => each.name.text === `${node.name?.text}Code`);
  const codes: string[] = [];
  const visit = (inner: ts.Node): void => {
    if (ts.isStringLiteral(inner) && /^[A-Z_]+$/.test(inner.text)) codes.push(inner.text);
    ts.forEachChild(inner, visit);
  };
  (union === undefined ? node.members.filter(ts.isConstructorDeclaration) : [union]).forEach(visit);
  return codes;
}

const OF_EVERY_ERROR = ["code", "details"];

function membersOf(node: ts.ClassDeclaration): string[] {
  return node.members
    .filter(ts.isPropertyDeclaration)
    .map((member) => member.name.getText())
    .filter((name) => !OF_EVERY_ERROR.includes(name));
}

/** The names in the object that becomes its `details`. */
function detailsOf(node: ts.ClassDeclaration): string[] {
  const names: string[] = [];
  const collect = (object: ts.Node): void => {
    if (ts.isShorthandPropertyAssignment(object) || ts.isPropertyAssignment(object)) {
      names.push(object.name.getText());
    } else ts.forEachChild(object, collect);
  };
  const visit = (inner: ts.Node): void => {
    if (ts.isPropertyAssignment(inner) && inner.name.getText() === "details") {
      collect(inner.initializer);
    } else if (ts.isBinaryExpression(inner) && inner.left.getText() === "this.details") {
      collect(inner.right);
    } else ts.forEachChild(inner, visit);
  };
  node.members.filter(ts.isConstructorDeclaration).forEach(visit);
  return names;
}

function meaningOf(node: ts.Node): string {
  const [comment] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  return (ts.getTextOfJSDocComment(comment?.comment) ?? "").replace(/\s+/g, " ").trim();
}

function compare(a: SdkError, b: SdkError): number {
  return a.name < b.name ? -1 : 1;
}
