/** All attacks at once, each from an address of its own, at its limits and a little above, until the time is over. */
import { connect } from "node:net";
import {
  buildOrder,
  orderDomain,
  orderToJson,
  SignatureType,
  type Address,
  type Hex,
  type SignedOrder,
} from "@nostra/sdk/order";
import { interfaces } from "@nostra/sdk/contracts";
import { fastSigner } from "@nostra/sdk/signer";
import { Wallet } from "ethers";
import { Redis } from "ioredis";
import { WebSocket } from "ws";
import { answerParent } from "../lib/child";
import { Caller } from "./Caller";
import type { ChainFacts } from "./chain";
import { generator, pick, type Random } from "./figures";

export interface AttackTask {
  readonly url: string;
  readonly chain: Pick<ChainFacts, "node" | "deployment" | "markets" | "hostileKeys" | "wallets">;
  readonly seconds: number;
  readonly seed: number;
  readonly redisUrl?: string;
}

/** What an attack sent, by what came of it: a status, `cut`, `message`. */
export type Tally = Record<string, number>;

interface Attack {
  readonly random: Random;
  readonly caller: Caller;
  readonly task: AttackTask;
  readonly tally: Tally;
  /** Which of its kind it is. */
  readonly index: number;
  isOver(): boolean;
  /** Waits, unless the time is over. */
  rest(ms: number): Promise<void>;
}

type Kind = (attack: Attack) => Promise<void>;

const FIRST_ADDRESS = 30;
const ORIGIN = "/api/orders";
const ZERO: Address = "0x0000000000000000000000000000000000000000";

function count({ tally }: Attack, what: string): void {
  tally[what] = (tally[what] ?? 0) + 1;
}

/** Sends a request and counts its status. A refusal for its rate is waited for a moment, so that limits are used up and passed. */
async function hit(
  attack: Attack,
  method: string,
  path: string,
  asked: Parameters<Caller["ask"]>[2] = {},
): Promise<string> {
  try {
    const { status, body } = await attack.caller.ask(method, path, asked);
    count(attack, `${status}`);
    if (status === 429) await attack.rest(400);
    return status === 200 ? body : "";
  } catch {
    count(attack, "cut");
    await attack.rest(200);
    return "";
  }
}

