import { decodeLogs, type RawLog } from "@nostra/sdk/events";
import type { Deployment } from "@nostra/sdk/deployments";
import type { Hex } from "@nostra/sdk/order";
import { openStore } from "../../operator/src/store";

/** What must be nothing at the end. */
export interface Verdict {
  /** Orders that the venue acknowledged and does not have. */
  readonly lostOrders: number;
  /** Matches between honest accounts, by state. */
  readonly honestMatches: Readonly<Record<string, number>>;
  /** Matches of an honest account with a hostile one, by state. */
  readonly mixedMatches: Readonly<Record<string, number>>;
  readonly hostileMatches: Readonly<Record<string, number>>;
  /** Matches that are on chain more often than the venue has them confirmed. */
  readonly doubledMatches: number;
  /** Matches that the venue has confirmed and the chain has not. */
  readonly inventedMatches: number;
  /** Orders whose fills on chain and in the venue's tables differ. */
  readonly differingOrders: number;
  readonly settlements: number;
  /** Transactions of the operator that failed as a whole. */
  readonly failedTransactions: number;
  readonly gasUsed: number;
  readonly failedGas: number;
}

type Rpc = (method: string, params: readonly unknown[]) => Promise<unknown>;

export interface OracleParams {
  readonly databaseUrl: string;
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  readonly accepted: readonly Hex[];
  readonly honest: ReadonlySet<string>;
}

const BLOCKS_PER_QUESTION = 500;

/** Compares what the venue acknowledged, what it has in its tables, and what the chain says. */
export async function judge(params: OracleParams): Promise<Verdict> {
  const { databaseUrl, rpc, deployment, accepted, honest } = params;
  const store = await openStore({ url: databaseUrl });
  try {
    const { db } = store;
    const orders = await db.selectFrom("orders").select(["hash", "maker"]).execute();
    const makerOf = new Map(orders.map(({ hash, maker }) => [hash, maker.toLowerCase()]));
    const lostOrders = accepted.filter((hash) => !makerOf.has(hash)).length;

    const matches = await db
      .selectFrom("match")
      .select(["id", "state", "taker_hash"])
      .orderBy("number")
      .execute();
    const makers = await db
      .selectFrom("match_maker")
      .select(["match_id", "order_hash", "making"])
      .orderBy("match_id")
      .orderBy("index")
      .execute();
    const partsOf = new Map<string, { hash: string; making: string }[]>();
    for (const { match_id, order_hash: hash, making } of makers) {
      const parts = partsOf.get(match_id) ?? [];
      parts.push({ hash, making: `${making}` });
      partsOf.set(match_id, parts);
    }
    const tallies = { honest: {}, mixed: {}, hostile: {} } as Record<
      string,
      Record<string, number>
    >;
    const confirmed = new Map<string, number>();
    for (const { id, state, taker_hash } of matches) {
      const parts = partsOf.get(id) ?? [];
      const members = [taker_hash, ...parts.map(({ hash }) => hash)];
      const count = members.filter((hash) => honest.has(makerOf.get(hash) ?? "")).length;
      const kind = count === members.length ? "honest" : count === 0 ? "hostile" : "mixed";
      tallies[kind]![state] = (tallies[kind]![state] ?? 0) + 1;
      if (state === "CONFIRMED" || state === "MINED") {
        const key = contentOf(
          taker_hash,
          parts.map(({ hash }) => hash),
          parts.map(({ making }) => making),
        );
        confirmed.set(key, (confirmed.get(key) ?? 0) + 1);
      }
    }

    const onChain = new Map<string, number>();
    const given = new Map<string, bigint>();
    for await (const { name, args } of exchangeEvents(rpc, deployment)) {
      if (name === "OrdersMatched") {
        const key = contentOf(
          args.takerOrderHash,
          args.makerOrderHashes,
          args.makerFillAmounts.map(String),
        );
        onChain.set(key, (onChain.get(key) ?? 0) + 1);
      } else if (name === "OrderFilled") {
        const hash = args.orderHash.toLowerCase();
        given.set(hash, (given.get(hash) ?? 0n) + args.making);
      }
    }
    let doubledMatches = 0;
    for (const [key, count] of onChain)
      doubledMatches += Math.max(0, count - (confirmed.get(key) ?? 0));
    let inventedMatches = 0;
    for (const [key, count] of confirmed)
      inventedMatches += Math.max(0, count - (onChain.get(key) ?? 0));

    const fills = await db
      .selectFrom("fill")
      .select((eb) => ["order_hash", eb.fn.sum("making").as("making")])
      .groupBy("order_hash")
      .execute();
    const told = new Map(fills.map(({ order_hash, making }) => [order_hash, BigInt(`${making}`)]));
    const hashes = new Set([...told.keys(), ...given.keys()]);
    const differingOrders = [...hashes].filter((hash) => told.get(hash) !== given.get(hash)).length;

    const settlements = await db
      .selectFrom("settlement")
      .select(["tx_hash", "status"])
      .where("tx_hash", "is not", null)
      .execute();
    let [gasUsed, failedGas] = [0, 0];
    for (const { tx_hash, status } of settlements) {
      const receipt = (await rpc("eth_getTransactionReceipt", [tx_hash])) as {
        gasUsed: string;
      } | null;
      const gas = Number(receipt?.gasUsed ?? 0);
      gasUsed += gas;
      if (status === 0) failedGas += gas;
    }
    return {
      ...{ lostOrders, doubledMatches, inventedMatches, differingOrders },
      honestMatches: tallies["honest"]!,
      mixedMatches: tallies["mixed"]!,
      hostileMatches: tallies["hostile"]!,
      settlements: settlements.length,
      failedTransactions: settlements.filter(({ status }) => status === 0).length,
      ...{ gasUsed, failedGas },
    };
  } finally {
    await store.close();
  }
}

async function* exchangeEvents(rpc: Rpc, { contracts, ...deployment }: Deployment) {
  const head = Number(await rpc("eth_blockNumber", []));
  for (let from = deployment.startBlock; from <= head; from += BLOCKS_PER_QUESTION) {
    const to = Math.min(head, from + BLOCKS_PER_QUESTION - 1);
    const logs = (await rpc("eth_getLogs", [
      {
        address: contracts.ctfExchange,
        fromBlock: `0x${from.toString(16)}`,
        toBlock: `0x${to.toString(16)}`,
      },
    ])) as RawLog[];
    yield* decodeLogs(logs, { contracts, ...deployment });
  }
}

function contentOf(taker: string, makers: readonly string[], amounts: readonly string[]): string {
  return [taker, ...makers, ...amounts].join().toLowerCase();
}
