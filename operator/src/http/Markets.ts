import type { Selectable } from "kysely";
import { OperatorError } from "../errors";
import type { Store } from "../store";
import type { MarketTable } from "../store/schema";

export type MarketRow = Selectable<MarketTable>;

/** Finds markets by whatever they are named by. */
export class Markets {
  readonly #db: Store["reads"];

  constructor(store: Pick<Store, "reads">) {
    this.#db = store.reads;
  }

  async find(id: string): Promise<MarketRow | undefined> {
    const query = this.#db.selectFrom("market").selectAll();
    if (!/^0x[0-9a-fA-F]{64}$/.test(id)) return query.where("slug", "=", id).executeTakeFirst();
    const hash = id.toLowerCase();
    const found = await query.where("condition_id", "=", hash).executeTakeFirst();
    return found ?? query.where("question_id", "=", hash).executeTakeFirst();
  }

  /** @throws OperatorError with status 404. */
  async require(id: string): Promise<MarketRow> {
    const market = await this.find(id);
    if (market !== undefined) return market;
    throw new OperatorError("MARKET_NOT_FOUND", "no market has this id or slug", {
      status: 404,
      details: { market: id },
    });
  }
}
