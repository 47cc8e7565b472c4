import type { Address, Hex, SignedOrder } from "./Order.js";
import { orderDomain, type OrderDomain } from "./orderDomain.js";

/** What an order needs of a connection; one made by `connect` has it. */
export interface OrderConnection {
  readonly deployment: {
    readonly chainId: number;
    readonly contracts: { readonly ctfExchange: Address };
  };
  readonly exchange: {
    nonces(maker: Address): Promise<bigint>;
    isOrderApproved(orderHash: Hex): Promise<boolean>;
    validateOrderSignature(orderHash: Hex, order: SignedOrder): Promise<unknown>;
  };
  readonly runner: {
    readonly provider?: { getNetwork(): Promise<{ readonly chainId: bigint }> } | null;
  } | null;
}

/** Where an order is to trade: a connection, or just the domain when no node is at hand. */
export type OrderTarget = OrderDomain | OrderConnection;

export function isConnection(target: OrderTarget): target is OrderConnection {
  return "exchange" in target;
}

// One frozen domain for each connection, so that its separator is hashed once.
const domains = new WeakMap<OrderConnection, OrderDomain>();

/** The domain that orders are signed for. @throws InputError when it is none. */
export function domainOf(target: OrderTarget): OrderDomain {
  if (!isConnection(target)) return target;
  const known = domains.get(target);
  if (known !== undefined) return known;
  const { chainId, contracts } = target.deployment;
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  domains.set(target, domain);
  return domain;
}
