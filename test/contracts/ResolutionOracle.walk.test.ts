import { loadFixture, takeSnapshot, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { ErrorFragment } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import {
  DAY,
  DISPUTE_TIMEOUT,
  DISPUTE_WINDOW,
  MarketStatus,
  Outcome,
  ResolutionState,
  SILENCE_TIMEOUT,
  openFixture,
} from "../helpers/market";
import { runsOr, seedOr } from "../helpers/random";

// ResolutionOracle, one question, random calls by random people at random times
// ├── given any call: it succeeds, or is refused, exactly as the model says, by error and values
// ├── given a refusal: the record is as before, to the byte
// ├── given a success: the record is the model's
// ├── given any state: the expected payouts are the model's
// ├── I14: the denominator leaves zero once; the vector is one of three, the oracle's; status follows
// └── I15: propose from endTime on; dispute before the deadline; finalize from it on, undisputed

const SEED = seedOr(20_251_021);
const RUNS = runsOr(200);
/** Fewer walks may leave some result unseen without anything being wrong. */
const ENOUGH_RUNS = 100;
const STEPS = 40;

// ---------------------------------------------------------------- the steps of a walk

const PEOPLE = ["admin", "resolver", "watcher", "creator", "stranger"] as const;
type Person = (typeof PEOPLE)[number];

const VECTORS: bigint[][] = [[1n, 0n], [0n, 1n], [1n, 1n], [0n, 0n], [2n, 1n], [1n], []];

/** What a vector means; undefined for one that is refused. */
const OUTCOMES = new Map<bigint[] | undefined, number>([
  [VECTORS[0], Outcome.YES],
  [VECTORS[1], Outcome.NO],
  [VECTORS[2], Outcome.SPLIT],
]);

/** How far from the second that changes its answer a call is made; undefined: one second later. */
type Edge = -1 | 0 | 1 | undefined;

type Call = { by: Person; edge: Edge } & (
  | { do: "propose" | "decide"; payouts: bigint[] }
  | { do: "dispute" | "finalize" | "timeout" | "cancel" }
);
type Step = Call | { do: "wait"; seconds: number };

const anyone = fc.constantFrom(...PEOPLE);
const by = fc.oneof(anyone, fc.constantFrom<Person>("resolver", "watcher"));
const edge = fc.option(fc.constantFrom(-1, 0, 1), { nil: undefined, freq: 2 });
const payouts = fc.oneof(fc.constantFrom(...VECTORS), fc.constantFrom(...VECTORS.slice(0, 3)));
const decider = fc.oneof(anyone, fc.constant<Person>("admin"));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("propose"), by, edge, payouts }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("dispute"), by, edge }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("decide"), by: decider, edge, payouts }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("finalize"), by: anyone, edge }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("timeout"), by: anyone, edge }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel"), by: anyone, edge }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("wait"),
      seconds: fc.integer({ min: 1, max: 3 * DAY }),
    }),
  },
);

// ---------------------------------------------------------------- the model

type Refusal = [error: string, ...values: unknown[]];

/** A question as the rules say it, kept in plain fields. Times are numbers of seconds. */
class Question {
  state: keyof typeof ResolutionState = "OPEN";
  outcome = Outcome.NONE as number;
  proposer: Person | undefined;
  disputer: Person | undefined;
  proposedAt = 0;
  disputedAt = 0;
  cancelled = false;

  constructor(
    readonly id: string,
    readonly endTime: number,
    readonly resolutionTime: number,
    readonly addressOf: Record<Person, string>,
  ) {}

  get deadline(): number {
    return this.proposedAt + DISPUTE_WINDOW;
  }

  get timeout(): number {
    if (this.state === "OPEN") return this.resolutionTime + SILENCE_TIMEOUT;
    return this.state === "DISPUTED" ? this.disputedAt + DISPUTE_TIMEOUT : 0;
  }

  /** Makes the call at second `now`; or changes nothing and tells why it is refused. */
  call(call: Call, now: number): Refusal | undefined {
    const refusal = this.#roleRefusal(call) ?? this.#refusal(call, now);
    if (refusal === undefined) this.#change(call, now);
    return refusal;
  }

