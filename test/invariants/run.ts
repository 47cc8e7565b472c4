import { network } from "hardhat";
import { Chance } from "../helpers/random";
import { I21_permutingMakersChangesNothing, STEP_CHECKS, type Step } from "./invariants";
import { type Fill, type Match, type Model, type Verdict } from "./model";
import {
  type Answer,
  type Call,
  type Event,
  type Observed,
  type Order,
  type World,
  shown,
} from "./world";

/*
 * One walk over the chain: it sends a call, holds the answer to the model's verdict, reads the chain, holds that to the
 * ledger and to the invariants.
 */

/** All is read after so many calls, and at the end; else what the call may have changed. */
const FULL_READ_EVERY = 12;

export interface Attempt extends Call {
  /** The kind of action, as it is counted. */
  kind: string;
  /** The rule is asked when the second of the call is known. */
  rule: () => Verdict;
  match?: Match;
  slot?: number;
  /** The second of the call, when it matters. */
  at?: number;
}

/** How often each kind of action succeeded, and was refused, and by which error. */
export class Tally {
  readonly counts = new Map<string, { done: number; refused: number }>();
  readonly marks = new Map<string, number>();

  count(kind: string, done: boolean): void {
    const found = this.counts.get(kind) ?? { done: 0, refused: 0 };
    found[done ? "done" : "refused"] += 1;
    this.counts.set(kind, found);
  }

  mark(what: string): void {
    this.marks.set(what, (this.marks.get(what) ?? 0) + 1);
  }
}

export type Refused = NonNullable<Answer["error"]>;

/** What a batch would do. */
export interface Trial {
  error: Refused | null;
  /** Of each match why it failed, or null. */
  failures: (Refused | null)[];
  seen: Observed;
}

/** Enough for a match of four makers and for naming its failure; a batch of three fits a transaction. */
const GAS_PER_MATCH = 4_000_000n;

export class Run {
  /** Orders signed in this run; those over stay, for calls that must be refused. */
  readonly orders: Order[] = [];
  readonly history: string[] = [];
  readonly refusedBlocks = new Set<number>();
  readonly fills: Fill[] = [];
  /** Why the last call was refused; null when it was not. */
  refused: Refused | null = null;
  /** The second of the next call, when an action has chosen it. */
  next: number | null = null;
  block = 0;

  private constructor(
    readonly world: World,
    readonly model: Model,
    readonly chance: Chance,
    readonly tally: Tally,
    public seen: Observed,
  ) {}

  static async start(world: World, seed: number, tally: Tally): Promise<Run> {
    const model = world.model.copy();
    const { seen, differences } = await world.observe(model, []);
    holdModel(differences);
    const run = new Run(world, model, new Chance(seed), tally, seen);
    run.block = await world.blockNumber();
    return run;
  }

  get now(): number {
    return this.model.now;
  }

  /** Remembers an order, so that its status is read from now on. */
  keep(order: Order): Order {
    this.orders.push(order);
    return order;
  }

  async attempt(attempt: Attempt): Promise<boolean> {
    const { world, model } = this;
    const at = Math.max(attempt.at ?? this.next ?? 0, this.now + 1);
    this.next = null;
    const last = model.now;
    model.now = at;
    const verdict = attempt.rule();
    const full = verdict.refusals.length > 0 && this.chance.chance(5);
    if (full) {
      model.now = last;
      await this.look("all");
      model.now = at;
    }
    // An order signed since the last look was never seen by the chain, and reads as such.
    const before = this.seen;
    const { by, to, what, args, kind } = attempt;
    this.history.push(`${at} ${kind}: ${by} ${to}.${what}(${args.map(brief).join(", ")})`);
    const permuted = await this.permute(attempt, verdict, at);

    const { error, hash } = await world.send({ by, to, what, args }, at);
    this.block += 1;
    this.refused = error;
    const expected = verdict.refusals.map(shown);
    const fits =
      error === null
        ? verdict.maySettle
        : verdict.refusals.some((refusal) => fitsRefusal(error, refusal));
    if (!fits) {
      throw new Error(
        `${kind}: met ${shown(error)}, expected ${expected.join(" or ") || "success"} (last ${last})`,
      );
    }
    let events: Event[] = [];
    if (error === null) {
      verdict.apply();
      if (attempt.match !== undefined || what === "redeemPositions") {
        events = await world.eventsOf(hash);
      }
    } else {
      this.refusedBlocks.add(this.block);
      this.history[this.history.length - 1] += ` -> ${error.error}`;
      this.tally.mark(`${kind.split(":")[0]} refused: ${error.error}`);
    }
    this.tally.count(kind, error === null);

    const all = full || permuted !== null || this.history.length % FULL_READ_EVERY === 0;
    await this.look(all ? "all" : slotsOf(attempt, model), all || to === "exchange");
    const step: Step = { ...attempt, at, done: error === null, before, after: this.seen, events };
    for (const check of Object.values(STEP_CHECKS)) check(step, this);
    if (permuted !== null) I21_permutingMakersChangesNothing(permuted, this.seen);
    if (step.done && step.match !== undefined) this.fills.push(...(verdict.fills ?? []));
    if (step.done && before.word("paused") === 1n) this.tally.mark(`while paused: ${kind}`);
    return step.done;
  }

