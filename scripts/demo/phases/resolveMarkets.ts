import {
  adminFinalizeResolution,
  cancelMarket,
  disputeResolution,
  finalizeResolution,
  proposeResolution,
  readMarket,
  type ResultName,
} from "@nostra/sdk/actions";
import { ContractRevertError } from "@nostra/sdk/errors";
import type { Wallet } from "ethers";
import { run, type Demo, type DemoMarket } from "../Demo";
import { heading, say, table } from "../report";

/** What is to become of a market. */
export type Ending =
  | { readonly how: "proposed"; readonly result: ResultName }
  | { readonly how: "disputed"; readonly proposed: ResultName; readonly result: ResultName }
  | { readonly how: "cancelled" };

/** Phase 4: every market ends, each in its way. Chain time is moved; nobody waits. */
export async function resolveMarkets(
  demo: Demo,
  endings: ReadonlyMap<DemoMarket, Ending>,
  stranger: Wallet,
): Promise<void> {
  heading("Phase 4: resolution");
  const { sandbox } = demo;
  const [first, second] = sandbox.resolvers.map((resolver) => sandbox.connect(resolver));
  if (first === undefined || second === undefined) throw new Error("two resolvers are needed");
  const admin = sandbox.connect(sandbox.admin);
  const anyone = sandbox.connect(stranger);

  for (const [{ title, ids }, ending] of endings) {
    if (ending.how !== "cancelled") continue;
    await run(cancelMarket(admin, ids));
    say(`  ${title}: cancelled by the admin before its end; each token is worth half.`);
  }

  const [sample] = endings.keys();
  if (sample === undefined) return;
  const { endTimeSeconds } = await readMarket(anyone, sample.ids.questionId);
  await sandbox.setTime(endTimeSeconds);
  say("  Chain time moves to the end of trading.");

  let deadline = 0n;
  for (const [{ title, ids }, ending] of endings) {
    if (ending.how === "cancelled") continue;
    const result = ending.how === "disputed" ? ending.proposed : ending.result;
    const { disputeDeadlineSeconds } = await run(proposeResolution(first, { ...ids, result }));
    deadline = disputeDeadlineSeconds;
    say(`  ${title}: resolver 1 proposes ${result}.`);
    if (ending.how !== "disputed") continue;
    await run(disputeResolution(second, ids));
    say(`  ${title}: resolver 2 disputes it.`);
    await run(adminFinalizeResolution(admin, { ...ids, result: ending.result }));
    say(`  ${title}: the admin decides ${ending.result}.`);
  }

  await expectTooEarly(demo, endings, anyone);
  await sandbox.setTime(deadline);
  say("  Chain time moves past the dispute window of seven days.");
  for (const [{ title, ids }, ending] of endings) {
    if (ending.how !== "proposed") continue;
    await run(finalizeResolution(anyone, ids));
    say(`  ${title}: finalized by a stranger.`);
  }

  const rows: string[][] = [];
  for (const [{ title, ids }, ending] of endings) {
    const { status, payouts } = await readMarket(anyone, ids.questionId);
    const expected = ending.how === "cancelled" ? "CANCELLED" : "RESOLVED";
    demo.books.check(`${title} is ${expected.toLowerCase()}`, status === expected, status);
    rows.push([title, status, `[${payouts.join(", ")}]`, ending.how]);
  }
  say("");
  table(["market", "status", "payouts [YES, NO]", "ended as"], rows);
}

/** Before the window is over nobody can finalize. */
async function expectTooEarly(
  demo: Demo,
  endings: ReadonlyMap<DemoMarket, Ending>,
  anyone: ReturnType<Demo["sandbox"]["connect"]>,
): Promise<void> {
  const waiting = [...endings].find(([, ending]) => ending.how === "proposed");
  if (waiting === undefined) return;
  let refusal = "nothing";
  try {
    await finalizeResolution(anyone, waiting[0].ids).simulate();
  } catch (thrown) {
    refusal = thrown instanceof ContractRevertError ? thrown.revertName : String(thrown);
  }
  demo.books.check(
    "finalizing inside the dispute window is refused",
    refusal === "DisputeWindowOpen",
    refusal,
  );
}
