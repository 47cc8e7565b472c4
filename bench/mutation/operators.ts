/** The mutation operators: what each makes of a node of the syntax tree. */

export interface Node {
  readonly id: number;
  readonly nodeType: string;
  /** "start:length:file", in bytes. */
  readonly src: string;
  readonly [field: string]: unknown;
}

/** One change of the text, and the piece of text that shows it best. */
export interface Edit {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly shown: { readonly start: number; readonly end: number };
}

export interface Context {
  readonly bytes: Buffer;
  /** From the file down to the node's parent. */
  readonly parents: readonly Node[];
  readonly lookup: (id: number) => Node | undefined;
}

type Operator = (node: Node, context: Context) => Edit[];

const BINARY: Record<string, readonly string[]> = {
  ...{ "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["*"], "**": ["*"] },
  ...{ "&": ["|"], "|": ["&"], "^": ["&"], "<<": [">>"], ">>": ["<<"] },
  // The boundary, and the negation.
  ...{ "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"] },
  ...{ "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"] },
};

const COMPOUND: Record<string, readonly string[]> = {
  ...{ "+=": ["-=", "="], "-=": ["+=", "="], "*=": ["/=", "="], "/=": ["*=", "="] },
  ...{ "|=": ["&=", "="], "&=": ["|=", "="], "^=": ["|=", "="], "%=": ["="] },
  ...{ "<<=": [">>=", "="], ">>=": ["<<=", "="] },
};

const YUL: Record<string, readonly string[]> = {
  ...{ add: ["sub"], sub: ["add"], mul: ["div"], div: ["mul"], and: ["or"], or: ["and"] },
  ...{ lt: ["gt"], gt: ["lt"], slt: ["sgt"], sgt: ["slt"], eq: ["lt", "gt"], shl: ["shr"] },
  ...{ shr: ["shl"], mstore: ["mstore8"], not: ["iszero"], iszero: ["not"] },
};

/** The nodes whose deletion leaves a program. */
const STATEMENTS = new Set([
  ...["ExpressionStatement", "EmitStatement", "RevertStatement", "Continue", "Break"],
  ...["YulExpressionStatement", "YulAssignment"],
]);

const OPERATORS: readonly Operator[] = [
  replaceBinary,
  dropOperand,
  replaceCompound,
  replaceUnary,
  changeLiteral,
  fixCondition,
  chooseBranch,
  deleteStatement,
  deleteModifier,
  returnDefault,
  swapArguments,
  changeMember,
  changeYul,
];

export function editsOf(node: Node, context: Context): Edit[] {
  return OPERATORS.flatMap((operator) => operator(node, context));
}

/** Everything below a node, in the order of the text. */
export function childrenOf(node: Node): Node[] {
  const children: Node[] = [];
  const collect = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(collect);
    else if (isNode(value)) children.push(value);
  };
  Object.values(node).forEach(collect);
  return children.sort((a, b) => startOf(a) - startOf(b));
}

export function startOf(node: Node): number {
  return Number(node.src.split(":")[0]);
}

export function endOf(node: Node): number {
  const [start, length] = node.src.split(":").map(Number);
  return (start as number) + (length as number);
}

// ---------------------------------------------------------------------------------------- operators

function replaceBinary(node: Node, { bytes }: Context): Edit[] {
  if (node.nodeType !== "BinaryOperation") return [];
  const operator = node["operator"] as string;
  const [left, right] = [node["leftExpression"] as Node, node["rightExpression"] as Node];
  const start = bytes.indexOf(operator, endOf(left));
  if (start < 0 || start >= startOf(right)) return [];
  return (BINARY[operator] ?? []).map((text) =>
    edit("binary", { start, end: start + operator.length }, text, node),
  );
}

/** `a && b` without one of the two. */
function dropOperand(node: Node): Edit[] {
  if (node.nodeType !== "BinaryOperation") return [];
  const neutral = { "&&": "true", "||": "false" }[node["operator"] as string];
  if (neutral === undefined) return [];
  return [node["leftExpression"] as Node, node["rightExpression"] as Node].map((operand) =>
    edit("operand", rangeOf(operand), neutral, node),
  );
}

