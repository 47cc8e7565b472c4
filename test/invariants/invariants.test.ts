import { expect } from "chai";
import { network } from "hardhat";
import { runsOr, seedOr } from "../helpers/random";
import { act, redeemAs } from "./actions";
import {
  I12_refusalsTellNothing,
  I16_onlyDustIsLeft,
  I17_theRestGoesOn,
  I18_logsTellTheWholeState,
  I9_idsAreThePositionIds,
} from "./invariants";
import { ACCOUNTS, State, assetsOf } from "./model";
import { Run, Tally } from "./run";
import { type RawLog, type World, deployWorld } from "./world";

/*
 * All four contracts together, under random calls of everybody, against a ledger of bigints
 * ├── each call succeeds, or is refused by name and values, as the rules say
 * ├── after each call balances, allowances, orders, nonces, roles, registry and results are the ledger's
 * ├── after each call I1 to I17 hold
 * └── at the end of each run what is left of a resolved market is dust, and the logs rebuild the state (I18)
 * I19 is held by test/integration/OrderHashes.test.ts, I21 by trying some matches in both orders, I26 by
 * trying some batches before their matches.
 */
const SEED = seedOr(20_261_121);
const RUNS = runsOr(200);
const STEPS = 60;
/** Replays one run of the seed. */
const ONLY = process.env["NOSTRA_RUN"];
/** With fewer runs some kind of action may well not come up. */
const ENOUGH_RUNS = 100;

const MATCHES = ["match: complementary", "match: mint", "match: merge"];
MATCHES.push("match: mint and complementary", "match: merge and complementary");

/** Kinds of action that must have succeeded, and those that must have been refused. */
const DONE = [
  ...MATCHES,
  ...["create market", "prepare condition", "register condition", "cancel market"],
  ...["split", "merge", "redeem", "mint", "transfer: token", "transfer: collateral"],
  ...["approve: collateral", "approve: tokens", "revoke: collateral", "revoke: tokens"],
  ...["donate: collateral", "sign", "cancel one", "cancel many", "raise nonce"],
  ...["pause", "unpause", "set fee receiver", "grant role", "revoke role"],
  ...["propose", "dispute", "finalize", "decide", "time out", "advance time"],
  ...["wrong match: at the expiration", "wrong match: by a delegate"],
  ...["approve order", "authorize signer", "revoke signer"],
  ...["batch", "batch: one of it"],
];
const REFUSED = [
  ...MATCHES,
  ...["create market", "prepare condition", "register condition", "cancel market"],
  ...["split", "merge", "redeem", "transfer: token", "transfer: collateral"],
  ...["donate: collateral", "donate: token", "cancel one", "cancel many"],
  ...["approve order", "authorize signer", "revoke signer"],
  ...["pause", "unpause", "set fee receiver", "grant role", "revoke role"],
  ...["propose", "dispute", "finalize", "decide", "time out"],
];
/** Errors that a wrong match must have met. */
const ERRORS = [
  ...["NotOperator", "Paused", "NoMakerOrders", "LengthMismatch", "InvalidAmount", "InvalidSide"],
  ...["InvalidPrice", "OrderExpired", "FeeTooHigh", "InvalidNonce", "UnsupportedSignatureType"],
  ...["InvalidSignature", "TokenNotRegistered", "NotTaker", "OrderFilledOrCancelled", "ZeroFill"],
  ...["MakingGtRemaining", "MismatchedTokenIds", "InvalidComplement", "TakerFillExceeded"],
  ...["SignerNotAuthorized", "NotCrossing", "CollateralTransferFailed", "OutcomeTransferFailed"],
];
const MARKS = [
  "match: complementary of a BUY taker",
  "match: complementary of a SELL taker",
  "match: a maker partly filled",
  "I15: dispute and finalize tried in one second",
  "I21: makers permuted",
  "I26: a batch of which some failed",
];

describe(`all contracts: invariants (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
  /** A test that silently tests nothing would pass; this one counts. */
  function expectAllHappened({ counts, marks }: Tally): void {
    const done = DONE.filter((kind) => !counts.get(kind)?.done);
    const refused = REFUSED.filter((kind) => !counts.get(kind)?.refused);
    const matchErrors = ["match", "wrong match"].map(
      (kind) => (error: string) => marks.has(`${kind} refused: ${error}`),
    );
    const errors = ERRORS.filter((error) => !matchErrors.some((has) => has(error)));
    const marked = MARKS.filter((mark) => !marks.has(mark));
    const never = { done, refused, errors, marked };
    expect(never, "never happened").to.deep.equal({
      done: [],
      refused: [],
      errors: [],
      marked: [],
    });
    I17_theRestGoesOn(new Set(marks.keys()));
  }

  async function endOfRun(run: Run): Promise<void> {
    for (const market of run.model.markets) {
      if (market.state !== State.FINALIZED) continue;
      for (const account of ACCOUNTS) {
        const held = assetsOf(market.slot).some((asset) => run.model.balance(asset, account) > 0n);
        if (held) await redeemAs(run, account, market.slot, [1n, 2n]);
      }
      I16_onlyDustIsLeft(market, run.seen);
    }
    await run.look("all");
  }

  async function play(world: World, index: number, tally: Tally, before: RawLog[]): Promise<void> {
    const snapshot = await network.provider.send("evm_snapshot", []);
    const run = await Run.start(world, SEED + 7919 * index, tally);
    const first = run.block + 1;
    try {
      for (let step = 0; step < STEPS; step++) await act(run);
      await endOfRun(run);
      const logs = await world.logsFrom(first);
      I12_refusalsTellNothing(logs, run.refusedBlocks);
      await I18_logsTellTheWholeState(world.ourEvents([...before, ...logs]), run);
      if (index === 0) await I9_idsAreThePositionIds(run);
    } catch (failure) {
      const replay = `NOSTRA_SEED=${SEED} NOSTRA_RUN=${index}`;
      const actions = run.history.map((line, i) => `${i + 1}. ${line}`).join("\n");
      const what = failure instanceof Error ? failure.message : String(failure);
      throw new Error(`${what}\nreplay with ${replay}\n${actions}`, { cause: failure });
    }
    await network.provider.send("evm_revert", [snapshot]);
  }

  it(`hold over ${RUNS} runs of ${STEPS} random actions, and every call ends as the rules say`, async () => {
    const snapshot = await network.provider.send("evm_snapshot", []);
    const world = await deployWorld();
    const before = await world.logsFrom(0);
    const tally = new Tally();
    const indexes =
      ONLY === undefined ? Array.from({ length: RUNS }, (_, index) => index) : [Number(ONLY)];
    for (const index of indexes) await play(world, index, tally, before);
    await network.provider.send("evm_revert", [snapshot]);

    for (const [kind, { done, refused }] of [...tally.counts].sort()) {
      console.log(`      ${kind}: ${done} done, ${refused} refused`);
    }
    for (const [mark, count] of [...tally.marks].sort()) console.log(`      ${mark}: ${count}`);
    if (indexes.length >= ENOUGH_RUNS) expectAllHappened(tally);
  }).timeout(1_800_000);
});
