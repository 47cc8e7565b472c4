import { createHash } from "node:crypto";
import { createReadStream, createWriteStream, existsSync, renameSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { once } from "node:events";
import {
  buildOrder,
  createOrderHasher,
  orderDomain,
  orderToJson,
  type Hex,
  type OrderDomain,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { nativeSecp256k1Backend } from "@nostra/sdk/verify";
import native from "secp256k1";

/** Where orders go, and who signs them. */
export interface Venue {
  readonly chainId: number;
  readonly exchange: Hex;
  readonly markets: readonly { readonly yes: string; readonly no: string }[];
  readonly keys: readonly Hex[];
}

/**
 * What orders come: `mixed` is 70 that rest and 30 that cross of every 100, in no order; `rest` only such as rest; `pairs` by turns
 * one that rests and one that takes just that, so that the book stays small for ever.
 */
export type Flow = "mixed" | "rest" | "pairs";

/** A signed order as it is sent. */
export interface Signed {
  readonly hash: Hex;
  readonly body: string;
  readonly crosses: boolean;
}

/** Signs the orders of a flow, one after the other: the same ones for the same venue and flow. */
export function* signOrders(venue: Venue, flow: Flow, seed = 1): Generator<Signed> {
  const domain: OrderDomain = orderDomain({ chainId: venue.chainId, exchange: venue.exchange });
  const hash = createOrderHasher(domain);
  const backend = nativeSecp256k1Backend(native);
  const signers = venue.keys.map((key) => fastSigner(key, { backend }));
  const random = generator(seed);
  for (let i = 0; ; i++) {
    const draw = drawOrder(flow, i, random);
    const { yes, no } = venue.markets[draw.market % venue.markets.length]!;
    const signer = signers[draw.maker % signers.length]!;
    const order = buildOrder({
      maker: signer.address,
      tokenId: BigInt(draw.outcome === "YES" ? yes : no),
      side: "BUY",
      price: (draw.cents / 100).toFixed(2),
      size: `${draw.size}`,
      nonce: 0n,
      salt: (BigInt(seed) << 128n) + BigInt(i),
    });
    const body = JSON.stringify(orderToJson(signer.signOrder(order, domain)));
    yield { hash: hash(order), body, crosses: draw.crosses };
  }
}

interface Draw {
  readonly market: number;
  readonly maker: number;
  readonly outcome: "YES" | "NO";
  readonly cents: number;
  readonly size: number;
  readonly crosses: boolean;
}

/** Whoever pays at most 49 cents for either outcome rests; from 51 on he meets the others. */
function drawOrder(flow: Flow, i: number, random: () => number): Draw {
  const pick = (count: number): number => Math.floor(random() * count);
  if (flow === "pairs") {
    const pair = Math.floor(i / 2);
    const crosses = i % 2 === 1;
    // By the pair's number alone, so that both halves have the same market and size.
    const size = 1 + ((pair * 7) % 50);
    const outcome = crosses === pair % 4 < 2 ? "YES" : "NO";
    return { market: pair, maker: i, outcome, cents: crosses ? 60 : 40, size, crosses };
  }
  const crosses = flow === "mixed" && random() < 0.3;
  const outcome = pick(2) === 0 ? "YES" : "NO";
  const cents = crosses ? 60 + pick(11) : 30 + pick(20);
  const size = 1 + pick(50);
  return { market: pick(1 << 16), maker: pick(1 << 16), outcome, cents, size, crosses };
}

/** Signs so many orders into a file, unless it is there from a run before. @returns the file. */
export async function signIntoFile(
  venue: Venue,
  flow: Flow,
  count: number,
  say: (line: string) => void,
): Promise<string> {
  const name = createHash("sha256")
    .update(JSON.stringify([venue, flow, count]))
    .digest("hex");
  const file = path.join(tmpdir(), `nostra-orders-${name.slice(0, 16)}.txt`);
  if (existsSync(file)) return file;
  say(`signing ${count.toLocaleString("en")} orders (${flow}) once`);
  const unfinished = `${file}.${process.pid}`;
  const out = createWriteStream(unfinished);
  let left = count;
  for (const { hash, body, crosses } of signOrders(venue, flow)) {
    if (left-- === 0) break;
    if (!out.write(`${hash} ${crosses ? 1 : 0} ${body}\n`)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
  renameSync(unfinished, file);
  return file;
}

export async function readOrders(file: string): Promise<Signed[]> {
  const orders: Signed[] = [];
  for await (const line of createInterface({ input: createReadStream(file) })) {
    const hash = line.slice(0, 66) as Hex;
    orders.push({ hash, crosses: line[67] === "1", body: line.slice(69) });
  }
  return orders;
}

/** mulberry32 */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
