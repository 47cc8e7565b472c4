import { MaxUint256, ZeroHash, computeAddress, id, solidityPackedKeccak256 } from "ethers";
import { findCheapQuestionId } from "@nostra/sdk/ids";
import hre from "hardhat";
import {
  type Artifact,
  type Contract,
  type Sent,
  compileStandIns,
  deploy,
  read,
  send,
  unlock,
} from "./chain";
import { COLLATERAL, type Match, Moves, addMovesOf, makerFillsOf } from "./moves";
import { LOT, type OrderMaker, type Outcome, account, orderMaker } from "./orders";

export const OPERATOR = account(1);
export const TAKER = account(2);
export const FEE_RECEIVER = account(24);
/** Has collateral and never held an outcome token. */
export const COLD_TAKER = account(30);
/** Has YES tokens and never held collateral. */
export const COLD_MAKER = account(31);
/** The key behind contract accounts. */
export const WALLET_OWNER = account(32);
/** A key that only signs. */
export const SESSION_KEY = account(33);

const MAX_MAKERS = 20;
const MAKERS = Array.from({ length: MAX_MAKERS }, (_, k) => account(3 + k));

/** Deploys and administers. It has no other use, so that addresses do not depend on what ran before on the chain. */
export const ADMIN = computeAddress(id("Nostra gas measurements: admin"));
/**
 * ConditionalTokens spends 16k to 105k gas on deriving the two token ids of a condition, and how much depends on oracle and
 * question. This pair costs 31k, the median of 300 questions.
 */
const ORACLE = account(0);
const QUESTION = id("market 74");
/** The same text with a salt of the SDK's choice: 2 tries on the curve, the fewest there are, where QUESTION takes 4. */
const CHEAP_QUESTION = findCheapQuestionId("market 74", { oracle: ORACLE }).questionId;

const PAIRS = 10n ** 12n;
const COLLATERAL_FUNDS = 10n ** 13n;
const COLD_TOKENS = 10n ** 11n;
const PARTITION = [1, 2];
const WINNER_YES = [1, 0];

/** What is settled before any measurement, so that every account and the exchange are in their steady state. */
const WARM_UP = "warm-up";

/** A match that moved something else than its orders say. */
export class WrongMoves extends Error {}

/** The start state of every measurement, and what a scenario can do with it. */
export class World {
  /** What setting up cost, for scenarios that ask. */
  readonly setUpGas = { prepareCondition: 0, registerToken: 0, addOperator: 0 };

  private constructor(
    readonly exchange: Contract,
    readonly ctf: Contract,
    readonly usdc: Contract,
    private readonly question: string,
    readonly conditionId: string,
    readonly tokenIds: Readonly<Record<Outcome, bigint>>,
    private readonly standIn: (name: string) => Artifact,
  ) {}

  static async create(): Promise<World> {
    const everyone = [ADMIN, ORACLE, OPERATOR, TAKER, FEE_RECEIVER, ...MAKERS];
    for (const who of [...everyone, COLD_TAKER, COLD_MAKER, WALLET_OWNER]) await unlock(who);

    const standIn = await compileStandIns();
    const usdc = await deploy(ADMIN, standIn("BenchDollar"));
    const ctf = await deploy(
      ADMIN,
      await hre.artifacts.readArtifact(
        "@gnosis.pm/conditional-tokens-contracts/contracts/ConditionalTokens.sol:ConditionalTokens",
      ),
    );
    const exchange = await deploy(ADMIN, await hre.artifacts.readArtifact("CTFExchange"), [
      usdc.address,
      ctf.address,
    ]);

    const world = await World.open(exchange, ctf, usdc, QUESTION, standIn);
    world.setUpGas.addOperator = (await send(ADMIN, exchange, "addOperator", [OPERATOR])).gas;
    await send(ADMIN, exchange, "setFeeReceiver", [FEE_RECEIVER]);

    for (const who of [ADMIN, OPERATOR, TAKER, FEE_RECEIVER, ...MAKERS]) await world.fund(who);
    await world.mint(COLD_TAKER, COLLATERAL_FUNDS);
    await world.approveExchange(COLD_TAKER);
    await world.giveTokens(COLD_MAKER, "YES", COLD_TOKENS);
    await world.approveExchange(COLD_MAKER);
    await world.warmUp();
    return world;
  }

  /** The question's condition, prepared and registered. */
  private static async open(
    exchange: Contract,
    ctf: Contract,
    usdc: Contract,
    question: string,
    standIn: (name: string) => Artifact,
  ): Promise<World> {
    const prepared = await send(ADMIN, ctf, "prepareCondition", [ORACLE, question, 2]);
    const conditionId = solidityPackedKeccak256(
      ["address", "bytes32", "uint256"],
      [ORACLE, question, 2],
    );
    const tokenIds = {
      YES: await positionId(ctf, usdc, conditionId, 1),
      NO: await positionId(ctf, usdc, conditionId, 2),
    };
    const world = new World(exchange, ctf, usdc, question, conditionId, tokenIds, standIn);
    world.setUpGas.prepareCondition = prepared.gas;

    const registered = await send(ADMIN, exchange, "registerToken", [
      tokenIds.YES,
      tokenIds.NO,
      conditionId,
    ]);
    world.setUpGas.registerToken = registered.gas;
    return world;
  }

  /** The same world at a question whose token ids are cheap to derive, in the same steady state. */
  async onCheapQuestion(): Promise<World> {
    const { exchange, ctf, usdc, standIn } = this;
    const cheap = await World.open(exchange, ctf, usdc, CHEAP_QUESTION, standIn);
    for (const who of [ADMIN, OPERATOR, TAKER, FEE_RECEIVER, ...MAKERS]) await cheap.fund(who);
    await cheap.warmUp();
    return cheap;
  }