function replaceCompound(node: Node, { bytes }: Context): Edit[] {
  if (node.nodeType !== "Assignment") return [];
  const operator = node["operator"] as string;
  const start = bytes.indexOf(operator, endOf(node["leftHandSide"] as Node));
  return (COMPOUND[operator] ?? []).map((text) =>
    edit("assignment", { start, end: start + operator.length }, text, node),
  );
}

function replaceUnary(node: Node): Edit[] {
  if (node.nodeType !== "UnaryOperation") return [];
  const operator = node["operator"] as string;
  const text = { "!": "", "~": "", "-": "", "++": "--", "--": "++" }[operator];
  if (text === undefined) return [];
  const start = node["prefix"] === true ? startOf(node) : endOf(node) - operator.length;
  return [edit("unary", { start, end: start + operator.length }, text, node)];
}

function changeLiteral(node: Node, context: Context): Edit[] {
  if (node.nodeType !== "Literal") return [];
  // Shown with what it stands in, or a lone "1" would say nothing.
  const shown = context.parents.at(-1) ?? node;
  const literal = (end: number, text: string) =>
    edit("literal", { start: startOf(node), end }, text, shown);
  const value = node["value"] as string | null;
  switch (node["kind"]) {
    case "bool":
      return [literal(endOf(node), value === "true" ? "false" : "true")];
    case "number": {
      // Without the unit that may follow.
      const end = startOf(node) + /^[\w.]+/.exec(textOf(node, context.bytes))![0].length;
      return neighbours(value ?? "").map((text) => literal(end, text));
    }
    case "string":
      return value === "" ? [] : [literal(endOf(node), '""')];
    default:
      return [];
  }
}

function fixCondition(node: Node): Edit[] {
  const condition = node["condition"] as Node | undefined;
  const values = {
    IfStatement: ["true", "false"],
    WhileStatement: ["false"],
    ForStatement: ["false"],
  }[node.nodeType];
  if (values === undefined || condition === undefined || condition === null) return [];
  const shown = { start: startOf(node), end: endOf(condition) + 1 };
  return values.map((text) => edit("condition", rangeOf(condition), text, shown));
}

function chooseBranch(node: Node, { bytes }: Context): Edit[] {
  if (node.nodeType !== "Conditional") return [];
  return [node["trueExpression"] as Node, node["falseExpression"] as Node].map((branch) =>
    edit("branch", rangeOf(node), textOf(branch, bytes), node),
  );
}

function deleteStatement(node: Node, { bytes, parents }: Context): Edit[] {
  if (!STATEMENTS.has(node.nodeType)) return [];
  if (node.nodeType.startsWith("Yul")) return [edit("deletion", rangeOf(node), "", node)];
  if (isWholeOfAnIf(node, parents)) return [];
  const parent = parents.at(-1);
  // The `++i` of a loop is a deletion that never ends, and says nothing about a test.
  if (parent?.nodeType === "ForStatement" && parent["body"] !== node) return [];
  const end = bytes.indexOf(";", endOf(node) - 1) + 1;
  return [edit("deletion", { start: startOf(node), end }, "{}", node)];
}

function deleteModifier(node: Node): Edit[] {
  if (node.nodeType !== "ModifierInvocation" || node["kind"] !== "modifierInvocation") return [];
  return [edit("modifier", rangeOf(node), "", node)];
}

function returnDefault(node: Node, { lookup }: Context): Edit[] {
  const expression = node["expression"] as Node | undefined;
  if (node.nodeType !== "Return" || !expression) return [];
  const list = lookup(node["functionReturnParameters"] as number);
  const returned = (list?.["parameters"] ?? []) as Node[];
  if (returned.length !== 1) return [];
  const defaults = defaultsOf(typeOf(returned[0]!));
  return defaults.map((text) => edit("return", rangeOf(expression), text, node));
}

/** Two neighbours of one type trade places: in a call, an error, an event, a struct or a tuple. */
function swapArguments(node: Node, { bytes }: Context): Edit[] {
  const list =
    node.nodeType === "FunctionCall"
      ? (node["arguments"] as Node[])
      : node.nodeType === "TupleExpression" && node["lValueRequested"] !== true
        ? (node["components"] as (Node | null)[]).filter((one) => one !== null)
        : [];
  return list.flatMap((first, i) => {
    const second = list.slice(i + 1).find((other) => kindOf(other) === kindOf(first));
    if (second === undefined) return [];
    const [one, two] = [textOf(first, bytes), textOf(second, bytes)];
    if (one === two) return [];
    const between = bytes.toString("utf8", endOf(first), startOf(second));
    const range = { start: startOf(first), end: endOf(second) };
    return [edit("swap", range, two + between + one, node)];
  });
}

