import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import {
  type BaseContract,
  type Interface,
  type LogDescription,
  AbiCoder,
  TypedDataEncoder,
  ZeroHash,
  concat,
  id,
  keccak256,
} from "ethers";
import { ethers, network } from "hardhat";
import { ORDER_TYPES, type OrderFields, signDigest } from "../helpers/exchange";
import {
  ACCOUNTS,
  Model,
  type ModelMarket,
  type ModelOrder,
  PEOPLE,
  Role,
  type RoleName,
  SIGNERS,
  SLOTS,
  State,
  UNLIMITED,
  type Value,
  VECTORS,
} from "./model";

/*
 * The four contracts, the collateral and everybody on one chain, ready to trade. A call goes straight to the node: fixed
 * gas, a second chosen by the test, no estimate. What the chain remembers is read in two calls.
 */

const RICH = 2n ** 72n;
const POOR = 5_000n;
const GAS = "0x989680";
const GAS_PRICE = "0x4a817c800";

export type Order = ModelOrder & OrderFields & { signature: string };

export interface Call {
  by: string;
  to: ContractName;
  what: string;
  args: unknown[];
}

export type ContractName = "exchange" | "factory" | "oracle" | "ctf" | "usdc";

export interface Answer {
  error: { error: string; args: Value[] } | null;
  hash: string;
}

export interface RawLog {
  address: string;
  blockNumber: string;
  topics: string[];
  data: string;
}

export interface Event {
  from: ContractName;
  block: number;
  name: string;
  args: LogDescription["args"];
}

/** When a question is asked: after every call, after calls that concern the market, or from time to time. */
type Scope = "always" | "rarely" | number;

interface Question {
  scope: Scope;
  label: string;
  target: string;
  data: string;
  /** Words before the answer proper: the head of an array. */
  skip: number;
  expected: (model: Model) => (bigint | number)[];
}

/** What the chain remembers, by label. */
export class Observed {
  constructor(
    readonly words: Map<string, bigint[]>,
    readonly statuses: Map<string, { over: boolean; remaining: bigint }>,
    readonly raw: string,
    /** Labels that were read just now. */
    readonly fresh: ReadonlySet<string>,
  ) {}

  word(label: string): bigint {
    const word = this.words.get(label)?.[0];
    if (word === undefined) throw new Error(`nothing was read under "${label}"`);
    return word;
  }

  list(label: string): bigint[] {
    return this.words.get(label) ?? [];
  }

  balance(asset: number, account: string): bigint {
    return this.list(`balances of asset ${asset}`)[ACCOUNTS.indexOf(account)] as bigint;
  }

  nonce(account: string): bigint {
    return this.word(`nonce of ${account}`);
  }

  supply(asset: number): bigint {
    return this.list(`balances of asset ${asset}`).reduce((sum, held) => sum + held, 0n);
  }

  /** The oracle's record: state, outcome, proposer, disputer, five times. */
  resolution(slot: number): bigint[] {
    return this.list(`resolution ${slot}`);
  }

  status({ hash }: ModelOrder): { over: boolean; remaining: bigint } {
    return this.statuses.get(hash) ?? { over: false, remaining: 0n };
  }
}

export type World = Awaited<ReturnType<typeof deployWorld>>;

