import { InputError } from "../errors/InputError.js";
import type { TypedDataSigner } from "../order/TypedDataSigner.js";

/**
 * Takes a wallet as the signer of orders, by what it can do and not by its class, so that two copies of a library or a
 * wrapped wallet do no harm: an ethers v6 Signer, a fastSigner, or anything with their two methods.
 * @throws InputError naming "signer", without its value: it may be a key.
 */
export function toSigner(wallet: unknown): TypedDataSigner {
  if (!isTypedDataSigner(wallet)) {
    throw new InputError(
      "signer",
      `(a ${typeof wallet})`,
      "a wallet with getAddress() and signTypedData(domain, types, value); for a private key see fastSigner",
    );
  }
  return {
    getAddress: () => wallet.getAddress(),
    signTypedData: (domain, types, value) => wallet.signTypedData(domain, types, value),
  };
}

function isTypedDataSigner(wallet: unknown): wallet is TypedDataSigner {
  if (typeof wallet !== "object" || wallet === null) return false;
  const { getAddress, signTypedData } = wallet as Partial<TypedDataSigner>;
  return typeof getAddress === "function" && typeof signTypedData === "function";
}
