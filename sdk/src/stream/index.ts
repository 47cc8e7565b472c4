export { hashLevels, type Level, type Levels } from "./hashLevels.js";
export { LocalBook, type BookDelta, type BookSnapshot, type DeltaResult } from "./LocalBook.js";
