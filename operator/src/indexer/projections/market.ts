import { conditionId } from "@nostra/sdk/ids";
import { eventsNamed, type Projector, type Transaction } from "../project";
import type { Row, Tables } from "../Tables";
import { slugOf } from "./slug";

/**
 * Markets of our factory: one row per MarketCreated, moved on by what the oracle, the factory and the exchange say of it.
 *
 * The transaction that creates a market says some of it before the market exists (its question is opened and its tokens are
 * registered first); these are looked for when it is created. Events of questions and conditions that are no market of ours change
 * nothing: ConditionalTokens is open to everybody.
 */
export const projectMarkets: Projector = async (transaction, tables, places) => {
  for (const { event } of transaction.events) {
    switch (event?.name) {
      case "MarketCreated": {
        const { args } = event;
        const condition = args.conditionId.toLowerCase();
        tables.put("market", {
          condition_id: condition,
          question_id: args.questionId.toLowerCase(),
          yes: args.token0.toString(),
          no: args.token1.toString(),
          slug: await slugOf(args.question, condition, (slug) => isTaken(tables, slug)),
          question: args.question,
          description: args.description,
          category: args.category,
          creator: args.creator.toLowerCase(),
          end_time: args.endTime,
          resolution_time: args.resolutionTime,
          dispute_window: openedWindow(transaction, args.questionId),
          created_at: transaction.timestamp,
          registered:
            isRegistered(transaction, condition) || (await wasRegistered(tables, condition)),
          state: "OPEN",
          outcome: null,
          ...{ proposed_at: null, disputed_at: null, finalized_at: null },
          last_tx: transaction.hash,
        });
        break;
      }
      case "TokenRegistered":
        await move(event.args.conditionId, () => ({ registered: true }));
        break;
      case "ResolutionProposed": {
        const outcome = outcomeOf(event.args.payouts);
        await moveQuestion(event.args.questionId, () => ({
          ...{ state: "PROPOSED", outcome, proposed_at: transaction.timestamp },
        }));
        break;
      }
      case "ResolutionDisputed":
        await moveQuestion(event.args.questionId, () => ({
          ...{ state: "DISPUTED", disputed_at: transaction.timestamp },
        }));
        break;
      case "ResolutionFinalized": {
        const outcome = outcomeOf(event.args.payouts);
        await moveQuestion(event.args.questionId, ({ state }) => ({
          // The factory says that it cancels, and then has the oracle end the question.
          state: state === "CANCELLED" ? "CANCELLED" : "FINALIZED",
          ...{ outcome, finalized_at: transaction.timestamp },
        }));
        break;
      }
      case "MarketCancelled":
        await move(event.args.conditionId, () => ({ state: "CANCELLED", outcome: "SPLIT" }));
        break;
      case "ConditionResolution": {
        // The last word on what is paid. The oracle has said the same before.
        const outcome = outcomeOf(event.args.payoutNumerators);
        await move(event.args.conditionId, ({ outcome: said }) =>
          said === outcome ? undefined : { outcome },
        );
        break;
      }
    }
  }

  async function moveQuestion(questionId: string, change: Changing): Promise<void> {
    await move(conditionId(places.oracle, questionId), change);
  }

  async function move(condition: string, change: Changing): Promise<void> {
    const market = await tables.find("market", { condition_id: condition.toLowerCase() });
    if (market === undefined) return;
    const changed = change(market);
    if (changed === undefined) return;
    tables.put("market", { ...market, ...changed, last_tx: transaction.hash });
  }
};

type Changing = (market: Row<"market">) => Partial<Row<"market">> | undefined;

/** YES, NO or SPLIT; null for a payout vector the oracle does not know. */
function outcomeOf(payouts: readonly bigint[]): string | null {
  const [yes, no] = payouts;
  if (payouts.length !== 2 || (yes === 0n && no === 0n)) return null;
  if (yes === no) return "SPLIT";
  return no === 0n ? "YES" : yes === 0n ? "NO" : null;
}

function openedWindow(transaction: Transaction, questionId: string): bigint {
  for (const { event } of eventsNamed(transaction, "QuestionOpened")) {
    if (event.args.questionId === questionId) return event.args.disputeWindow;
  }
  return 0n;
}

function isRegistered(transaction: Transaction, condition: string): boolean {
  return [...eventsNamed(transaction, "TokenRegistered")].some(
    ({ event }) => event.args.conditionId.toLowerCase() === condition,
  );
}

/** The admin may have registered the condition before it became a market. */
async function wasRegistered(tables: Tables, condition: string): Promise<boolean> {
  const found = await tables.db
    .selectFrom("chain_log")
    .select("log_index")
    .where("condition_id", "=", condition)
    .where("name", "=", "TokenRegistered")
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

async function isTaken(tables: Tables, slug: string): Promise<boolean> {
  const isHere = tables
    .changes()
    .some(({ table, after }) => table === "market" && after?.slug === slug);
  if (isHere) return true;
  const found = await tables.db
    .selectFrom("market")
    .select("condition_id")
    .where("slug", "=", slug)
    .executeTakeFirst();
  return found !== undefined;
}
