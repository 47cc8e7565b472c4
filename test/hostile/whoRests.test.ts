import { expect } from "chai";
import { classifyCallError } from "../../operator/src/callErrors";
import { RpcResponseError } from "../../operator/src/httpRpc";
import { GasBudget } from "../../operator/src/settler/GasBudget";
import { mustRest, type Dealings } from "../../operator/src/settler/mustRest";
import { transactionGasLimit } from "../../operator/src/settler/transactionGasLimit";

const SEED = Number(process.env["NOSTRA_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
const RUNS = Number(process.env["NOSTRA_RUNS"] ?? 200);

/** Numbers by a seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

class Market implements Dealings {
  readonly #fruitless = new Map<string, Set<string>>();
  readonly #settled = new Map<string, Set<string>>();

  fruitless(one: string, other: string): this {
    return this.#join(this.#fruitless, one, other);
  }

  settled(one: string, other: string): this {
    return this.#join(this.#settled, one, other);
  }

  fruitlessWith(account: string): ReadonlySet<string> {
    return this.#fruitless.get(account) ?? new Set();
  }

  settledWith(account: string): ReadonlySet<string> {
    return this.#settled.get(account) ?? new Set();
  }

  #join(graph: Map<string, Set<string>>, one: string, other: string): this {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      graph.set(from, (graph.get(from) ?? new Set()).add(to));
    }
    return this;
  }
}

const names = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

describe(`hostile: who rests (seed ${SEED})`, () => {
  /** Honest accounts: each of the victims has settled with makers of its own. */
  function honestMarket(victims: readonly string[]): Market {
    const market = new Market();
    for (const victim of victims) {
      for (const maker of ["a", "b"]) market.settled(victim, `${victim}-${maker}`);
      market.settled(victim, "hub");
    }
    return market;
  }

  it("S2: twenty accounts that trade with each other and hit victims rest; victims and a newcomer do not", () => {
    for (let run = 0; run < RUNS; run += 1) {
      const random = randomOf(SEED + run);
      const ring = names("ring", 20);
      const victims = names("victim", 3 + random(8));
      const market = honestMarket(victims);
      for (const one of ring) for (const other of ring) if (one < other) market.settled(one, other);
      for (const one of ring) {
        market.fruitless(one, "newcomer");
        const first = random(victims.length);
        for (let i = 0; i < 2; i += 1) {
          market.fruitless(one, victims[(first + i) % victims.length]!);
        }
      }
      for (const one of ring) expect(mustRest(one, market), `${one}, run ${run}`).to.equal(true);
      for (const one of [...victims, "newcomer"]) {
        expect(mustRest(one, market), `${one}, run ${run}`).to.equal(false);
      }
    }
  });

  it("S2: the clean half of a ring makes no two unrelated witnesses of the other half", () => {
    const [dirty, clean] = [names("dirty", 10), names("clean", 10)];
    const market = new Market();
    const all = [...dirty, ...clean];
    for (const one of all) for (const other of all) if (one < other) market.settled(one, other);
    for (const one of dirty) market.fruitless(one, "newcomer");
    expect(mustRest("newcomer", market)).to.equal(false);
  });

  it("S2: nobody rests for fruitless matches with one account, however many, or with none that is vouched for", () => {
    for (let run = 0; run < RUNS; run += 1) {
      const random = randomOf(SEED + run);
      const accounts = names("account", 5 + random(20));
      const market = new Market();
      for (let i = random(60); i > 0; i -= 1) {
        market.settled(accounts[random(accounts.length)]!, accounts[random(accounts.length)]!);
      }
      for (let i = random(20); i > 0; i -= 1) {
        const [one, other] = [random(accounts.length), random(accounts.length)];
        if (one !== other) market.fruitless(accounts[one]!, accounts[other]!);
      }
      for (const account of accounts) {
        const rests = mustRest(account, market);
        const partners = market.fruitlessWith(account);
        if (partners.size < 2) expect(rests, `${account}, run ${run}`).to.equal(false);
        const vouched = [...partners].filter(
          (partner) =>
            [...market.settledWith(partner)].filter(
              (other) => other !== account && market.fruitlessWith(other).size === 0,
            ).length >= 2,
        );
        if (vouched.length < 2) expect(rests, `${account}, run ${run}`).to.equal(false);
      }
    }
  });

  it("S2: an account over its budget pauses after a failed attempt, and its hour passes", () => {
    const clock = { ms: 0, nowMs: () => 0, monotonicMs: (): number => clock.ms };
    const budget = new GasBudget(clock, 5_000_000n, 600_000);
    let burnt = 0n;
    let attempts = 0;
    for (clock.ms = 0; clock.ms < 3_598_000; clock.ms += 2_000) {
      if (budget.isPaused("hostile")) continue;
      budget.add({ accounts: ["hostile"], gas: 1_000_000n });
      burnt += 1_000_000n;
      attempts += 1;
    }
    expect(attempts).to.be.at.most(5 + 1 + 6);
    expect(budget.of("hostile")).to.equal(burnt);
    expect(budget.isOver("innocent")).to.equal(false);
    clock.ms += 3_600_000;
    expect(budget.of("hostile")).to.equal(0n);
    expect(budget.total()).to.equal(0n);
  });
});