  #roleRefusal(call: Call): Refusal | undefined {
    const caller = this.addressOf[call.by];
    const resolves = call.by === "resolver" || call.by === "watcher";
    if ((call.do === "propose" || call.do === "dispute") && !resolves)
      return ["NotResolver", caller];
    if ((call.do === "decide" || call.do === "cancel") && call.by !== "admin")
      return ["NotAdmin", caller];
    return undefined;
  }

  #refusal(call: Call, now: number): Refusal | undefined {
    const { id, state, endTime, deadline, timeout } = this;
    if (state === "FINALIZED") return ["AlreadyFinalized", id];

    switch (call.do) {
      case "propose":
        if (state !== "OPEN") return ["AlreadyProposed", id];
        if (now < endTime) return ["TooEarly", id, endTime, now];
        return OUTCOMES.has(call.payouts) ? undefined : ["InvalidPayouts", call.payouts];
      case "dispute":
        if (state === "OPEN") return ["NotProposed", id];
        if (state === "DISPUTED") return ["Disputed", id];
        if (now >= deadline) return ["DisputeWindowClosed", id, deadline, now];
        return call.by === this.proposer ? ["SelfDispute", id, this.addressOf[call.by]] : undefined;
      case "finalize":
        if (state === "OPEN") return ["NotProposed", id];
        if (state === "DISPUTED") return ["Disputed", id];
        return now < deadline ? ["DisputeWindowOpen", id, deadline, now] : undefined;
      case "decide":
        if (state !== "DISPUTED") return ["NotDisputed", id];
        return OUTCOMES.has(call.payouts) ? undefined : ["InvalidPayouts", call.payouts];
      case "timeout":
        if (state === "PROPOSED") return ["AlreadyProposed", id];
        return now < timeout ? ["TimeoutNotReached", id, timeout, now] : undefined;
      case "cancel":
        return state === "OPEN" ? undefined : ["AlreadyProposed", id];
    }
  }

  #change(call: Call, now: number): void {
    switch (call.do) {
      case "propose":
        this.state = "PROPOSED";
        this.outcome = OUTCOMES.get(call.payouts) ?? Outcome.NONE;
        this.proposer = call.by;
        this.proposedAt = now;
        break;
      case "dispute":
        this.state = "DISPUTED";
        this.disputer = call.by;
        this.disputedAt = now;
        break;
      case "finalize":
        this.state = "FINALIZED";
        break;
      case "decide":
        this.state = "FINALIZED";
        this.outcome = OUTCOMES.get(call.payouts) ?? Outcome.NONE;
        break;
      case "timeout":
      case "cancel":
        this.state = "FINALIZED";
        this.outcome = Outcome.SPLIT;
        this.cancelled = call.do === "cancel";
        break;
    }
  }

  /** The second from which on the call's answer is another one, if there is one. */
  boundaryOf(call: Call): number | undefined {
    if (call.do === "propose") return this.endTime;
    if (call.do === "dispute" || call.do === "finalize") {
      return this.state === "PROPOSED" ? this.deadline : undefined;
    }
    return call.do === "timeout" && this.timeout > 0 ? this.timeout : undefined;
  }

  status(now: number): number {
    if (this.cancelled) return MarketStatus.CANCELLED;
    if (this.state === "FINALIZED") return MarketStatus.RESOLVED;
    if (this.state === "DISPUTED") return MarketStatus.DISPUTED;
    if (this.state === "PROPOSED") return MarketStatus.PROPOSED;
    return now < this.endTime ? MarketStatus.ACTIVE : MarketStatus.ENDED;
  }

  /** What everybody would be paid if nobody but anyone did anything from second `now` on. */
  expected(now: number): bigint[] {
    const undecided = this.state === "OPEN" || this.state === "DISPUTED";
    if (undecided) return now < this.timeout ? [0n, 0n] : [1n, 1n];
    return this.#vectorOf(this.outcome);
  }

  vector(): bigint[] {
    if (this.state !== "FINALIZED") return [0n, 0n];
    return this.#vectorOf(this.outcome);
  }

  #vectorOf(wanted: number): bigint[] {
    const vector = [...OUTCOMES].find(([, outcome]) => outcome === wanted)?.[0];
    if (vector === undefined) throw new Error("no vector stands for this outcome");
    return vector;
  }
}

// ---------------------------------------------------------------- the walk

