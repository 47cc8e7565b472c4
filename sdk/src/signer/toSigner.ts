import { InputError } from "../errors/InputError.js";
import { parseAddress } from "../ids/address.js";
import type { Order } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import type { OrderTypes } from "../order/orderTypes.js";
import type { TypedDataSigner } from "../order/TypedDataSigner.js";
import type {
  EthersV5Signer,
  OrderTypedData,
  OrderTypedDataJson,
  OrderWallet,
  SignTypedData,
} from "./OrderWallet.js";

/** What a wallet does not tell of itself. */
export interface ToSignerOptions {
  /** The account that signs. Needed for a function, and for a viem WalletClient that has no account of its own. */
  readonly address?: string | undefined;
}

/**
 * Takes a wallet as the signer of orders, by what it can do and not by its class, so that two copies of a library or a
 * wrapped wallet do no harm:
 *
 * - an ethers v6 Signer or a fastSigner: `getAddress()`, `signTypedData(domain, types, value)`
 * - an ethers v5 Signer: `getAddress()`, `_signTypedData(domain, types, value)`
 * - a viem local account: `address`, `signTypedData({ domain, types, primaryType, message })`
 * - a viem WalletClient: the same, with `account` in the request
 * - a function of the typed data as plain JSON, with its address in the options
 *
 * @throws InputError naming "signer", without its value: it may be a key. Naming "address" when one is needed, or is not
 * the wallet's own.
 */
export function toSigner(
  wallet: OrderWallet | SignTypedData,
  options: ToSignerOptions = {},
): TypedDataSigner {
  const signer = adapt(wallet, options.address);
  if (signer !== undefined) return signer;
  throw new InputError(
    "signer",
    `(a ${typeof wallet})`,
    "an ethers v6 or v5 Signer, a viem account or WalletClient, or a function; for a private key see fastSigner",
  );
}

function adapt(wallet: unknown, address: string | undefined): TypedDataSigner | undefined {
  if (typeof wallet === "function") {
    const sign = wallet as SignTypedData;
    return signerOf(requireAddress(address), async (...order) => sign(toJson(...order)));
  }
  if (typeof wallet !== "object" || wallet === null) return undefined;

  if (isEthersV5(wallet)) {
    return {
      getAddress: () => wallet.getAddress(),
      signTypedData: (domain, types, value) => wallet._signTypedData(domain, types, value),
    };
  }
  if (has(wallet, "getAddress") && has(wallet, "signTypedData")) {
    const signer = wallet as unknown as TypedDataSigner;
    return {
      getAddress: () => signer.getAddress(),
      signTypedData: (domain, types, value) => signer.signTypedData(domain, types, value),
    };
  }
  return has(wallet, "signTypedData") ? adaptViem(wallet as ViemWallet, address) : undefined;
}

interface ViemWallet {
  readonly address?: unknown;
  readonly account?: { readonly address: string } | undefined;
  readonly type?: unknown;
  signTypedData(request: OrderTypedData & { account?: unknown }): Promise<string>;
}

function adaptViem(wallet: ViemWallet, address: string | undefined): TypedDataSigner | undefined {
  if (typeof wallet.address === "string") {
    const own = requireSame(address, wallet.address);
    return signerOf(own, (...order) => wallet.signTypedData(toRequest(...order)));
  }
  // A client without an account asks its provider, which knows accounts by their address.
  if (wallet.account === undefined && wallet.type !== "walletClient" && address === undefined) {
    return undefined;
  }
  const own =
    wallet.account === undefined
      ? requireAddress(address)
      : requireSame(address, wallet.account.address);
  const account = wallet.account ?? own;
  return signerOf(own, (...order) => wallet.signTypedData({ account, ...toRequest(...order) }));
}

function signerOf(address: string, signTypedData: TypedDataSigner["signTypedData"]) {
  return { getAddress: () => Promise.resolve(address), signTypedData };
}

// v6's Signer has no underscore method, and v5's no plain one; a wrapper that offers both is taken as the newer.
function isEthersV5(wallet: object): wallet is EthersV5Signer {
  return (
    has(wallet, "getAddress") && has(wallet, "_signTypedData") && !has(wallet, "signTypedData")
  );
}

function has(wallet: object, method: string): boolean {
  return typeof (wallet as Record<string, unknown>)[method] === "function";
}

function requireAddress(address: string | undefined): string {
  if (address === undefined) {
    throw new InputError("address", address, "the account that signs; this wallet does not say");
  }
  return parseAddress(address, "address");
}

function requireSame(address: string | undefined, own: string): string {
  const parsed = parseAddress(own, "signer.address");
  if (address !== undefined && parseAddress(address, "address") !== parsed) {
    throw new InputError("address", address, `the wallet's own, ${parsed}`);
  }
  return parsed;
}

function toRequest(domain: OrderDomain, types: OrderTypes, value: Order): OrderTypedData {
  return {
    domain: { ...domain, chainId: Number(domain.chainId) },
    types,
    primaryType: "Order",
    message: { ...value },
  };
}

const DOMAIN_TYPE = [
  { name: "name", type: "string" },
  { name: "version", type: "string" },
  { name: "chainId", type: "uint256" },
  { name: "verifyingContract", type: "address" },
];

function toJson(domain: OrderDomain, types: OrderTypes, value: Order): OrderTypedDataJson {
  const request = toRequest(domain, types, value);
  const message = Object.fromEntries(
    Object.entries(value).map(([field, it]) => [field, typeof it === "bigint" ? `${it}` : it]),
  ) as OrderTypedDataJson["message"];
  return { ...request, types: { EIP712Domain: DOMAIN_TYPE, ...types }, message };
}
