import type { CancelOrders, CANCEL_ORDERS_TYPES } from "./cancelOrders.js";
import { InputError } from "../errors/InputError.js";
import { isRejection, SigningRejectedError } from "../errors/SigningRejectedError.js";
import { TransportError } from "../errors/TransportError.js";
import { checksumAddress } from "../ids/address.js";
import type { Address, Hex } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";

/** An ethers v6 Signer has this shape. */
export interface EthersSigner {
  getAddress(): Promise<string>;
  signMessage(message: string): Promise<string>;
  signTypedData(
    domain: OrderDomain,
    types: typeof CANCEL_ORDERS_TYPES,
    value: CancelOrders,
  ): Promise<string>;
}

/** A viem account has this shape. */
export interface ViemAccount {
  readonly address: string;
  signMessage(parameters: { message: string }): Promise<string>;
  signTypedData(parameters: never): Promise<string>;
}

/** A wallet that can sign in and sign cancels: an ethers v6 Signer, or a viem account. */
export type ClientSigner = EthersSigner | ViemAccount;

export async function addressOf(signer: ClientSigner): Promise<Address> {
  const address = "address" in signer ? signer.address : undefined;
  if (typeof address === "string") return checksumAddress(address);
  if ("getAddress" in signer) return checksumAddress(await signer.getAddress());
  throw new InputError("signer", "(hidden)", "an ethers v6 Signer or a viem account");
}

export function signText(signer: ClientSigner, message: string): Promise<string> {
  return ask("signIn", () =>
    "getAddress" in signer ? signer.signMessage(message) : signer.signMessage({ message }),
  );
}

export async function signCancel(
  signer: ClientSigner,
  domain: OrderDomain,
  types: typeof CANCEL_ORDERS_TYPES,
  cancel: CancelOrders,
): Promise<Hex> {
  const request = {
    domain: { ...domain, chainId: Number(domain.chainId) },
    ...{ types, primaryType: "CancelOrders", message: cancel },
  };
  const signature = await ask("cancelSigned", () =>
    "getAddress" in signer
      ? signer.signTypedData(domain, types, cancel)
      : signer.signTypedData(request as never),
  );
  return signature.toLowerCase() as Hex;
}

async function ask(action: string, sign: () => Promise<string>): Promise<string> {
  try {
    return await sign();
  } catch (thrown) {
    if (isRejection(thrown)) throw new SigningRejectedError(action, thrown);
    throw new TransportError(action, thrown);
  }
}
