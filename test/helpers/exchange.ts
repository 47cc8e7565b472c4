import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { expect } from "chai";
import {
  type BaseContract,
  HDNodeWallet,
  type SigningKey,
  type TransactionResponse,
  TypedDataEncoder,
  ZeroAddress,
  ZeroHash,
} from "ethers";
import { ethers } from "hardhat";
import type {
  CTFExchange,
  ConditionalTokens,
  HostileCollateral,
  ManyReads,
  MockUSDC,
} from "../../typechain-types";
import { MEASURED } from "./measured";

// Written by hand, not read from the contracts or the SDK: these are what the tests hold both to.

/** One dollar, and one outcome token: six decimals. */
export const UNIT = 1_000_000n;
export const MAX_AMOUNT = 2n ** 120n - 1n;
export const MAX_FEE_RATE_BPS = 1000n;
export const PARTITION = [1n, 2n];
export const NO_ORDER = ZeroHash;

export const BUY = 0;
export const SELL = 1;
export const Role = { OPERATOR: 0, REGISTRAR: 1, PAUSER: 2 } as const;

export const ORDER_TYPES = {
  Order: [
    { name: "salt", type: "uint256" },
    { name: "maker", type: "address" },
    { name: "signer", type: "address" },
    { name: "taker", type: "address" },
    { name: "tokenId", type: "uint256" },
    { name: "makerAmount", type: "uint256" },
    { name: "takerAmount", type: "uint256" },
    { name: "expiration", type: "uint256" },
    { name: "nonce", type: "uint256" },
    { name: "feeRateBps", type: "uint256" },
    { name: "side", type: "uint8" },
    { name: "signatureType", type: "uint8" },
  ],
};

/** The twelve fields that are signed. */
export interface OrderFields {
  salt: bigint;
  maker: string;
  signer: string;
  taker: string;
  tokenId: bigint;
  makerAmount: bigint;
  takerAmount: bigint;
  expiration: bigint;
  nonce: bigint;
  feeRateBps: bigint;
  side: number;
  signatureType: number;
}

/** An order ready to be sent, and the hash that the exchange must know it by. */
export interface SignedOrder extends OrderFields {
  signature: string;
  hash: string;
}

/** What a test says of an order; everything else is filled in with something valid. */
export interface OrderDraft extends Partial<Omit<OrderFields, "maker" | "side">> {
  maker: HardhatEthersSigner;
  /** Outcome-token units; 100 tokens unless told. */
  size?: bigint;
  /** Collateral units for one whole token; 0.50 unless told. */
  price?: bigint;
}

export type Account = HardhatEthersSigner | BaseContract | string;

export type ExchangeFixture = Awaited<ReturnType<typeof exchangeFixture>>;
export type HostileFixture = Awaited<ReturnType<typeof hostileFixture>>;

type Deployed = Awaited<ReturnType<typeof deployExchange>>;

const MNEMONIC = "test test test test test test test test test test test junk";
/** Orders whose status is part of the digest of the state: more than any one test signs. */
const RECENT_ORDERS = 64;
const FUNDS = 1_000_000n * UNIT;

let lastSalt = 0n;

/** `cents(55)` is a price of 0.55, or 55 cents. */
export function cents(amount: number): bigint {
  return BigInt(amount) * 10_000n;
}

/** `tokens(3)` is three outcome tokens, and three dollars. */
export function tokens(amount: number): bigint {
  return BigInt(amount) * UNIT;
}

/** The exchange over a plain collateral, one market ready to trade and every trader funded. */
export async function exchangeFixture() {
  const usdc = await ethers.deployContract("MockUSDC");
  return { usdc, ...(await deployExchange(usdc)) };
}

/** The same over a collateral that misbehaves when told to. */
export async function hostileFixture() {
  const usdc = await ethers.deployContract("HostileCollateral");
  return { usdc, ...(await deployExchange(usdc)) };
}

