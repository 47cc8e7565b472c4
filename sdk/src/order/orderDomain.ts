import { InputError } from "../errors/InputError.js";
import { parseAddress } from "../ids/address.js";
import type { Address } from "./Order.js";

/** The EIP-712 domain an order is signed for: one exchange on one chain. */
export interface OrderDomain {
  readonly name: string;
  readonly version: string;
  readonly chainId: bigint;
  readonly verifyingContract: Address;
}

/** Where the exchange is: a chain and an address. */
export interface OrderDomainParams {
  readonly chainId: bigint | number;
  /** The CTFExchange contract. */
  readonly exchange: string;
}

/**
 * The domain of Nostra's exchange at an address of a chain. Frozen: hashing computes its separator once.
 * @throws InputError naming the field that is out of place.
 */
export function orderDomain({ chainId, exchange }: OrderDomainParams): OrderDomain {
  return Object.freeze({
    name: "Nostra CTF Exchange",
    version: "1",
    chainId: parseChainId(chainId),
    verifyingContract: parseAddress(exchange, "exchange"),
  });
}

function parseChainId(chainId: bigint | number): bigint {
  const whole = typeof chainId === "bigint" || Number.isSafeInteger(chainId);
  if (!whole || chainId <= 0) throw new InputError("chainId", chainId, "a whole number above zero");
  return BigInt(chainId);
}
