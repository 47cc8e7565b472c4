import {
  cancelMarket,
  clarifyMarket,
  createBinaryMarket,
  createMarkets,
  isRegistered,
  registerCondition,
  type MarketIds,
} from "../../actions/index.js";
import { findCheapQuestionId, questionIdOf } from "../../ids/index.js";
import type { Hex } from "../../order/index.js";
import type { Command, OptionTable } from "../command.js";
import { CommandError } from "../CommandError.js";
import { SENDS, openSession, requireAdmin, requireRole, send, type Session } from "../session.js";
import { durationOption, idOption, isoOf, marketOption, timeOption } from "../values.js";

/** The option by which commands name a market. */
export const MARKET: OptionTable = {
  market: { value: "id", help: "question id or condition id, 32 bytes", required: true },
};

export const createMarketCommand: Command = {
  name: "market create",
  alias: "create-market",
  summary: "create a market; the factory's admin or a creator",
  options: {
    question: { value: "text", help: "what is asked, up to 512 bytes", required: true },
    description: {
      value: "text",
      help: "the rules of resolution, up to 8192 bytes",
      required: true,
    },
    category: { value: "text", help: "up to 64 bytes", required: true },
    "end-time": {
      value: "time",
      help: "from when on a result may be proposed: Unix seconds, 2027-01-31T12:00:00Z or +30d",
      required: true,
    },
    "resolution-time": {
      value: "time",
      help: "by when a result is expected, not before the end time",
      required: true,
    },
    "question-id": {
      value: "id",
      help: "32 bytes not used before (made from the question, so that its tokens cost little gas)",
    },
    "plain-id": { help: "the hash of the question as it is, whatever its tokens cost" },
    "dispute-window": { value: "duration", help: "1d to 30d (the oracle's default)" },
    ...SENDS,
  },
  run: async (options, world) => {
    const session = await openSession(options, world);
    const question = options.required("question");
    const endTimeSeconds = await timeOption(session, "end-time");
    const resolutionTimeSeconds = await timeOption(session, "resolution-time");
    if (resolutionTimeSeconds < endTimeSeconds) {
      throw new CommandError("--resolution-time is before --end-time");
    }
    const disputeWindowSeconds =
      options.text("dispute-window") === undefined
        ? undefined
        : durationOption(options, "dispute-window");
    const params = {
      questionId: questionIdOption(session, question),
      question,
      description: options.required("description"),
      category: options.required("category"),
      endTimeSeconds,
      resolutionTimeSeconds,
    };
    await requireRole(session, "CREATOR", { orAdmin: true });
    const market =
      disputeWindowSeconds === undefined
        ? (await send(session, createBinaryMarket(session.connection, params)))?.market
        : (
            await send(
              session,
              createMarkets(session.connection, [{ ...params, disputeWindowSeconds }]),
            )
          )?.markets[0];
    if (market === undefined) return;
    await sayMarket(session, market);
    session.say(`results from  ${isoOf(endTimeSeconds)}`);
  },
};

/** The one given, the plain hash of the question, or one whose tokens are cheap to derive. */
function questionIdOption({ options, deployment, say }: Session, question: string): Hex {
  if (options.text("question-id") !== undefined) {
    if (!options.flag("plain-id")) return idOption(options, "question-id");
    throw new CommandError("--question-id and --plain-id contradict each other");
  }
  if (options.flag("plain-id")) return questionIdOf(question);
  const { resolutionOracle: oracle } = deployment.contracts;
  const found = findCheapQuestionId(question, { oracle });
  if (found.salt > 0) {
    say(
      `salt ${found.salt} for the question id: ${found.derivationSteps} steps to derive its tokens`,
    );
  }
  return found.questionId;
}

export const clarifyMarketCommand: Command = {
  name: "market clarify",
  alias: "clarify-market",
  summary: "add a note beside a market's text, for ever; the factory's admin or its creator",
  options: {
    ...MARKET,
    text: { value: "text", help: "up to 2048 bytes", required: true },
    ...SENDS,
  },
  run: async (options, world) => {
    const session = await openSession(options, world);
    const { questionId } = await marketOption(session);
    const text = options.required("text");
    const done = await send(session, clarifyMarket(session.connection, { questionId, text }));
    if (done !== undefined) session.say(`note ${done.index} of the market`);
  },
};

export const registerMarketCommand: Command = {
  name: "market register",
  alias: "register-token",
  summary: "let the exchange trade a market's tokens; its admin or a registrar",
  options: { ...MARKET, ...SENDS },
  notes:
    "The factory does this itself while it is a registrar. Ids are derived on chain; a pair registered already is left.",
  run: async (options, world) => {
    const session = await openSession(options, world);
    const market = await marketOption(session);
    if (await isRegistered(session.connection, market)) {
      session.say("registered already, nothing to send");
    } else {
      await requireRole(session, "REGISTRAR", { orAdmin: true });
      await send(session, registerCondition(session.connection, market));
    }
    await sayMarket(session, market);
  },
};

export const cancelMarketCommand: Command = {
  name: "market cancel",
  alias: "cancel-market",
  summary: "end a market without a proposal, each token redeems half; the factory's admin",
  options: { ...MARKET, ...SENDS },
  run: async (options, world) => {
    const session = await openSession(options, world);
    const { questionId } = await marketOption(session);
    await requireAdmin(session, "marketFactory");
    await send(session, cancelMarket(session.connection, { questionId }));
  },
};

async function sayMarket(
  { connection, say, note }: Session,
  { questionId, conditionId, yes, no }: MarketIds,
): Promise<void> {
  const market = { questionId, conditionId, yes, no };
  const tradable = await isRegistered(connection, market);
  note({ market: { ...market, tradable } });
  say(`question id   ${questionId}`);
  say(`condition id  ${conditionId}`);
  say(`YES token     ${yes}`);
  say(`NO token      ${no}`);
  say(`tradable      ${tradable ? "yes" : "no: market register"}`);
}