/** Another member of the same enum. */
function changeMember(node: Node, { lookup, parents }: Context): Edit[] {
  if (node.nodeType !== "MemberAccess") return [];
  const member = lookup(node["referencedDeclaration"] as number);
  if (member?.nodeType !== "EnumValue") return [];
  const type = lookup((node["expression"] as Node)["referencedDeclaration"] as number);
  const members = ((type?.["members"] ?? []) as Node[]).map((one) => one["name"] as string);
  const next = members[(members.indexOf(node["memberName"] as string) + 1) % members.length];
  if (next === undefined || next === node["memberName"]) return [];
  const start = endOf(node["expression"] as Node);
  return [edit("member", { start, end: endOf(node) }, `.${next}`, parents.at(-1) ?? node)];
}

function changeYul(node: Node, { parents }: Context): Edit[] {
  if (node.nodeType === "YulFunctionCall") {
    const name = node["functionName"] as Node;
    const others = YUL[name["name"] as string] ?? [];
    return others.map((text) => edit("opcode", rangeOf(name), text, node));
  }
  if (node.nodeType === "YulLiteral" && node["kind"] === "number") {
    const shown = parents.at(-1) ?? node;
    return neighbours(node["value"] as string).map((text) =>
      edit("literal", rangeOf(node), text, shown),
    );
  }
  return [];
}

// ---------------------------------------------------------------------------------------- helpers

function edit(
  operator: string,
  range: { start: number; end: number },
  text: string,
  shown: Node | { start: number; end: number },
): Edit {
  return { operator, ...range, text, shown: isNode(shown) ? rangeOf(shown) : shown };
}

function rangeOf(node: Node): { start: number; end: number } {
  return { start: startOf(node), end: endOf(node) };
}

function textOf(node: Node, bytes: Buffer): string {
  return bytes.toString("utf8", startOf(node), endOf(node));
}

/** One more; and 0 for 1. An address, or a number in another notation, is left alone. */
function neighbours(written: string): string[] {
  const digits = written.replaceAll("_", "");
  if (!/^(\d+|0x[\da-fA-F]{1,39})$/.test(digits)) return [];
  const value = BigInt(digits);
  const one = digits.startsWith("0x")
    ? `0x${(value + 1n).toString(16).padStart(digits.length - 2, "0")}`
    : String(value + 1n);
  return value === 1n ? ["0", one] : [one];
}

function typeOf(node: Node): string {
  return (node["typeDescriptions"] as { typeString?: string } | undefined)?.typeString ?? "";
}

/** The type, without where it lies; all whole numbers written out are of one kind. */
function kindOf(node: Node): string {
  return typeOf(node)
    .replace(/ (memory|calldata|storage)( ref| pointer| slice)?/g, "")
    .replace(/^int_const .*/, "uint256");
}

function defaultsOf(type: string): string[] {
  if (type === "bool") return ["true", "false"];
  if (/^u?int\d*$/.test(type)) return ["0"];
  if (/^(address|bytes\d+)$/.test(type)) return [`${type}(0)`];
  const [, kind, name] = /^(enum|type) (.+)$/.exec(type) ?? [];
  if (kind === "enum") return [`type(${name}).min`];
  if (/^[A-Z]\w*$/.test(type)) return [`${type}.wrap(0)`];
  return [];
}

/** Deleting all that an `if` does is the same as its condition being false. */
function isWholeOfAnIf(node: Node, parents: readonly Node[]): boolean {
  const [parent, grandparent] = [parents.at(-1), parents.at(-2)];
  const alone =
    parent?.nodeType === "Block" && (parent["statements"] as Node[]).length === 1
      ? grandparent
      : parent;
  return alone?.nodeType === "IfStatement" && !alone["falseBody"];
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "nodeType" in value && "src" in value;
}
