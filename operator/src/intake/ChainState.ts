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

/**
 * What the chain says of accounts: funds and nonces, asked once and kept until an event of the chain says that they may have
 * changed, or for a minute. The chain judges again when it settles, so that an answer a moment old costs nobody money.
 */
export class ChainState {
  readonly #connection: Connection;
  readonly #monotonicMs: () => number;
  readonly #lifeMs: number;
  readonly #funds = new Map<string, Entry<Held>>();
  readonly #nonces = new Map<string, Entry<bigint>>();
  readonly #asking = new Map<string, Promise<unknown>>();
  /** Grows when anything is forgotten: an answer to a question asked before is not kept. */
  #epoch = 0;

  constructor(connection: Connection, monotonicMs: () => number, lifeMs = DEFAULT_LIFE_MS) {
    this.#connection = connection;
    this.#monotonicMs = monotonicMs;
    this.#lifeMs = lifeMs;
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
      if (event.type === "chain-nonce") this.#forget(this.#nonces, event.account.toLowerCase());
    });
  }

  /** What is known now, without asking. */
  knownFunds(account: Address, asset: string): Held | undefined {
    return this.#known(this.#funds, fundsKey(account, asset));
  }

  knownNonce(account: Address): bigint | undefined {
    return this.#known(this.#nonces, account.toLowerCase());
  }

  /** @throws through ethers when the node does not answer. */
  funds(account: Address, asset: string): Promise<Held> {
    return this.#get(this.#funds, fundsKey(account, asset), async () => {
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
    return this.#get(this.#nonces, account.toLowerCase(), () => {
      return this.#connection.exchange.nonces(account);
    });
  }

  /** @param asset null for all of the account's. */
  forgetFunds(account: Address, asset: string | null): void {
    if (asset !== null) {
      this.#forget(this.#funds, fundsKey(account, asset));
      return;
    }
    const prefix = `${account.toLowerCase()} `;
    this.#epoch += 1;
    for (const key of this.#funds.keys()) if (key.startsWith(prefix)) this.#funds.delete(key);
  }

  #forgetAll(): void {
    this.#epoch += 1;
    this.#funds.clear();
    this.#nonces.clear();
  }

  #forget(known: Map<string, unknown>, key: string): void {
    this.#epoch += 1;
    known.delete(key);
  }

  #known<Value>(known: Map<string, Entry<Value>>, key: string): Value | undefined {
    const entry = known.get(key);
    if (entry === undefined) return undefined;
    if (this.#monotonicMs() - entry.atMs <= this.#lifeMs) return entry.value;
    known.delete(key);
    return undefined;
  }

  async #get<Value>(
    known: Map<string, Entry<Value>>,
    key: string,
    ask: () => Promise<Value>,
  ): Promise<Value> {
    const value = this.#known(known, key);
    if (value !== undefined) return value;
    const name = `${known === (this.#funds as unknown) ? "funds" : "nonce"} ${key} ${this.#epoch}`;
    let asking = this.#asking.get(name) as Promise<Value> | undefined;
    if (asking === undefined) {
      const epoch = this.#epoch;
      asking = ask().then((found) => {
        if (epoch === this.#epoch) {
          if (known.size >= MOST_KNOWN) known.clear();
          known.set(key, { value: found, atMs: this.#monotonicMs() });
        }
        return found;
      });
      this.#asking.set(name, asking);
      const done = (): void => void this.#asking.delete(name);
      asking.then(done, done);
    }
    return asking;
  }
}

function fundsKey(account: Address, asset: string): string {
  return `${account.toLowerCase()} ${asset}`;
}
