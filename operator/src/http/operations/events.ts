import { sql } from "kysely";
import { z } from "zod";
import { readCursor, toPage } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import * as s from "../schemas";
import { tellEvent } from "../views";
import { likePattern } from "./markets";

const MOST_SKIPPED = 10_000;

/** What happened on chain. */
export function eventOperations(deps: Deps): readonly Operation[] {
  const { markets } = deps;
  const { db } = deps.store;
  return [
    operation({
      id: "listEvents",
      method: "GET",
      paths: [
        "/api/events",
        "/api/events/search",
        "/api/events/by-date",
        "/api/events/by-type/:type",
        "/api/events/:market",
        "/api/markets/:market/events",
        "/api/v1/markets/:market/events",
      ],
      tag: "Events",
      summary:
        "Events of the contracts, the latest first: of a market, a type, an account, a time; or searched for",
      access: "anyone",
      bucket: "read",
      params: z.object({ market: s.marketId.optional(), type: s.text(64).optional() }),
      query: z.object({
        market: s.marketId.optional(),
        event_type: s.text(64).optional().describe("such as OrderFilled"),
        account: s.address.optional(),
        from: s.moment.optional(),
        to: s.moment.optional(),
        q: s.text(100).min(2).optional().describe("in name, values, transaction hash"),
        offset: z.coerce.number().int().min(0).max(MOST_SKIPPED).default(0),
        ...s.paging,
      }),
      answer: z.object({
        events: z.array(s.eventOut),
        total_count: z.number().int(),
        has_more: z.boolean(),
        cursor: s.nextCursor,
      }),
      handle: async ({ params, query }) => {
        const id = params.market ?? query.market;
        const type = params.type ?? query.event_type;
        let found = db.selectFrom("chain_log");
        if (id !== undefined) {
          const { condition_id } = await markets.require(id);
          found = found.where("condition_id", "=", condition_id);
        }
        if (type !== undefined) found = found.where("name", "=", type);
        if (query.account !== undefined) {
          const account = query.account.toLowerCase();
          found = found.where(sql<boolean>`accounts @> array[${account}]::text[]`);
        }
        if (query.from !== undefined) {
          found = found.where("timestamp", ">=", BigInt(Math.ceil(query.from / 1000)));
        }
        if (query.to !== undefined) {
          found = found.where("timestamp", "<=", BigInt(Math.floor(query.to / 1000)));
        }
        if (query.q !== undefined) {
          const pattern = likePattern(query.q);
          const { q } = query;
          found = found.where((eb) =>
            eb.or([
              eb("name", "ilike", pattern),
              eb("tx_hash", "=", q.toLowerCase()),
              sql<boolean>`args::text ilike ${pattern}`,
            ]),
          );
        }
        const { total } = await found
          .select((eb) => eb.fn.countAll<bigint>().as("total"))
          .executeTakeFirstOrThrow();
        let paged = found.selectAll();
        if (query.cursor !== undefined) {
          const [block, index] = readCursor("events", query.cursor, ["int", "int"]);
          paged = paged.where(
            sql<boolean>`(block_number, log_index) < (${BigInt(block!)}::int8, ${BigInt(index!)}::int8)`,
          );
        }
        const rows = await paged
          .orderBy("block_number", "desc")
          .orderBy("log_index", "desc")
          .offset(query.cursor === undefined ? query.offset : 0)
          .limit(query.limit + 1)
          .execute();
        const page = toPage("events", rows, query.limit, (row) => [
          `${row.block_number}`,
          `${row.log_index}`,
        ]);
        return {
          events: page.rows.map(tellEvent),
          total_count: Number(total),
          has_more: page.cursor !== null,
          cursor: page.cursor,
        };
      },
    }),
  ];
}
