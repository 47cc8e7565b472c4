export { calculatePrice } from "./calculatePrice.js";
export { DECIMALS, MAX_AMOUNT, UNIT } from "./constants.js";
export { consumedUp, feeDown, receivedUp } from "./fillMath.js";
export { formatCollateral } from "./formatCollateral.js";
export { formatPrice } from "./formatPrice.js";
export { formatShares } from "./formatShares.js";
export { limitAmounts, type LimitTerms, type OrderAmounts } from "./limitAmounts.js";
export {
  marketAmounts,
  type MarketBuyTerms,
  type MarketSellTerms,
  type MarketTerms,
} from "./marketAmounts.js";
export { parseCollateral } from "./parseCollateral.js";
export type { DecimalInput } from "./parseDecimal.js";
export { parsePrice } from "./parsePrice.js";
export { parseShares } from "./parseShares.js";
export { priceOf, type PricedOrder, type Rational } from "./priceOf.js";
export type { SideInput } from "./isBuy.js";