async function deployExchange(collateral: MockUSDC | HostileCollateral) {
  const signers = await ethers.getSigners();
  const [admin, operator, registrar, pauser, oracle, feeReceiver, stranger, donor] =
    signers as Actors8;
  const [taker, alice, bob, carol, dave, erin] = signers.slice(8) as Actors6;
  const traders = [taker, alice, bob, carol, dave, erin];

  const ctf = await ethers.deployContract("ConditionalTokens");
  const exchange = await ethers.deployContract("CTFExchange", [
    await collateral.getAddress(),
    await ctf.getAddress(),
  ]);
  const reads = await ethers.deployContract("ManyReads");
  await exchange.addOperator(operator);
  await exchange.addRegistrar(registrar);
  await exchange.addPauser(pauser);
  await exchange.setFeeReceiver(feeReceiver);

  const market = await prepareMarket(collateral, ctf, oracle, "market");
  const otherMarket = await prepareMarket(collateral, ctf, oracle, "other market");
  await exchange.registerCondition(market.conditionId);
  await exchange.registerCondition(otherMarket.conditionId);

  for (const trader of [...traders, donor]) {
    await collateral.mint(trader, 3n * FUNDS);
    await collateral.connect(trader).approve(ctf, 2n * FUNDS);
    for (const { conditionId } of [market, otherMarket]) {
      await split(ctf, collateral, trader, conditionId, FUNDS);
    }
    await collateral.connect(trader).approve(exchange, ethers.MaxUint256);
    await ctf.connect(trader).setApprovalForAll(exchange, true);
  }

  const domain = {
    name: "Nostra CTF Exchange",
    version: "1",
    chainId: 31337n,
    verifyingContract: await exchange.getAddress(),
  };
  /** Every order signed so far, so that the digest of the state can include its status. */
  const signedHashes: string[] = [];

  // As TypedDataEncoder.hash, but the domain is hashed once.
  const [separator, encoder] = [
    TypedDataEncoder.hashDomain(domain),
    TypedDataEncoder.from(ORDER_TYPES),
  ];

  function sign(fields: OrderFields, signer: HardhatEthersSigner): SignedOrder {
    const hash = ethers.keccak256(ethers.concat(["0x1901", separator, encoder.hash(fields)]));
    signedHashes.push(hash);
    return { ...fields, signature: signDigest(hash, signer), hash };
  }

  /** A valid order of `draft.maker` to buy, at most at `price` per token. */
  function buy(draft: OrderDraft): SignedOrder {
    return sign(complete(draft, BUY, market.yes), draft.maker);
  }

  /** A valid order of `draft.maker` to sell, at least at `price` per token. */
  function sell(draft: OrderDraft): SignedOrder {
    return sign(complete(draft, SELL, market.yes), draft.maker);
  }

  /** Settles as the operator. Each maker order gives `fills[i]`, all of itself unless told; the taker all of its own. */
  function match(
    takerOrder: SignedOrder,
    makerOrders: SignedOrder[],
    fills: bigint[] = makerOrders.map((order) => order.makerAmount),
    takerFill: bigint = takerOrder.makerAmount,
  ): Promise<TransactionResponse> {
    return exchange.connect(operator).matchOrders(takerOrder, makerOrders, takerFill, fills);
  }

  return {
    ...{ admin, operator, registrar, pauser, oracle, feeReceiver, stranger, donor },
    ...{ taker, alice, bob, carol, dave, erin, traders },
    ...{ exchange, ctf, reads, market, otherMarket, domain, signedHashes },
    ...{ yes: market.yes, no: market.no, sign, buy, sell, match },
  };
}

type Actors6 = [A, A, A, A, A, A];
type Actors8 = [A, A, A, A, A, A, A, A];
type A = HardhatEthersSigner;

/** Prepares a binary condition of `oracle`, without registering it in the exchange. */
export async function prepareMarket(
  collateral: BaseContract,
  ctf: ConditionalTokens,
  oracle: HardhatEthersSigner,
  name: string,
  outcomes = 2,
) {
  const questionId = ethers.id(name);
  await ctf.prepareCondition(oracle, questionId, outcomes);
  const conditionId = await ctf.getConditionId(oracle, questionId, outcomes);
  const [yes, no] = await Promise.all(
    PARTITION.map(async (indexSet) =>
      ctf.getPositionId(collateral, await ctf.getCollectionId(ZeroHash, conditionId, indexSet)),
    ),
  );
  return { questionId, conditionId, yes: yes as bigint, no: no as bigint };
}

/** Turns collateral of `holder` into pairs. */
export async function split(
  ctf: ConditionalTokens,
  collateral: BaseContract,
  holder: HardhatEthersSigner,
  conditionId: string,
  amount: bigint,
): Promise<void> {
  await ctf.connect(holder).splitPosition(collateral, ZeroHash, conditionId, PARTITION, amount);
}

function complete(draft: OrderDraft, side: number, defaultTokenId: bigint): OrderFields {
  const { maker, size = tokens(100), price = cents(50), ...said } = draft;
  if ((size * price) % UNIT !== 0n) throw new Error(`${size} at ${price} is not a whole amount`);
  const worth = (size * price) / UNIT;
  lastSalt += 1n;
  return {
    salt: lastSalt,
    maker: maker.address,
    signer: maker.address,
    taker: ZeroAddress,
    tokenId: defaultTokenId,
    makerAmount: side === BUY ? worth : size,
    takerAmount: side === BUY ? size : worth,
    expiration: 0n,
    nonce: 0n,
    feeRateBps: 0n,
    side,
    signatureType: 0,
    ...said,
  };
}

