export {
  decodeLogs,
  EventNotFoundError,
  findEvent,
  type LogSource,
  type RawLog,
} from "./decodeLogs.js";
export type { NostraEvent, NostraEventArgs, NostraEventName } from "./NostraEvent.js";
