import { createBinaryMarket, isRegistered } from "@nostra/sdk/actions";
import { createBook } from "@nostra/sdk/matcher";
import { questionIdOf } from "@nostra/sdk/ids";
import { run, type Demo, type DemoMarket } from "../Demo";
import type { MarketQuestion } from "../recordedFlow";
import { heading, table } from "../report";

export interface MarketTerms extends Pick<MarketQuestion, "question" | "description" | "category"> {
  readonly title: string;
}

/** Phase 2: creates markets. The factory registers their tokens at the exchange in the same transaction. */
export async function createMarkets(
  demo: Demo,
  terms: readonly MarketTerms[],
  endTimeSeconds: bigint,
): Promise<DemoMarket[]> {
  heading("Phase 2: markets");
  const admin = demo.sandbox.connect(demo.sandbox.admin);
  const created: DemoMarket[] = [];
  for (const { title, ...texts } of terms) {
    const { market: ids } = await run(
      createBinaryMarket(admin, {
        questionId: questionIdOf(`nostra demo: ${title}`),
        ...texts,
        endTimeSeconds,
        resolutionTimeSeconds: endTimeSeconds + 7n * 86_400n,
      }),
    );
    if (!(await isRegistered(admin, ids))) throw new Error(`${title} is not registered`);
    created.push({ title, ids, book: createBook(ids) });
  }
  demo.markets.push(...created);
  table(
    ["market", "condition", "YES token", "question"],
    created.map(({ title, ids }, i) => [
      title,
      `${ids.conditionId.slice(0, 10)}...`,
      `${ids.yes.toString().slice(0, 8)}...`,
      terms[i]?.question ?? "",
    ]),
  );
  return created;
}
