import type { Generated } from "kysely";

/*
 * The tables, column by column. Both databases hand the same JavaScript types out: int8 as bigint, int4 as number, numeric as
 * decimal text, jsonb as the value it holds. Hashes, addresses and ids of questions and conditions are lower-case 0x hex;
 * amounts are units of the asset's smallest part; prices are collateral units per million share units (millionths); times are
 * Unix seconds, or milliseconds where the name says so.
 *
 * Who writes: each table has one writer, named above it. Everybody reads.
 */

/** uint256 as decimal text. */
export type Numeric = string;

/** Where an order of the venue stands. */
export type OrderState =
  /** In the book, or about to be: nothing of it is matched. */
  | "OPEN"
  /** Some of it is matched; the rest is in the book. */
  | "PARTIALLY_FILLED"
  /** All of it is matched, or all but dust. */
  | "FILLED"
  /** Its maker, or the venue in its maker's name, took it out; `reason` says why. */
  | "CANCELLED"
  /** Its expiration came. */
  | "EXPIRED"
  /** Nothing of it could be matched and it was not to rest (FOK, FAK, post-only, market); `reason` says why. */
  | "REJECTED"
  /** The chain refuses it: `reason` has the error. */
  | "INVALIDATED";

/** Where a match stands on its way to the chain. */
export type MatchState =
  /** Decided, and not known to be on chain. */
  | "MATCHED"
  /** In a block that may still be undone. */
  | "MINED"
  /** In a final block. */
  | "CONFIRMED"
  /** A transaction for it came to nothing; another will follow. */
  | "RETRYING"
  /** It will never settle: an order of it is to blame, and the others are back in the book. */
  | "FAILED";

/** A transaction that takes one nonce of a lane. */
export type SettlementState =
  /** Signed and stored; sent as often as needed. */
  | "SENT"
  /** Has a receipt in a block that may still be undone. */
  | "MINED"
  /** Its receipt is final; its nonce is spent for good. */
  | "CONFIRMED"
  /** Its nonce is finally spent by a transaction that is not ours. */
  | "LOST";

/** One row per database: which deployment it belongs to. Written once. */
export interface MetaTable {
  key: string;
  value: string;
}

/** Who may write what one writer writes: `engine`, `indexer`, `lane:<address>`. Written by `store/lease`. */
export interface LeaseTable {
  name: string;
  holder: string;
  /** Grows with every taking over; a writer whose number is not this one is not the writer any more. */
  fence: bigint;
  /** The number of what its writers stored last, for those that number it. */
  position: bigint;
  expires_at_ms: bigint;
}

/** Every order that was ever accepted, with all that was signed. Written by the engine. */
export interface OrdersTable {
  hash: string;
  condition_id: string;
  /** Place among the inputs of its market, and in the order of arrival. */
  input: bigint;
  salt: Numeric;
  maker: string;
  signer: string;
  taker: string;
  token_id: Numeric;
  maker_amount: Numeric;
  taker_amount: Numeric;
  expiration: Numeric;
  nonce: Numeric;
  fee_rate_bps: number;
  side: number;
  signature_type: number;
  signature: string;
  /** What the venue was asked: limit or market, GTC and so on. */
  kind: string;
  time_in_force: string;
  post_only: boolean;
  self_trade: string;
  /** Limit in millionths, in terms of its own outcome, rounded to the owner's side. */
  price: number;
  outcome: "YES" | "NO";
  state: OrderState;
  /** What is left for the book, in units of what it gives; matched parts are off, settled or not. */
  remaining: Numeric;
  reason: string | null;
  accepted_at_ms: bigint;
  updated_at_ms: bigint;
}

/** The log of a market's book, line by line: see docs/matching.md. Written by the engine. */
export interface LineTable {
  condition_id: string;
  n: bigint;
  /** The input that it follows from. */
  input: bigint;
  line: string;
}

/** What was matched: one row is one call of `matchOrders`. Written by the engine, its state by the settler. */
export interface MatchTable {
  /** `<condition>:<input>:<index of the plan>`: the same in every replay. */
  id: string;
  /** Order of settling. */
  number: Generated<bigint>;
  condition_id: string;
  input: bigint;
  taker_hash: string;
  /** First argument pair of `matchOrders`: the most the taker order may give and consume. */
  taker_fill_amount: Numeric;
  /** What the taker gives, gets, and loses of its remaining amount. */
  making: Numeric;
  taking: Numeric;
  consumed: Numeric;
  /** Average price that the taker got, in YES terms, millionths, rounded to the nearest. */
  price: number;
  /** YES and NO shares that changed hands, came into being or were undone, in share units. */
  shares: Numeric;
  state: MatchState;
  settlement_id: bigint | null;
  /** Of the transaction that settled it. */
  tx_hash: string | null;
  block_number: bigint | null;
  /** Why it failed or is tried again, and whose order is to blame. */
  reason: string | null;
  guilty_hash: string | null;
  /** Attempts that came to nothing with no order named. Written by the settler. */
  attempts: Generated<number>;
  /** Why it is to be released though no order is to blame; null when it is not. Written by the settler. */
  give_up: Generated<string | null>;
  /** Its place in the batch of its settlement. Written by the settler. */
  place: Generated<number | null>;
  matched_at_ms: bigint;
  updated_at_ms: bigint;
}

