import type { Address, Hex } from "@nostra/sdk/order";
import { sql } from "kysely";
import type { Bus, MatchEvent } from "../bus";
import type { CancelReason } from "../engine/commands";
import { assetOf, type OrderRecord } from "../engine/OrderRecord";
import type { VenueEngine } from "../engine/VenueEngine";
import type { Log } from "../log";
import type { Store } from "../store";
import type { ChainState } from "./ChainState";
import { RepeatedWork } from "./RepeatedWork";

/** Accounts whose funds are asked for at a time. */
const MAX_CULLS_AT_ONCE = 8;

export interface WatchChainParams {
  readonly bus: Bus;
  readonly engine: VenueEngine;
  readonly chain: ChainState;
  readonly store: Store;
  readonly log: Log;
}

/** Where the chain's word and an open order disagree. */
interface Contradiction {
  readonly hash: Hex;
  readonly nonce: string | null;
  readonly cancelled: boolean | null;
}

/**
 * Takes out of the books what the chain would refuse: orders of a nonce that was raised, cancelled on chain, filled elsewhere, or
 * without the funds they need; and lets go what settled matches had reserved. What happened while nobody listened is read from
 * the tables when it starts, and again with a block after a change that could not be followed. What it does not see in time the
 * settlement finds.
 * @returns how to stop, which resolves when nothing of it runs any more.
 */
export function watchChain({
  bus,
  engine,
  chain,
  store,
  log,
}: WatchChainParams): () => Promise<void> {
  const running = new Set<Promise<void>>();
  let isBehind = false;
  const run = (work: () => Promise<void>): void => {
    const promise: Promise<void> = work()
      .catch((err: unknown) => {
        isBehind = true;
        log.warn({ err }, "a change on chain could not be followed; it is looked for again");
      })
      .finally(() => running.delete(promise));
    running.add(promise);
  };
  const takeOut = (orders: readonly Readonly<OrderRecord>[], reason: CancelReason) =>
    engine.takeOut(orders, reason);

  /** The youngest orders go first, until the others have what they need. */
  const cull = async (account: Address, asset: string): Promise<void> => {
    if (engine.reservations.ofOrders(account, asset) === 0n) return;
    const { balance, allowance } = await chain.funds(account, asset);
    const have = balance < allowance ? balance : allowance;
    let over = engine.reservations.ofOrders(account, asset) - have;
    if (over <= 0n) return;
    const youngest = [...engine.openOrders(account)]
      .filter(({ order }) => assetOf(order) === asset)
      // Inputs are numbered by market, so between markets the time of arrival tells.
      .sort((left, right) => right.acceptedAtMs - left.acceptedAtMs || right.input - left.input);
    const unfunded: Readonly<OrderRecord>[] = [];
    for (const record of youngest) {
      if (over <= 0n) break;
      over -= record.remaining;
      unfunded.push(record);
    }
    await takeOut(unfunded, "UNFUNDED");
  };

  /** However many events say so, an account's asset is looked at once at a time, and once more after the last of them. */
  const culls = new RepeatedWork(MAX_CULLS_AT_ONCE);
  const cullSoon = (account: Address, asset: string): void => {
    const work = culls.run(`${account.toLowerCase()} ${asset}`, () => cull(account, asset));
    if (work !== null) run(() => work);
  };

  /** Fills by transactions that are not ours take from what the venue may match. */
  const followFills = async (hash: Hex): Promise<void> => {
    const record = engine.record(hash);
    if (record === undefined || !record.rests) return;
    const { rows } = await sql<{ foreign: string; own: string }>`
      select
        coalesce((select sum(fill.making) from fill where fill.order_hash = ${hash} and not exists
          (select 1 from tx_attempt where tx_attempt.hash = fill.tx_hash) and not exists
          (select 1 from match where match.tx_hash = fill.tx_hash)), 0)::text as foreign,
        (coalesce((select sum(consumed) from match where taker_hash = ${hash} and state <> 'FAILED'), 0) +
          coalesce((select sum(match_maker.making) from match_maker join match on match.id = match_id
            where order_hash = ${hash} and state <> 'FAILED'), 0))::text as own`.execute(store.db);
    const { foreign, own } = rows[0] as { foreign: string; own: string };
    if (foreign === "0") return;
    const left = record.order.makerAmount - BigInt(foreign) - BigInt(own);
    const remaining = left < 0n ? 0n : left;
    await engine.command(record.conditionId, { op: "reduce", hash, remaining });
  };

  /** What the tables say of the open orders. */
  const lookAtAll = async (): Promise<void> => {
    const { rows } = await sql<Contradiction>`
      select orders.hash, account_nonce.nonce::text as nonce, order_on_chain.cancelled
      from orders left join account_nonce on account_nonce.account = orders.maker
        left join order_on_chain on order_on_chain.order_hash = orders.hash
      where orders.state in ('OPEN', 'PARTIALLY_FILLED')
        and (account_nonce.nonce <> orders.nonce or order_on_chain.order_hash is not null)`.execute(
      store.db,
    );
    for (const { hash, nonce, cancelled } of rows) {
      const record = engine.record(hash);
      if (record === undefined) continue;
      if (cancelled === true) await takeOut([record], "CANCELLED_ON_CHAIN");
      else if (nonce !== null && BigInt(nonce) !== record.order.nonce) {
        await takeOut([record], "NONCE_RAISED");
      } else await followFills(hash);
    }
  };

  const followMatch = ({ state, matchId, conditionId, takerHash, makers }: MatchEvent): void => {
    const market = engine.market(conditionId);
    if (market === undefined) return;
    if (state === "CONFIRMED") market.conclude(matchId);
    else if (state === "MINED") {
      for (const hash of [takerHash, ...makers.map((maker) => maker.hash)]) {
        const record = engine.record(hash);
        if (record !== undefined) chain.forgetFunds(record.order.maker, assetOf(record.order));
        market.settleReservation(matchId, hash);
      }
    } else if (state === "MATCHED" || state === "RETRYING") market.restoreReservation(matchId);
  };

  const unsubscribe = bus.subscribe((event) => {
    switch (event.type) {
      case "match":
        followMatch(event);
        break;
      case "block":
        if (isBehind) {
          isBehind = false;
          run(lookAtAll);
        }
        break;
      case "funds": {
        // Of the many accounts that a transfer may reach, only those whose orders reserve the asset are looked at.
        const { account, asset } = event;
        const assets = asset === null ? engine.reservations.assetsOf(account) : [asset];
        for (const one of assets) {
          if (engine.reservations.ofOrders(account, one) > 0n) cullSoon(account, one);
        }
        break;
      }
      case "chain-nonce": {
        const dead = [...engine.openOrders(event.account)].filter(
          ({ order }) => order.nonce !== BigInt(event.nonce),
        );
        run(async () => void (await takeOut(dead, "NONCE_RAISED")));
        break;
      }
      case "chain-order": {
        const record = engine.record(event.hash);
        if (record === undefined) break;
        if (event.cancelled) run(async () => void (await takeOut([record], "CANCELLED_ON_CHAIN")));
        else run(() => followFills(event.hash));
        break;
      }
    }
  });
  run(lookAtAll);
  return async () => {
    unsubscribe();
    await Promise.all(running);
  };
}
