export { checkOrder, type CheckOrderOptions, type OrderReport } from "./checkOrder.js";
export { FINDING_CODES, type Finding, type FindingCode, type FindingValues } from "./Finding.js";
export { requireSettleable } from "./requireSettleable.js";
