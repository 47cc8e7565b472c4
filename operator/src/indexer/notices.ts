import type { Hex, Address } from "@nostra/sdk/order";
import type { Transaction as DbTransaction } from "kysely";
import type { FundsEvent, MarketEvent, PositionEvent, VenueEvent } from "../bus";
import type { Database } from "../store/schema";
import { decode, type ChainEvent } from "./decode";
import type { ChainLog } from "./chain";
import type { Places } from "./places";
import { toJson, type Change } from "./Tables";

/** What to tell of rows that changed, forwards or back: how they stand now. */
export function noticesOf(
  changes: readonly Change[],
  { atMs, automatic }: { readonly atMs: number; readonly automatic: ReadonlySet<string> },
): VenueEvent[] {
  return changes.flatMap((change): VenueEvent[] => {
    switch (change.table) {
      case "order_on_chain": {
        const { order_hash } = (change.after ?? change.before)!;
        const cancelled = change.after?.cancelled ?? false;
        const remaining = change.after?.remaining ?? null;
        return [{ type: "chain-order", hash: order_hash as Hex, cancelled, remaining }];
      }
      case "account_nonce": {
        const { account } = (change.after ?? change.before)!;
        const nonce = change.after?.nonce ?? "0";
        return [{ type: "chain-nonce", account: account as Address, nonce }];
      }
      case "market": {
        const { condition_id } = (change.after ?? change.before)!;
        return [
          {
            type: "market",
            conditionId: condition_id as Hex,
            oldState: change.before?.state ?? null,
            // A market that is undone is no more.
            newState: change.after?.state ?? "NONE",
            outcome: change.after?.outcome ?? null,
            automatic: automatic.has(condition_id),
            atMs,
          },
        ];
      }
      case "position": {
        const { account, condition_id, outcome } = (change.after ?? change.before)!;
        const { shares, cost, realized } = change.after ?? NOTHING;
        return [
          {
            ...{ type: "position", conditionId: condition_id as Hex, account: account as Address },
            ...{ outcome, shares, cost, realized, atMs },
          },
        ];
      }
      default:
        return [];
    }
  });
}

const NOTHING = { shares: "0", cost: "0", realized: "0" };

/** Those that streams replay are stored with what they tell of. */
export async function storeOutbox(
  db: DbTransaction<Database>,
  notices: readonly VenueEvent[],
): Promise<void> {
  const rows = notices
    .filter((notice): notice is MarketEvent | PositionEvent =>
      ["market", "position"].includes(notice.type),
    )
    .map((notice) => ({
      topic: notice.type === "market" ? `market:${notice.conditionId}` : `user:${notice.account}`,
      type: notice.type,
      payload: toJson(notice),
      at_ms: BigInt(notice.atMs),
    }));
  if (rows.length > 0) await db.insertInto("outbox").values(rows).execute();
}

const ZERO = `0x${"0".repeat(40)}`;

/** Whose money or shares, or whose leave for the exchange to move them, may have changed; each account and asset once. */
export function fundsOf(
  events: readonly ChainEvent[],
  collateral: readonly ChainLog[],
  places: Places,
): FundsEvent[] {
  const found = new Map<string, FundsEvent>();
  for (const { event, log } of [...events, ...collateral.map((one) => decode(one, 0n))]) {
    const add = (account: string, asset: string | null): void => {
      const lower = account.toLowerCase();
      if (lower === ZERO || lower === places.exchange) return;
      const blockNumber = Number(log.blockNumber);
      found.set(`${lower} ${asset}`, {
        ...{ type: "funds", account: lower as Address, asset, blockNumber },
      });
    };
    const { name, args } = event ?? {};
    if (name === "Transfer") [args!.from, args!.to].forEach((account) => add(account, "0"));
    else if (name === "Approval") {
      if (args!.spender.toLowerCase() === places.exchange) add(args!.owner, "0");
    } else if (name === "ApprovalForAll") {
      if (args!.operator.toLowerCase() === places.exchange) add(args!.owner, null);
    } else if (name === "TransferSingle") {
      [args!.from, args!.to].forEach((account) => add(account, args!.id.toString()));
    } else if (name === "TransferBatch") {
      for (const id of args!.ids) {
        [args!.from, args!.to].forEach((account) => add(account, id.toString()));
      }
    }
  }
  return [...found.values()];
}
