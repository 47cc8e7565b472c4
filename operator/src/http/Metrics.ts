import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What is counted, for Prometheus to fetch. Each operator has its own, so that tests can have many. */
export class Metrics {
  readonly registry = new Registry();
  readonly httpSeconds = new Histogram({
    name: "http_request_duration_seconds",
    help: "Time from a request to its answer",
    labelNames: ["operation", "method", "status"] as const,
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly httpRequests = new Counter({
    name: "http_requests_total",
    help: "Requests answered",
    labelNames: ["operation", "method", "status"] as const,
    registers: [this.registry],
  });
  readonly rateLimited = new Counter({
    name: "http_rate_limited_total",
    help: "Requests refused with 429 by a rate limit, by bucket",
    labelNames: ["bucket"] as const,
    registers: [this.registry],
  });
  readonly socketsRefused = new Counter({
    name: "http_connections_refused_total",
    help: "Connections cut off because their address, or the venue, has too many open",
    registers: [this.registry],
  });
  readonly malformedRequests = new Counter({
    name: "http_malformed_requests_total",
    help: "Connections that sent no readable HTTP, or sent it too slowly",
    registers: [this.registry],
  });
  readonly proxyMismatches = new Counter({
    name: "http_proxy_mismatch_total",
    help: "Requests whose forwarding headers do not fit TRUSTED_PROXIES",
    labelNames: ["kind"] as const,
    registers: [this.registry],
  });
  readonly connections = new Gauge({
    name: "websocket_connections_total",
    help: "Streams open now",
    registers: [this.registry],
  });
  readonly messages = new Counter({
    name: "websocket_messages_total",
    help: "Messages of streams, by direction",
    labelNames: ["direction"] as const,
    registers: [this.registry],
  });
  readonly closes = new Counter({
    name: "websocket_closed_total",
    help: "Streams that the venue closed, by close code",
    labelNames: ["code"] as const,
    registers: [this.registry],
  });
  readonly upgradesRefused = new Counter({
    name: "websocket_upgrades_refused_total",
    help: "Requests for a stream that were refused, by status",
    labelNames: ["status"] as const,
    registers: [this.registry],
  });
  readonly streamBytes = new Gauge({
    name: "websocket_waiting_bytes",
    help: "Bytes of streams that wait: in for their turn, out to be read",
    labelNames: ["direction"] as const,
    registers: [this.registry],
  });
  readonly redisFaults = new Counter({
    name: "redis_faults_total",
    help: "What went wrong with Redis: late, failed or malformed answers, events dropped",
    labelNames: ["use", "fault"] as const,
    registers: [this.registry],
  });
  readonly ordersPlaced = new Counter({
    name: "orders_placed_total",
    help: "Orders accepted",
    registers: [this.registry],
  });
  readonly tradesExecuted = new Counter({
    name: "trades_executed_total",
    help: "Matches decided",
    registers: [this.registry],
  });
  readonly matchingSeconds = new Histogram({
    name: "order_matching_duration_seconds",
    help: "Time from an order's acceptance to its being stored with its matches",
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly querySeconds = new Histogram({
    name: "database_query_duration_seconds",
    help: "Time of a query",
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly chainHeadAge = new Gauge({
    name: "chain_head_age_seconds",
    help: "Time since a node last showed a new block",
    registers: [this.registry],
  });
  readonly indexerLag = new Gauge({
    name: "indexer_lag_blocks",
    help: "Blocks that the node has and the indexer has not taken in",
    registers: [this.registry],
  });
  readonly mode = new Gauge({
    name: "venue_mode",
    help: "1 for the mode that the venue is in, 0 for the others",
    labelNames: ["mode"] as const,
    registers: [this.registry],
  });
  readonly readsRefused = new Counter({
    name: "database_reads_refused_total",
    help: "Public reads refused because too many waited, or ended because one took too long",
    registers: [this.registry],
  });

  readonly settlementAttempts = new Counter({
    name: "nostra_settlement_attempts_total",
    help: "Matches in final transactions, by what came of them: settled, or the reason of the failure",
    labelNames: ["outcome"] as const,
    registers: [this.registry],
  });
  readonly settlementFruitlessGas = new Counter({
    name: "nostra_settlement_fruitless_gas_total",
    help: "Gas that failed attempts to settle matches used, at most",
    registers: [this.registry],
  });

  /** Process figures too: memory, event loop, file handles. */
  watchProcess(): this {
    collectDefaultMetrics({ register: this.registry });
    return this;
  }
}
