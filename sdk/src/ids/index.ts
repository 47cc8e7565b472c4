export { checksumAddress, parseAddress, ZERO_ADDRESS } from "./address.js";
export { binaryTokens, type BinaryTokens } from "./binaryTokens.js";
export { collectionId, IndexSet } from "./collectionId.js";
export { conditionId } from "./conditionId.js";
export { positionId } from "./positionId.js";
export { questionIdOf } from "./questionIdOf.js";
