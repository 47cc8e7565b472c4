import { keccak256 as ethersKeccak256 } from "ethers";
import { connect } from "@nostra/sdk";
import type { Deployment } from "@nostra/sdk/deployments";
import { ChainMismatchError } from "@nostra/sdk/errors";
import { orderDomain, type Hex, type OrderDomain } from "@nostra/sdk/order";
import { formatPrice } from "@nostra/sdk/units";
import type { Wallet } from "ethers";
import { Bus } from "./bus";
import { ChainClock } from "./chainClock";
import { systemClock, type Clock } from "./clock";
import { matchingRules } from "./engine/matchingRules";
import type { VenueMarket } from "./engine/MarketEngine";
import { VenueEngine } from "./engine/VenueEngine";
import type { OperatorError } from "./errors";
import { createFastKeccak, type Keccak256 } from "./fastKeccak";
import { HeadWatch } from "./HeadWatch";
import { healthChecks } from "./healthChecks";
import { createHttpServer, Metrics, RedisLimiter, type HttpConfig, type HttpServer } from "./http";
import { Indexer, MatchReconciler } from "./indexer";
import { DEFAULT_ACCOUNT_LIMITS, type AccountLimits } from "./intake/AccountLimits";
import { ChainState } from "./intake/ChainState";
import { createFastVerifier, type SignatureVerifier } from "./intake/createFastVerifier";
import { Heartbeats } from "./intake/Heartbeats";
import { VenueIntake } from "./intake/VenueIntake";
import { usualVerifyThreads, VerifierThreads } from "./intake/VerifierThreads";
import { watchChain } from "./intake/watchChain";
import type { Log } from "./log";
import { MarketDirectory, type MarketTerms } from "./markets/MarketDirectory";
import { MODES, Modes, OperatorModeWatch, warmUp, watchUnsettled, watchWrites } from "./modes";
import { termsInForce } from "./markets/termsInForce";
import { createAlarm, type Notifier } from "./monitor/createAlarm";
import { Monitor } from "./monitor/Monitor";
import type { RetentionOptions } from "./monitor/Retention";
import { countRemoved, showTableSizes } from "./monitor/watchRetention";
import { resilientRpc } from "./resilientRpc";
import type { Finality, Rpc } from "./rpc";
import { RpcProvider } from "./RpcProvider";
import { SettlementWatch } from "./SettlementWatch";
import {
  SETTLER_DEFAULTS,
  Settler,
  transactionGasLimit,
  type RestingPairs,
  type SettlerOptions,
  type TransactionSigner,
} from "./settler";
import {
  acquireLease,
  keepLease,
  openStore,
  releaseLease,
  THIS_PROCESS,
  type Store,
  type StoreOptions,
} from "./store";
import { openRedis, publishByRedis, RedisLink, venueNamespace } from "./redis";
import { requireSettlement } from "./startChecks";
import { StartPatience } from "./StartPatience";
import { BookFeed, createStream } from "./stream";

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
  readonly terms?: Readonly<Record<string, Partial<MarketTerms>>>;
  /** What one account may have here. Default DEFAULT_ACCOUNT_LIMITS. */
  readonly accountLimits?: AccountLimits;
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
  /** How often the venue looks whether matches can settle, and how long it goes on taking orders while they cannot. */
  readonly settlementWatch?: { readonly everyMs?: number; readonly maxStallMs?: number };
  /** Starts although nothing can settle; the venue is cancel-only until it can. Default false. */
  readonly allowUnsettled?: boolean;
  /** For so long a start waits for a node that fails. Default two minutes. */
  readonly startPatienceMs?: number;
  /** See HeadWatch. Default: by the chain's block time. 0 for a chain that makes blocks only when it has transactions. */
  readonly maxHeadAgeMs?: number;
  /** Between two looks at the heads of the nodes. Default 2,000. */
  readonly headPollMs?: number;
  /** Judges signatures. Default: the fastest that works on this machine. */
  readonly verifier?: SignatureVerifier;
  /**
   * How many threads do so beside this one, unless there is a `verifier`; the first order starts them. Default: processors less
   * one, at most 4.
   */
  readonly verifyThreads?: number;
  /** The most inputs that one commit takes. Default 512. */
  readonly maxBatch?: number;
  /** What is kept for how long, and how many rows of it. */
  readonly retention?: RetentionOptions["rules"];
  /** For reconciliation; default ten minutes. 0 for never. */
  readonly reconcileEveryMs?: number;
  /** False for a command that works on the database: nothing is taken in, and nothing runs by itself. Default true. */
  readonly serves?: boolean;
  /** Keeps rate limits for several processes, and is where events are published. Nothing is taken from it. */
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
  /** Compares matches and remaining amounts with the chain's fills. */
  readonly reconciler: MatchReconciler;
  readonly markets: MarketDirectory;
  readonly modes: Modes;
  readonly bus: Bus;
  readonly server: HttpServer;
  /** Takes nothing more in, finishes what is under way, and gives everything back. */
  stop(): Promise<void>;
}

