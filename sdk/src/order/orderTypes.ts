/** One member of an EIP-712 struct. */
export interface TypedDataField {
  name: string;
  type: string;
}

/** The EIP-712 types of an order, as signTypedData takes them; mutable arrays, because that is how wallets type them. */
export type OrderTypes = Record<"Order", TypedDataField[]>;

/** The EIP-712 types of an order: the twelve signed fields in the exchange's order. */
export const ORDER_TYPES: OrderTypes = {
  Order: [
    { name: "salt", type: "uint256" },
    { name: "maker", type: "address" },
    { name: "signer", type: "address" },
    { name: "taker", type: "address" },
    { name: "tokenId", type: "uint256" },
    { name: "makerAmount", type: "uint256" },
    { name: "takerAmount", type: "uint256" },
    { name: "expiration", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "feeRateBps", type: "uint256" },
    { name: "side", type: "uint8" },
    { name: "signatureType", type: "uint8" },
  ],
};
/** The EIP-712 type string of an order; its keccak256 is the exchange's ORDER_TYPEHASH. */
export const ORDER_TYPE_STRING = `Order(${ORDER_TYPES.Order.map(({ name, type }) => `${type} ${name}`).join(",")})`;
