import { Contract } from "ethers";
import {
  mergePositions,
  planApprovals,
  readBalances,
  redeemPositions,
  splitPosition,
  type MarketDetails,
} from "../../actions/index.js";
import { interfaces } from "../../contracts/index.js";
import { formatShares } from "../../units/index.js";
import type { Command, OptionTable } from "../command.js";
import { CommandError } from "../CommandError.js";
import { MARKET } from "./markets.js";
import { prepareCall } from "../prepareCall.js";
import { SENDS, openSession, send, type Session } from "../session.js";
import { addressOption, amountOption, marketOption, usdc } from "../values.js";

const AMOUNT: OptionTable = {
  amount: { value: "number", help: "decimal text, such as 12.5", required: true },
};

export const mintCommand: Command = {
  name: "mint",
  summary: "make collateral out of nothing, where it is MockUSDC",
  options: { ...AMOUNT, to: { value: "address", help: "who gets it", required: true }, ...SENDS },
  run: async (options, world) => {
    const amount = amountOption(options, "amount");
    const to = addressOption(options, "to");
    const session = await openSession(options, world);
    const { deployment, connection } = session;
    if (deployment.records?.["collateral"]?.deployed === null) {
      throw new CommandError(`the collateral of ${deployment.network} is not MockUSDC`);
    }
    const { collateral } = deployment.contracts;
    const mock = new Contract(collateral, interfaces.mockUsdc, connection.runner);
    if ((await send(session, prepareCall(mock, "mint", [to, amount]))) === undefined) return;
    session.say(`${to} now holds ${usdc(await connection.collateral.balanceOf(to))}`);
  },
};

export const approveCommand: Command = {
  name: "approve",
  summary:
    "let the exchange and ConditionalTokens take, without limit, what the sender's own orders and splits need",
  options: SENDS,
  run: async (options, world) => {
    const session = await openSession(options, world);
    const needed = await planApprovals(session.connection, session.sender.address);
    if (needed.length === 0) session.say("approved already, nothing to send");
    for (const approval of needed) await send(session, approval);
  },
};

export const splitCommand = pairCommand(
  "split",
  "turn the sender's collateral into YES and NO",
  splitPosition,
);
export const mergeCommand = pairCommand(
  "merge",
  "turn the sender's YES and NO back into collateral",
  mergePositions,
);

function pairCommand(
  name: string,
  summary: string,
  prepare: typeof splitPosition | typeof mergePositions,
): Command {
  return {
    name,
    summary,
    options: { ...MARKET, ...AMOUNT, ...SENDS },
    run: async (options, world) => {
      const amount = amountOption(options, "amount");
      const session = await openSession(options, world);
      const market = await marketOption(session);
      const { conditionId } = market;
      await send(session, prepare(session.connection, { conditionId, amount }));
      await sayHoldings(session, market);
    },
  };
}

export const redeemCommand: Command = {
  name: "redeem",
  summary: "turn the sender's tokens of a market that is over into collateral",
  options: { ...MARKET, ...SENDS },
  run: async (options, world) => {
    const session = await openSession(options, world);
    const market = await marketOption(session);
    if (market.status !== "RESOLVED" && market.status !== "CANCELLED") {
      throw new CommandError(`the market is ${market.status}: nothing can be redeemed yet`);
    }
    const [held] = await readBalances(session.connection, {
      accounts: [session.sender.address],
      market,
    });
    if (held === undefined || held.yes + held.no === 0n) {
      throw new CommandError(`${session.sender.address} holds no token of this market`);
    }
    const redeemed = await send(session, redeemPositions(session.connection, market));
    if (redeemed === undefined) return;
    session.say(`received ${usdc(redeemed.payout)}`);
    session.note({ payout: redeemed.payout });
    await sayHoldings(session, market);
  },
};

async function sayHoldings(
  { connection, sender, say, note, options }: Session,
  market: MarketDetails,
): Promise<void> {
  if (options.dryRun) return;
  const [held] = await readBalances(connection, { accounts: [sender.address], market });
  if (held === undefined) return;
  const { collateral, yes, no } = held;
  note({ holds: { account: sender.address, collateral, yes, no } });
  say(
    `${sender.address} holds ${usdc(collateral)}, ${formatShares(yes)} YES, ${formatShares(no)} NO`,
  );
}
