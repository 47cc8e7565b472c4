/** The type of each column, as PostgreSQL calls it. */
export type Columns<Row> = { readonly [Name in keyof Row]: string };

/** Between two values of a column, and in place of one that is null: control characters, which JSON and identifiers never have. */
const SEPARATOR = "\x1f";
const NULL = "\x1e";

/**
 * A column of rows as one parameter for `unnestText`: the database splits it many times as fast as it reads an array, and it takes no
 * quoting. An empty text counts as null, and the two control characters that it is made with as spaces.
 */
export function columnOf<Row extends object>(rows: readonly Row[], name: keyof Row): string {
  let column = "";
  for (let i = 0; i < rows.length; i++) {
    const value = rows[i]![name] as string | number | bigint | boolean | null;
    if (i > 0) column += SEPARATOR;
    if (value === null || value === "") column += NULL;
    else if (typeof value !== "string") column += value;
    else column += plain(value);
  }
  return column;
}

function plain(text: string): string {
  if (!text.includes(SEPARATOR) && !text.includes(NULL)) return text;
  return text.replaceAll(SEPARATOR, " ").replaceAll(NULL, " ");
}

/** Rows made of columns that come as parameters, the first with the number `first`, for a "from". */
export function unnestText<Row>(as: string, columns: Columns<Row>, first: number): string {
  const names = Object.keys(columns) as (keyof Row & string)[];
  const arrays = names.map((name, i) => {
    const texts = `string_to_array($${first + i}, e'\\x1f', e'\\x1e')`;
    return columns[name] === "text" ? texts : `${texts}::${columns[name]}[]`;
  });
  return `unnest(${arrays.join(", ")}) as ${as}(${names.map(quote).join(", ")})`;
}

/** Inserts rows that come as columns. @param more More of its "from" and "where". */
export function insertText<Row>(
  table: string,
  columns: Columns<Row>,
  first: number,
  more = "",
): string {
  const names = Object.keys(columns).map(quote).join(", ");
  return `insert into ${table} (${names}) select new.* from ${unnestText("new", columns, first)}${more}`;
}

/** The opposite of `unnestText`: for a "select", what makes one row of texts of many rows, for `rowsOf`. */
export function aggregateText<Row>(columns: Columns<Row>): string {
  return Object.keys(columns)
    .map(quote)
    .map((name) => `string_agg(coalesce(${name}::text, e'\\x1e'), e'\\x1f') as ${name}`)
    .join(", ");
}

const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  text: (text) => text,
  numeric: (text) => text,
  int4: Number,
  int8: BigInt,
  bool: (text) => text === "true",
};

/**
 * The rows that `aggregateText` made one of; none when all of it is null. Many times as fast as reading rows one by one, of which
 * every value is a message of its own.
 */
export function rowsOf<Row extends object>(
  columns: Columns<Row>,
  texts: Readonly<Record<string, string | null>>,
): Row[] {
  const rows: Record<string, unknown>[] = [];
  for (const [name, type] of Object.entries<string>(columns as Record<string, string>)) {
    const read = READERS[type]!;
    const values = texts[name]?.split(SEPARATOR) ?? [];
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      (rows[i] ??= {})[name] = value === NULL ? null : read(value);
    }
  }
  return rows as Row[];
}

function quote(name: string): string {
  return `"${name}"`;
}

const NAME = /^\/\* prepared: (\w+) \*\//;

/** The text of a statement for `Store.prepared`. */
export function named(name: string, text: string): string {
  return `/* prepared: ${name} */ ${text}`;
}

/** The name that `named` gave. */
export function nameOf(text: string): string | undefined {
  return text.startsWith("/*") ? NAME.exec(text)?.[1] : undefined;
}

/** The same settings in each way of planning, so that one way takes the place of any other. */
interface Planning {
  readonly plan_cache_mode: "auto" | "force_generic_plan";
  readonly enable_seqscan: "on" | "off";
  readonly enable_hashjoin: "on" | "off";
  readonly enable_mergejoin: "on" | "off";
  readonly enable_bitmapscan: "on" | "off";
  readonly default_transaction_read_only: "on" | "off";
}

const OTHERS: Planning = {
  plan_cache_mode: "auto",
  enable_seqscan: "on",
  enable_hashjoin: "on",
  enable_mergejoin: "on",
  enable_bitmapscan: "on",
  default_transaction_read_only: "off",
};

/**
 * How named statements are planned: once, and by index, however small the tables still are. A plan that reads a whole table would be
 * kept when it has grown.
 */
const NAMED: Planning = {
  ...OTHERS,
  plan_cache_mode: "force_generic_plan",
  enable_seqscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
};

/**
 * How public reads are planned: along an index in the order of the answer, until there is enough. Each other way reads all that
 * matches first, and the planner takes it when it believes that little does.
 */
export const READS: Planning = {
  ...NAMED,
  plan_cache_mode: "auto",
  enable_bitmapscan: "off",
  default_transaction_read_only: "on",
};

const setAll = (planning: Planning): string =>
  Object.entries(planning)
    .map(([name, value]) => `set ${name} = ${value}`)
    .join("; ");

/** Before named statements, on their connection. */
export const PLAN_NAMED = setAll(NAMED);

/** Before public reads, where other statements come too. */
export const PLAN_READS = setAll(READS);

/** Before others, where those come too. */
export const PLAN_OTHERS = setAll(OTHERS);
