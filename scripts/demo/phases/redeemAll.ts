import { readMarket, readPositions, redeemPositions } from "@nostra/sdk/actions";
import type { Address } from "@nostra/sdk/order";
import { run, type Demo } from "../Demo";
import { amount, count, exactAmount, heading, Progress, say, table } from "../report";

interface Redemption {
  readonly title: string;
  holders: number;
  winners: number;
  paid: bigint;
  losers: number;
  /** Units that a half unit rounded down leaves behind, in ConditionalTokens for good. */
  dust: bigint;
  off: number;
}

/** Phase 5: every holder of every market redeems everything, and gets exactly floor(balance * numerator / sum). */
export async function redeemAll(demo: Demo): Promise<{ dustUnits: bigint }> {
  heading("Phase 5: redemption");
  const labels = [...demo.accounts.keys()];
  const wallets = [...demo.accounts.values()];
  const accounts = wallets.map((wallet) => wallet.address as Address);
  const rows: Redemption[] = [];

  const holdings = await Promise.all(
    demo.markets.map((market) => readPositions(demo.operator, { accounts, market: market.ids })),
  );
  const holders = holdings.flat().filter(({ yes, no }) => yes + no > 0n).length;
  const progress = new Progress("redeemed", holders);
  for (const [m, { title, ids }] of demo.markets.entries()) {
    const { payouts } = await readMarket(demo.operator, ids.questionId);
    const [yesPart, noPart] = payouts;
    const whole = yesPart + noPart;
    const row: Redemption = {
      title,
      holders: 0,
      winners: 0,
      paid: 0n,
      losers: 0,
      dust: 0n,
      off: 0,
    };
    for (const [i, wallet] of wallets.entries()) {
      const held = holdings[m]?.[i];
      if (held === undefined || held.yes + held.no === 0n) continue;
      const expected = (held.yes * yesPart) / whole + (held.no * noPart) / whole;
      const { payout } = await run(redeemPositions(demo.sandbox.connect(wallet), ids));
      if (payout !== expected) {
        row.off += 1;
        say(
          `  ${title}: ${labels[i]} received ${exactAmount(payout)}, expected ${exactAmount(expected)}`,
        );
      }
      row.holders += 1;
      row.winners += payout > 0n ? 1 : 0;
      row.losers += payout === 0n ? 1 : 0;
      row.paid += payout;
      row.dust += held.yes * yesPart + held.no * noPart - payout * whole;
      progress.step();
    }
    // Counted in halves above when both parts are one.
    row.dust /= whole;
    rows.push(row);
  }

  table(
    ["market", "holders", "paid", "USDC paid", "got nothing", "left by rounding"],
    rows.map(({ title, holders: all, winners, paid, losers, dust }) => [
      title,
      count(all),
      count(winners),
      amount(paid),
      count(losers),
      `${dust} units`,
    ]),
  );
  const off = rows.reduce((sum, row) => sum + row.off, 0);
  demo.books.check(
    "each redemption pays what the payouts say",
    off === 0,
    `${holders - off} of ${holders} to the unit`,
  );
  return { dustUnits: rows.reduce((sum, row) => sum + row.dust, 0n) };
}