/** The makers of a match, in the order of the plan. Written by the engine. */
export interface MatchMakerTable {
  match_id: string;
  index: number;
  order_hash: string;
  /** COMPLEMENTARY, MINT or MERGE. */
  kind: string;
  making: Numeric;
  taking: Numeric;
  /** Where it stood: price of YES in millionths. */
  price: number;
}

/** The transactions of the venue, one per nonce. Written by the settler. */
export interface SettlementTable {
  id: Generated<bigint>;
  lane: string;
  nonce: bigint;
  /** `match`: settles matches; `void`: sends nothing to itself, to use up a nonce. */
  purpose: "match" | "void";
  calldata: string;
  gas_limit: bigint;
  state: SettlementState;
  /** Of the receipt: which attempt, where, and with what result (1 or 0). */
  tx_hash: string | null;
  block_number: bigint | null;
  block_hash: string | null;
  status: number | null;
  gas_used: Generated<bigint | null>;
  created_at_ms: bigint;
  updated_at_ms: bigint;
}

/** Gas that an attempt for a match burnt for nothing, charged to an account of it. Kept for a day. Written by the settler. */
export interface FruitlessChargeTable {
  settlement_id: bigint;
  match_id: string;
  /** In lower case. */
  account: string;
  gas: bigint;
  reason: string;
  /** True when the chain named an order of this account. */
  is_guilty: boolean;
  at_ms: bigint;
}

/** Two accounts that are not matched with each other for a while. Kept for a day after the rest. Written by the settler. */
export interface PairRestTable {
  /** Both in lower case, the lesser one first. */
  account: string;
  partner: string;
  /** Fruitless matches of theirs: what is held against either. */
  fruitless: number;
  /** Rests so far: each is twice as long as the last. */
  times: number;
  /** The match that the last rest is for. */
  match_id: string;
  length_ms: bigint;
  updated_at_ms: bigint;
}

/** An account whose orders are refused for a while. Kept for a day after the rest. Written by the settler. */
export interface AccountRestTable {
  account: string;
  times: number;
  reason: string;
  match_id: string;
  length_ms: bigint;
  updated_at_ms: bigint;
}

/** Each signed transaction for a nonce: the first and its fee bumps. Written by the settler, before it is sent. */
export interface TxAttemptTable {
  hash: string;
  settlement_id: bigint;
  raw: string;
  max_fee_per_gas: Numeric;
  max_priority_fee_per_gas: Numeric;
  signed_at_ms: bigint;
  /** The head when it was signed. */
  signed_at_block: bigint;
}

/** An operator key and its next nonce. Written by the settler. */
export interface LaneTable {
  address: string;
  next_nonce: bigint;
  /** RUNNING, or STOPPED with the reason. */
  state: "RUNNING" | "STOPPED";
  reason: string | null;
}

/** What the streams were told about orders, trades and markets, in one order. Written with what it tells of. */
export interface OutboxTable {
  id: Generated<bigint>;
  /** `user:<address>`; of what the chain tells also `market:<condition>`. */
  topic: string;
  type: string;
  /** As JSON. */
  payload: string;
  at_ms: bigint;
}

/** Blocks as the indexer knows them; one canonical per height. Written by the indexer. */
export interface ChainBlockTable {
  number: bigint;
  hash: string;
  parent_hash: string;
  timestamp: bigint;
  is_final: boolean;
}

/** Every log of our contracts in those blocks. Written by the indexer. */
export interface ChainLogTable {
  block_hash: string;
  block_number: bigint;
  log_index: number;
  tx_hash: string;
  address: string;
  topics: string[];
  data: string;
  /** Event name; null when no ABI of ours knows it. */
  name: string | null;
  /** Its values, integers as decimal text. */
  args: unknown;
  /** The market it is about, when it is about one. */
  condition_id: string | null;
  /** Accounts it names, for searching: lower-case addresses. */
  accounts: string[];
  timestamp: bigint;
}

/** Where the indexer stands; one row. */
export interface CursorTable {
  name: string;
  head_number: bigint;
  head_hash: string;
  final_number: bigint;
  /** Grows with every undone block. */
  generation: bigint;
}

/** How to undo what a block did to a projection. Written by the indexer. */
export interface UndoTable {
  id: Generated<bigint>;
  block_number: bigint;
  table_name: string;
  /** The row's key columns, and the row before; null when there was none. */
  key: unknown;
  before: unknown;
}

/** Where projections and chain disagreed. Written by the reconciliation. */
export interface DiscrepancyTable {
  id: Generated<bigint>;
  kind: string;
  subject: string;
  block_number: bigint;
  in_tables: string;
  on_chain: string;
  detected_at_ms: bigint;
  repaired: boolean;
}

