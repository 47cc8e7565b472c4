import type { Connection } from "@nostra/sdk";
import type { Address } from "@nostra/sdk/order";
import type { Bus } from "../bus";

export interface Held {
  readonly balance: bigint;
  readonly allowance: bigint;
}

const EVERYTHING = 2n ** 256n - 1n;
const DEFAULT_LIFE_MS = 60_000;
const MOST_KNOWN = 100_000;

interface Entry<Value> {
  readonly value: Value;
  readonly atMs: number;
}

/** A question under way. Its answer is not kept when what it asks for was forgotten meanwhile. */
interface Question<Value> {
  readonly answer: Promise<Value>;
  isOutdated: boolean;
}

/** Answers of one kind, and the questions under way, by what they are about. */
class Answers<Value> {
  readonly #known = new Map<string, Entry<Value>>();
  readonly #asked = new Map<string, Question<Value>>();
  readonly #monotonicMs: () => number;
  readonly #lifeMs: number;

  constructor(monotonicMs: () => number, lifeMs: number) {
    this.#monotonicMs = monotonicMs;
    this.#lifeMs = lifeMs;
  }

  known(key: string): Value | undefined {
    const entry = this.#known.get(key);
    if (entry === undefined) return undefined;
    if (this.#monotonicMs() - entry.atMs <= this.#lifeMs) return entry.value;
    this.#known.delete(key);
    return undefined;
  }

  /** What is known, else what is being asked, else what the node says now. */
  async get(key: string, ask: () => Promise<Value>): Promise<Value> {
    const value = this.known(key);
    if (value !== undefined) return value;
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked.answer;
    const question: Question<Value> = { answer: ask(), isOutdated: false };
    this.#asked.set(key, question);
    const done = (): void => {
      if (this.#asked.get(key) === question) this.#asked.delete(key);
    };
    question.answer.then((found) => {
      done();
      if (question.isOutdated) return;
      if (this.#known.size >= MOST_KNOWN) this.#known.clear();
      this.#known.set(key, { value: found, atMs: this.#monotonicMs() });
    }, done);
    return question.answer;
  }

  forget(key: string): void {
    this.#known.delete(key);
    const question = this.#asked.get(key);
    if (question === undefined) return;
    question.isOutdated = true;
    this.#asked.delete(key);
  }

  forgetWhere(matches: (key: string) => boolean): void {
    for (const key of [...this.#known.keys(), ...this.#asked.keys()]) {
      if (matches(key)) this.forget(key);
    }
  }
}

/**
 * What the chain says of accounts: funds and nonces, asked once and kept until an event of the chain says that they may have
 * changed, or for a minute. The chain judges again when it settles, so that an answer a moment old costs nobody money.
 */
export class ChainState {
  readonly #connection: Connection;
  readonly #funds: Answers<Held>;
  readonly #nonces: Answers<bigint>;

  constructor(connection: Connection, monotonicMs: () => number, lifeMs = DEFAULT_LIFE_MS) {
    this.#connection = connection;
    this.#funds = new Answers(monotonicMs, lifeMs);
    this.#nonces = new Answers(monotonicMs, lifeMs);
  }

  /** Forgets what events say has changed. @returns how to stop. */
  follow(bus: Bus): () => void {
    let last: number | null = null;
    return bus.subscribe((event) => {
      if (event.type === "block") {
        // Blocks taken in untold may have changed anything, and so may one that was undone.
        const isUntold = last !== null && event.number > last + 1;
        if (isUntold || event.undone) this.#forgetAll();
        last = event.number;
      }
      if (event.type === "funds") this.forgetFunds(event.account, event.asset);
      if (event.type === "chain-nonce") this.#nonces.forget(event.account.toLowerCase());
    });
  }

  /** What is known now, without asking. */
  knownFunds(account: Address, asset: string): Held | undefined {
    return this.#funds.known(fundsKey(account, asset));
  }

  knownNonce(account: Address): bigint | undefined {
    return this.#nonces.known(account.toLowerCase());
  }

  /** @throws through ethers when the node does not answer. */
  funds(account: Address, asset: string): Promise<Held> {
    return this.#funds.get(fundsKey(account, asset), async () => {
      const { collateral, conditionalTokens, deployment } = this.#connection;
      const { ctfExchange } = deployment.contracts;
      const [balance, allowed] = await (asset === "0"
        ? Promise.all([collateral.balanceOf(account), collateral.allowance(account, ctfExchange)])
        : Promise.all([
            conditionalTokens.balanceOf(account, asset),
            conditionalTokens.isApprovedForAll(account, ctfExchange),
          ]));
      const allowance = typeof allowed === "bigint" ? allowed : allowed ? EVERYTHING : 0n;
      return { balance, allowance };
    });
  }

  nonce(account: Address): Promise<bigint> {
    return this.#nonces.get(account.toLowerCase(), () => {
      return this.#connection.exchange.nonces(account);
    });
  }

  /** @param asset null for all of the account's. */
  forgetFunds(account: Address, asset: string | null): void {
    if (asset !== null) return this.#funds.forget(fundsKey(account, asset));
    const prefix = `${account.toLowerCase()} `;
    this.#funds.forgetWhere((key) => key.startsWith(prefix));
  }

  #forgetAll(): void {
    this.#funds.forgetWhere(() => true);
    this.#nonces.forgetWhere(() => true);
  }
}

function fundsKey(account: Address, asset: string): string {
  return `${account.toLowerCase()} ${asset}`;
}
