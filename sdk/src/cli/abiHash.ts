import { Interface, id } from "ethers";
import type { Hex } from "../order/Order.js";

/** What deployment files call `abiHash`: keccak256 of the ABI's human-readable lines, sorted, joined by line feeds. */
export function abiHashOf(abi: ConstructorParameters<typeof Interface>[0] | Interface): Hex {
  return id(Interface.from(abi).format(true).sort().join("\n")) as Hex;
}
