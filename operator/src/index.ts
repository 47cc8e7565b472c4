export { startVenue, type Venue, type VenueOptions } from "./startVenue";
export { finalAtDepth, finalizedOrDepth, finalizedTag, type Finality, type Rpc } from "./rpc";
export { openStore, type Store, type StoreOptions } from "./store";
export { consoleNotifier, webhookNotifier, type Notifier } from "./monitor/createAlarm";
export { DEFAULT_LIMITS, scaleLimits, type Limits } from "./http";
export type { Alert, Severity } from "./alerts";
export type { MarketTerms } from "./markets/MarketDirectory";
