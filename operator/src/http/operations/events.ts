import { z } from "zod";
import { OperatorError } from "../../errors";
import { readCursor, writeCursor } from "../cursor";
import type { Deps } from "../Deps";
import { operation, type Operation } from "../operation";
import { countEvents, findEvents, readSubject, type EventFilter } from "../reads/findEvents";
import * as s from "../schemas";
import { tellEvent } from "../views";

/** Further back only a cursor leads: what is skipped is read all the same. */
const MAX_OFFSET = 500;
const MAX_COUNTED = 1_000;

/** What happened on chain. */
export function eventOperations(deps: Deps): readonly Operation[] {
  const { markets } = deps;
  const db = deps.store.reads;

  /** The filter that a search adds. */
  const searched = async (q: string, others: EventFilter): Promise<EventFilter> => {
    const subject = readSubject(q);
    if (subject === null) {
      throw refused("q", "must be a transaction hash, an order hash, an address or an event name");
    }
    if (subject.kind === "account") {
      if (others.account !== undefined) throw refused("q", "cannot be an address beside account");
      return { ...others, account: subject.account };
    }
    if (subject.kind === "name") {
      if (others.name !== undefined) throw refused("q", "cannot be an event name beside a type");
      return { ...others, name: subject.name };
    }
    if (Object.values(others).some((value) => value !== undefined)) {
      throw refused("q", "a hash combines with limit and cursor alone, not with other filters");
    }
    const { hash } = subject;
    const ofTransaction = await findEvents(db, { txHash: hash }, { offset: 0, limit: 1 });
    return ofTransaction.rows.length > 0 ? { txHash: hash } : { subject: hash };
  };

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
        "Events of the contracts, the latest first: of a market, a type, an account, a time; or of a hash. A page may have fewer than `limit` events and still a cursor",
      access: "anyone",
      bucket: "read",
      params: z.object({ market: s.marketId.optional(), type: s.text(64).optional() }),
      query: z.object({
        market: s.marketId.optional(),
        event_type: s.text(64).optional().describe("such as OrderFilled"),
        account: s.address.optional(),
        from: s.moment.optional(),
        to: s.moment.optional(),
        q: s
          .text(100)
          .min(2)
          .optional()
          .describe("a transaction hash, an order hash, an address or an event name, in full"),
        offset: z.coerce
          .number()
          .int()
          .min(0)
          .max(MAX_OFFSET, `must be at most ${MAX_OFFSET}; use cursor to go on`)
          .default(0),
        ...s.paging,
      }),
      answer: z.object({
        events: z.array(s.eventOut),
        total_count: z.number().int().describe(`counted up to ${MAX_COUNTED}`),
        total_is_capped: z.boolean().describe("true when there are more than total_count"),
        has_more: z.boolean(),
        cursor: s.nextCursor,
      }),
      handle: async ({ params, query }) => {
        const id = params.market ?? query.market;
        const { from, to, cursor, limit } = query;
        const named: EventFilter = {
          ...(id === undefined ? {} : { conditionId: (await markets.require(id)).condition_id }),
          name: params.type ?? query.event_type,
          account: query.account?.toLowerCase(),
          ...(from === undefined ? {} : { fromSeconds: BigInt(Math.ceil(from / 1000)) }),
          ...(to === undefined ? {} : { toSeconds: BigInt(Math.floor(to / 1000)) }),
        };
        const filter = query.q === undefined ? named : await searched(query.q, named);
        const before = cursor === undefined ? undefined : placeOf(cursor);
        const total = await countEvents(db, filter, MAX_COUNTED + 1);
        const offset = cursor === undefined ? query.offset : 0;
        const found = await findEvents(db, { ...filter, before }, { offset, limit });
        const { last, isMore } = found;
        const next =
          isMore && last !== null
            ? writeCursor("events", [`${last.block}`, `${last.index}`])
            : null;
        return {
          events: found.rows.map(tellEvent),
          total_count: Math.min(total, MAX_COUNTED),
          total_is_capped: total > MAX_COUNTED,
          has_more: next !== null,
          cursor: next,
        };
      },
    }),
  ];
}

function placeOf(cursor: string): { block: bigint; index: bigint } {
  const [block, index] = readCursor("events", cursor, ["int", "int"]);
  return { block: BigInt(block!), index: BigInt(index!) };
}

function refused(field: string, problem: string): OperatorError {
  return new OperatorError("INVALID_INPUT", `${field}: ${problem}`, {
    status: 400,
    details: { field, expected: problem },
  });
}
