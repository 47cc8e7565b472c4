import { MaxUint256 } from "ethers";
import type { Connection } from "../contracts/connect.js";
import type { Address } from "../order/Order.js";
import type { PreparedTx, TxResult } from "./PreparedTx.js";
import { prepareTx, readNothing } from "./prepareTx.js";
import { requireUnits } from "./requireUnits.js";

/** What an account has allowed so far. */
export interface Approvals {
  /** Collateral the exchange may take: needed to BUY. */
  readonly exchangeAllowance: bigint;
  /** True when the exchange may move the account's outcome tokens: needed to SELL. */
  readonly exchangeMaySell: boolean;
  /** Collateral ConditionalTokens may take: needed to split. */
  readonly splitAllowance: bigint;
}

/** Reads what `account` has allowed. */
export async function readApprovals(connection: Connection, account: Address): Promise<Approvals> {
  const { ctfExchange, conditionalTokens } = connection.deployment.contracts;
  const [exchangeAllowance, exchangeMaySell, splitAllowance] = await Promise.all([
    connection.collateral.allowance(account, ctfExchange),
    connection.conditionalTokens.isApprovedForAll(account, ctfExchange),
    connection.collateral.allowance(account, conditionalTokens),
  ]);
  return { exchangeAllowance, exchangeMaySell, splitAllowance };
}

/** Lets the exchange take up to `amount` collateral units of the sender; without limit by default. */
export function approveCollateral(
  connection: Connection,
  { amount = MaxUint256 }: { readonly amount?: bigint } = {},
): PreparedTx<TxResult> {
  return prepareTx({
    action: "approveCollateral",
    contract: connection.collateral,
    method: "approve",
    args: [connection.deployment.contracts.ctfExchange, requireUnits("amount", amount)],
    read: readNothing,
  });
}

/** Lets the exchange move the sender's outcome tokens, or takes that back. */
export function approveOutcomeTokens(
  connection: Connection,
  params: { readonly approved?: boolean } = {},
): PreparedTx<TxResult> {
  return prepareTx({
    action: "approveOutcomeTokens",
    contract: connection.conditionalTokens,
    method: "setApprovalForAll",
    args: [connection.deployment.contracts.ctfExchange, params.approved ?? true],
    read: readNothing,
  });
}

/** Lets PositionRedeemer fetch the sender's outcome tokens when the sender redeems through it, or takes that back. */
export function approveRedeemer(
  connection: Connection,
  params: { readonly approved?: boolean } = {},
): PreparedTx<TxResult> {
  return prepareTx({
    action: "approveRedeemer",
    contract: connection.conditionalTokens,
    method: "setApprovalForAll",
    args: [connection.deployment.contracts.positionRedeemer, params.approved ?? true],
    read: readNothing,
  });
}

/** Lets ConditionalTokens take up to `amount` collateral units of the sender, to split them into pairs. */
export function approveSplit(
  connection: Connection,
  { amount = MaxUint256 }: { readonly amount?: bigint } = {},
): PreparedTx<TxResult> {
  return prepareTx({
    action: "approveSplit",
    contract: connection.collateral,
    method: "approve",
    args: [connection.deployment.contracts.conditionalTokens, requireUnits("amount", amount)],
    read: readNothing,
  });
}

/** The transactions `account` still has to send before it can buy, sell and split without limit; empty when ready. */
export async function planApprovals(
  connection: Connection,
  account: Address,
): Promise<PreparedTx<TxResult>[]> {
  const approvals = await readApprovals(connection, account);
  const plan: PreparedTx<TxResult>[] = [];
  if (!isUnlimited(approvals.exchangeAllowance)) plan.push(approveCollateral(connection));
  if (!approvals.exchangeMaySell) plan.push(approveOutcomeTokens(connection));
  if (!isUnlimited(approvals.splitAllowance)) plan.push(approveSplit(connection));
  return plan;
}

/** Some tokens count an unlimited allowance down; half of it is still more than there can be. */
function isUnlimited(allowance: bigint): boolean {
  return allowance >= MaxUint256 / 2n;
}
