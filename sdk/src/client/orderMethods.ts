import { hashOrder } from "../order/hashOrder.js";
import type { Hex, SignedOrder } from "../order/Order.js";
import { orderDomain, type OrderDomain } from "../order/orderDomain.js";
import { orderToJson } from "../order/orderToJson.js";
import { InputError } from "../errors/InputError.js";
import { CANCEL_ORDERS_TYPES } from "./cancelOrders.js";
import { addressOf, signCancel, type ClientSigner } from "./ClientSigner.js";
import { ApiError, UnreachableError } from "./errors.js";
import { paged, type Paged } from "./pages.js";
import type { Requester } from "./Requester.js";
import type {
  AcceptedOrder,
  BatchResult,
  CancelledOrder,
  CancelResults,
  OutcomeName,
  PlaceOptions,
  SideName,
  VenueDeployment,
  VenueOrder,
} from "./types.js";

/** Placing, cancelling and reading orders. */
export interface OrderMethods {
  /**
   * Places a signed order. Safe to repeat: its hash is known before it is sent, so when no answer comes the venue is asked
   * whether it has the order, and is sent the same one only if not.
   */
  placeOrder(order: SignedOrder, options?: PlaceOptions): Promise<AcceptedOrder>;
  /** Places up to fifty; one result each, in their order. Safe to repeat. */
  placeOrders(
    orders: readonly { readonly order: SignedOrder; readonly options?: PlaceOptions }[],
  ): Promise<readonly BatchResult[]>;
  order(hash: Hex): Promise<VenueOrder>;
  /** Open orders of a market, best price first. */
  openOrders(
    market: string,
    query?: {
      readonly side?: SideName;
      readonly outcome?: OutcomeName;
      readonly limit?: number;
    },
  ): Paged<VenueOrder>;
  /** Takes one of one's own orders out. Needs a session, or a key with the scope cancel. */
  cancelOrder(hash: Hex): Promise<CancelledOrder>;
  cancelOrders(hashes: readonly Hex[]): Promise<CancelResults>;
  cancelMarket(market: string): Promise<CancelResults>;
  cancelAll(): Promise<CancelResults>;
  /** Takes orders out by the signer's signature alone, without a session. */
  cancelSigned(hashes: readonly Hex[]): Promise<CancelResults>;
  /** All one's orders are cancelled unless this is called again within so many seconds; 0 ends it. */
  heartbeat(seconds: number): Promise<{ readonly dueAt: number | null }>;
}

export function orderMethods(
  http: Requester,
  signer: ClientSigner | undefined,
  given: OrderDomain | undefined,
): OrderMethods {
  let known: Promise<OrderDomain> | undefined =
    given === undefined ? undefined : Promise.resolve(given);
  const domainOf = (): Promise<OrderDomain> => {
    known ??= http.get<VenueDeployment>("/api/deployment").then(
      ({ domain }) => orderDomain({ chainId: domain.chainId, exchange: domain.verifyingContract }),
      (thrown: unknown) => {
        known = undefined;
        throw thrown;
      },
    );
    return known;
  };

  /** Where the order stands at the venue; undefined when the venue has not had it. */
  const find = async (hash: Hex): Promise<AcceptedOrder | undefined> => {
    try {
      const { conditionId, status } = await http.get<VenueOrder>(`/api/orders/${hash}`);
      return { orderHash: hash, conditionId, input: null, isNew: false, status };
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.status === 404) return undefined;
      throw thrown;
    }
  };

  const cancel = (body: object): Promise<CancelResults> =>
    http.ask("DELETE", "/api/orders", { body, isSafe: true });

  return {
    placeOrder: async (order, options) => {
      const body = { ...orderToJson(order), ...(options === undefined ? {} : { options }) };
      try {
        return toAccepted(await http.post("/api/orders", body));
      } catch (thrown) {
        if (!(thrown instanceof UnreachableError)) throw thrown;
        const hash = hashOrder(order, await domainOf());
        const found = await find(hash);
        if (found !== undefined) return found;
        // The first may still be on its way: the venue takes an order once, however often it comes.
        return toAccepted(await http.post("/api/orders", body, { isSafe: true }));
      }
    },
    placeOrders: async (orders) => {
      const body = {
        orders: orders.map(({ order, options }) => ({
          ...orderToJson(order),
          ...(options === undefined ? {} : { options }),
        })),
      };
      const parts = { isSafe: true };
      const { results } = await http.post<{ results: BatchResult[] }>(
        "/api/orders/batch",
        body,
        parts,
      );
      return results;
    },
    order: (hash) => http.get(`/api/orders/${hash}`),
    openOrders: (market, query = {}) =>
      paged(async (cursor) => {
        const page = await http.get<{ orders: VenueOrder[]; cursor: string | null }>(
          "/api/orders",
          {
            ...{ ...query, marketId: market, cursor },
          },
        );
        return { items: page.orders, cursor: page.cursor };
      }),
    cancelOrder: (hash) => http.ask("DELETE", `/api/orders/${hash}`, { isSafe: true }),
    cancelOrders: (orderHashes) => cancel({ orderHashes }),
    cancelMarket: (market) => cancel({ market }),
    cancelAll: () => cancel({ all: true }),
    cancelSigned: async (orderHashes) => {
      if (signer === undefined) throw new InputError("signer", undefined, "the maker's wallet");
      const [maker, domain] = await Promise.all([addressOf(signer), domainOf()]);
      const send = async (): Promise<CancelResults> => {
        const timestamp = BigInt(Math.floor(http.nowMs() / 1000));
        const message = { maker, orderHashes, timestamp };
        const signature = await signCancel(signer, domain, CANCEL_ORDERS_TYPES, message);
        const body = { cancel: message, signature };
        return http.post("/api/orders/cancel", body, { isSafe: true, asSelf: false });
      };
      try {
        return await send();
      } catch (thrown) {
        // What was signed has the wrong time in it. The clock is corrected by now; the wallet is asked once more.
        if (thrown instanceof ApiError && thrown.code === "CLOCK_SKEW") return send();
        throw thrown;
      }
    },
    heartbeat: (seconds) => http.post("/api/heartbeat", { seconds }, { isSafe: true }),
  };
}

function toAccepted(answer: unknown): AcceptedOrder {
  const { orderHash, conditionId, input, isNew, status } = answer as AcceptedOrder;
  return { orderHash, conditionId, input, isNew, status };
}
