import { connect } from "@nostra/sdk";
import type { Deployment } from "@nostra/sdk/deployments";
import { ChainMismatchError } from "@nostra/sdk/errors";
import { orderDomain, type Hex, type OrderDomain } from "@nostra/sdk/order";
import { formatPrice } from "@nostra/sdk/units";
import type { Wallet } from "ethers";
import { Redis } from "ioredis";
import type { Alarm } from "./alerts";
import { Bus } from "./bus";
import { ChainClock } from "./chainClock";
import { systemClock, type Clock } from "./clock";
import type { VenueMarket } from "./engine/MarketEngine";
import { VenueEngine } from "./engine/VenueEngine";
import type { OperatorError } from "./errors";
import { createFastKeccak, type Keccak256 } from "./fastKeccak";
import {
  createHttpServer,
  Metrics,
  RedisLimiter,
  type HealthCheck,
  type HttpConfig,
  type HttpServer,
} from "./http";
import { Indexer } from "./indexer";
import { ChainState } from "./intake/ChainState";
import { createFastVerifier, type SignatureVerifier } from "./intake/createFastVerifier";
import { Heartbeats } from "./intake/Heartbeats";
import { VenueIntake, type TradingMode } from "./intake/VenueIntake";
import { usualVerifyThreads, VerifierThreads } from "./intake/VerifierThreads";
import { watchChain } from "./intake/watchChain";
import type { Log } from "./log";
import { MarketDirectory, type MarketTerms } from "./markets/MarketDirectory";
import { createAlarm, type Notifier } from "./monitor/createAlarm";
import { Monitor } from "./monitor/Monitor";
import { resilientRpc } from "./resilientRpc";
import type { Finality, Rpc } from "./rpc";
import { RpcProvider } from "./RpcProvider";
import { Settler, type SettlerOptions, type TransactionSigner } from "./settler";
import {
  acquireLease,
  LEASE_MS,
  openStore,
  releaseLease,
  renewLease,
  THIS_PROCESS,
  type Store,
  type StoreOptions,
} from "./store";
import { BookFeed, createStream, joinByRedis } from "./stream";

export interface VenueOptions {
  readonly deployment: Deployment;
  /** The node, by URL or as it is; the ones behind it are asked when it is down. */
  readonly nodes: readonly (string | Rpc)[];
  /** Another node, which must agree about what is final. */
  readonly secondRpc?: Rpc;
  /** Sends settlements; an operator of the exchange. Its nonces are the venue's alone. */
  readonly operator: TransactionSigner;
  /** Sends what finalizes due results: another account. Without it, due results are only told of. */
  readonly finalizer?: Wallet;
  readonly finality: Finality;
  readonly store: StoreOptions;
  readonly http: HttpConfig & { readonly port: number; readonly host: string };
  readonly log: Log;
  readonly clock?: Clock;
  readonly notifiers?: readonly Notifier[];
  /** How markets are traded unless `terms` says otherwise. Default: tick 0.01, least size 1 share. */
  readonly defaultTerms?: MarketTerms;
  readonly terms?: Readonly<Record<string, MarketTerms>>;
  readonly pollMs?: number;
  readonly undoDepth?: bigint;
  readonly settler?: Partial<SettlerOptions>;
  /** Collateral units of matches not on chain, from which on the venue takes post-only orders alone; from twice as much, none. */
  readonly unsettledCap?: bigint;
  /**
   * For so long after a start that finds orders in the books only post-only orders and cancels are taken, so that makers can look
   * after theirs before anybody takes them. Default 0.
   */
  readonly warmUpSeconds?: number;
  /** Judges signatures. Default: the fastest that works on this machine. */
  readonly verifier?: SignatureVerifier;
  /**
   * How many threads do so beside this one, unless there is a `verifier`; the first order starts them. Default: processors less
   * one, at most 4.
   */
  readonly verifyThreads?: number;
  /** The most inputs that one commit takes. Default 512. */
  readonly maxBatch?: number;
  /** For reconciliation; default ten minutes. 0 for never. */
  readonly reconcileEveryMs?: number;
  /** False for a command that works on the database: nothing is taken in, and nothing runs by itself. Default true. */
  readonly serves?: boolean;
  /** Joins several processes: streams and rate limits. */
  readonly redisUrl?: string;
  /**
   * This process must not go on: another one has taken over (FencedError), its books cannot be trusted any more, or its embedded
   * database ended (DatabaseEndedError). Default: it is logged.
   */
  readonly onGivenUp?: (fault: OperatorError) => void;
}

