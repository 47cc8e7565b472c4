export type { BookListener, BookState } from "./BookFollower.js";
export {
  connectStream,
  StreamError,
  type BookSubscription,
  type StreamClient,
  type StreamOptions,
  type StreamState,
  type Subscription,
  type Timers,
  type UserListener,
  type WebSocketConstructor,
  type WebSocketLike,
} from "./connectStream.js";
export { hashLevels, type Level, type Levels } from "./hashLevels.js";
export { LocalBook, type BookDelta, type BookSnapshot, type DeltaResult } from "./LocalBook.js";
export type {
  StreamBlock,
  StreamMarket,
  StreamOrder,
  StreamRetract,
  StreamTrade,
  StreamUserEvent,
} from "./messages.js";
