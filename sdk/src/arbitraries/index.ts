export { aTick, aPrice, aSize } from "./amounts.js";
export { limitTerms, type ExactLimitTerms } from "./limitTerms.js";
export { anOrder, aSignedOrder, type OrderShape } from "./orders.js";
export { crossingTerms, type CrossingTerms, type QuoteTerms } from "./crossingTerms.js";
