import type { Hex } from "@nostra/sdk/order";
import type { Bus } from "../bus";
import type { Markets } from "../http/Markets";

/** Names kept at once; each is a text of at most 128 characters. */
const MAX_NAMES = 10_000;

/**
 * Condition ids by whatever markets are named by. A name that was found once is answered from memory, so that following many
 * markets costs the database at most one look at each. Names that stand for nothing are not kept: senders choose them.
 */
export class MarketNames {
  readonly #markets: Pick<Markets, "require">;
  readonly #found = new Map<string, Hex>();

  constructor(markets: Pick<Markets, "require">) {
    this.#markets = markets;
  }

  /** Forgets what a changed market was named by: an undone block may take a market away. @returns how to stop. */
  follow(bus: Bus): () => void {
    return bus.subscribe((event) => {
      if (event.type === "block" && event.undone) this.#found.clear();
    });
  }

  /** @throws OperatorError with status 404. */
  async require(id: string): Promise<Hex> {
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const conditionId = (await this.#markets.require(id)).condition_id as Hex;
    if (this.#found.size >= MAX_NAMES) this.#found.delete(this.#found.keys().next().value!);
    this.#found.set(id, conditionId);
    return conditionId;
  }
}
