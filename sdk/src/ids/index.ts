export { checksumAddress, parseAddress, ZERO_ADDRESS } from "./address.js";
export { binaryTokens, type BinaryTokens } from "./binaryTokens.js";
export { collectionId, derivationSteps, IndexSet } from "./collectionId.js";
export { conditionId } from "./conditionId.js";
export {
  DEFAULT_QUESTION_ATTEMPTS,
  findCheapQuestionId,
  type CheapQuestionId,
  type FindCheapQuestionIdOptions,
} from "./findCheapQuestionId.js";
export { positionId } from "./positionId.js";
export { questionIdOf } from "./questionIdOf.js";