export async function deployWorld() {
  const signers = await ethers.getSigners();
  const signersByName = Object.fromEntries(
    PEOPLE.map((name, i) => [name, signers[i] as HardhatEthersSigner]),
  );
  const person = (name: string) => signersByName[name] as HardhatEthersSigner;
  const admin = person("admin");

  const usdc = await ethers.deployContract("MockUSDC", admin);
  const ctf = await ethers.deployContract("ConditionalTokens", admin);
  const oracle = await ethers.deployContract("ResolutionOracle", [ctf], admin);
  const factory = await ethers.deployContract("MarketFactory", [ctf, usdc, oracle], admin);
  const exchange = await ethers.deployContract("CTFExchange", [usdc, ctf], admin);
  const reads = await ethers.deployContract("ManyReads", admin);
  const contracts = { exchange, factory, oracle, ctf, usdc };
  const addresses: Record<string, string> = Object.fromEntries(
    await Promise.all([
      ...PEOPLE.map((name) => [name, person(name).address] as const),
      ...Object.entries(contracts).map(
        async ([name, contract]) => [name, await (contract as BaseContract).getAddress()] as const,
      ),
    ]),
  );
  addresses["reads"] = await reads.getAddress();
  const address = (name: string) => addresses[name] as string;

  await oracle.setMarketFactory(factory);
  await factory.setExchange(exchange);
  await exchange.addRegistrar(factory);
  await exchange.addOperator(person("operator"));
  await exchange.addPauser(person("pauser"));
  await exchange.setFeeReceiver(person("feeReceiver"));
  await oracle.addResolver(person("resolver"));
  await oracle.addResolver(person("watcher"));
  await factory.addCreator(person("creator"));

  /** As ConditionalTokens derives them: index sets 1 and 2. */
  const positionIds = (conditionId: string) =>
    Promise.all(
      [1n, 2n].map(async (set) =>
        ctf.getPositionId(usdc, await ctf.getCollectionId(ZeroHash, conditionId, set)),
      ),
    );

  const markets: ModelMarket[] = [];
  for (let slot = 0; slot < SLOTS; slot++) {
    const questionId = id(`market ${slot}`);
    const conditionId = await ctf.getConditionId(oracle, questionId, 2);
    const ids = await positionIds(conditionId);
    const times = { createdAt: 0, endTime: 0, resolutionTime: 0, proposedAt: 0, disputedAt: 0 };
    const sums = { splits: 0n, merges: 0n, paid: 0n, redemptions: 0n };
    const flags = { prepared: false, registered: false, cancelled: false };
    markets.push({
      ...{ slot, questionId, conditionId, ids: ids as [bigint, bigint], ...flags, ...times },
      ...{ creator: null, state: State.UNKNOWN, outcome: 0, proposer: null, disputer: null },
      ...{ window: 0, ...sums },
    });
  }

  const model = new Model(addresses, markets);
  for (const role of ["OPERATOR operator", "PAUSER pauser", "CREATOR creator"]) {
    model.roles.add(role);
  }
  for (const resolver of ["resolver", "watcher"]) model.roles.add(`RESOLVER ${resolver}`);

  // ------------------------------------------------------------------------------------ calling

  const names = Object.keys(contracts) as ContractName[];
  const interfaces = Object.fromEntries(
    names.map((name) => [name, (contracts[name] as BaseContract).interface]),
  ) as Record<ContractName, Interface>;

  /** Sends a call in the second given; tells how it ended. */
  async function send({ by, to, what, args }: Call, at: number): Promise<Answer> {
    const data = interfaces[to].encodeFunctionData(what, args);
    const sent = { from: address(by), to: address(to), data, gas: GAS, gasPrice: GAS_PRICE };
    await network.provider.send("evm_setNextBlockTimestamp", [at]);
    try {
      const hash = (await network.provider.send("eth_sendTransaction", [sent])) as string;
      return { error: null, hash };
    } catch (failure) {
      const { data: thrown } = failure as { data?: { data?: string; txHash?: string } | string };
      const raw = typeof thrown === "string" ? thrown : thrown?.data;
      if (raw === undefined) throw failure;
      return { error: decodeError(raw), hash: "" };
    }
  }

  function decodeError(data: string): { error: string; args: Value[] } {
    for (const name of ["exchange", "usdc", "oracle", "factory"] as const) {
      const found = interfaces[name].parseError(data);
      if (found !== null) return { error: found.name, args: found.args.toArray(true) as Value[] };
    }
    return { error: "unknown", args: [data] };
  }

  function parse(logs: RawLog[]): Event[] {
    const events: Event[] = [];
    for (const log of logs) {
      const from = names.find((name) => address(name).toLowerCase() === log.address);
      const found = from === undefined ? null : interfaces[from].parseLog(log);
      if (from === undefined || found === null) throw new Error(`no event is known: ${log.topics}`);
      events.push({ from, block: Number(log.blockNumber), name: found.name, args: found.args });
    }
    return events;
  }

  async function eventsOf(hash: string): Promise<Event[]> {
    const receipt = (await network.provider.send("eth_getTransactionReceipt", [hash])) as {
      logs: RawLog[];
    };
    return parse(receipt.logs);
  }

  /** All logs from a block on, as the node gives them. */
  async function logsFrom(block: number): Promise<RawLog[]> {
    const filter = { fromBlock: `0x${block.toString(16)}`, toBlock: "latest" };
    return (await network.provider.send("eth_getLogs", [filter])) as RawLog[];
  }

  /** What our own contracts told. */
  function ourEvents(logs: RawLog[]): Event[] {
    const ours = (["exchange", "factory", "oracle"] as const).map((n) => address(n).toLowerCase());
    return parse(logs.filter((log) => ours.includes(log.address)));
  }

  async function blockNumber(): Promise<number> {
    return Number(await network.provider.send("eth_blockNumber", []));
  }

  // ------------------------------------------------------------------------------------ signing

  const domain = TypedDataEncoder.hashDomain({
    ...{ name: "Nostra CTF Exchange", version: "1", chainId: 31337n },
    verifyingContract: address("exchange"),
  });
  const encoder = TypedDataEncoder.from(ORDER_TYPES);

  /** Signs with the key of `by`, who need not be the owner. */
  function sign(owner: string, fields: OrderFields, by = owner): Order {
    const hash = keccak256(concat(["0x1901", domain, encoder.hash(fields)]));
    const signature = signDigest(hash, person(by));
    const may = [by === owner, by === "deputy"][fields.signatureType] ?? false;
    const genuine = may && fields.signer === address(by);
    return { ...fields, owner, genuine, hash, signature };
  }

  // ------------------------------------------------------------------------------------ reading

  function ask(
    scope: Scope,
    label: string,
    to: ContractName,
    what: string,
    args: unknown[],
    expected: Question["expected"],
    skip = 0,
  ): Question {
    const data = interfaces[to].encodeFunctionData(what, args);
    return { scope, label, target: address(to), data, skip, expected };
  }

  const number = (name: string | null): bigint => (name === null ? 0n : BigInt(address(name)));
  const holders = ACCOUNTS.map(address);
  const people: Question[] = [
    ...ACCOUNTS.map((account) =>
      ask("always", `collateral of ${account}`, "usdc", "balanceOf", [address(account)], (m) => [
        m.balance(0, account),
      ]),
    ),
    ...SIGNERS.map((owner) =>
      ask("always", `nonce of ${owner}`, "exchange", "nonces", [address(owner)], (m) => [
        m.nonces[owner] as bigint,
      ]),
    ),
    ask("always", "paused", "exchange", "paused", [], (m) => [Number(m.paused)]),
    ask("always", "fee receiver", "exchange", "feeReceiver", [], (m) => [number(m.feeReceiver)]),
    ask("always", "markets", "factory", "marketCount", [], (m) => [
      m.markets.filter(({ creator }) => creator !== null).length,
    ]),
    ...SIGNERS.map((owner) => {
      const asked = [address(owner), address("deputy")];
      return ask("rarely", `delegate of ${owner}`, "exchange", "signerExpiration", asked, (m) => [
        m.delegated[owner] as bigint,
      ]);
    }),
    ...SIGNERS.flatMap((owner) => {
      const parties = [address(owner), address("exchange")];
      return [
        ask("rarely", `approval of ${owner}`, "ctf", "isApprovedForAll", parties, (m) => [
          Number(m.approved[owner]),
        ]),
        ...["exchange", "ctf"].map((spender) => {
          const asked = [address(owner), address(spender)];
          return ask(
            "rarely",
            `allowance of ${owner} to ${spender}`,
            "usdc",
            "allowance",
            asked,
            (m) => [m.allowance(spender, owner)],
          );
        }),
      ];
    }),
    ...(["exchange", "factory", "oracle"] as const).map((to) =>
      ask("rarely", `admin of ${to}`, to, "admin", [], () => [number("admin")]),
    ),
    ...(Object.keys(Role) as RoleName[]).map((role) => {
      const asked = [Role[role], address("deputy")];
      return ask("rarely", `deputy is ${role}`, contractOf(role), "hasRole", asked, (m) => [
        Number(m.holds(role, "deputy")),
      ]);
    }),
  ];
  /** Of each market what an unprepared condition answers too, then what only a prepared one does. */
  const ofMarkets = markets.map(({ slot, questionId, conditionId, ids }) => {
    const first = 1 + 2 * slot;
    const both = [0, 1] as const;
    const plain: Question[] = [
      ...both.flatMap((i) => [
        ask(
          slot,
          `balances of asset ${first + i}`,
          "ctf",
          "balanceOfBatch",
          [holders, holders.map(() => ids[i])],
          (m) => ACCOUNTS.map((account) => m.balance(first + i, account)),
          2,
        ),
        ask(
          slot,
          `complement of asset ${first + i}`,
          "exchange",
          "getComplement",
          [ids[i]],
          (m) => [m.market(slot).registered ? (ids[1 - i] as bigint) : 0n],
        ),
        ask(
          slot,
          `condition of asset ${first + i}`,
          "exchange",
          "getConditionId",
          [ids[i]],
          (m) => [m.market(slot).registered ? BigInt(conditionId) : 0n],
        ),
      ]),
      ask(slot, `resolution ${slot}`, "oracle", "getResolution", [questionId], (m) => {
        const market = m.market(slot);
        const { state, outcome, proposer, disputer, endTime, resolutionTime } = market;
        const { proposedAt, disputedAt, window } = market;
        return [
          ...[state, outcome, number(proposer), number(disputer), endTime, resolutionTime],
          ...[proposedAt, disputedAt, window],
        ];
      }),
      ask(slot, `timeout ${slot}`, "oracle", "timeoutOf", [questionId], (m) => [
        m.timeoutOf(m.market(slot)),
      ]),
      ask(slot, `outcomes ${slot}`, "ctf", "getOutcomeSlotCount", [conditionId], (m) => [
        m.market(slot).prepared ? 2 : 0,
      ]),
      ask(slot, `denominator ${slot}`, "ctf", "payoutDenominator", [conditionId], (m) => {
        const [yes, no] = payoutsOf(m.market(slot));
        return [yes + no];
      }),
      ask(slot, `status ${slot}`, "factory", "getStatus", [questionId], (m) => [
        m.statusOf(m.market(slot), m.now),
      ]),
    ];
    const numerators = both.map((i) =>
      ask(slot, `numerator ${slot} ${i}`, "ctf", "payoutNumerators", [conditionId, i], (m) => [
        payoutsOf(m.market(slot))[i],
      ]),
    );
    return { plain, numerators };
  });

  const prepared = new Map<string, { questions: Question[]; calldata: string }>();
  const statusSelector = interfaces.exchange.getFunction("getOrderStatuses")?.selector as string;

  /** The questions in these scopes, and their calldata. */
  function questionsOf(model: Model, slots: readonly number[] | "all") {
    const chosen = model.markets.filter(({ slot }) => slots === "all" || slots.includes(slot));
    const key = `${slots === "all"} ${chosen.map((m) => `${m.slot}${m.prepared}`).join(" ")}`;
    let asked = prepared.get(key);
    if (asked === undefined) {
      const questions = people.filter(({ scope }) => slots === "all" || scope === "always");
      for (const market of chosen) {
        const of = ofMarkets[market.slot];
        questions.push(...(of?.plain ?? []), ...(market.prepared ? (of?.numerators ?? []) : []));
      }
      const list = questions.map(({ target, data }) => ({ target, data }));
      asked = { questions, calldata: reads.interface.encodeFunctionData("readAll", [list]) };
      prepared.set(key, asked);
    }
    return asked;
  }

  /**
   * Reads what a call that concerns these markets can change, and the status of these orders; of the rest what was known
   * `before` stands. A wrong value does not heal, so whatever is not read now is caught when all is read.
   */
  async function observe(
    model: Model,
    hashes: string[],
    slots: readonly number[] | "all" = "all",
    before?: Observed,
  ): Promise<{ seen: Observed; differences: string[] }> {
    const { questions, calldata } = questionsOf(model, slots);
    const head = AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [32, hashes.length]);
    const statusCall = [statusSelector, head, ...hashes].map((hex) => hex.slice(2)).join("");
    const raw = await call(address("reads"), calldata);
    const rawStatuses =
      hashes.length === 0 ? "" : await call(address("exchange"), `0x${statusCall}`);

    const differences: string[] = [];
    const words = new Map(before?.words);
    const body = raw.slice(2 + 128);
    for (const [i, { label, skip, expected }] of questions.entries()) {
      const start = 2 * Number(wordAt(body, i));
      const length = Number(BigInt(`0x${body.slice(start, start + 64)}`)) / 32;
      const answer: bigint[] = [];
      for (let j = skip; j < length; j++) {
        const at = start + 64 * (j + 1);
        answer.push(BigInt(`0x${body.slice(at, at + 64)}`));
      }
      words.set(label, answer);
      const [is, should] = [answer.join(" "), expected(model).join(" ")];
      if (is !== should) differences.push(`${label}: is ${is}, should be ${should}`);
    }
    words.set(
      "balances of asset 0",
      ACCOUNTS.map((account) => words.get(`collateral of ${account}`)?.[0] as bigint),
    );
    const statuses = new Map(before?.statuses);
    const pairs = rawStatuses.slice(2 + 128);
    for (const [i, hash] of hashes.entries()) {
      const is = { over: wordAt(pairs, 2 * i) === 1n, remaining: wordAt(pairs, 2 * i + 1) };
      statuses.set(hash, is);
      const should = model.statuses.get(hash) ?? { over: false, remaining: 0n };
      if (is.over !== should.over || is.remaining !== should.remaining) {
        differences.push(`order ${hash}: is ${shown(is)}, should be ${shown(should)}`);
      }
    }
    const fresh = new Set(questions.map(({ label }) => label));
    return { seen: new Observed(words, statuses, raw + rawStatuses, fresh), differences };
  }

  /** Every role of everybody, as `contract ROLE account`. */
  async function rolesOnChain(): Promise<string[]> {
    const asked = (["exchange", "oracle", "factory"] as const).flatMap((to) =>
      (Object.keys(Role) as RoleName[]).flatMap((role) =>
        [...PEOPLE, "factory"].map((account) => ({ to, role, account })),
      ),
    );
    const list = asked.map(({ to, role, account }) => ({
      target: address(to),
      data: interfaces[to].encodeFunctionData("hasRole", [Role[role], address(account)]),
    }));
    const answers = await reads.readAll(list);
    return asked
      .filter((_, i) => BigInt(answers[i] as string) === 1n)
      .map(({ to, role, account }) => `${to} ${role} ${account}`);
  }

  // ------------------------------------------------------------------------------------ ready

  const world = {
    ...{ addresses, address, interfaces, model, send, eventsOf, logsFrom, ourEvents, blockNumber },
    ...{ decodeError, sign, observe, rolesOnChain, positionIds },
  };
  await open(world);
  return world;
}

