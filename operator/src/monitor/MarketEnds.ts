import type { Hex } from "@nostra/sdk/order";
import type { Bus, MarketEvent } from "../bus";
import type { Clock } from "../clock";
import type { VenueEngine } from "../engine/VenueEngine";
import type { MarketTable, Store } from "../store";

/**
 * Ends markets whose end time has come by the chain's clock: empties the book, then announces ENDED, once and for all processes. The
 * announcement is a row of `market_end`, stored together with what followers replay; who stores the row publishes the event.
 */
export class MarketEnds {
  readonly #engine: Pick<VenueEngine, "closeBook">;
  readonly #store: Store;
  readonly #bus: Pick<Bus, "publish">;
  readonly #clock: Clock;
  readonly #announced = new Set<string>();

  constructor(params: {
    readonly engine: Pick<VenueEngine, "closeBook">;
    readonly store: Store;
    readonly bus: Pick<Bus, "publish">;
    readonly clock: Clock;
  }) {
    this.#engine = params.engine;
    this.#store = params.store;
    this.#bus = params.bus;
    this.#clock = params.clock;
  }

  /** For a market that is past its end, or decided before. May be repeated. */
  async end(market: MarketTable): Promise<void> {
    await this.#engine.closeBook(market.condition_id as Hex, "MARKET_ENDED");
    if (market.state === "OPEN") await this.#announce(market);
  }

  async #announce({ condition_id, end_time, state }: MarketTable): Promise<void> {
    const name = `${condition_id} ${end_time}`;
    if (this.#announced.has(name)) return;
    const atMs = this.#clock.nowMs();
    const conditionId = condition_id as Hex;
    const event: MarketEvent = {
      ...{ type: "market", conditionId, oldState: state, newState: "ENDED", outcome: null },
      ...{ automatic: true, atMs },
    };
    const isNew = await this.#store.transaction(async (trx) => {
      const { numInsertedOrUpdatedRows } = await trx
        .insertInto("market_end")
        .values({ condition_id, end_time, announced_at_ms: BigInt(atMs) })
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst();
      if (numInsertedOrUpdatedRows !== 1n) return false;
      const payload = JSON.stringify(event);
      await trx
        .insertInto("outbox")
        .values({ topic: `market:${condition_id}`, type: event.type, payload, at_ms: BigInt(atMs) })
        .execute();
      return true;
    });
    this.#announced.add(name);
    if (isNew) this.#bus.publish(event);
  }
}
