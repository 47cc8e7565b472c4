/**
 * A resolver. It looks at markets that are past their end time, proposes what its feed says, disputes a proposal that says
 * otherwise, and finalizes what nobody disputed.
 *
 * It keeps nothing: before each act it reads where the market stands, and `decide` makes the next step of that alone. So it may
 * die at any moment and be started again, and two of it may run. What if it dies after sending? The next look sees the
 * proposal, and waits. What if the node took the transaction and its answer was lost? The same.
 */
import { existsSync, readFileSync } from "node:fs";
import {
  MARKET_STATUSES,
  adminFinalizeResolution,
  disputeResolution,
  finalizeResolution,
  proposeResolution,
  type MarketStatus,
  type PreparedTx,
  type ResultName,
} from "@nostra/sdk/actions";
import { Role, connect, type Connection } from "@nostra/sdk/contracts";
import { ContractRevertError, TransportError, isNostraError } from "@nostra/sdk/errors";
import type { Hex } from "@nostra/sdk/order";
import { UsageError, inOneLine, requireVariable, type Stage } from "../connect";

/** What happened, as far as is known; undefined while it is not. */
export type Feed = (questionId: Hex) => Promise<ResultName | undefined>;

/** What `decide` needs to know of a market. */
export interface Seen {
  readonly status: MarketStatus;
  /** The proposal that stands, if one does. */
  readonly proposed: ResultName | undefined;
  readonly proposedByMe: boolean;
  /** From this second on a proposal cannot be disputed any more, and can be finalized. */
  readonly deadlineSeconds: bigint;
  readonly nowSeconds: bigint;
}

export type Step =
  | { readonly act: "propose"; readonly result: ResultName }
  | { readonly act: "dispute" }
  | { readonly act: "finalize" }
  | { readonly act: "wait"; readonly why: string }
  | { readonly act: "over" };

/** The one thing to do now. */
export function decide(seen: Seen, known: ResultName | undefined): Step {
  const { status, proposed } = seen;
  if (status === "RESOLVED" || status === "CANCELLED") return { act: "over" };
  if (status === "DISPUTED") return { act: "wait", why: "the oracle's admin decides" };
  if (status === "ENDED") {
    return known === undefined
      ? { act: "wait", why: "the feed does not know yet" }
      : { act: "propose", result: known };
  }
  if (status !== "PROPOSED") return { act: "wait", why: "it has not ended" };

  const agrees = known === undefined || known === proposed;
  const isOpen = seen.nowSeconds < seen.deadlineSeconds;
  if (agrees) {
    return isOpen ? { act: "wait", why: "the window is open" } : { act: "finalize" };
  }
  if (!isOpen) return { act: "wait", why: `too late to dispute ${proposed}: tell the admin` };
  // An account cannot dispute itself; a feed that changed its mind needs a second resolver.
  if (seen.proposedByMe) return { act: "wait", why: "its own proposal: another must dispute it" };
  return { act: "dispute" };
}

const RESULTS = [undefined, "YES", "NO", "SPLIT"] as const;
const PAGE = 100n;
const MOST_TRIES = 3;
const ONE_DAY = 86_400n;

export interface Bot {
  readonly connection: Connection;
  readonly account: string;
  readonly feed: Feed;
  readonly say: (line: string) => void;
  /** The present as the chain has it. */
  now(): Promise<bigint>;
  pause(milliseconds: number): Promise<void>;
}

/** Looks at every market once, and does what is to do. @returns how many transactions it sent. */
export async function pass(bot: Bot): Promise<number> {
  let sent = 0;
  for (const questionId of await readQuestions(bot.connection)) {
    if (await resolve(bot, questionId)) sent += 1;
  }
  return sent;
}

/** One market, one step. When the node fails it looks again before it acts again: it never resends blindly. */
async function resolve(bot: Bot, questionId: Hex): Promise<boolean> {
  const name = `${questionId.slice(0, 10)}...`;
  for (let tries = 1; ; tries++) {
    try {
      const seen = await look(bot, questionId);
      const step = decide(seen, await bot.feed(questionId));
      if (step.act === "over") return false;
      if (step.act === "wait") {
        bot.say(`${name} ${seen.status}: waits, ${step.why}`);
        return false;
      }
      await (await prepare(bot.connection, questionId, step).send()).wait();
      bot.say(`${name} ${seen.status}: ${step.act}s${"result" in step ? ` ${step.result}` : ""}`);
      return true;
    } catch (thrown) {
      if (thrown instanceof ContractRevertError) {
        // Somebody was first, or the clock of the block was another: the next pass sees how it stands.
        bot.say(`${name} refused: ${thrown.revertName}`);
        return false;
      }
      if (!isPassing(thrown) || tries === MOST_TRIES) throw thrown;
      bot.say(`${name} no answer, looks again: ${inOneLine(thrown)}`);
      await bot.pause(1_000 * 2 ** tries);
    }
  }
}

function prepare(
  connection: Connection,
  questionId: Hex,
  step: Exclude<Step, { act: "wait" | "over" }>,
): PreparedTx<unknown> {
  switch (step.act) {
    case "propose":
      return proposeResolution(connection, { questionId, result: step.result });
    case "dispute":
      return disputeResolution(connection, { questionId });
    case "finalize":
      return finalizeResolution(connection, { questionId });
  }
}

