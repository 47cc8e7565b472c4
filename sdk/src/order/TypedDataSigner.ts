import type { Order } from "./Order.js";
import type { OrderDomain } from "./orderDomain.js";
import type { OrderTypes } from "./orderTypes.js";

/** What an order needs of a wallet. An ethers v6 Signer has this shape. */
export interface TypedDataSigner {
  getAddress(): Promise<string>;
  signTypedData(domain: OrderDomain, types: OrderTypes, value: Order): Promise<string>;
}