  /** Reads the chain anew and holds it to the ledger. */
  async look(slots: readonly number[] | "all", orders = true): Promise<void> {
    const hashes = orders ? this.orders.map(({ hash }) => hash) : [];
    const { seen, differences } = await this.world.observe(this.model, hashes, slots, this.seen);
    this.seen = seen;
    holdModel(differences);
  }

  /** What the chain would remember after these matches in one transaction, and what that would tell. */
  async tryBatch(matches: readonly Match[]): Promise<Trial> {
    const { world, model } = this;
    const args = matches.map(({ takerFill, makerFills, ...orders }) => ({
      ...orders,
      ...{ takerFillAmount: takerFill, makerFillAmounts: makerFills, gasLimit: GAS_PER_MATCH },
    }));
    this.next = null;
    const snapshot = await network.provider.send("evm_snapshot", []);
    const call: Call = { by: "operator", to: "exchange", what: "matchOrdersBatch", args: [args] };
    const { error, hash } = await world.send(call, this.now + 1);
    const failures: (Refused | null)[] = matches.map(() => null);
    for (const { name, args } of error === null ? await world.eventsOf(hash) : []) {
      if (name !== "MatchFailed") continue;
      failures[Number(args["index"])] = world.decodeError(args["reason"] as string);
    }
    const hashes = this.orders.map((order) => order.hash);
    const { seen } = await world.observe(model, hashes);
    await network.provider.send("evm_revert", [snapshot]);
    return { error, failures, seen };
  }

  /** What the chain would remember with the makers in the reverse order; null when it is not tried. */
  private async permute({ match, ...attempt }: Attempt, verdict: Verdict, at: number) {
    const makers = match?.makerOrders.length ?? 0;
    if (match === undefined || makers < 2 || verdict.refusals.length > 0) return null;
    if (!this.chance.chance(4)) return null;
    const { takerOrder, makerOrders, takerFill, makerFills } = match;
    const args = [takerOrder, [...makerOrders].reverse(), takerFill, [...makerFills].reverse()];
    const snapshot = await network.provider.send("evm_snapshot", []);
    const { error } = await this.world.send({ ...attempt, args }, at);
    const hashes = this.orders.map((order) => order.hash);
    const { seen } = await this.world.observe(this.model, hashes);
    await network.provider.send("evm_revert", [snapshot]);
    this.tally.mark("I21: makers permuted");
    return { error, seen };
  }
}

/** The markets that a call may change. */
function slotsOf({ match, slot }: Attempt, model: Model): number[] {
  if (slot !== undefined) return [slot];
  const tokens = match === undefined ? [] : [match.takerOrder, ...match.makerOrders];
  const ids = new Set(tokens.map(({ tokenId }) => tokenId));
  return model.markets.filter((market) => market.ids.some((id) => ids.has(id))).map((m) => m.slot);
}

function holdModel(differences: string[]): void {
  if (differences.length > 0) {
    throw new Error(`chain and model differ:\n${differences.join("\n")}`);
  }
}

/** Of a failed transfer only the order to blame is predicted: the route is no rule. */
function fitsRefusal(
  error: { error: string; args: unknown[] },
  refusal: { error: string; args: unknown[] },
): boolean {
  const partly = error.error.endsWith("TransferFailed");
  const args = partly ? error.args.slice(0, refusal.args.length) : error.args;
  return error.error === refusal.error && shown(args) === shown(refusal.args);
}

function brief(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(brief).join(", ")}]`;
  if (typeof value === "object" && value !== null && "hash" in value) {
    const { owner, side, makerAmount, takerAmount, tokenId, ...rest } = value as Order;
    const { expiration, nonce, feeRateBps, taker, hash } = rest;
    const said = { side, makerAmount, takerAmount, expiration, nonce, feeRateBps, taker };
    return `${owner} ${hash.slice(0, 10)} token ${String(tokenId).slice(0, 6)} ${shown(said)}`;
  }
  return typeof value === "string" ? value.slice(0, 66) : String(value);
}