/** Sends as fast as answers come, `width` at once, for the whole time. */
async function stream(attack: Attack, width: number, send: () => Promise<unknown>): Promise<void> {
  const worker = async (): Promise<void> => {
    while (!attack.isOver()) {
      await send();
      await attack.rest(20);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const post = (body: string): { body: string } => ({ body });

// ------------------------------------------------------------------------------------------ bytes

const slowNames: Kind = (attack) =>
  stream(attack, 2, () => {
    const unit = ["a.", "a-", "a+", "://", "1.", '\\"', "\\u0130", "[", "0x"][
      pick(attack.random, 9)
    ]!;
    const name = unit.repeat(Math.floor(30_000 / unit.length));
    const order = `{"order":{},"signature":"0x","${name}":1}`;
    return pick(attack.random, 2) === 0
      ? hit(attack, "POST", `${ORIGIN}/batch`, post(`{"orders":[${order}]}`))
      : hit(attack, "POST", ORIGIN, post(order));
  });

const largeBatches: Kind = (attack) =>
  stream(attack, 1, () => {
    const value = "9".repeat(10_000);
    const order = `{"order":{"salt":"${value}","maker":"${value}"},"signature":"0x${"ab".repeat(200)}"}`;
    return hit(
      attack,
      "POST",
      `${ORIGIN}/batch`,
      post(`{"orders":[${Array(45).fill(order).join()}]}`),
    );
  });

const deepJson: Kind = (attack) =>
  stream(attack, 1, () => {
    const depth = 1 + pick(attack.random, 14_000);
    return hit(attack, "POST", ORIGIN, post(`${"[".repeat(depth)}${"]".repeat(depth)}`));
  });

const noJsonWithKeys: Kind = (attack) =>
  stream(attack, 4, () => {
    const key = pick(attack.random, 2) === 0 ? "x".repeat(2_000) : `${attack.random()}`;
    const headers = {
      "nostra-key": key,
      "nostra-timestamp": `${Date.now()}`,
      "nostra-nonce": "n".repeat(24),
      "nostra-signature": "00".repeat(32),
    };
    return hit(attack, "POST", ORIGIN, { body: "x".repeat(30_000), headers });
  });

const madeUpTokens: Kind = (attack) =>
  stream(attack, 3, () => {
    const headers = { authorization: `Bearer ${"a.".repeat(500)}${attack.random()}` };
    return hit(attack, "GET", "/api/user/orders", { headers });
  });

const signIns: Kind = (attack) =>
  stream(attack, 1, async () => {
    const wallet = Wallet.createRandom();
    try {
      const token = await attack.caller.signIn(
        new Wallet(wallet.privateKey),
        attack.task.chain.deployment.chainId,
      );
      count(attack, "200");
      const headers = { authorization: `Bearer ${token}` };
      for (let i = 0; i < 50; i++) await hit(attack, "GET", "/api/user/orders", { headers });
    } catch {
      count(attack, "refused");
      await attack.rest(500);
    }
  });

const longSignIns: Kind = (attack) =>
  stream(attack, 1, () => {
    const message = `venue wants you to sign in ${"\n".repeat(1_000)}${"a:".repeat(5_000)}`;
    return hit(
      attack,
      "POST",
      "/api/auth/verify",
      post(JSON.stringify({ message, signature: "0x" })),
    );
  });

// ------------------------------------------------------------------------------------------ reads

const READS = [
  "/api/events?account=",
  "/api/events?q=zz",
  "/api/events?from=0&to=9999999999",
  "/api/events?event_type=OrderFilled&offset=9000",
  "/api/trades?limit=500",
  "/api/stats",
  "/api/v1/trading/stats",
  "/api/markets?search=%25%25&limit=500",
  "/metrics",
  "/openapi.json",
  "/docs/static/swagger-ui-bundle.js",
  "/health",
  "/ready",
  "/nothing/at/all",
];

const reads: Kind = (attack) =>
  stream(attack, 6, () => {
    const { markets, hostileKeys } = attack.task.chain;
    const market = markets[pick(attack.random, markets.length)]!.conditionId;
    const more = [
      `/api/v1/trading/pairs/${market}/candles?interval=1m&limit=1000`,
      `/api/markets/${market}/history?limit=500`,
      `/api/markets/${market}/log`,
      `/api/markets/${market}/orderbook?depth=1000`,
      `/api/v1/trading/users/${new Wallet(hostileKeys[0]!).address}/trades?limit=500`,
    ];
    const all = [...READS, ...more];
    const path = all[pick(attack.random, all.length)]!;
    const account = new Wallet(hostileKeys[pick(attack.random, hostileKeys.length)]!).address;
    return hit(attack, "GET", path.endsWith("account=") ? path + account : path);
  });

// ------------------------------------------------------------------------------------------ connections

/** Heads that never end, and sockets that say nothing. */
const slowConnections: Kind = async (attack) => {
  const { url } = attack.caller;
  const open = new Set<ReturnType<typeof connect>>();
  while (!attack.isOver()) {
    if (open.size < 60) {
      const socket = connect({
        ...{ port: Number(url.port), host: url.hostname, localAddress: attack.caller.address },
      });
      open.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        open.delete(socket);
        count(attack, "closed");
      });
      socket.write("POST /api/orders HTTP/1.1\r\nhost: x\r\ncontent-length: 30000\r\n");
    }
    for (const socket of open) socket.write(attack.random() < 0.5 ? "x-a: 1\r\n" : "");
    await attack.rest(250);
  }
  for (const socket of open) socket.destroy();
};

const streams: Kind = (attack) =>
  stream(attack, 4, async () => {
    const { url, address } = attack.caller;
    const { markets } = attack.task.chain;
    const socket = new WebSocket(`ws://${url.host}/ws`, { localAddress: address } as never);
    const ended = new Promise<void>((resolve) => {
      socket.once("close", () => resolve());
      socket.once("error", () => resolve());
    });
    const opened = await Promise.race([
      new Promise<boolean>((resolve) => socket.once("open", () => resolve(true))),
      ended.then(() => false),
    ]);
    if (!opened) {
      count(attack, "not opened");
      return attack.rest(1_000);
    }
    const isDeaf = attack.random() < 0.3;
    if (isDeaf) (socket as never as { _socket: { pause(): void } })._socket.pause();
    const untilMs = performance.now() + 20_000;
    let isClosed = false;
    void ended.then(() => (isClosed = true));
    const channels = markets.map(({ conditionId }) => `market_${conditionId}`);
    const messages = [
      () => ({
        type: "subscribe",
        channels: Array.from({ length: 50 }, (_, i) => channels[i % channels.length]),
      }),
      () => ({ type: "resync", market: markets[0]!.conditionId }),
      () => ({ type: "ping", request: "p".repeat(500) }),
      () => ({ type: "x".repeat(16_000) }),
      () => ({ type: "auth", token: "a.".repeat(4_000) }),
    ];
    while (!attack.isOver() && !isClosed && performance.now() < untilMs) {
      for (let i = 0; i < 10 && !isClosed; i++) {
        if (attack.random() < 0.2) socket.ping();
        socket.send(JSON.stringify(messages[pick(attack.random, messages.length)]!()));
        count(attack, "message");
      }
      await attack.rest(100);
    }
    socket.terminate();
    await ended;
  });

// ------------------------------------------------------------------------------------------ orders

interface Terms {
  readonly side: "BUY" | "SELL";
  readonly price: string;
  readonly size: string;
  readonly taker?: Address;
  readonly outcome?: "yes" | "no";
}

let salt = 1n << 200n;

function signed(
  attack: Attack,
  key: Hex,
  { outcome = "yes", taker, ...terms }: Terms,
): SignedOrder {
  const { deployment, markets } = attack.task.chain;
  const market = markets[pick(attack.random, markets.length)]!;
  const signer = fastSigner(key);
  const order = {
    ...buildOrder({
      ...terms,
      tokenId: BigInt(market[outcome]),
      maker: signer.address,
      nonce: 0n,
      salt: (salt += 1n),
    }),
    ...(taker === undefined ? {} : { taker }),
  };
  const { chainId, contracts } = deployment;
  return signer.signOrder(
    order,
    orderDomain({ chainId, exchange: contracts.ctfExchange }),
  ) as never;
}

const keyFor = ({ task, index }: Attack, shift = 0): Hex => {
  const { hostileKeys } = task.chain;
  return hostileKeys[(index + shift) % hostileKeys.length]!;
};

const send = (attack: Attack, order: SignedOrder, options?: object): Promise<string> =>
  hit(
    attack,
    "POST",
    ORIGIN,
    post(JSON.stringify({ ...orderToJson(order), ...(options === undefined ? {} : { options }) })),
  );

const privateOrders: Kind = (attack) =>
  stream(attack, 1, () => {
    const taker = `0x${"dead".padStart(40, "0")}` as Address;
    return send(
      attack,
      signed(attack, keyFor(attack), { side: "BUY", price: "0.99", size: "5000", taker }),
    );
  });

const ownOrders: Kind = (attack) =>
  stream(attack, 1, () => {
    const key = keyFor(attack);
    return attack.random() < 0.9
      ? send(attack, signed(attack, key, { side: "BUY", price: "0.01", size: "1" }))
      : send(attack, signed(attack, key, { side: "SELL", price: "0.01", size: "1" }), {
          timeInForce: "FAK",
        });
  });

const oddOrders: Kind = (attack) =>
  stream(attack, 1, () => {
    const size = `${1 + pick(attack.random, 9)}.${1 + pick(attack.random, 999_998)}`;
    const side = attack.random() < 0.5 ? "BUY" : "SELL";
    const timeInForce = attack.random() < 0.5 ? "FOK" : "GTC";
    return send(attack, signed(attack, keyFor(attack), { side, price: "0.50", size }), {
      timeInForce,
    });
  });

/** Two accounts of one person trade one share to and fro. */
const freeMatches: Kind = (attack) =>
  stream(attack, 1, async () => {
    await send(attack, signed(attack, keyFor(attack), { side: "SELL", price: "0.55", size: "1" }));
    await send(
      attack,
      signed(attack, keyFor(attack, 1), { side: "BUY", price: "0.55", size: "1" }),
    );
  });

const othersOrders: Kind = (attack) =>
  stream(attack, 1, () => {
    const hash = `0x${Array.from({ length: 64 }, () => pick(attack.random, 16).toString(16)).join("")}`;
    const cancel = {
      maker: ZERO,
      orderHashes: Array(900).fill(hash),
      timestamp: `${Math.floor(Date.now() / 1000)}`,
    };
    const signature = `0x${"00".repeat(65)}`;
    return hit(attack, "POST", `${ORIGIN}/cancel`, post(JSON.stringify({ cancel, signature })));
  });

/** Orders of contract wallets that settle in every question and not in a transaction. */
const ghostWallets: Kind = (attack) =>
  stream(attack, 1, async () => {
    const { markets, wallets } = attack.task.chain;
    const { address } = wallets[attack.index % wallets.length]!;
    const market = markets[pick(attack.random, markets.length)]!;
    const price = attack.random() < 0.5 ? "0.50" : "0.49";
    const order = buildOrder({
      ...{ maker: address, side: "BUY", price, size: "1", nonce: 0n, salt: (salt += 1n) },
      tokenId: BigInt(attack.random() < 0.5 ? market.yes : market.no),
    });
    const full = { ...order, signatureType: SignatureType.EIP1271, signature: "0x00" };
    await send(attack, full as never);
    await attack.rest(500);
  });

/** An account that takes its allowance back in front of the operator's transaction and gives it again behind it. */
const sandwiches: Kind = async (attack) => {
  const { node, deployment } = attack.task.chain;
  const key = keyFor(attack);
  const from = new Wallet(key).address;
  const { collateral, ctfExchange } = deployment.contracts;
  const rpc = async (method: string, params: unknown[]): Promise<unknown> => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const response = await fetch(node, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    return ((await response.json()) as { result: unknown }).result;
  };
  const approve = (amount: bigint, tip: bigint): Promise<unknown> =>
    rpc("eth_sendTransaction", [
      {
        ...{ from, to: collateral, gas: "0x186a0" },
        data: interfaces.collateral.encodeFunctionData("approve", [ctfExchange, amount]),
        maxPriorityFeePerGas: `0x${tip.toString(16)}`,
        maxFeePerGas: `0x${(10n ** 12n).toString(16)}`,
      },
    ]);
  while (!attack.isOver()) {
    const outcome = attack.random() < 0.5 ? "yes" : "no";
    await send(attack, signed(attack, key, { side: "BUY", price: "0.50", size: "1", outcome }));
    await approve(0n, 50n * 10n ** 9n).catch(() => count(attack, "node"));
    await approve(2n ** 256n - 1n, 1n).catch(() => count(attack, "node"));
    await attack.rest(2_000);
  }
};

const redisForgeries: Kind = async (attack) => {
  const { redisUrl, chain } = attack.task;
  if (redisUrl === undefined) return;
  const redis = new Redis(redisUrl);
  redis.on("error", () => undefined);
  const { chainId, contracts } = chain.deployment;
  const prefixes = ["nostra", `nostra:${chainId}:${contracts.ctfExchange.toLowerCase()}`];
  const texts = [
    "hello",
    JSON.stringify({
      from: "x",
      event: { type: "block", timestamp: 9_999_999_999, undone: false },
    }),
    JSON.stringify({ from: "x", event: { type: "chain-nonce", account: ZERO, nonce: "9" } }),
    "[".repeat(50_000),
  ];
  while (!attack.isOver()) {
    for (const prefix of prefixes) {
      for (const channel of ["orderbook", "trades", "accounts", "blocks", "markets"]) {
        await redis
          .publish(`${prefix}:${channel}`, texts[pick(attack.random, texts.length)]!)
          .catch(() => undefined);
        count(attack, "message");
      }
    }
    await attack.rest(500);
  }
  redis.disconnect();
};

/** Every kind, and from how many addresses it comes. */
const KINDS: Readonly<Record<string, readonly [attack: Kind, addresses: number]>> = {
  "names that backtrack": [slowNames, 3],
  "large batches": [largeBatches, 2],
  "deep JSON": [deepJson, 1],
  "no JSON, with keys": [noJsonWithKeys, 2],
  "tokens made up": [madeUpTokens, 2],
  "fresh sign-ins": [signIns, 3],
  "long sign-in messages": [longSignIns, 1],
  "costly reads": [reads, 6],
  "slow connections": [slowConnections, 2],
  "stream floods": [streams, 4],
  "private orders": [privateOrders, 1],
  "own orders in the way": [ownOrders, 1],
  "odd orders": [oddOrders, 2],
  "matches with oneself": [freeMatches, 2],
  "cancels of others": [othersOrders, 1],
  "wallets that fail on chain": [ghostWallets, 5],
  "allowances taken back": [sandwiches, 2],
  "forged Redis messages": [redisForgeries, 1],
};

export const ATTACK_ADDRESSES = Object.values(KINDS).reduce(
  (sum, [, addresses]) => sum + addresses,
  0,
);

export const tasks = {
  async run(task: AttackTask): Promise<{ addresses: number; tallies: Record<string, Tally> }> {
    const untilMs = performance.now() + task.seconds * 1_000;
    const tallies: Record<string, Tally> = {};
    const running: Promise<void>[] = [];
    let host = FIRST_ADDRESS;
    let number = 0;
    for (const [name, [kind, addresses]] of Object.entries(KINDS)) {
      const tally: Tally = (tallies[name] = {});
      for (let index = 0; index < addresses; index++) {
        const caller = new Caller(task.url, `127.0.0.${host++}`, 8);
        const attack: Attack = {
          ...{ random: generator(task.seed * 1_000 + number++), caller, task, tally, index },
          isOver: () => performance.now() >= untilMs,
          rest: (ms) =>
            new Promise((resolve) => {
              setTimeout(resolve, Math.max(0, Math.min(ms, untilMs - performance.now())));
            }),
        };
        running.push(
          kind(attack)
            .catch((thrown: unknown) =>
              count(attack, `ended: ${(thrown as Error).message}`.slice(0, 80)),
            )
            .finally(() => caller.close()),
        );
      }
    }
    await Promise.all(running);
    return { addresses: host - FIRST_ADDRESS, tallies };
  },
};
export type AttackTasks = typeof tasks;

answerParent(tasks);
