import type { Deployment } from "@nostra/sdk/deployments";
import type { OrderDomain } from "@nostra/sdk/order";
import type { Bus } from "../bus";
import type { Clock } from "../clock";
import type { Engine } from "../engine/Engine";
import type { Intake } from "../intake/Intake";
import type { Log } from "../log";
import type { Store } from "../store";
import type { BookFeed } from "../stream/BookFeed";
import type { ErrorAnswer } from "./answerError";
import type { Auth } from "./auth/Auth";
import type { Health } from "./Health";
import type { Markets } from "./Markets";
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
  readonly auth: Auth;
  readonly markets: Markets;
  /** What may be told of a failure. */
  readonly answerError: (thrown: unknown) => ErrorAnswer;
  /** Cookies only over HTTPS; false on a developer's own machine. */
  readonly secureCookies: boolean;
}
