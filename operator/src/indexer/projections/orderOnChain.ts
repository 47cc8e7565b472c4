import { eventsNamed, type Projector } from "../project";
import type { Row } from "../Tables";

/**
 * What the chain knows of each order: how much its fills gave, what is left by the last of them, and whether its maker ended it.
 * Sums, not states: a partial fill adds to those before it.
 */
export const projectOrders: Projector = async (transaction, tables) => {
  for (const { event } of eventsNamed(transaction, "OrderFilled", "OrderCancelled")) {
    const order_hash = event.args.orderHash.toLowerCase();
    const row: Row<"order_on_chain"> = (await tables.find("order_on_chain", { order_hash })) ?? {
      ...{ order_hash, making: "0", remaining: null, cancelled: false },
    };
    if (event.name === "OrderCancelled") {
      tables.put("order_on_chain", { ...row, cancelled: true });
    } else {
      const { making, remaining } = event.args;
      tables.put("order_on_chain", {
        ...row,
        making: (BigInt(row.making) + making).toString(),
        remaining: remaining.toString(),
      });
    }
  }
};