const DEFAULT_TERMS: MarketTerms = { tick: "0.01", minSize: "1" };
const DEFAULT_START_PATIENCE_MS = 120_000;
const DEFAULT_CAP = 1_000_000_000_000n;
/** A second before an order dies no settlement would reach the chain in time. */
const MARGIN_SECONDS = 5n;
const MIN_LIFE_SECONDS = 10n;

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
      reads: {
        ...options.store.reads,
        onRefused: () => metrics.readsRefused.inc(),
      },
      onQuery: (ms) => metrics.querySeconds.observe(ms / 1000),
      onEnded: onGivenUp,
    });
    closers.push(() => store.close());
    const { chainId, contracts } = deployment;
    await store.claim({ chain: `${chainId}`, exchange: contracts.ctfExchange.toLowerCase() });
    const bus = new Bus((err) => log.error({ err }, "a listener failed"));
    const notifiers = options.notifiers ?? [];
    const modes = new Modes({ clock, bus, log });
    const alarm = createAlarm({ store, notifiers, log, clock });
    closers.push(() => alarm.close());
    void alarm.recover().catch((err: unknown) => log.warn({ err }, "alerts were not recovered"));
    const nodes = resilientRpc([...options.nodes], { alarm, clock });
    const limitMs = options.startPatienceMs ?? DEFAULT_START_PATIENCE_MS;
    const patience = new StartPatience({ limitMs, clock, log });
    const rpc = patience.around(nodes);
    await requireChain(rpc, deployment);
    const maxFeeCap = options.settler?.maxFeeCap ?? SETTLER_DEFAULTS.maxFeeCap;
    if (options.serves !== false && options.allowUnsettled !== true) {
      await requireSettlement({
        ...{ rpc, deployment, operator: options.operator.address, maxFeeCap },
        target: `--network ${deployment.network}`,
      });
    }
    const provider = new RpcProvider(rpc, chainId);
    closers.push(() => provider.destroy());

    const lease = await acquireLease(store.db, "engine", THIS_PROCESS);
    closers.push(() => releaseLease(store.db, lease).catch(() => undefined));
    const writes = watchWrites(modes);
    const engineLease = keepLease({ store, lease, clock, log, onLost: onGivenUp, writes });
    closers.push(() => engineLease.stop());

    const latest = await readLatest(rpc);
    const chainClock = new ChainClock(latest.seconds, () => clock.monotonicMs());
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
    await patience.attempt("the indexer", () => indexer.step());

    const keccak256 = await createFastKeccak();
    // Transactions of a batch have 100 KB, which ethers would hash in JavaScript.
    ethersKeccak256.register(keccak256);
    const configuredGas = options.settler?.maxGas;
    const maxTransactionGas = Number(transactionGasLimit(chainId, latest.gasLimit, configuredGas));
    // The settler, which comes after the engine, knows which pairs of accounts rest.
    const resting: { pairs?: RestingPairs } = {};
    const engine = await VenueEngine.start({
      ...{ store, bus, clock, chainNow, lease, log, keccak256 },
      rules: matchingRules(MARGIN_SECONDS, maxTransactionGas),
      pairs: { partnersOf: (account) => resting.pairs?.partnersOf(account) ?? [] },
      onGivenUp,
      ...(options.maxBatch === undefined ? {} : { maxBatch: options.maxBatch }),
      measure: (ms) => metrics.matchingSeconds.observe(ms / 1000),
    });
    closers.push(() => engine.stop());

    const settler = new Settler({
      ...{ store, rpc, deployment, engine, bus, finality, clock, alarm, log },
      wallet: options.operator,
      holder: THIS_PROCESS,
      breakerOpen: () => nodes.isOpen(),
      metrics: {
        attempt: (outcome) => metrics.settlementAttempts.inc({ outcome }),
        fruitlessGas: (gas) => metrics.settlementFruitlessGas.inc(Number(gas)),
      },
      options: {
        ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
        ...options.settler,
      },
    });
    resting.pairs = settler.pairRests;
    const connection = connect(deployment, provider);
    const chain = new ChainState(rpc, deployment, () => clock.monotonicMs());
    chain.follow(bus);
    const stopWatching = watchChain({ bus, engine, chain, store, log });
    closers.push(stopWatching);
    bus.subscribe((event) => {
      if (event.type === "block") settler.wake("block");
      if (event.type === "match" && event.state === "MATCHED") settler.wake("match");
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

    const heartbeats = await Heartbeats.load(store, () => clock.monotonicMs(), log);
    closers.push(
      warmUp(options.warmUpSeconds ?? 0, { modes, engine, clock }),
      watchUnsettled(options.unsettledCap ?? DEFAULT_CAP, { modes, work: engine.work, alarm }),
    );
    const showMode = (): void => {
      for (const mode of MODES) metrics.mode.set({ mode }, mode === modes.current.mode ? 1 : 0);
    };
    showMode();
    bus.subscribe(({ type }) => type === "mode" && showMode());
    const head = new HeadWatch({
      ...{ rpc, heads: nodes.heads, indexer, modes, metrics, alarm, log },
      ...(options.maxHeadAgeMs === undefined ? {} : { maxAgeMs: options.maxHeadAgeMs }),
      ...(options.headPollMs === undefined ? {} : { everyMs: options.headPollMs }),
    });
    const operatorMode = new OperatorModeWatch({ store, modes, log });
    closers.push(() => operatorMode.stop());
    const settlement = new SettlementWatch({
      ...{ settler, connection, rpc, modes, clock, maxFeeCap, operator: options.operator.address },
      ...(options.settlementWatch ?? {}),
    });
    const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    const verifier = options.verifier ?? openVerifier(domain, keccak256, options, closers);
    log.info({ backend: verifier.backend }, "signatures are verified");
    const limits = options.accountLimits ?? DEFAULT_ACCOUNT_LIMITS;
    const intake = new VenueIntake({
      ...{ engine, markets, chain, verifier, connection, store, heartbeats, chainNow, modes },
      minLifeSeconds: MIN_LIFE_SECONDS,
      isCoolingDown: (account) => settler.isCoolingDown(account),
      limits,
    });
    const reconciler = new MatchReconciler({
      ...{ store, engine, lease, rpc, deployment, bus, clock, alarm, log },
    });
    const monitor = new Monitor({
      ...{ store, engine, intake, heartbeats, markets, bus, chainNow, clock, alarm, log },
      reconciler,
      retention: { rules: options.retention ?? {}, chainNow, ...countRemoved(metrics) },
      finalizer:
        options.finalizer === undefined
          ? null
          : connect(deployment, options.finalizer.connect(provider)),
    });

    showTableSizes(metrics, monitor.retention);

    const feed = new BookFeed(engine, bus);
    feed.start(engine.markets().map(({ market }) => market.conditionId));
    const { port, host, ...config } = options.http;
    const redis = options.redisUrl === undefined ? undefined : openRedis(options.redisUrl, log);
    const link = redis === undefined ? undefined : new RedisLink(redis, clock, log, metrics);
    const namespace = venueNamespace(chainId, contracts.ctfExchange);
    if (redis !== undefined && link !== undefined) {
      closers.push(() => redis.disconnect());
      closers.push(publishByRedis(bus, redis, namespace, link));
    }
    const server = await createHttpServer({
      ...(redis === undefined || link === undefined
        ? {}
        : {
            limiter: new RedisLimiter(redis, clock, log, { namespace, link, byRedisTime: true }),
          }),
      ...{
        store,
        engine,
        intake,
        bus,
        feed,
        deployment,
        clock,
        log,
        config,
        metrics,
        modes,
        chainNow,
      },
      setMode: (mode) => operatorMode.set(mode),
      alarm,
      termsOf: (market) => termsInForce(market, markets, engine, limits),
      checks: healthChecks({ rpc, redis, indexer, settlement, head, engine, engineLease }),
    });
    closers.push(() => server.app.close());

    const { auth, limiter } = server;
    const stream = createStream({
      ...{ server: server.app.server, store, feed, bus, clock, log, auth, limiter, metrics, modes },
      ...(config.trustedProxies === undefined ? {} : { trustedProxies: config.trustedProxies }),
      ...(config.limits === undefined ? {} : { opening: config.limits.connections }),
    });
    closers.push(() => stream.close());

    if (options.serves === false) {
      await settler.open();
      patience.end();
      closers.push(() => settler.stop());
      return {
        url: "",
        store,
        engine,
        intake,
        settler,
        indexer,
        monitor,
        reconciler,
        markets,
        modes,
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
    await operatorMode.start();
    await settlement.start();
    closers.push(() => settlement.stop());
    await head.start();
    closers.push(() => head.stop());
    monitor.start();
    closers.push(() => monitor.stop());
    reconcileNowAndThen(indexer, options.reconcileEveryMs ?? 600_000, log, closers);

    const url = await server.app.listen({ port, host });
    patience.end();
    return {
      url,
      store,
      engine,
      intake,
      settler,
      indexer,
      monitor,
      reconciler,
      markets,
      modes,
      bus,
      server,
      stop,
    };
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

async function readLatest(rpc: Rpc): Promise<{ seconds: bigint; gasLimit: bigint }> {
  const block = (await rpc.send("eth_getBlockByNumber", ["latest", false])) as {
    timestamp: Hex;
    gasLimit: Hex;
  };
  return { seconds: BigInt(block.timestamp), gasLimit: BigInt(block.gasLimit) };
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