describe("hostile: what nodes answer", () => {
  const said: readonly [string, number, string, unknown, string][] = [
    ["geth", -32000, "out of gas", undefined, "outOfGas"],
    ["geth", -32000, "gas required exceeds allowance (50000000)", undefined, "outOfGas"],
    ["geth", -32000, "intrinsic gas too low", undefined, "outOfGas"],
    ["geth", -32000, "execution aborted (timeout = 5s)", undefined, "outOfGas"],
    ["geth", 3, "execution reverted", "0x12345678", "reverted"],
    ["geth", -32000, "execution reverted", undefined, "reverted"],
    ["geth", -32000, "invalid opcode: INVALID", undefined, "outOfGas"],
    ["geth", -32000, "header not found", undefined, "transport"],
    [
      "erigon",
      -32000,
      "gas required exceeds allowance (50000000) or always failing transaction",
      undefined,
      "outOfGas",
    ],
    ["reth", -32003, "out of gas: gas required exceeds: 50000000", undefined, "outOfGas"],
    ["reth", -32603, "EVM error: InvalidFEOpcode", undefined, "outOfGas"],
    ["anvil", -32003, "EVM error OutOfGas", undefined, "outOfGas"],
    ["nitro", -32000, "gas limit is too high", undefined, "outOfGas"],
    ["nethermind", -32015, "VM execution error.", "Reverted 0x", "reverted"],
    ["nethermind", -32015, "OutOfGas", undefined, "outOfGas"],
    ["hardhat", -32603, "Transaction ran out of gas", "0x", "outOfGas"],
    ["hardhat", -32603, "reverted without a reason string", "0x", "reverted"],
    ["any", -32005, "rate limit exceeded", undefined, "transport"],
    ["any", -32000, "missing trie node abc", undefined, "transport"],
  ];
  for (const [node, code, message, data, kind] of said) {
    it(`S3: ${node} says ${code} "${message}": ${kind}`, () => {
      const thrown = new RpcResponseError("eth_call", code, message, data);
      expect(classifyCallError("test", thrown).kind).to.equal(kind);
    });
  }

  it("S3: a time-out is no answer", () => {
    expect(classifyCallError("test", new Error("fetch failed")).kind).to.equal("transport");
  });

  it("S3: no transaction exceeds its chain's limit or a block", () => {
    expect(transactionGasLimit(1, 60_000_000n)).to.equal(16_777_216n);
    expect(transactionGasLimit(137, 60_000_000n)).to.equal(33_554_432n);
    expect(transactionGasLimit(137, 30_000_000n)).to.equal(30_000_000n);
    expect(transactionGasLimit(999_999, 60_000_000n)).to.equal(16_777_216n);
    expect(transactionGasLimit(1, 60_000_000n, 20_000_000n)).to.equal(20_000_000n);
  });
});
