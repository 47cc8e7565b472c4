export { BookFeed } from "./BookFeed";
export { CLOSE } from "./Connection";
export { createStream, type Stream, type StreamOptions } from "./createStream";
export { describeStream } from "./describeStream";
export { DEFAULT_STREAM_LIMITS, type StreamLimits } from "./streamLimits";
