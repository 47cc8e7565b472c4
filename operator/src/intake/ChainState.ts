import type { Deployment } from "@nostra/sdk/deployments";
import type { Address } from "@nostra/sdk/order";
import { id } from "ethers";
import { addressWord, word } from "../abiWords";
import type { Bus } from "../bus";
import { OperatorError } from "../errors";
import type { Rpc } from "../rpc";

export interface Held {
  readonly balance: bigint;
  readonly allowance: bigint;
}

const EVERYTHING = 2n ** 256n - 1n;
const SELECTORS = {
  nonces: selectorOf("nonces(address)"),
  balanceOf: selectorOf("balanceOf(address)"),
  allowance: selectorOf("allowance(address,address)"),
  balanceOfId: selectorOf("balanceOf(address,uint256)"),
  isApprovedForAll: selectorOf("isApprovedForAll(address,address)"),
};
/** Where the first word of an answer ends, its mark included. */
const WORD_END = 66;
/** Characters of an unexpected answer that its error repeats. */
const MAX_ECHO = 80;
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
  readonly #rpc: Rpc;
  readonly #contracts: Deployment["contracts"];
  readonly #funds: Answers<Held>;
  readonly #nonces: Answers<bigint>;

  constructor(
    rpc: Rpc,
    { contracts }: Pick<Deployment, "contracts">,
    monotonicMs: () => number,
    lifeMs = DEFAULT_LIFE_MS,
  ) {
    this.#rpc = rpc;
    this.#contracts = contracts;
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

  /** @throws what the node's connection throws; OperatorError NODE_FAILED for an answer that is no word. */
  funds(account: Address, asset: string): Promise<Held> {
    return this.#funds.get(fundsKey(account, asset), async () => {
      const { collateral, conditionalTokens, ctfExchange } = this.#contracts;
      const [owner, exchange] = [addressWord(account), addressWord(ctfExchange)];
      if (asset === "0") {
        const [balance, allowance] = await Promise.all([
          this.#call(collateral, SELECTORS.balanceOf + owner),
          this.#call(collateral, SELECTORS.allowance + owner + exchange),
        ]);
        return { balance, allowance };
      }
      const tokenId = word(BigInt(asset));
      const [balance, isApproved] = await Promise.all([
        this.#call(conditionalTokens, SELECTORS.balanceOfId + owner + tokenId),
        this.#call(conditionalTokens, SELECTORS.isApprovedForAll + owner + exchange),
      ]);
      return { balance, allowance: isApproved === 0n ? 0n : EVERYTHING };
    });
  }

  /** @throws as `funds` does. */
  nonce(account: Address): Promise<bigint> {
    const data = SELECTORS.nonces + addressWord(account);
    return this.#nonces.get(account.toLowerCase(), () => {
      return this.#call(this.#contracts.ctfExchange, data);
    });
  }

  /** @param asset null for all of the account's. */
  forgetFunds(account: Address, asset: string | null): void {
    if (asset !== null) return this.#funds.forget(fundsKey(account, asset));
    const prefix = `${account.toLowerCase()} `;
    this.#funds.forgetWhere((key) => key.startsWith(prefix));
  }

  /** One number of a contract, read without the coder of ethers. */
  async #call(to: Address, data: string): Promise<bigint> {
    const answer = await this.#rpc.send("eth_call", [{ to, data }, "latest"]);
    if (typeof answer === "string" && /^0x[0-9a-f]{64}/i.test(answer)) {
      return BigInt(answer.slice(0, WORD_END));
    }
    const found = String(answer).slice(0, MAX_ECHO);
    throw new OperatorError(
      "NODE_FAILED",
      `eth_call of ${to}: the node answered "${found}", not one word of 32 bytes`,
      { status: 503, details: { method: "eth_call", to } },
    );
  }

  #forgetAll(): void {
    this.#funds.forgetWhere(() => true);
    this.#nonces.forgetWhere(() => true);
  }
}

function fundsKey(account: Address, asset: string): string {
  return `${account.toLowerCase()} ${asset}`;
}

function selectorOf(signature: string): string {
  return id(signature).slice(0, 10);
}
