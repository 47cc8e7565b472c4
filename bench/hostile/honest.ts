/** Twenty makers who trade as people do, each from an address of its own, at a steady rate whatever the venue does. */
import type { ApiKey } from "@nostra/sdk/client";
import {
  buildOrder,
  createOrderHasher,
  orderDomain,
  orderToJson,
  type Hex,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { nativeSecp256k1Backend } from "@nostra/sdk/verify";
import { Wallet } from "ethers";
import native from "secp256k1";
import { answerParent, note } from "../lib/child";
import { Caller } from "./Caller";
import type { ChainFacts } from "./chain";
import { generator, pick, timesOf, type Times } from "./figures";

export interface HonestTask {
  readonly url: string;
  readonly chain: Pick<ChainFacts, "deployment" | "markets" | "honestKeys">;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of 100 orders so many cross the book. */
  readonly crossingPercent: number;
  readonly seed: number;
}

export interface HonestReport {
  /** Orders that the venue acknowledged. */
  readonly accepted: readonly Hex[];
  readonly sent: number;
  /** Refusals by code, and by what they answered. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Milliseconds from when an order was due to its answer. */
  readonly orders: Times;
  readonly cancels: Times;
  /** p99 of orders, minute by minute. */
  readonly minutes: readonly number[];
}

interface Maker {
  readonly caller: Caller;
  readonly key: ApiKey;
  readonly signer: ReturnType<typeof fastSigner>;
  readonly open: Hex[];
}

/** A maker cancels its oldest order when it has this many. */
const MAX_OPEN = 60;
const FIRST_ADDRESS = 100;

export const tasks = {
  async run(task: HonestTask): Promise<HonestReport> {
    const { deployment, markets, honestKeys } = task.chain;
    const { chainId, contracts } = deployment;
    const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    const hashOrder = createOrderHasher(domain);
    const backend = nativeSecp256k1Backend(native);
    const random = generator(task.seed);
    const makers: Maker[] = [];
    for (const [i, key] of honestKeys.entries()) {
      const caller = new Caller(task.url, `127.0.0.${FIRST_ADDRESS + i}`);
      const apiKey = await caller.createKey(new Wallet(key), chainId);
      makers.push({ caller, key: apiKey, signer: fastSigner(key, { backend }), open: [] });
    }
    note(`${makers.length} makers are signed in`);

    const accepted: Hex[] = [];
    const refusals: Record<string, number> = {};
    const took: number[] = [];
    const cancelTook: number[] = [];
    const minutes: number[] = [];
    let minute: number[] = [];
    let sent = 0;
    const refuse = (why: string): void => void (refusals[why] = (refusals[why] ?? 0) + 1);

    const place = async (dueMs: number): Promise<void> => {
      const maker = makers[pick(random, makers.length)]!;
      const market = markets[pick(random, markets.length)]!;
      const isCrossing = random() * 100 < task.crossingPercent;
      const isYes = random() < 0.5;
      const cents = isCrossing ? 60 + pick(random, 11) : 30 + pick(random, 20);
      const order = buildOrder({
        ...{ maker: maker.signer.address, tokenId: BigInt(isYes ? market.yes : market.no) },
        ...{ side: "BUY", price: (cents / 100).toFixed(2), size: `${1 + pick(random, 50)}` },
        ...{ nonce: 0n, salt: (BigInt(task.seed) << 128n) + BigInt(++sent) },
      });
      const hash = hashOrder(order);
      const body = JSON.stringify({
        ...orderToJson(maker.signer.signOrder(order, domain)),
        ...(isCrossing ? { options: { timeInForce: "FAK" } } : {}),
      });
      try {
        const answer = await maker.caller.askSigned(maker.key, "POST", "/api/orders", body);
        const ms = performance.now() - dueMs;
        took.push(ms);
        minute.push(ms);
        if (answer.status === 200) {
          accepted.push(hash);
          if (!isCrossing) maker.open.push(hash);
        } else refuse(`${answer.status} ${codeOf(answer.body)}`);
      } catch (thrown) {
        refuse(`failed: ${(thrown as Error).message}`);
        took.push(performance.now() - dueMs);
      }
      if (maker.open.length > MAX_OPEN) await cancel(maker, maker.open.shift()!);
    };
    const cancel = async ({ caller, key }: Maker, hash: Hex): Promise<void> => {
      const fromMs = performance.now();
      try {
        const answer = await caller.askSigned(key, "DELETE", `/api/orders/${hash}`);
        cancelTook.push(performance.now() - fromMs);
        if (answer.status !== 200) refuse(`cancel ${answer.status} ${codeOf(answer.body)}`);
      } catch (thrown) {
        refuse(`cancel failed: ${(thrown as Error).message}`);
      }
    };

    const startMs = performance.now();
    const all = new Set<Promise<void>>();
    let seenMinutes = 0;
    for (let i = 0; i < task.seconds * task.perSecond; i++) {
      const dueMs = startMs + (i * 1_000) / task.perSecond;
      const waitMs = dueMs - performance.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      const work = place(dueMs).finally(() => all.delete(work));
      all.add(work);
      const passed = Math.floor((performance.now() - startMs) / 60_000);
      if (passed > seenMinutes) {
        seenMinutes = passed;
        const { p50, p99, max } = timesOf(minute);
        minutes.push(p99);
        minute = [];
        note(
          `minute ${passed}: honest p50 ${p50.toFixed(0)}, p99 ${p99.toFixed(0)}, max ${max.toFixed(0)} ms; ` +
            `${accepted.length} of ${sent} accepted; refusals ${JSON.stringify(refusals)}`,
        );
      }
    }
    await Promise.all(all);
    for (const { caller } of makers) caller.close();
    const [orders, cancels] = [timesOf(took), timesOf(cancelTook)];
    return { accepted, sent, refusals, orders, cancels, minutes };
  },
};
export type HonestTasks = typeof tasks;

function codeOf(body: string): string {
  try {
    return (JSON.parse(body) as { error: { code: string } }).error.code;
  } catch {
    return body.slice(0, 40);
  }
}

answerParent(tasks);