/** A venue that runs. */
export interface Venue {
  readonly url: string;
  readonly store: Store;
  readonly engine: VenueEngine;
  readonly intake: VenueIntake;
  readonly settler: Settler;
  readonly indexer: Indexer;
  readonly monitor: Monitor;
  readonly markets: MarketDirectory;
  readonly bus: Bus;
  readonly server: HttpServer;
  /** Takes nothing more in, finishes what is under way, and gives everything back. */
  stop(): Promise<void>;
}

const DEFAULT_TERMS: MarketTerms = { tick: "0.01", minSize: "1" };
const DEFAULT_CAP = 1_000_000_000_000n;
/** A second before an order dies no settlement would reach the chain in time. */
const MARGIN_SECONDS = 5n;
const MIN_LIFE_SECONDS = 10n;
const MAX_MAKERS = 50;
const CAP_CHECK_MS = 1_000;

/** Joins the parts of the operator, and starts them in the order in which they need each other. */
export async function startVenue(options: VenueOptions): Promise<Venue> {
  const { deployment, finality, log } = options;
  const clock = options.clock ?? systemClock;
  const closers: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) {
      // One that fails must not keep the others from giving back what they hold.
      await Promise.resolve(close()).catch((err: unknown) => log.error({ err }, "stopping"));
    }
  };

  const onGivenUp =
    options.onGivenUp ?? ((err: OperatorError) => log.error({ err }, "the venue cannot go on"));

  try {
    const metrics = new Metrics().watchProcess();
    const store = await openStore({
      ...options.store,
      onQuery: (ms) => metrics.querySeconds.observe(ms / 1000),
      onEnded: onGivenUp,
    });
    closers.push(() => store.close());
    const { chainId, contracts } = deployment;
    await store.claim({ chain: `${chainId}`, exchange: contracts.ctfExchange.toLowerCase() });
    const bus = new Bus((err) => log.error({ err }, "a listener failed"));
    const notifiers = options.notifiers ?? [];
    const alarm = createAlarm({ store, notifiers, log, clock });
    const rpc = resilientRpc([...options.nodes], { alarm });
    await requireChain(rpc, deployment);
    const provider = new RpcProvider(rpc, chainId);
    closers.push(() => provider.destroy());

    const lease = await acquireLease(store.db, "engine", THIS_PROCESS, BigInt(clock.nowMs()));
    closers.push(() => releaseLease(store.db, lease).catch(() => undefined));
    const renewal = setInterval(
      () => {
        renewLease(store.db, lease, BigInt(clock.nowMs())).catch((err: unknown) => {
          log.warn({ err }, "the engine's lease was not renewed");
        });
      },
      Number(LEASE_MS) / 3,
    );
    closers.push(() => clearInterval(renewal));

    const chainClock = new ChainClock(await latestSeconds(rpc));
    chainClock.follow(bus);
    const chainNow = (): bigint => chainClock.now();

    // The chain comes first: what markets there are, and what became of matches.
    const monitorAccount = await options.finalizer?.getAddress();
    const indexer = new Indexer({
      ...{ store, rpc, deployment, finality, bus, clock, alarm, log },
      holder: THIS_PROCESS,
      ...(options.secondRpc === undefined ? {} : { secondRpc: options.secondRpc }),
      ...(options.undoDepth === undefined ? {} : { undoDepth: options.undoDepth }),
      ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
      ...(monitorAccount === undefined ? {} : { ownAccounts: [monitorAccount] }),
    });
    await indexer.step();

    const keccak256 = await createFastKeccak();
    const engine = await VenueEngine.start({
      ...{ store, bus, clock, chainNow, lease, log, keccak256 },
      rules: { maxMakers: MAX_MAKERS, marginSeconds: MARGIN_SECONDS },
      onGivenUp,
      ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
      measure: (ms) => metrics.matchingSeconds.observe(ms / 1000),
    });
    closers.push(() => engine.stop());

    const settler = new Settler({
      ...{ store, rpc, deployment, engine, bus, finality, clock, alarm, log },
      wallet: options.operator,
      holder: THIS_PROCESS,
      breakerOpen: () => rpc.isOpen(),
      metrics: {
        attempt: (outcome) => metrics.settlementAttempts.inc({ outcome }),
        fruitlessGas: (gas) => metrics.settlementFruitlessGas.inc(Number(gas)),
      },
      options: {
        ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
        ...options.settler,
      },
    });
    const connection = connect(deployment, provider);
    const chain = new ChainState(connection, () => clock.nowMs());
    chain.follow(bus);
    const stopWatching = watchChain({ bus, engine, chain, store, log });
    closers.push(stopWatching);
    bus.subscribe((event) => {
      const isWork = event.type === "match" && event.state === "MATCHED";
      if (isWork || event.type === "block") settler.wake();
    });

    const markets = await MarketDirectory.load({
      ...{ store, log, defaults: options.defaultTerms ?? DEFAULT_TERMS },
      ...(options.terms === undefined ? {} : { terms: options.terms }),
    });
    await Promise.all(
      markets
        .all()
        .filter(isTraded)
        .map((market) => openMarket(engine, markets.termsOf(market), log)),
    );
    markets.follow(bus);
    markets.onMarket((market, terms) => {
      if (!isTraded(market)) return;
      engine.openMarket(terms).catch((err: unknown) => {
        log.error({ err, conditionId: market.condition_id }, "a market could not be opened");
      });
    });

    const heartbeats = await Heartbeats.load(store, () => clock.nowMs(), log);
    const byCap = watchUnsettled(settler, options.unsettledCap ?? DEFAULT_CAP, alarm, log, closers);
    const isWarm = warmUp(options.warmUpSeconds ?? 0, engine, clock, log);
    const mode = (): TradingMode => (byCap() === "open" && !isWarm() ? "post-only" : byCap());
    const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    const verifier = options.verifier ?? openVerifier(domain, keccak256, options, closers);
    log.info({ backend: verifier.backend }, "signatures are verified");
    const intake = new VenueIntake({
      ...{ engine, markets, chain, verifier, connection, store, heartbeats, chainNow, mode },
      minLifeSeconds: MIN_LIFE_SECONDS,
      isCoolingDown: (account) => settler.isCoolingDown(account),
    });
    const monitor = new Monitor({
      ...{ store, engine, intake, heartbeats, markets, chainNow, clock, alarm, log },
      finalizer:
        options.finalizer === undefined
          ? null
          : connect(deployment, options.finalizer.connect(provider)),
    });

    const feed = new BookFeed(engine, bus);
    feed.start(engine.markets().map(({ market }) => market.conditionId));
    const { port, host, ...config } = options.http;
    const redis = openRedis(options.redisUrl, log, closers);
    if (redis !== undefined) {
      closers.push(
        await joinByRedis(
          bus,
          redis,
          redis.duplicate({ enableOfflineQueue: true, commandTimeout: 5_000 }),
          log,
        ),
      );
    }
    const server = await createHttpServer({
      ...(redis === undefined ? {} : { limiter: new RedisLimiter(redis, clock, log) }),
      ...{ store, engine, intake, bus, feed, deployment, clock, log, config, metrics },
      checks: healthChecks({ rpc, redis, indexer, settler, engine }),
    });
    closers.push(() => server.app.close());

    const { auth, limiter } = server;
    const stream = createStream({
      ...{ server: server.app.server, store, feed, bus, clock, log, auth, limiter, metrics },
      ...(config.trustedProxies === undefined ? {} : { trustedProxies: config.trustedProxies }),
      ...(config.limits === undefined ? {} : { opening: config.limits.connections }),
    });
    closers.push(() => stream.close());

    if (options.serves === false) {
      await settler.open();
      closers.push(() => settler.stop());
      return {
        url: "",
        store,
        engine,
        intake,
        settler,
        indexer,
        monitor,
        markets,
        bus,
        server,
        stop,
      };
    }
    indexer.start();
    closers.push(() => indexer.stop());
    await settler.start();
    closers.push(() => settler.stop());
    settler.wake();
    monitor.start();
    closers.push(() => monitor.stop());
    reconcileNowAndThen(indexer, options.reconcileEveryMs ?? 600_000, log, closers);

    const url = await server.app.listen({ port, host });
    return { url, store, engine, intake, settler, indexer, monitor, markets, bus, server, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function openVerifier(
  domain: OrderDomain,
  keccak256: Keccak256,
  { verifyThreads: count = usualVerifyThreads(), log }: VenueOptions,
  closers: (() => unknown)[],
): SignatureVerifier {
  const here = createFastVerifier(domain, keccak256);
  if (count === 0) return here;
  const threads = new VerifierThreads({ domain, count, here, log });
  closers.push(() => threads.close());
  return threads;
}

/** A connection for who publishes, counts and asks; a subscriber has one of its own. */
function openRedis(
  url: string | undefined,
  log: Log,
  closers: (() => unknown)[],
): Redis | undefined {
  if (url === undefined) return undefined;
  const redis = new Redis(url, {
    ...{ maxRetriesPerRequest: 1, commandTimeout: 200, enableOfflineQueue: false },
  });
  redis.on("error", (err: Error) => log.warn({ err }, "redis"));
  closers.push(() => redis.disconnect());
  return redis;
}

/** A market that is open already keeps its tick: the log of its book is by it. */
async function openMarket(engine: VenueEngine, terms: VenueMarket, log: Log): Promise<void> {
  const { conditionId } = terms;
  await engine.openMarket(terms);
  const tick = engine.market(conditionId)!.market.tick;
  if (tick === terms.tick) return;
  const asked = formatPrice(terms.tick);
  const details = { conditionId, tick: formatPrice(tick), asked };
  log.warn(details, "a market keeps the tick that it was opened with");
}

function isTraded({ registered, state }: { registered: boolean; state: string }): boolean {
  return registered && state === "OPEN";
}

/** @throws ChainMismatchError when the node is on another chain: nothing may be signed or read there. */
async function requireChain(rpc: Rpc, { chainId }: Deployment): Promise<void> {
  const found = BigInt((await rpc.send("eth_chainId", [])) as string);
  if (found !== BigInt(chainId)) throw new ChainMismatchError(BigInt(chainId), found);
}

async function latestSeconds(rpc: Rpc): Promise<bigint> {
  const block = (await rpc.send("eth_getBlockByNumber", ["latest", false])) as { timestamp: Hex };
  return BigInt(block.timestamp);
}

/** Whether makers had their time to look after the orders that a start found in the books. */
function warmUp(seconds: number, engine: VenueEngine, clock: Clock, log: Log): () => boolean {
  const hasOrders = engine.openOrders().next().done !== true;
  if (seconds === 0 || !hasOrders) return () => true;
  log.warn({ seconds }, "only post-only orders are taken at first: makers look after theirs");
  const warmAtMs = clock.nowMs() + seconds * 1000;
  return () => clock.nowMs() >= warmAtMs;
}

/** What the venue takes in, by how much of what it matched is not on chain yet. */
function watchUnsettled(
  settler: Settler,
  cap: bigint,
  alarm: Alarm,
  log: Log,
  closers: (() => unknown)[],
): () => TradingMode {
  let mode: TradingMode = "open";
  const look = async (): Promise<void> => {
    const unsettled = await settler.unsettledValue();
    const next = unsettled >= 2n * cap ? "halted" : unsettled >= cap ? "post-only" : "open";
    if (next === mode) return;
    const data = { from: mode, to: next, unsettledUnits: unsettled.toString() };
    log.warn(data, "the venue changed what it takes in");
    if (next !== "open") alarm({ type: "unsettled_cap", severity: "HIGH", data });
    mode = next;
  };
  const timer = setInterval(() => void look().catch(() => undefined), CAP_CHECK_MS);
  closers.push(() => clearInterval(timer));
  return () => mode;
}

function healthChecks({
  rpc,
  redis,
  indexer,
  settler,
  engine,
}: {
  readonly rpc: Rpc;
  readonly redis: Redis | undefined;
  readonly indexer: Indexer;
  readonly settler: Settler;
  readonly engine: VenueEngine;
}): HealthCheck[] {
  return [
    ...(redis === undefined
      ? []
      : [
          {
            name: "redis",
            required: false,
            check: async () => {
              await redis.ping();
              return "up" as const;
            },
          },
        ]),
    {
      name: "blockchain_rpc",
      required: false,
      check: async () => {
        await rpc.send("eth_blockNumber", []);
        return "up";
      },
    },
    {
      name: "event_indexer",
      required: false,
      check: async () => ((await indexer.status()).state === "RUNNING" ? "up" : "degraded"),
    },
    {
      name: "engine",
      required: true,
      check: async () => {
        if (engine.state !== "running") throw new Error(`the engine is ${engine.state}`);
        return "up";
      },
    },
    {
      name: "settler",
      required: false,
      check: async () => {
        const { laneState, gasBalance, breakerOpen } = await settler.readiness();
        return laneState === "RUNNING" && gasBalance !== 0n && !breakerOpen ? "up" : "degraded";
      },
    },
  ];
}

function reconcileNowAndThen(
  indexer: Indexer,
  everyMs: number,
  log: Log,
  closers: (() => unknown)[],
): void {
  if (everyMs === 0) return;
  const timer = setInterval(() => {
    indexer.reconcile().catch((err: unknown) => log.warn({ err }, "reconciliation failed"));
  }, everyMs);
  closers.push(() => clearInterval(timer));
}
