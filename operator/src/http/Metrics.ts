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
