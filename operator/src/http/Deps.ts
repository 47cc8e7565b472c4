import type { Deployment } from "@nostra/sdk/deployments";
import type { OrderDomain } from "@nostra/sdk/order";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import type { Engine } from "../engine/Engine";
import type { Intake } from "../intake/Intake";
import type { Log } from "../log";
import type { Modes, OperatorMode } from "../modes";
import type { Store } from "../store";
import type { BookFeed } from "../stream/BookFeed";
import type { ErrorAnswer } from "./answerError";
import type { Auth } from "./auth/Auth";
import type { Health } from "./Health";
import type { TermsInForce } from "../markets/termsInForce";
import type { MarketRow, Markets } from "./Markets";
import type { Metrics } from "./Metrics";

/** What the operations work with. */
export interface Deps {
  readonly store: Store;
  readonly engine: Engine;
  readonly intake: Intake;
  readonly bus: Bus;
  readonly feed: BookFeed;
  readonly deployment: Deployment;
  readonly domain: OrderDomain;
  readonly clock: Clock;
  /** The chain's present second: by it markets end. */
  readonly chainNow: () => bigint;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly health: Health;
  /** What the venue takes now. */
  readonly modes: Pick<Modes, "current" | "require">;
  /** Stores the mode that the operator set, and obeys it at once. */
  readonly setMode: (mode: OperatorMode) => Promise<void>;
  readonly auth: Auth;
  readonly markets: Markets;
  /** What an order of a market must keep to; null when the venue does not trade it. Default: of no market. */
  readonly termsOf?: (market: MarketRow) => TermsInForce | null;
  /** What may be told of a failure. */
  readonly answerError: (thrown: unknown) => ErrorAnswer;
  /** Cookies only over HTTPS; false on a developer's own machine. */
  readonly secureCookies: boolean;
}