/** The chain's side of a walk, without the comforts that make a call slow. */
async function chain() {
  const system = await loadFixture(openFixture);
  const { oracle, factory, market } = system;
  const { questionId } = market;
  const [oracleAddress, factoryAddress] = await Promise.all([
    oracle.getAddress(),
    factory.getAddress(),
  ]);
  const recordCall = oracle.interface.encodeFunctionData("getResolution", [questionId]);

  const transactions = new Map<string, { to: string; data: string }>();

  function transaction(call: Call): { to: string; data: string } {
    const key = "payouts" in call ? `${call.do} ${call.payouts}` : call.do;
    const known = transactions.get(key) ?? encode(call);
    transactions.set(key, known);
    return known;
  }

  function encode(call: Call): { to: string; data: string } {
    const { interface: o } = oracle;
    const toOracle = (data: string) => ({ to: oracleAddress, data });
    switch (call.do) {
      case "propose":
        return toOracle(o.encodeFunctionData("proposeResolution", [questionId, call.payouts]));
      case "decide":
        return toOracle(
          o.encodeFunctionData("adminFinalizeResolution", [questionId, call.payouts]),
        );
      case "dispute":
        return toOracle(o.encodeFunctionData("disputeResolution", [questionId]));
      case "finalize":
        return toOracle(o.encodeFunctionData("finalizeResolution", [questionId]));
      case "timeout":
        return toOracle(o.encodeFunctionData("finalizeByTimeout", [questionId]));
      case "cancel":
        return {
          to: factoryAddress,
          data: factory.interface.encodeFunctionData("cancelMarket", [questionId]),
        };
    }
  }

  /** Makes the call in a block of second `now`; returns the error's bytes when it was refused. */
  async function send(call: Call, now: number): Promise<string | undefined> {
    await network.provider.send("evm_setNextBlockTimestamp", [now]);
    try {
      await network.provider.send("eth_sendTransaction", [
        { from: system[call.by].address, gas: "0xf4240", ...transaction(call) },
      ]);
      return undefined;
    } catch (error) {
      const { data } = error as { data?: string | { data?: string } };
      const bytes = typeof data === "string" ? data : data?.data;
      if (bytes === undefined) throw error;
      return bytes;
    }
  }

  const errors = new Map<string, ErrorFragment>();
  oracle.interface.forEachError((error) => errors.set(error.name, error));

  function encodeRefusal([error, ...values]: Refusal): string {
    return oracle.interface.encodeErrorResult(errors.get(error) ?? error, values);
  }

  /** An error's bytes in words, for a message. */
  function inWords(bytes: string | undefined): string {
    if (bytes === undefined) return "done";
    const error = oracle.interface.parseError(bytes);
    return error === null ? bytes : `${error.name}(${error.args.join(", ")})`;
  }

  /** The record as the contract returns it, undecoded. */
  async function record(): Promise<string> {
    const call = { to: oracleAddress, data: recordCall };
    return (await network.provider.send("eth_call", [call, "latest"])) as string;
  }

  return { ...system, send, encodeRefusal, inWords, record };
}

