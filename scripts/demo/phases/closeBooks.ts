import type { Demo } from "../Demo";
import { heading } from "../report";

/** The end: every unit of collateral that was ever created is somewhere, and nothing stuck to the exchange. */
export async function closeBooks(
  demo: Demo,
  params: { readonly dustUnits: bigint },
): Promise<void> {
  heading("The books");
  const { books, operator } = demo;
  const { collateral, conditionalTokens } = operator;
  const { ctfExchange, conditionalTokens: tokensAddress } = operator.deployment.contracts;

  const balances = await Promise.all(
    [...demo.accounts.values()].map((wallet) => collateral.balanceOf(wallet.address)),
  );
  const held = balances.reduce((sum, balance) => sum + balance, 0n);
  const locked = await collateral.balanceOf(tokensAddress);
  const stuck = await collateral.balanceOf(ctfExchange);

  books.checkEqual("collateral in = accounts + ConditionalTokens", held + locked, demo.mintedUnits);
  books.checkEqual(
    "supply of collateral = collateral in",
    await collateral.totalSupply(),
    demo.mintedUnits,
  );
  books.checkEqual("left in ConditionalTokens = rounding of halves", locked, params.dustUnits);
  books.checkEqual("collateral left in the exchange", stuck, 0n);
  let outcomes = 0n;
  for (const { ids } of demo.markets) {
    outcomes += await conditionalTokens.balanceOf(ctfExchange, ids.yes);
    outcomes += await conditionalTokens.balanceOf(ctfExchange, ids.no);
  }
  books.checkEqual("outcome tokens left in the exchange", outcomes, 0n);
  books.check(
    "events = the matcher's plans, fill by fill",
    demo.surprises === 0,
    demo.surprises === 0 ? "equal to the unit" : `${demo.surprises} differ`,
  );
  books.print();
}
