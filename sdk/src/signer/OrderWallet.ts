import type { Order } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import type { OrderTypes } from "../order/orderTypes.js";
import type { TypedDataSigner } from "../order/TypedDataSigner.js";

/** An ethers v5 Signer: the same as v6 but for the underscore. */
export interface EthersV5Signer {
  getAddress(): Promise<string>;
  _signTypedData(domain: OrderDomain, types: OrderTypes, value: Order): Promise<string>;
}

/** An order as viem takes it: one object, integers as bigint. */
export interface OrderTypedData {
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` };
  types: OrderTypes;
  primaryType: "Order";
  message: Record<keyof Order, unknown>;
}

/** A viem local account, or anything with an address that signs viem's typed data. */
export interface TypedDataAccount {
  readonly address: string;
  signTypedData(typedData: never): Promise<string>;
}

/** A viem WalletClient. Without an account of its own it needs `address`; see ToSignerOptions. */
export interface TypedDataClient {
  readonly account?: { readonly address: string } | undefined;
  readonly type: string;
  signTypedData(typedData: never): Promise<string>;
}

/** An order as eth_signTypedData_v4 takes it: plain JSON, integers as decimal text, the domain's own type included. */
export interface OrderTypedDataJson {
  readonly domain: OrderTypedData["domain"];
  readonly types: { readonly EIP712Domain: TypedDataMembers; readonly Order: TypedDataMembers };
  readonly primaryType: "Order";
  readonly message: Readonly<Record<keyof Order, string | number>>;
}

type TypedDataMembers = readonly { readonly name: string; readonly type: string }[];

/** Whatever can sign: a remote key service, an RPC call, a device. */
export type SignTypedData = (typedData: OrderTypedDataJson) => string | Promise<string>;

/** Every kind of wallet that can sign an order as it is. */
export type OrderWallet = TypedDataSigner | EthersV5Signer | TypedDataAccount | TypedDataClient;