/** Two markets, money for everybody, approvals. The same calls as later in the runs, and none may fail. */
async function open(world: Pick<World, "send" | "model" | "address">): Promise<void> {
  const { model, send, address } = world;
  model.now = Number((await ethers.provider.getBlock("latest"))?.timestamp);
  const must = async (call: Call, verdict: { refusals: unknown[]; apply: () => void }) => {
    const { error } = await send(call, model.now);
    if (error !== null || verdict.refusals.length > 0) {
      throw new Error(`${call.what} by ${call.by}: ${shown(error)}`);
    }
    verdict.apply();
    model.now += 1;
  };
  model.now += 1;
  for (const slot of [0, 1]) {
    const { questionId } = model.market(slot);
    const end = model.now + 86_400 * (slot + 1);
    const texts = ["Q?", "Rules", "test"] as const;
    const times = [end, end + 86_400] as const;
    const args = [questionId, ...texts, ...times];
    await must(
      { by: "creator", to: "factory", what: "createBinaryMarket", args },
      model.create("creator", slot, texts, times),
    );
  }
  for (const by of SIGNERS) {
    const poor = by === "pat";
    const [funds, pairs] = poor ? [POOR, POOR / 4n] : [4n * RICH, RICH];
    const limit = poor ? 2n * POOR : UNLIMITED;
    const mint = { by, to: "usdc" as const, what: "mint", args: [address(by), funds] };
    await must(mint, model.mint(by, funds));
    for (const spender of ["ctf", "exchange"]) {
      const approve = { by, to: "usdc" as const, what: "approve", args: [address(spender), limit] };
      await must(approve, model.approve(by, spender, limit));
    }
    const approval = { what: "setApprovalForAll", args: [address("exchange"), true] };
    await must({ by, to: "ctf", ...approval }, model.setApproval(by, true));
    for (const slot of [0, 1]) {
      const args = [address("usdc"), ZeroHash, model.market(slot).conditionId, [1n, 2n], pairs];
      await must({ by, to: "ctf", what: "splitPosition", args }, model.split(by, slot, pairs));
    }
  }
  model.now -= 1;
}

async function call(to: string, data: string): Promise<string> {
  return (await network.provider.send("eth_call", [{ to, data }, "latest"])) as string;
}

function wordAt(hex: string, index: number): bigint {
  return BigInt(`0x${hex.slice(64 * index, 64 * (index + 1))}`);
}

function contractOf(role: RoleName): "exchange" | "oracle" | "factory" {
  if (role === "RESOLVER") return "oracle";
  return role === "CREATOR" ? "factory" : "exchange";
}

/** The vector that ConditionalTokens must know: none before the end. */
export function payoutsOf({ state, outcome }: ModelMarket): [bigint, bigint] {
  return (state === State.FINALIZED ? VECTORS[outcome] : [0n, 0n]) as [bigint, bigint];
}

export function shown(value: unknown): string {
  return JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}` : v)) ?? "";
}
