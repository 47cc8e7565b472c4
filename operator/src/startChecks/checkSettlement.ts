import { Role, connect } from "@nostra/sdk/contracts";
import type { Deployment } from "@nostra/sdk/deployments";
import { formatEther } from "ethers";
import { OperatorError } from "../errors";
import type { Rpc } from "../rpc";
import { RpcProvider } from "../RpcProvider";
import { readBalance, readHead } from "../settler/chain";
import { suggestFees } from "../settler/fees";
import { failed, ok, warning, type CheckResult } from "./CheckResult";

export interface SettlementCheckParams {
  readonly rpc: Rpc;
  readonly deployment: Deployment;
  /** Address of OPERATOR_PRIVATE_KEY. */
  readonly operator: string;
  /** The most a unit of gas may cost, in wei. */
  readonly maxFeeCap: bigint;
  /** How the commands that fix something name the deployment, such as `--network polygon`. */
  readonly target: string;
}

/** Gas of a settlement of 20 matches, rounded up. */
const SETTLEMENT_GAS = 2_000_000n;
/** The account must be able to pay for as many settlements at the present price. */
const MIN_SETTLEMENTS = 10n;
const GWEI = 1_000_000_000n;

/** Whether the account can settle: it is an operator, matching is not paused, and it can pay for gas. */
export async function checkSettlement(params: SettlementCheckParams): Promise<CheckResult[]> {
  const { rpc, deployment, operator, target } = params;
  const provider = new RpcProvider(rpc, deployment.chainId);
  try {
    const { exchange } = connect(deployment, provider);
    const nostra = (command: string): string => `npm run nostra -- ${command} ${target}`;
    const results: CheckResult[] = [];
    results.push(
      (await exchange.hasRole(Role.OPERATOR, operator))
        ? ok("role", `${operator} is an operator of the exchange`)
        : failed(
            "role",
            `OPERATOR_PRIVATE_KEY: ${operator} is no operator of the exchange, so it cannot settle; ` +
              `the admin runs: ${nostra("role grant")} --role operator --account ${operator}`,
          ),
    );
    results.push(
      (await exchange.paused())
        ? failed(
            "pause",
            `DEPLOYMENT: matching is paused on the exchange ${deployment.contracts.ctfExchange}, so nothing settles; ` +
              `the admin runs: ${nostra("unpause")}`,
          )
        : ok("pause", "matching is not paused"),
    );
    results.push(...(await checkGas(params)));
    return results;
  } finally {
    provider.destroy();
  }
}

async function checkGas({
  rpc,
  operator,
  maxFeeCap,
}: SettlementCheckParams): Promise<CheckResult[]> {
  const [balance, head] = await Promise.all([readBalance(rpc, operator), readHead(rpc)]);
  const fees = await suggestFees(rpc, head.baseFee, maxFeeCap);
  const price = head.baseFee + (fees?.maxPriorityFeePerGas ?? 0n);
  const need = MIN_SETTLEMENTS * SETTLEMENT_GAS * price;
  const money = `${formatEther(balance)} coins`;
  const results: CheckResult[] = [];
  if (balance === 0n || balance < need) {
    results.push(
      failed(
        "gas money",
        `OPERATOR_PRIVATE_KEY: ${operator} has ${money}, and ${MIN_SETTLEMENTS} settlements cost ` +
          `${formatEther(need)} at the present price; send it at least ${formatEther(need - balance)}, ` +
          `for example: cast send ${operator} --value ${need - balance}wei`,
      ),
    );
  } else {
    results.push(ok("gas money", `${money}, enough for ${MIN_SETTLEMENTS} settlements or more`));
  }
  if (fees === undefined) {
    const text = `gas costs more than the cap of ${maxFeeCap / GWEI} gwei: nothing settles until it falls`;
    results.push(warning("gas price", text));
  }
  return results;
}

/** A venue that cannot settle does not start. `details`: `problems`. */
export class CannotSettleError extends OperatorError {
  constructor(problems: readonly string[]) {
    super("CANNOT_SETTLE", problems.join("\n"), { status: 503, details: { problems } });
  }
}

/** @throws CannotSettleError with a line for each thing that keeps matches from settling. */
export async function requireSettlement(params: SettlementCheckParams): Promise<void> {
  const results = await checkSettlement(params);
  const problems = results.filter(({ state }) => state === "failed").map(({ text }) => text);
  if (problems.length > 0) throw new CannotSettleError(problems);
}