// ---------------------------------------------------------------------------------------- signing

const keys = new Map<string, SigningKey>();

/** The key of one of the test chain's own accounts. Signing here is faster than asking the node. */
export function keyOf({ address }: HardhatEthersSigner): SigningKey {
  if (keys.size === 0) {
    const root = HDNodeWallet.fromPhrase(MNEMONIC, undefined, "m/44'/60'/0'/0");
    for (let i = 0; i < 20; i++) {
      const wallet = root.deriveChild(i);
      keys.set(wallet.address, wallet.signingKey);
    }
  }
  const key = keys.get(address);
  if (key === undefined) throw new Error(`no key is known for ${address}`);
  return key;
}

export function signDigest(digest: string, signer: HardhatEthersSigner): string {
  return keyOf(signer).sign(digest).serialized;
}

/**
 * Gives `account` the code of `implementation` by an EIP-7702 authorization of its own: it stays an account that signs
 * with its key, and receives tokens as that code says.
 */
export async function delegateTo(
  account: HardhatEthersSigner,
  implementation: BaseContract,
): Promise<void> {
  const wallet = new ethers.Wallet(keyOf(account), ethers.provider);
  const nonce = await wallet.getNonce();
  const authorization = await wallet.authorize({
    address: await implementation.getAddress(),
    nonce: nonce + 1,
    chainId: 31337n,
  });
  const sent = await wallet.sendTransaction({
    type: 4,
    to: ZeroAddress,
    authorizationList: [authorization],
    gasLimit: 200_000n,
  });
  await sent.wait();
  expect(await ethers.provider.getCode(wallet.address), "delegation").to.match(/^0xef0100/);
}

// ---------------------------------------------------------------------------------------- reading

/** What an account holds: collateral, and both tokens of the first market. */
export interface Holdings {
  usdc: bigint;
  yes: bigint;
  no: bigint;
}

interface Question {
  label: string;
  target: BaseContract;
  call: string;
  args: unknown[];
}

/** The calldata that asks many views at once. */
async function encode(reads: ManyReads, questions: Question[]): Promise<string> {
  const list = await Promise.all(
    questions.map(async ({ target, call, args }) => ({
      target: await target.getAddress(),
      data: target.interface.encodeFunctionData(call, args),
    })),
  );
  return reads.interface.encodeFunctionData("readAll", [list]);
}

/** The answers in one piece: cheap to compare, and decoded only where somebody wants to look. */
async function answersTo(reads: ManyReads, calldata: string): Promise<string> {
  return ethers.provider.call({ to: await reads.getAddress(), data: calldata });
}

function decode(reads: ManyReads, answers: string): string[] {
  return [...reads.interface.decodeFunctionResult("readAll", answers)[0]] as string[];
}

type Reading = Pick<Deployed, "reads" | "ctf" | "market"> & { usdc: BaseContract };

/** A reusable question: what do these accounts hold, in the order given? */
export async function holdingsReader(
  f: Reading,
  accounts: Account[],
): Promise<() => Promise<Holdings[]>> {
  const addresses = await Promise.all(accounts.map(addressOf));
  const calldata = await encode(
    f.reads,
    addresses.flatMap((account) => [
      { label: "usdc", target: f.usdc, call: "balanceOf", args: [account] },
      { label: "yes", target: f.ctf, call: "balanceOf", args: [account, f.market.yes] },
      { label: "no", target: f.ctf, call: "balanceOf", args: [account, f.market.no] },
    ]),
  );
  return async () => {
    const amounts = decode(f.reads, await answersTo(f.reads, calldata)).map(BigInt);
    return addresses.map((_, i) => {
      const [usdc, yes, no] = amounts.slice(3 * i) as [bigint, bigint, bigint];
      return { usdc, yes, no };
    });
  };
}

async function addressOf(account: Account): Promise<string> {
  return typeof account === "string" ? account : await account.getAddress();
}

