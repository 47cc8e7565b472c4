import { planApprovals } from "../../actions/approvals.js";
import { connect } from "../../contracts/connect.js";
import { Role } from "../../contracts/Role.js";
import type { Address } from "../../order/Order.js";
import type { Options, World } from "../command.js";
import { accountOn, type Chain } from "../connectNetwork.js";
import { coins } from "../cost.js";
import { KEY_VARIABLE } from "../networks.js";
import { readView } from "../readCheck.js";
import { ROLE_CALLS, type RoleName } from "../roles.js";
import type { Target } from "../target.js";
import { usdc } from "../values.js";
import { ok, type Check, type Report, type Search } from "./report.js";

/** The account that commands would send from. */
export function accountSearch(chain: Chain, options: Options, world: World): Search<Address> {
  return {
    name: "account",
    todo: `set ${options.text("key-env") ?? KEY_VARIABLE}, or give --from`,
    find: async () => (await accountOn(chain, options, world.env))?.address,
    show: (account) => account,
  };
}

export interface AccountParams {
  readonly chain: Chain;
  readonly target: Target;
  readonly account: Address;
  /** The contracts have code. */
  readonly there: boolean;
}

/** What the account can pay, may do, and has allowed. */
export async function lookAtAccount(report: Report, params: AccountParams): Promise<void> {
  const { chain, target, account, there } = params;
  await report.see(gasCheck(chain, account));
  if (!there) return;
  await report.see(roleCheck(chain, target, account));
  await report.see(collateralCheck(chain, target, account));
  await report.see(approvalCheck(chain, target, account));
}

function gasCheck(chain: Chain, account: Address): Check {
  return {
    name: "gas money",
    todo: `send it ${chain.network.coin}; orders are signed without, approvals need some`,
    look: async () => {
      const balance = await chain.provider.getBalance(account);
      const what = coins(balance, chain);
      return balance > 0n ? ok(what) : { state: "warn", what };
    },
  };
}

/** Never a fault: to trade, an account needs no role. */
function roleCheck(chain: Chain, { deployment }: Target, account: Address): Check {
  return {
    name: "roles",
    todo: "ask again when the node answers",
    look: async () => {
      const pairs = (Object.keys(ROLE_CALLS) as RoleName[]).flatMap((role) =>
        ROLE_CALLS[role].on.map((on) => ({ role, on })),
      );
      const answers = await Promise.all(
        pairs.map(({ role, on }) =>
          readView(chain, deployment, on, "hasRole", [Role[role], account]),
        ),
      );
      const held = pairs.filter((_, i) => answers[i] === "true");
      return ok(held.map(({ role, on }) => `${role} on ${on}`).join(", ") || "none, as traders");
    },
  };
}

function collateralCheck(chain: Chain, { deployment }: Target, account: Address): Check {
  return {
    name: "collateral",
    todo: "it can sell what it holds, and buy nothing",
    look: async () => {
      const units = await connect(deployment, chain.provider).collateral.balanceOf(account);
      return units > 0n ? ok(usdc(units)) : { state: "warn", what: usdc(units) };
    },
  };
}

function approvalCheck(chain: Chain, { deployment }: Target, account: Address): Check {
  return {
    name: "approvals",
    todo: "the account runs: nostra approve",
    look: async () => {
      const missing = await planApprovals(connect(deployment, chain.provider), account);
      if (missing.length === 0) return ok("buy, sell and split");
      return { state: "warn", what: `missing ${missing.map(({ action }) => action).join(", ")}` };
    },
  };
}
