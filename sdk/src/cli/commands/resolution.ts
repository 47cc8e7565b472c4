import {
  adminFinalizeResolution,
  disputeResolution,
  finalizeByTimeout,
  finalizeResolution,
  proposeResolution,
  type MarketDetails,
  type MarketStatus,
} from "../../actions/index.js";
import type { Command, OptionTable } from "../command.js";
import { CommandError } from "../CommandError.js";
import { MARKET } from "./markets.js";
import { SENDS, openSession, requireAdmin, requireRole, send } from "../session.js";
import { isoOf, marketOption, payoutsOption } from "../values.js";

const PAYOUTS: OptionTable = {
  payouts: { value: "p,q", help: "1,0 for YES, 0,1 for NO, 1,1 for half each", required: true },
};

export const proposeCommand: Command = {
  name: "resolve propose",
  alias: "propose",
  summary: "propose a market's result, from its end time on; a resolver",
  options: { ...MARKET, ...PAYOUTS, ...SENDS },
  run: async (options, world) => {
    const result = payoutsOption(options);
    const session = await openSession(options, world);
    const market = await marketOption(session);
    requireStatus(market, "ENDED");
    await requireRole(session, "RESOLVER");
    const { questionId } = market;
    const proposed = await send(
      session,
      proposeResolution(session.connection, { questionId, result }),
    );
    if (proposed === undefined) return;
    session.say(`${result} is proposed; final from ${isoOf(proposed.disputeDeadlineSeconds)} on`);
  },
};

export const disputeCommand: Command = {
  name: "resolve dispute",
  alias: "dispute",
  summary: "dispute the proposal inside its window; a resolver other than the proposer",
  options: { ...MARKET, ...SENDS },
  run: async (options, world) => {
    const session = await openSession(options, world);
    const market = await marketOption(session);
    requireStatus(market, "PROPOSED");
    await requireRole(session, "RESOLVER");
    await send(session, disputeResolution(session.connection, market));
  },
};

export const finalizeCommand: Command = {
  name: "resolve finalize",
  alias: "finalize",
  summary: "make a proposal final after its window; anybody",
  options: {
    ...MARKET,
    timeout: {
      help: "end a silent market, or a dispute nobody decided, as 1,1 after its time-out",
    },
    ...SENDS,
  },
  run: async (options, world) => {
    const session = await openSession(options, world);
    const market = await marketOption(session);
    if (!options.flag("timeout")) requireStatus(market, "PROPOSED");
    const finalize = options.flag("timeout") ? finalizeByTimeout : finalizeResolution;
    await send(session, finalize(session.connection, market));
  },
};

export const decideCommand: Command = {
  name: "resolve decide",
  alias: "admin-finalize",
  summary: "decide a disputed market; the oracle's admin",
  options: { ...MARKET, ...PAYOUTS, ...SENDS },
  run: async (options, world) => {
    const result = payoutsOption(options);
    const session = await openSession(options, world);
    const market = await marketOption(session);
    requireStatus(market, "DISPUTED");
    await requireAdmin(session, "resolutionOracle");
    const { questionId } = market;
    await send(session, adminFinalizeResolution(session.connection, { questionId, result }));
  },
};

function requireStatus(market: MarketDetails, status: MarketStatus): void {
  if (market.status === status) return;
  const ends = market.status === "ACTIVE" ? ` until ${isoOf(market.endTimeSeconds)}` : "";
  throw new CommandError(`the market is ${market.status}${ends}, not ${status}`);
}
