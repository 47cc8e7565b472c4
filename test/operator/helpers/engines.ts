import type { IncomingOrder } from "@nostra/sdk/matcher";
import type { Hex, SignedOrder } from "@nostra/sdk/order";
import { Bus, type VenueEvent } from "../../../operator/src/bus";
import type { NewOrder } from "../../../operator/src/engine/Engine";
import type { MatchingRules } from "../../../operator/src/engine/MarketEngine";
import type { RestingPairs } from "../../../operator/src/engine/RestingPairs";
import { VenueEngine } from "../../../operator/src/engine/VenueEngine";
import { silentLog } from "../../../operator/src/log";
import type { Store } from "../../../operator/src/store";
import { NO, YES } from "../../helpers/bookOrders";
import { takeOver } from "./stores";

export const MARKET: Hex = `0x${"77".repeat(32)}`;

/** A clock that stands where it is put. */
export class FixedClock {
  ms = 1_000_000;
  nowMs(): number {
    return this.ms;
  }
  monotonicMs(): number {
    return this.nowMs();
  }
}

export interface TestEngine {
  readonly engine: VenueEngine;
  readonly events: VenueEvent[];
  readonly clock: FixedClock;
}

let processes = 0;

/** An engine with one market, as a process of its own would start it; one started before on the same store is fenced. */
export async function startEngine(
  store: Store,
  options: {
    maxMakers?: number;
    rules?: Partial<MatchingRules>;
    pairs?: RestingPairs;
    onGivenUp?: (fault: Error) => void;
  } = {},
): Promise<TestEngine> {
  const clock = new FixedClock();
  const events: VenueEvent[] = [];
  const bus = new Bus((fault) => {
    throw fault;
  });
  bus.subscribe((event) => events.push(event));
  const holder = `process ${processes++}`;
  const lease = await takeOver(store, "engine", holder);
  const engine = await VenueEngine.start({
    store,
    bus,
    clock,
    lease,
    chainNow: () => 1_000n,
    rules: { maxMakers: options.maxMakers ?? 50, marginSeconds: 0n, ...options.rules },
    ...(options.pairs === undefined ? {} : { pairs: options.pairs }),
    log: silentLog,
    ...(options.onGivenUp === undefined ? {} : { onGivenUp: options.onGivenUp }),
  });
  await engine.openMarket({ conditionId: MARKET, yes: YES, no: NO, tick: 10_000n });
  return { engine, events, clock };
}

/** An order as intake would hand it on. */
export function asNew({ hash, order }: IncomingOrder, options: Partial<NewOrder> = {}): NewOrder {
  return {
    hash,
    order: order as SignedOrder,
    conditionId: MARKET,
    outcome: order.tokenId === YES ? "YES" : "NO",
    kind: "limit",
    timeInForce: "GTC",
    postOnly: false,
    selfTrade: "skip",
    ...options,
  };
}
