import type { Address, Hex } from "../order/Order.js";

/** A request to take orders out of a venue's book, proved by its maker's signature alone. The chain knows nothing of it. */
export interface CancelOrders {
  readonly maker: Address;
  readonly orderHashes: readonly Hex[];
  /** Unix second at which it was signed; a venue takes it for about a minute. */
  readonly timestamp: bigint;
}

/** CancelOrders as EIP-712 types. It is signed for the same domain as orders; its name keeps it from being one. */
export const CANCEL_ORDERS_TYPES = {
  CancelOrders: [
    { name: "maker", type: "address" },
    { name: "orderHashes", type: "bytes32[]" },
    { name: "timestamp", type: "uint256" },
  ],
};
