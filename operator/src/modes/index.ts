export { ACTIONS, isMode, MODES, MODE_TABLE, type Action, type Mode } from "./modeTable";
export { Modes, type ModeReason, type ModeState, type Restriction } from "./Modes";
export {
  MAX_REASON_LENGTH,
  readOperatorMode,
  writeOperatorMode,
  type OperatorMode,
} from "./operatorMode";
export { OperatorModeWatch, warmUp, watchUnsettled, watchWrites } from "./watches";