/** Projection: markets. */
export interface MarketTable {
  condition_id: string;
  question_id: string;
  yes: Numeric;
  no: Numeric;
  slug: string;
  question: string;
  description: string;
  category: string;
  creator: string;
  end_time: bigint;
  resolution_time: bigint;
  dispute_window: bigint;
  created_at: bigint;
  /** True once its tokens are registered in the exchange. */
  registered: boolean;
  /** OPEN, PROPOSED, DISPUTED, FINALIZED or CANCELLED, from events; ENDED follows from `end_time` and the clock. */
  state: "OPEN" | "PROPOSED" | "DISPUTED" | "FINALIZED" | "CANCELLED";
  /** Outcome that stands or is final: YES, NO, SPLIT; null while none is. */
  outcome: string | null;
  proposed_at: bigint | null;
  disputed_at: bigint | null;
  finalized_at: bigint | null;
  last_tx: string;
}

/** Projection: what really moved, one row per OrderFilled. */
export interface FillTable {
  tx_hash: string;
  log_index: number;
  block_number: bigint;
  timestamp: bigint;
  order_hash: string;
  condition_id: string;
  maker: string;
  token_id: Numeric;
  outcome: "YES" | "NO";
  side: number;
  making: Numeric;
  taking: Numeric;
  fee: Numeric;
  /** True for the taker order of its match. */
  is_taker: boolean;
}

/** Projection: orders that the chain knows. */
export interface OrderOnChainTable {
  order_hash: string;
  /** Sum of what its fills gave. */
  making: Numeric;
  /** What is left of makerAmount after the last fill; null when it was never filled. */
  remaining: Numeric | null;
  cancelled: boolean;
}

/** Projection: the exchange's nonce of an account that ever raised it. */
export interface AccountNonceTable {
  account: string;
  nonce: Numeric;
}

/** Projection: shares and their cost, by account and token. */
export interface PositionTable {
  account: string;
  token_id: Numeric;
  condition_id: string;
  outcome: "YES" | "NO";
  shares: Numeric;
  /** What the shares held now cost, in collateral units; average price = cost / shares. */
  cost: Numeric;
  /** Proceeds less cost of what was sold, merged and redeemed. May be negative. */
  realized: Numeric;
  bought: Numeric;
  sold: Numeric;
}

/** Projection: candles of the YES price from maker fills. */
export interface CandleTable {
  condition_id: string;
  /** Seconds: 60, 300, 3600, 86400. */
  interval: number;
  start: bigint;
  open: number;
  high: number;
  low: number;
  close: number;
  /** Shares and collateral units traded. */
  shares: Numeric;
  volume: Numeric;
  trades: number;
}

/** Alerts that the monitor and others raised. */
export interface AlertTable {
  id: Generated<bigint>;
  type: string;
  severity: "CRITICAL" | "HIGH" | "MEDIUM" | "LOW";
  data: unknown;
  at_ms: bigint;
}

/** Dead-man switches that are on. Written by intake. */
export interface HeartbeatTable {
  account: string;
  /** An account that is silent for so long is lost. */
  seconds: number;
}

/** API keys and sessions. Written by http/auth. */
export interface ApiKeyTable {
  id: string;
  account: string;
  /** The HMAC secret, sealed with the venue's key. */
  secret: string;
  scopes: string[];
  created_at_ms: bigint;
  revoked_at_ms: bigint | null;
}

export interface SessionTable {
  id: string;
  account: string;
  /** SHA-256 of the refresh token in use. */
  refresh_hash: string;
  created_at_ms: bigint;
  expires_at_ms: bigint;
  revoked: boolean;
}

/** Nonces of sign-in messages and of signed requests, each used once. */
export interface UsedNonceTable {
  nonce: string;
  expires_at_ms: bigint;
  used: boolean;
}

export interface Database {
  meta: MetaTable;
  lease: LeaseTable;
  orders: OrdersTable;
  line: LineTable;
  match: MatchTable;
  match_maker: MatchMakerTable;
  settlement: SettlementTable;
  tx_attempt: TxAttemptTable;
  fruitless_charge: FruitlessChargeTable;
  pair_rest: PairRestTable;
  account_rest: AccountRestTable;
  lane: LaneTable;
  outbox: OutboxTable;
  chain_block: ChainBlockTable;
  chain_log: ChainLogTable;
  cursor: CursorTable;
  undo: UndoTable;
  discrepancy: DiscrepancyTable;
  market: MarketTable;
  fill: FillTable;
  order_on_chain: OrderOnChainTable;
  account_nonce: AccountNonceTable;
  position: PositionTable;
  candle: CandleTable;
  alert: AlertTable;
  heartbeat: HeartbeatTable;
  api_key: ApiKeyTable;
  session: SessionTable;
  used_nonce: UsedNonceTable;
}