describe("ResolutionOracle on random walks", function () {
  it(`I14 I15 follows its model over ${RUNS} walks of ${STEPS} steps (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, async function () {
    const { oracle, factory, conditionalTokens, market, ...system } = await chain();
    const { send, encodeRefusal, inWords, record } = system;
    const { questionId, conditionId, endTime, resolutionTime } = market;
    const addressOf = Object.fromEntries(
      PEOPLE.map((person) => [person, system[person].address]),
    ) as Record<Person, string>;
    const startTime = await time.latest();
    const start = await takeSnapshot();
    const seen = new Set<string>();

    function expectedRecord(question: Question): string {
      const zero = `0x${"0".repeat(40)}`;
      return oracle.interface.encodeFunctionResult("getResolution", [
        {
          state: ResolutionState[question.state],
          outcome: question.outcome,
          proposer: question.proposer === undefined ? zero : addressOf[question.proposer],
          disputer: question.disputer === undefined ? zero : addressOf[question.disputer],
          endTime,
          resolutionTime,
          proposedAt: question.proposedAt,
          disputedAt: question.disputedAt,
          disputeWindow: DISPUTE_WINDOW,
        },
      ]);
    }

    /** I14, from outside: what the other contracts say of the question. */
    async function expectReported(question: Question, now: number): Promise<void> {
      const vector = await Promise.all([
        conditionalTokens.payoutNumerators(conditionId, 0),
        conditionalTokens.payoutNumerators(conditionId, 1),
      ]);
      const sum = vector[0] + vector[1];
      expect(vector, "I14 reported payouts").to.deep.equal(question.vector());
      expect(await conditionalTokens.payoutDenominator(conditionId), "I14 sum").to.equal(sum);
      expect(await factory.getStatus(questionId), "I14 status").to.equal(question.status(now));
      expect(await oracle.expectedPayouts(questionId), "expected payouts").to.deep.equal(
        question.expected(now),
      );
    }

    /** I15, said once more without the model's words. */
    function expectInTime(call: Call, question: Question, now: number): void {
      const { proposedAt, disputedAt } = question;
      if (call.do === "propose") expect(now, "I15 propose").to.be.at.least(endTime);
      if (call.do === "dispute") {
        expect(now, "I15 dispute").to.be.below(proposedAt + 7 * DAY);
      }
      if (call.do === "finalize") {
        expect(now, "I15 finalize").to.be.at.least(proposedAt + 7 * DAY);
        expect(disputedAt, "I15 finalize undisputed").to.equal(0);
      }
    }

    async function walk(steps: Step[]): Promise<void> {
      await start.restore();
      const question = new Question(questionId, endTime, resolutionTime, addressOf);
      let now = startTime;
      let before = await record();

      for (const step of steps) {
        if (step.do === "wait") {
          now += step.seconds;
          continue;
        }
        const boundary = question.boundaryOf(step) ?? 0;
        now = Math.max(now + 1, step.edge === undefined ? 0 : boundary + step.edge);
        const expected = question.call(step, now);
        const wanted = expected === undefined ? undefined : encodeRefusal(expected);
        const refusal = await send(step, now);
        const after = await record();
        const recordWanted = expected === undefined ? expectedRecord(question) : before;
        // Compared before chai looks at them: its matchers would take most of the time.
        if (refusal !== wanted) {
          const what = `${step.do} by ${step.by} at ${now}`;
          expect(inWords(refusal), what).to.equal(inWords(wanted));
        }
        if (after !== recordWanted) expect(after, "record").to.equal(recordWanted);
        if (expected === undefined) {
          expectInTime(step, question, now);
          await expectReported(question, now);
        }
        const result = expected?.[0] ?? "done";
        seen.add(`${step.do}: ${result}`);
        seen.add(`${step.do} at ${now - boundary}: ${result}`);
        before = after;
      }
      await expectReported(question, await time.latest());
    }

    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: STEPS, maxLength: STEPS }), walk),
      { seed: SEED, numRuns: RUNS },
    );

    if (RUNS < ENOUGH_RUNS) return;
    // A walk that never got anywhere would prove nothing.
    const wanted = [
      ...["propose: done", "propose: NotResolver", "propose: TooEarly", "propose: InvalidPayouts"],
      ...["propose: AlreadyProposed", "propose: AlreadyFinalized"],
      ...["dispute: done", "dispute: NotResolver", "dispute: NotProposed", "dispute: SelfDispute"],
      ...["dispute: DisputeWindowClosed", "dispute: Disputed", "dispute: AlreadyFinalized"],
      ...["finalize: done", "finalize: NotProposed", "finalize: DisputeWindowOpen"],
      ...["finalize: Disputed", "finalize: AlreadyFinalized"],
      ...["decide: done", "decide: NotAdmin", "decide: NotDisputed", "decide: InvalidPayouts"],
      ...["decide: AlreadyFinalized"],
      ...["timeout: done", "timeout: TimeoutNotReached", "timeout: AlreadyProposed"],
      ...["timeout: AlreadyFinalized"],
      ...["cancel: done", "cancel: NotAdmin", "cancel: AlreadyProposed"],
      ...["cancel: AlreadyFinalized"],
      ...["propose at -1: TooEarly", "propose at 0: done"],
      ...["dispute at -1: done", "dispute at 0: DisputeWindowClosed"],
      ...["finalize at -1: DisputeWindowOpen", "finalize at 0: done"],
      ...["timeout at -1: TimeoutNotReached", "timeout at 0: done"],
    ];
    expect(
      wanted.filter((result) => !seen.has(result)),
      "never seen",
    ).to.deep.equal([]);
  });
});
