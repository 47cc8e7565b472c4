import type { Deps } from "../Deps";
import type { Operation } from "../operation";
import { accountOperations } from "./account";
import { authOperations } from "./auth";
import { candleOperations } from "./candles";
import { eventOperations } from "./events";
import { marketOperations } from "./markets";
import { modeOperations } from "./modes";
import { orderOperations } from "./orders";
import { systemOperations } from "./system";
import { tradeOperations } from "./trades";

/** All that the venue can be asked. */
export function allOperations(deps: Deps): readonly Operation[] {
  return [
    ...orderOperations(deps),
    ...marketOperations(deps),
    ...candleOperations(deps),
    ...tradeOperations(deps),
    ...eventOperations(deps),
    ...accountOperations(deps),
    ...authOperations(deps),
    ...systemOperations(deps),
    ...modeOperations(deps),
  ];
}
