import { CompiledQuery } from "kysely";
import { columnOf, FENCE, insertText, named, unnestText, type Columns, type Lease } from "../store";
import type { LineTable, MatchMakerTable } from "../store";
import type {
  Effects,
  FailedMatch,
  MatchParty,
  NewMatchRow,
  OrderUpdate,
  OutboxRow,
} from "./Effects";
import { ORDER_COLUMNS, rowOf } from "./OrderRecord";

const LINES: Columns<LineTable> = { condition_id: "text", n: "int8", input: "int8", line: "text" };

const MATCHES: Columns<NewMatchRow> = {
  id: "text",
  condition_id: "text",
  input: "int8",
  taker_hash: "text",
  taker_fill_amount: "numeric",
  making: "numeric",
  taking: "numeric",
  consumed: "numeric",
  price: "int4",
  shares: "numeric",
  state: "text",
  settlement_id: "int8",
  tx_hash: "text",
  block_number: "int8",
  reason: "text",
  guilty_hash: "text",
  matched_at_ms: "int8",
  updated_at_ms: "int8",
};

const MAKERS: Columns<MatchMakerTable> = {
  match_id: "text",
  index: "int4",
  order_hash: "text",
  kind: "text",
  making: "numeric",
  taking: "numeric",
  price: "int4",
};

const PARTIES: Columns<MatchParty> = { match_id: "text", account: "text" };

const OUTBOX: Columns<OutboxRow> = { topic: "text", type: "text", payload: "text", at_ms: "int8" };

const UPDATES: Columns<OrderUpdate> = {
  hash: "text",
  state: "text",
  remaining: "numeric",
  reason: "text",
  updated_at_ms: "int8",
};

const FAILED: Columns<FailedMatch> = { id: "text", reason: "text", guilty: "text", at_ms: "int8" };

/** Not stored by an earlier attempt. */
const IS_NEW = "fence.before <> $1::int8";
const FENCE_PARAMETERS = 3;

/** Columns of a part of the statement, with the text that says what becomes of their rows. */
interface Part {
  /** For a part whose rows another one reads. */
  readonly name?: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly text: (firstParameter: number) => string;
}

const inserting = <Row>(table: string, columns: Columns<Row>): Part => ({
  columns,
  text: (first) => insertText(table, columns, first, `, fence where ${IS_NEW}`),
});

const PARTS: readonly Part[] = [
  inserting("orders", ORDER_COLUMNS),
  inserting("line", LINES),
  {
    name: "new_match",
    columns: MATCHES,
    text: (first) => {
      const inserted = insertText("match", MATCHES, first, `, fence where ${IS_NEW}`);
      return `${inserted} returning id, number`;
    },
  },
  inserting("match_maker", MAKERS),
  {
    // The database numbers a match as it is inserted.
    columns: PARTIES,
    text: (first) => `insert into match_account (account, number, match_id)
      select new.account, new_match.number, new.match_id
      from new_match, ${unnestText("new", PARTIES, first)} where new.match_id = new_match.id`,
  },
  inserting("outbox", OUTBOX),
  {
    columns: UPDATES,
    text: (first) => `update orders set state = new.state, remaining = new.remaining,
      reason = new.reason, updated_at_ms = new.updated_at_ms
      from ${unnestText("new", UPDATES, first)}, fence where orders.hash = new.hash and ${IS_NEW}`,
  },
  {
    // The settler may have named the guilty order before: it is not forgotten.
    columns: FAILED,
    text: (first) => `update match set state = 'FAILED', reason = new.reason,
      updated_at_ms = new.at_ms, guilty_hash = coalesce(new.guilty, match.guilty_hash)
      from ${unnestText("new", FAILED, first)}, fence where match.id = new.id and ${IS_NEW}`,
  },
];

/** By which parts they have: few commits need all of them, and one that is not there costs nothing. */
const texts = new Map<number, string>();

/** Always the same text for the same parts, so that the database prepares it once: planning it takes longer than some commits. */
function textOf(present: readonly boolean[]): string {
  const mask = present.reduce((bits, isPresent, i) => (isPresent ? bits | (1 << i) : bits), 0);
  let text = texts.get(mask);
  if (text === undefined) {
    text = named(`store_effects_${mask}`, joinParts(PARTS.filter((_, i) => present[i])));
    texts.set(mask, text);
  }
  return text;
}

function joinParts(parts: readonly Part[]): string {
  let first = FENCE_PARAMETERS + 1;
  const joined = parts.map(({ name, columns, text }, i) => {
    const part = `${name ?? `part_${i}`} as (${text(first)})`;
    first += Object.keys(columns).length;
    return part;
  });
  return `with ${[FENCE, ...joined].join(", ")} select before from fence`;
}

/**
 * Stores effects under a number by one statement: every statement is a journey to the database and back, and senders wait for all of
 * them. No part of it sees what another part writes, but for the numbers of new matches, and none needs to: what the same effects insert has
 * its last state already.
 * Its rows are those of FENCE.
 */
export function storeStatement(
  effects: Effects,
  { name, fence }: Lease,
  commit: bigint,
): CompiledQuery<{ readonly before: bigint }> {
  const { orders, lines, matches, makers, parties, outbox, updates, failed } = effects;
  const stored = [...orders.values()].map(rowOf);
  const changed = [...updates.values()];
  const rows: readonly object[][] = [
    ...[stored, lines, matches, makers, parties, outbox, changed, failed],
  ];
  const values = [`${commit}`, name, `${fence}`];
  PARTS.forEach(({ columns }, i) => {
    const ofPart = rows[i]!;
    if (ofPart.length === 0) return;
    for (const column of Object.keys(columns)) values.push(columnOf(ofPart, column as never));
  });
  return CompiledQuery.raw(textOf(rows.map(({ length }) => length > 0)), values) as never;
}