async function look({ connection, account, now }: Bot, questionId: Hex): Promise<Seen> {
  const [status, resolution, nowSeconds] = await Promise.all([
    connection.factory.getStatus(questionId),
    connection.oracle.getResolution(questionId),
    now(),
  ]);
  return {
    status: MARKET_STATUSES[Number(status)] ?? "NONE",
    proposed: RESULTS[Number(resolution.outcome)],
    proposedByMe: resolution.proposer === account,
    deadlineSeconds: resolution.proposedAt + resolution.disputeWindow,
    nowSeconds,
  };
}

async function readQuestions({ factory }: Connection): Promise<Hex[]> {
  const count = await factory.marketCount();
  const questions: Hex[] = [];
  for (let offset = 0n; offset < count; offset += PAGE) {
    const markets = await factory.getMarkets(offset, PAGE);
    questions.push(...markets.map(({ questionId }) => questionId as Hex));
  }
  return questions;
}

/** What may be gone in a moment: a node that does not answer. Reads throw what ethers throws, writes a TransportError. */
function isPassing(thrown: unknown): boolean {
  const { code } = thrown as { code?: unknown };
  if (isNostraError(thrown)) return thrown instanceof TransportError;
  return ["NETWORK_ERROR", "SERVER_ERROR", "TIMEOUT", "ECONNREFUSED", "ECONNRESET"].includes(
    String(code),
  );
}

export async function main(stage: Stage): Promise<void> {
  const wallet = stage.walletOf("resolver");
  const connection = connect(stage.deployment, wallet);
  if (!(await connection.oracle.hasRole(Role.RESOLVER, wallet.address))) {
    throw new UsageError(`${wallet.address} is not a resolver of ${stage.network}`);
  }
  const bot: Omit<Bot, "feed"> = {
    connection,
    account: wallet.address,
    say: stage.say,
    now: async () => BigInt((await stage.provider.getBlock("latest"))?.timestamp ?? 0),
    pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  };
  if (stage.sandbox !== undefined) return rehearse(stage, bot);

  const feed = fileFeed(requireVariable(stage.env, "FEED", 'a file such as {"0x...": "YES"}'));
  const seconds = Number(stage.env["POLL_SECONDS"] || "0");
  for (;;) {
    const sent = await pass({ ...bot, feed });
    stage.say(`sent ${sent} transactions`);
    // Without POLL_SECONDS one pass is all: let cron start it again.
    if (!(seconds > 0)) return;
    await bot.pause(seconds * 1_000);
  }
}

/** A feed for people: a file they edit, read anew each time it is asked. */
function fileFeed(file: string): Feed {
  return async (questionId) => {
    if (!existsSync(file)) throw new UsageError(`FEED names ${file}, which is not there`);
    const results = JSON.parse(readFileSync(file, "utf8")) as Record<string, ResultName>;
    const result = results[questionId];
    if (result !== undefined && !RESULTS.includes(result)) {
      throw new UsageError(`FEED says ${String(result)} of ${questionId}: YES, NO or SPLIT`);
    }
    return result;
  };
}

/** In the sandbox a week takes no time, and a second resolver is there who may be wrong. */
async function rehearse(stage: Stage, bot: Omit<Bot, "feed">): Promise<void> {
  const { say } = stage;
  const sandbox = stage.sandbox!;
  const questions: Record<string, ResultName | undefined> = {};
  const open = async (question: string, result?: ResultName): Promise<Hex> => {
    const { questionId } = await sandbox.createMarket({ question });
    questions[questionId] = result;
    say(`${questionId.slice(0, 10)}... ${question} The feed: ${result ?? "unknown"}`);
    return questionId;
  };
  await open("Did it rain?", "YES");
  const wrong = await open("Did the train come?", "NO");
  const right = await open("Was the bridge open?", "YES");
  const late = await open("Who won the recount?");

  const fresh = (): Bot => ({ ...bot, feed: async (questionId) => questions[questionId] });
  const other = connect(stage.deployment, sandbox.resolvers[1]);
  const send = async (prepared: PreparedTx<unknown>) => (await prepared.send()).wait();

  say("before the end");
  await pass(fresh());
  await sandbox.setTime((await sandbox.now()) + ONE_DAY);
  say("a day later; another resolver proposes YES for two");
  for (const questionId of [wrong, right]) {
    await send(proposeResolution(other, { questionId, result: "YES" }));
  }
  await pass(fresh());
  say("started again");
  const again = await pass(fresh());
  say(`started again: ${again} transactions`);
  const admin = connect(stage.deployment, sandbox.admin);
  await send(adminFinalizeResolution(admin, { questionId: wrong, result: "NO" }));
  questions[late] = "SPLIT";
  say("a week later; the admin has decided, and the feed knows the last one");
  await sandbox.setTime((await sandbox.now()) + 7n * ONE_DAY);
  await pass(fresh());
  await sandbox.setTime((await sandbox.now()) + 7n * ONE_DAY);
  say("another week later");
  await pass(fresh());
  for (const questionId of Object.keys(questions)) {
    const { status, payouts } = await bot.connection.factory.getMarket(questionId);
    say(
      `${questionId.slice(0, 10)}... ${MARKET_STATUSES[Number(status)] ?? ""} ${payouts.join(",")}`,
    );
  }
}
