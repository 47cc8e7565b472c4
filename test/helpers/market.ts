import fs from "node:fs";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { impersonateAccount, setBalance, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { BaseContract, Interface } from "ethers";
import { ethers } from "hardhat";

// Written by hand, not read from the contracts: these are what the tests hold the contracts to.
export const DAY = 86_400;
export const DISPUTE_WINDOW = 7 * DAY;
export const MIN_DISPUTE_WINDOW = 1 * DAY;
export const MAX_DISPUTE_WINDOW = 30 * DAY;
export const SILENCE_TIMEOUT = 90 * DAY;
export const DISPUTE_TIMEOUT = 30 * DAY;
export const MAX_DURATION = 3650 * DAY;

export const YES_WINS = [1n, 0n];
export const NO_WINS = [0n, 1n];
export const SPLIT = [1n, 1n];

/** Both index sets of a binary condition: YES, NO. */
export const PARTITION = [1n, 2n];

export const Role = { OPERATOR: 0, REGISTRAR: 1, PAUSER: 2, RESOLVER: 3, CREATOR: 4 } as const;
export const Outcome = { NONE: 0, YES: 1, NO: 2, SPLIT: 3 } as const;
export const ResolutionState = {
  UNKNOWN: 0,
  OPEN: 1,
  PROPOSED: 2,
  DISPUTED: 3,
  FINALIZED: 4,
} as const;
export const MarketStatus = {
  NONE: 0,
  ACTIVE: 1,
  ENDED: 2,
  PROPOSED: 3,
  DISPUTED: 4,
  RESOLVED: 5,
  CANCELLED: 6,
} as const;

export interface MarketParams {
  questionId: string;
  question: string;
  description: string;
  category: string;
  endTime: number;
  resolutionTime: number;
}

export interface CreatedMarket extends MarketParams {
  conditionId: string;
  /** Token id of YES. */
  yes: bigint;
  /** Token id of NO. */
  no: bigint;
}

type Signer = HardhatEthersSigner;

/** The arguments of createBinaryMarket, in its order. */
export function creationArguments(
  market: MarketParams,
): [string, string, string, string, number, number] {
  const { questionId, question, description, category, endTime, resolutionTime } = market;
  return [questionId, question, description, category, endTime, resolutionTime];
}

/** The same as an entry of createBinaryMarkets. */
export function newMarket(market: MarketParams, disputeWindow = 0) {
  return { ...market, disputeWindow };
}

/** A valid market that ends a day after the latest block, with its result due a day later. */
export async function marketParams(overrides: Partial<MarketParams> = {}): Promise<MarketParams> {
  const endTime = overrides.endTime ?? (await time.latest()) + DAY;
  return {
    questionId: ethers.id("Will it rain in Lisbon on Sunday?"),
    question: "Will it rain in Lisbon on Sunday?",
    description: "YES when the airport station reports 0.1 mm or more.",
    category: "weather",
    endTime,
    resolutionTime: endTime + DAY,
    ...overrides,
  };
}

/**
 * The whole system, linked, with nobody's market yet. `admin` deployed everything; `resolver` and
 * `watcher` hold the resolver role; `creator` holds the creator role; the others hold nothing.
 */
export async function marketFixture() {
  const [admin, resolver, watcher, creator, alice, bob, heir, stranger] =
    (await ethers.getSigners()) as [Signer, Signer, Signer, Signer, Signer, Signer, Signer, Signer];

  const conditionalTokens = await ethers.deployContract("ConditionalTokens");
  const usdc = await ethers.deployContract("MockUSDC");
  const oracle = await ethers.deployContract("ResolutionOracle", [conditionalTokens]);
  const factory = await ethers.deployContract("MarketFactory", [conditionalTokens, usdc, oracle]);
  const exchange = await ethers.deployContract("CTFExchange", [usdc, conditionalTokens]);

  await oracle.setMarketFactory(factory);
  await factory.setExchange(exchange);
  await exchange.addRegistrar(factory);
  await oracle.addResolver(resolver);
  await oracle.addResolver(watcher);
  await factory.addCreator(creator);

  async function createMarket(overrides: Partial<MarketParams> = {}): Promise<CreatedMarket> {
    const market = await marketParams(overrides);
    await factory.connect(creator).createBinaryMarket(...creationArguments(market));
    const { conditionId, token0, token1 } = await factory.getMarket(market.questionId);
    return { ...market, conditionId, yes: token0, no: token1 };
  }

  /** Gives `account` as many USDC units as it then splits into YES and NO of the market. */
  async function split(account: Signer, { conditionId }: CreatedMarket, amount: bigint) {
    await usdc.mint(account, amount);
    await usdc.connect(account).approve(conditionalTokens, amount);
    await conditionalTokens
      .connect(account)
      .splitPosition(usdc, ethers.ZeroHash, conditionId, PARTITION, amount);
  }

  /** Redeems both index sets and tells what it paid. */
  async function redeem(account: Signer, { conditionId }: CreatedMarket): Promise<bigint> {
    const before = await usdc.balanceOf(account);
    await conditionalTokens
      .connect(account)
      .redeemPositions(usdc, ethers.ZeroHash, conditionId, PARTITION);
    return (await usdc.balanceOf(account)) - before;
  }

  return {
    ...{ admin, resolver, watcher, creator, alice, bob, heir, stranger },
    ...{ conditionalTokens, usdc, oracle, factory, exchange },
    ...{ createMarket, split, redeem },
  };
}

export type MarketFixture = Awaited<ReturnType<typeof marketFixture>>;

/** One market, and no proposal. */
export async function openFixture() {
  const system = await marketFixture();
  const market = await system.createMarket();
  return { ...system, market };
}

/** `resolver` proposed YES in the very second the market ended. */
export async function proposedFixture() {
  const system = await openFixture();
  const { oracle, resolver, market } = system;
  const proposedAt = market.endTime;
  await time.setNextBlockTimestamp(proposedAt);
  await oracle.connect(resolver).proposeResolution(market.questionId, YES_WINS);
  return { ...system, proposedAt, deadline: proposedAt + DISPUTE_WINDOW };
}

/** `watcher` disputed the proposal in the last second it could. */
export async function disputedFixture() {
  const system = await proposedFixture();
  const { oracle, watcher, market, deadline } = system;
  const disputedAt = deadline - 1;
  await time.setNextBlockTimestamp(disputedAt);
  await oracle.connect(watcher).disputeResolution(market.questionId);
  return { ...system, disputedAt };
}

/** The proposed YES became final in the first second it could. */
export async function finalizedFixture() {
  const system = await proposedFixture();
  const { oracle, stranger, market, deadline } = system;
  await time.setNextBlockTimestamp(deadline);
  await oracle.connect(stranger).finalizeResolution(market.questionId);
  return { ...system, finalizedAt: deadline };
}

/** A signer that calls as the contract itself. */
export async function impersonate(contract: BaseContract): Promise<Signer> {
  const address = await contract.getAddress();
  await impersonateAccount(address);
  await setBalance(address, ethers.parseEther("1"));
  return ethers.getSigner(address);
}

/** All that oracle and factory keep. A market's status is left out: it also follows the clock. */
export async function stateOf(system: MarketFixture) {
  const { oracle, factory, exchange, conditionalTokens } = system;
  const { admin, resolver, watcher, creator, alice, heir, stranger } = system;
  const people = [admin, resolver, watcher, creator, alice, heir, stranger];
  const count = await factory.marketCount();
  const markets = await factory.getMarkets(0, count);

  return Promise.all([
    ...[oracle.admin(), oracle.pendingAdmin(), oracle.marketFactory(), oracle.disputeWindow()],
    ...[factory.admin(), factory.pendingAdmin(), factory.exchange(), count],
    factory.creationPaused(),
    ...people.map((person) => oracle.hasRole(Role.RESOLVER, person)),
    ...people.map((person) => factory.hasRole(Role.CREATOR, person)),
    ...people.map((person) => factory.hasRole(Role.PAUSER, person)),
    ...markets.map(async (market) => [
      ...Array.from<unknown>(market).filter((_, field) => field !== STATUS_FIELD),
      await oracle.getResolution(market.questionId),
      await conditionalTokens.payoutDenominator(market.conditionId),
      await exchange.getComplement(market.token0),
    ]),
  ]);
}

/** Where `status` stands among the fields of Market. */
const STATUS_FIELD = 11;

/** The call is refused with this error and these values, and nothing has changed. */
export async function expectRefusal(
  system: MarketFixture,
  call: () => Promise<unknown>,
  contract: BaseContract,
  error: string,
  values: unknown[],
): Promise<void> {
  const before = await stateOf(system);
  const refusal = expect(call(), error).to.be.revertedWithCustomError(contract, error);
  await (values.length === 0 ? refusal : refusal.withArgs(...values));
  expect(await stateOf(system), `state after ${error}`).to.deep.equal(before);
}

/** The errors of an interface that none of the files provokes: their names, quoted, do not occur. */
export function unprovokedErrors(contract: Interface, files: string[]): string[] {
  const source = files.map((file) => fs.readFileSync(file, "utf8")).join("\n");
  const errors: string[] = [];
  contract.forEachError(({ name }) => errors.push(name));
  return errors.filter((name) => !source.includes(`"${name}"`));
}

/** The functions of an interface that none of the files calls. */
export function uncalledFunctions(contract: Interface, files: string[]): string[] {
  const source = files.map((file) => fs.readFileSync(file, "utf8")).join("\n");
  const functions: string[] = [];
  contract.forEachFunction(({ name }) => functions.push(name));
  return functions.filter((name) => !source.includes(`.${name}(`));
}