/** Everything that the exchange remembers or can move, each under a name. */
async function questionsOfState(f: State): Promise<Question[]> {
  const { exchange, ctf, usdc } = f;
  const actors: Record<string, Account> = {
    ...{ admin: f.admin, operator: f.operator, registrar: f.registrar, pauser: f.pauser },
    ...{ feeReceiver: f.feeReceiver, stranger: f.stranger, donor: f.donor, taker: f.taker },
    ...{ alice: f.alice, bob: f.bob, carol: f.carol, dave: f.dave, erin: f.erin },
    ...{ exchange, ctf },
  };
  const ids = [f.market.yes, f.market.no, f.otherMarket.yes, f.otherMarket.no];
  const questions: Question[] = [
    ...["admin", "pendingAdmin", "paused", "feeReceiver"].map((call) => {
      return { label: call, target: exchange, call, args: [] };
    }),
    ...ids.flatMap((id, i) => [
      { label: `complement ${i}`, target: exchange, call: "getComplement", args: [id] },
      { label: `condition ${i}`, target: exchange, call: "getConditionId", args: [id] },
    ]),
  ];
  for (const [name, account] of Object.entries(actors)) {
    const address = await addressOf(account);
    questions.push(
      { label: `${name} nonce`, target: exchange, call: "nonces", args: [address] },
      { label: `${name} usdc`, target: usdc, call: "balanceOf", args: [address] },
      ...ids.map((id, i) => {
        return { label: `${name} token ${i}`, target: ctf, call: "balanceOf", args: [address, id] };
      }),
      ...Object.entries(Role).map(([role, value]) => {
        const args = [value, address];
        return { label: `${name} ${role}`, target: exchange, call: "hasRole", args };
      }),
    );
  }
  return questions;
}

type State = Deployed & { usdc: BaseContract };

/** The state of a fixture is asked hundreds of times with the same words. */
const stateQuestions = new WeakMap<State, { labels: string[]; calldata: string }>();

/** Runs `action` and holds that it left balances, statuses, nonces, roles and settings as they were (I12). */
export async function expectUnchanged(f: State, action: () => Promise<unknown>): Promise<void> {
  if (MEASURED) {
    await action();
    return;
  }
  let asked = stateQuestions.get(f);
  if (asked === undefined) {
    const questions = await questionsOfState(f);
    const calldata = await encode(f.reads, questions);
    asked = { labels: questions.map(({ label }) => label), calldata };
    stateQuestions.set(f, asked);
  }
  const { labels, calldata } = asked;
  const hashes = f.signedHashes.slice(-RECENT_ORDERS);
  const statusCall = f.exchange.interface.encodeFunctionData("getOrderStatuses", [hashes]);
  const exchange = await f.exchange.getAddress();
  const read = () =>
    Promise.all([
      answersTo(f.reads, calldata),
      ethers.provider.call({ to: exchange, data: statusCall }),
    ]);

  const [before, statusesBefore] = await read();
  await action();
  const [after, statusesAfter] = await read();

  if (before !== after) {
    const [was, is] = [decode(f.reads, before), decode(f.reads, after)];
    expect.fail(`a refusal changed: ${labels.filter((_, i) => was[i] !== is[i]).join(", ")}`);
  }
  expect(statusesAfter, "statuses after a refusal").to.equal(statusesBefore);
}

/** Holds that `call` fails with exactly this error of the exchange, and that nothing changed. */
export async function expectRefusal(
  f: State,
  call: () => Promise<unknown>,
  error: string,
  args: unknown[] = [],
): Promise<void> {
  await expectUnchanged(f, async () => {
    const refusal = expect(call()).to.be.revertedWithCustomError(f.exchange, error);
    // `withArgs()` without values would accept any.
    await (args.length === 0 ? refusal : refusal.withArgs(...args));
  });
}

/** What changed in the holdings of the accounts while `action` ran; zero changes are left out. */
export async function changesOf(
  f: Reading,
  accounts: Record<string, Account>,
  action: () => Promise<unknown>,
): Promise<Record<string, Partial<Holdings>>> {
  const read = await holdingsReader(f, Object.values(accounts));
  const before = await read();
  await action();
  const after = await read();
  const changes: Record<string, Partial<Holdings>> = {};
  Object.keys(accounts).forEach((name, i) => {
    const [was, is] = [before[i] as Holdings, after[i] as Holdings];
    const change: Partial<Holdings> = {};
    for (const asset of ["usdc", "yes", "no"] as const) {
      if (is[asset] !== was[asset]) change[asset] = is[asset] - was[asset];
    }
    if (Object.keys(change).length > 0) changes[name] = change;
  });
  return changes;
}

/** The status of an order as a plain pair. */
export async function statusOf(
  exchange: CTFExchange,
  order: SignedOrder,
): Promise<{ isFilledOrCancelled: boolean; remaining: bigint }> {
  const { isFilledOrCancelled, remaining } = await exchange.getOrderStatus(order.hash);
  return { isFilledOrCancelled, remaining };
}
