import { existsSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Hex, Order, OrderDomain } from "@nostra/sdk/order";
import { createWalletClient, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";

/** Another SDK that signs orders of the same twelve fields. */
export interface Peer {
  readonly name: string;
  hash(order: Order): string;
  sign(order: Order): Promise<string>;
}

interface OrderUtils {
  ExchangeOrderBuilder: new (
    exchange: string,
    chainId: number,
    signer: unknown,
  ) => {
    buildOrderTypedData(order: object): { domain: Record<string, unknown> };
    buildOrderHash(typedData: object): string;
    buildOrderSignature(typedData: object): Promise<string>;
  };
}

const MODULES = path.join(__dirname, "peers/node_modules/@polymarket");

// TypeScript would turn it into a require.
const nativeImport = new Function("url", "return import(url)") as (url: string) => Promise<unknown>;

/** The peers that are installed in ./peers, each with a wallet it takes; none is fine. */
export async function findPeers(domain: OrderDomain, privateKey: Hex): Promise<Peer[]> {
  const { Wallet } = await import("ethers-v5");
  const account = privateKeyToAccount(privateKey);
  const client = createWalletClient({ account, transport: http("http://127.0.0.1:1") });
  const peers: Peer[] = [];
  for (const [name, file, wallet] of [
    ["order-utils 3, ethers 5", "order-utils/dist/index.js", new Wallet(privateKey)],
    ["clob-client 5, viem", "clob-client/dist/order-utils/index.js", client],
    ["clob-client 5, ethers 5", "clob-client/dist/order-utils/index.js", new Wallet(privateKey)],
  ] as const) {
    const utils = await load(path.join(MODULES, file));
    if (utils === undefined) continue;
    const { verifyingContract, chainId } = domain;
    const builder = new utils.ExchangeOrderBuilder(verifyingContract, Number(chainId), wallet);
    // Their exchange has another name; the work is the same.
    const typedDataOf = (order: Order): object => {
      const typedData = builder.buildOrderTypedData(textOf(order));
      return { ...typedData, domain: { ...typedData.domain, name: domain.name } };
    };
    peers.push({
      name,
      hash: (order) => builder.buildOrderHash(typedDataOf(order)),
      sign: (order) => builder.buildOrderSignature(typedDataOf(order)),
    });
  }
  return peers;
}

async function load(file: string): Promise<OrderUtils | undefined> {
  return existsSync(file)
    ? ((await nativeImport(pathToFileURL(file).href)) as OrderUtils)
    : undefined;
}

function textOf(order: Order): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(order).map(([field, value]) => [
      field,
      typeof value === "bigint" ? value.toString() : (value as string | number),
    ]),
  );
}
