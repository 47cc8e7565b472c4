import type { Connection } from "../contracts/connect.js";
import type { Address } from "../order/Order.js";

/** What one account holds of a market, in units. */
export interface Positions {
  readonly yes: bigint;
  readonly no: bigint;
}

/** The same, with its collateral. */
export interface Balances extends Positions {
  readonly collateral: bigint;
}

/** Whose balances of what. */
export interface ReadBalancesParams {
  readonly accounts: readonly Address[];
  readonly market: { readonly yes: bigint; readonly no: bigint };
}

/** Reads what many accounts hold of a market's two tokens, in the order asked; two calls, however many accounts. */
export async function readPositions(
  connection: Connection,
  params: ReadBalancesParams,
): Promise<Positions[]> {
  const { accounts, market } = params;
  const balancesOf = (tokenId: bigint): Promise<bigint[]> =>
    connection.conditionalTokens.balanceOfBatch(
      [...accounts],
      accounts.map(() => tokenId),
    );
  const [yes, no] = await Promise.all([balancesOf(market.yes), balancesOf(market.no)]);
  return accounts.map((_, i) => ({ yes: yes[i] ?? 0n, no: no[i] ?? 0n }));
}

/** Reads what many accounts hold of a market's tokens and of the collateral, in the order asked. */
export async function readBalances(
  connection: Connection,
  params: ReadBalancesParams,
): Promise<Balances[]> {
  const [positions, collateral] = await Promise.all([
    readPositions(connection, params),
    Promise.all(params.accounts.map((account) => connection.collateral.balanceOf(account))),
  ]);
  return positions.map((position, i) => ({ ...position, collateral: collateral[i] ?? 0n }));
}
