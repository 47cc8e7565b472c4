/**
 * The main job of this repository: the whole life of prediction markets, from deployment to redemption, on a chain inside
 * this process, with real contracts, signed orders and recorded trades. Ends with status 1 when any sum is off.
 */
import { parseArgs } from "node:util";
import { createSandbox } from "@nostra/sdk/testing";
import { Demo } from "./Demo";
import { closeBooks } from "./phases/closeBooks";
import { createMarkets, type MarketTerms } from "./phases/createMarkets";
import { deployAndLink } from "./phases/deployAndLink";
import { redeemAll } from "./phases/redeemAll";
import { replayFlow } from "./phases/replayFlow";
import { resolveMarkets, type Ending } from "./phases/resolveMarkets";
import { TRADERS, tradeByHand } from "./phases/tradeByHand";
import { readMarketQuestions, readRecordedFlow, walletsOf } from "./recordedFlow";
import { say } from "./report";

const HELP = `Runs the whole life of prediction markets on a chain inside this process.

  npm run demo                 run it
  npm run demo -- --all        print every compared position, not only the largest
  npm run demo -- --help       this text

Nothing is written and no network is used. Exit status 1 when any sum is off.`;

const ONE_DAY = 86_400;

/** The market traded by hand, beside the recorded ones. */
const BY_HAND: MarketTerms = {
  title: "by hand",
  question: "Will this demonstration balance its books?",
  description: "YES if every sum printed at its end agrees, NO otherwise.",
  category: "Nostra",
};

/** How the recorded markets end, by their number in the record; the others are proposed as YES or NO in turn. */
const DISPUTED_MARKET = 642;
const CANCELLED_MARKET = 646;

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      all: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (options.help) {
    console.log(HELP);
    return;
  }

  const startMs = performance.now();
  const flow = readRecordedFlow();
  const questions = [...readMarketQuestions().values()];
  const wallets = walletsOf(flow);
  const firstTime = flow[0]?.timeSeconds ?? 0;

  const sandbox = await createSandbox({
    accounts: wallets.length + TRADERS.length + 1,
    collateral: 0n,
    startTimeSeconds: firstTime - ONE_DAY,
  });
  const demo = new Demo(sandbox);
  [...wallets, ...TRADERS].forEach((label, i) => {
    const account = sandbox.accounts[i];
    if (account !== undefined) demo.accounts.set(label, account);
  });
  demo.accounts.set("fee receiver", sandbox.feeReceiver);
  const stranger = sandbox.accounts.at(-1);
  if (stranger === undefined) throw new Error("the sandbox made no accounts");

  await deployAndLink(demo);
  const lastTime = flow.at(-1)?.timeSeconds ?? firstTime;
  const terms = questions.map(({ market, ...texts }) => ({ title: `market ${market}`, ...texts }));
  const markets = await createMarkets(demo, [...terms, BY_HAND], BigInt(lastTime + ONE_DAY));
  const marketOf = new Map(
    questions.flatMap(({ market }, i) => (markets[i] ? [[market, markets[i]]] : [])),
  );
  const byHand = markets.at(-1);
  if (byHand === undefined) throw new Error("no market was created");

  await replayFlow(demo, flow, marketOf, { everyLine: options.all });
  await tradeByHand(demo, byHand);

  const endings = new Map(
    [...marketOf].map(([number, market], i) => [market, endingOf(number, i)] as const),
  );
  endings.set(byHand, { how: "proposed", result: "YES" });
  await resolveMarkets(demo, endings, stranger);

  const { dustUnits } = await redeemAll(demo);
  await closeBooks(demo, { dustUnits });

  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const { failures } = demo.books;
  say(
    failures === 0
      ? `\nThe books balance. ${seconds} s.`
      : `\n${failures} sums are off. ${seconds} s.`,
  );
  process.exitCode = failures === 0 ? 0 : 1;
  sandbox.close();
}

function endingOf(market: number, position: number): Ending {
  if (market === CANCELLED_MARKET) return { how: "cancelled" };
  if (market === DISPUTED_MARKET) return { how: "disputed", proposed: "YES", result: "NO" };
  return { how: "proposed", result: position % 2 === 0 ? "NO" : "YES" };
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