  maker(k: number): string {
    const address = MAKERS[k];
    if (address === undefined) throw new Error(`there are ${MAX_MAKERS} makers`);
    return address;
  }

  /** The makers of the orders that `of` makes, one each. */
  makers<T>(count: number, of: (maker: string) => T): T[] {
    return Array.from({ length: count }, (_, k) => of(this.maker(k)));
  }

  /** Makes the orders of the scenario. */
  orders(scenario: string): OrderMaker {
    return orderMaker(scenario, this.exchange.address, this.tokenIds);
  }

  /** Settles one match by `matchOrders`, and holds what moved against its orders. */
  match(match: Match): Promise<Sent> {
    return this.settle([match], () =>
      send(OPERATOR, this.exchange, "matchOrders", [
        match.taker,
        match.makers,
        match.takerFill ?? match.taker.makerAmount,
        makerFillsOf(match),
      ]),
    );
  }

  /** Sends whatever settles these matches, and holds what moved against their orders. Throws WrongMoves. */
  async settle(matches: readonly Match[], act: () => Promise<Sent>): Promise<Sent> {
    const expected = new Moves();
    for (const match of matches) addMovesOf(match, FEE_RECEIVER, expected);

    const parties = new Set([...expected.accounts(), FEE_RECEIVER, OPERATOR]);
    parties.add(this.exchange.address);
    const before = await this.balances(parties);
    const sent = await act();
    for (const { who, asset, balance } of await this.balances(parties)) {
      const old = before.find((one) => one.who === who && one.asset === asset)?.balance ?? 0n;
      const want = expected.of(who, asset);
      if (balance - old !== want) {
        throw new WrongMoves(`asset ${asset} of ${who} moved by ${balance - old}, not by ${want}`);
      }
    }
    return sent;
  }

  /** Collateral, and outcome tokens of both kinds, with the exchange approved for all. */
  async fund(who: string): Promise<void> {
    await this.mint(who, PAIRS + COLLATERAL_FUNDS);
    await send(who, this.usdc, "approve", [this.ctf.address, MaxUint256]);
    await this.split(who, PAIRS);
    await this.approveExchange(who);
  }

  async approveExchange(who: string): Promise<void> {
    await send(who, this.usdc, "approve", [this.exchange.address, MaxUint256]);
    await send(who, this.ctf, "setApprovalForAll", [this.exchange.address, true]);
  }

  async mint(who: string, amount: bigint): Promise<void> {
    await send(ADMIN, this.usdc, "mint", [who, amount]);
  }

  /** A funded contract account that confirms what WALLET_OWNER signs (EIP-1271). */
  async contractWallet(): Promise<string> {
    const { address } = await deploy(ADMIN, this.standIn("BenchWallet"), [WALLET_OWNER]);
    await unlock(address);
    await this.fund(address);
    return address;
  }

  split(who: string, amount: bigint = LOT): Promise<Sent> {
    return send(who, this.ctf, "splitPosition", [
      this.usdc.address,
      ZeroHash,
      this.conditionId,
      PARTITION,
      amount,
    ]);
  }

  merge(who: string): Promise<Sent> {
    return send(who, this.ctf, "mergePositions", [
      this.usdc.address,
      ZeroHash,
      this.conditionId,
      PARTITION,
      LOT,
    ]);
  }

  giveTokens(to: string, outcome: Outcome, amount: bigint = LOT, from = ADMIN): Promise<Sent> {
    return send(from, this.ctf, "safeTransferFrom", [
      from,
      to,
      this.tokenIds[outcome],
      amount,
      "0x",
    ]);
  }

  resolve(): Promise<Sent> {
    return send(ORACLE, this.ctf, "reportPayouts", [this.question, WINNER_YES]);
  }

  redeem(who: string, indexSets: readonly number[]): Promise<Sent> {
    return send(who, this.ctf, "redeemPositions", [
      this.usdc.address,
      ZeroHash,
      this.conditionId,
      indexSets,
    ]);
  }

  /** One complementary, one mint and one merge trade. */
  private async warmUp(): Promise<void> {
    const { buy, sell } = this.orders(WARM_UP);
    const first = this.maker(0);
    await this.match({
      taker: buy({ maker: TAKER, outcome: "YES", cents: 60 }),
      makers: [sell({ maker: first, outcome: "YES", cents: 60 })],
    });
    await this.match({
      taker: buy({ maker: TAKER, outcome: "YES", cents: 60 }),
      makers: [buy({ maker: first, outcome: "NO", cents: 40 })],
    });
    await this.match({
      taker: sell({ maker: TAKER, outcome: "YES", cents: 60 }),
      makers: [sell({ maker: first, outcome: "NO", cents: 40 })],
    });
  }

  private async balances(
    parties: Iterable<string>,
  ): Promise<{ who: string; asset: bigint; balance: bigint }[]> {
    const found = [];
    for (const who of parties) {
      const collateral = await read<bigint>(this.usdc, "balanceOf", [who]);
      found.push({ who, asset: COLLATERAL, balance: collateral });
      for (const asset of [this.tokenIds.YES, this.tokenIds.NO]) {
        found.push({
          who,
          asset,
          balance: await read<bigint>(this.ctf, "balanceOf", [who, asset]),
        });
      }
    }
    return found;
  }
}

async function positionId(
  ctf: Contract,
  usdc: Contract,
  conditionId: string,
  indexSet: number,
): Promise<bigint> {
  const collection = await read<string>(ctf, "getCollectionId", [ZeroHash, conditionId, indexSet]);
  return read<bigint>(ctf, "getPositionId", [usdc.address, collection]);
}
