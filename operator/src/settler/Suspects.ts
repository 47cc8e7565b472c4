import type { Kysely } from "kysely";
import type { Clock } from "../clock";
import type { Database } from "../store";
import { CoolDown } from "./CoolDown";
import { GasBudget, HOUR_MS, type Charge } from "./GasBudget";
import { mustRest } from "./mustRest";
import type { SettlerOptions } from "./options";
import { PairRests, pairsOf, RECORD_MS } from "./PairRests";
import { accountsOf, ordersOf } from "./readMatches";
import { readDealings } from "./readDealings";
import type { Hex, StoredMatch } from "./types";

/** What a lane remembers of accounts that keep matches from settling: who rests, which pairs do, and what it cost. */
export class Suspects {
  readonly pairRests: PairRests;
  readonly budget: GasBudget;
  readonly #coolDown: CoolDown;
  readonly #clock: Clock;
  readonly #options: SettlerOptions;

  constructor(clock: Clock, options: SettlerOptions) {
    const { coolDownMs, pairRestMs, maxRestMs, fruitlessGasPerHour, fruitlessPauseMs } = options;
    this.#clock = clock;
    this.#options = options;
    this.#coolDown = new CoolDown(clock, { firstMs: coolDownMs, mostMs: maxRestMs });
    this.pairRests = new PairRests(clock, { firstMs: pairRestMs, mostMs: maxRestMs });
    this.budget = new GasBudget(clock, fruitlessGasPerHour, fruitlessPauseMs);
  }

  async load(db: Kysely<Database>): Promise<void> {
    await this.#coolDown.load(db);
    await this.pairRests.load(db);
    await this.budget.load(db);
  }

  isResting(account: string): boolean {
    return this.#coolDown.has(account);
  }

  /** True when a match stands last: it has failed before, or an account of it has made others fail. */
  isSuspect(match: StoredMatch): boolean {
    return (
      match.attempts > 0 ||
      accountsOf(match).some(
        (account) => this.#coolDown.hasRecord(account) || this.budget.isOver(account),
      )
    );
  }

  /** An order was named. Its account rests, longer each time when it cost gas. */
  async blame(
    db: Kysely<Database>,
    match: StoredMatch,
    guilty: Hex,
    isCostly: boolean,
  ): Promise<void> {
    const found = ordersOf(match).find(({ hash }) => hash === guilty);
    if (found === undefined) return;
    const account = found.order.maker;
    await this.#coolDown.add(db, account, {
      ...{ matchId: match.id, reason: "NAMED", isCostly },
      ...(this.budget.isOver(account.toLowerCase()) ? { leastMs: HOUR_MS } : {}),
    });
  }

  /** A match is given up with no order named: its pairs rest, and those of its accounts that the rule names. */
  async giveUp(db: Kysely<Database>, match: StoredMatch): Promise<void> {
    const isFruitless = match.giveUp === "FRUITLESS";
    await this.pairRests.add(db, match, pairsOf(match), isFruitless);
    if (!isFruitless) return;
    const nowMs = this.#clock.nowMs();
    for (const account of new Set(accountsOf(match))) {
      if (!mustRest(account, await readDealings(db, account, nowMs))) continue;
      await this.#coolDown.add(db, account, {
        ...{ matchId: match.id, reason: "FRUITLESS", isCostly: true },
      });
    }
  }

  charge(charges: readonly Charge[]): void {
    for (const charge of charges) this.budget.add(charge);
  }

  /** True when failed attempts have burnt so much in the last hour that people should know. */
  get isBurning(): boolean {
    return this.budget.total() >= this.#options.gasBurntAlert;
  }

  async prune(db: Kysely<Database>): Promise<void> {
    await this.#coolDown.prune(db);
    await this.pairRests.prune(db);
    const before = BigInt(this.#clock.nowMs() - RECORD_MS);
    await db.deleteFrom("fruitless_charge").where("at_ms", "<", before).execute();
  }
}
