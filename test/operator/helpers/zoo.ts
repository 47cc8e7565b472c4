import { interfaces } from "@nostra/sdk/contracts";
import {
  buildOrder,
  createOrderHasher,
  orderDomain,
  SignatureType,
  signOrder,
  type Address,
  type SignedOrder,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import hre from "hardhat";
import type { Store } from "../../../operator/src/store";
import { GWEI, type Signed, type Trader, type Venue } from "./settling";

const UNIT = 1_000_000n;
const MOST = 2n ** 256n - 1n;

/** The members of HostileAccount's enums, in their order. */
const PLACES = ["SIGNATURE", "HOOK", "BATCH_HOOK"] as const;
const ACTS = ["REFUSE", "SPEND", "BURN", "RETURN_BOMB", "REVERT_BOMB", "CALL"] as const;
const TRIGGERS = [
  ...([
    "ALWAYS",
    "GASPRICE",
    "GASPRICE_BIT",
    "BASEFEE",
    "COINBASE",
    "PREVRANDAO",
    "NUMBER",
  ] as const),
  ...(["TIMESTAMP", "ORIGIN", "GAS", "BLOCKHASH", "STORAGE"] as const),
];

type Trigger = (typeof TRIGGERS)[number];

/** How an account deceives. */
export interface Animal {
  readonly name: string;
  /**
   * - wallet: a contract whose orders are confirmed by EIP-1271;
   * - delegated: an account with a key, whose code appears when the settlement is in the pool (EIP-7702);
   * - plain: an account with a key and no code.
   */
  readonly body: "wallet" | "delegated" | "plain";
  readonly place?: (typeof PLACES)[number];
  readonly act?: (typeof ACTS)[number];
  readonly trigger?: Trigger;
  readonly amount?: bigint;
  /** What a plain account takes away in front of the settlement, and brings back behind it. */
  readonly takes?: "allowance" | "balance";
  /** How many orders of it are in one match when it is the maker, or how many of others when it is the taker. */
  readonly orders?: number;
}

const REFUSALS: readonly Animal[] = TRIGGERS.flatMap((trigger): Animal[] => [
  {
    name: `signature refused by ${trigger}`,
    body: "wallet",
    place: "SIGNATURE",
    act: "REFUSE",
    trigger,
  },
  { name: `hook refuses by ${trigger}`, body: "wallet", place: "HOOK", act: "REFUSE", trigger },
  {
    ...{
      name: `hook spends 140,000 by ${trigger}`,
      body: "wallet",
      place: "HOOK",
      act: "SPEND",
      trigger,
    },
    ...{ amount: 140_000n, orders: 5 },
  },
]);

const BURNERS: readonly Animal[] = [12_000n, 20_000n, 28_000n, 36_000n, 50_000n].map((amount) => ({
  ...{ name: `fifty signatures burn all but ${amount}`, body: "wallet", place: "SIGNATURE" },
  ...{ act: "BURN", trigger: "ALWAYS", amount, orders: 50 },
}));

/** All of them. */
export const ANIMALS: readonly Animal[] = [
  ...REFUSALS,
  ...BURNERS,
  {
    ...{
      name: "signature burns all gas when paid",
      body: "wallet",
      place: "SIGNATURE",
      act: "BURN",
    },
    ...{ trigger: "GASPRICE", amount: 0n },
  },
  {
    ...{
      name: "signature spends 380,000 when paid",
      body: "wallet",
      place: "SIGNATURE",
      act: "SPEND",
    },
    ...{ trigger: "GASPRICE", amount: 380_000n },
  },
  {
    ...{ name: "twenty signatures spend 380,000 when paid", body: "wallet", place: "SIGNATURE" },
    ...{ act: "SPEND", trigger: "GASPRICE", amount: 380_000n, orders: 20 },
  },
  {
    ...{ name: "signature answers with 100,000 bytes", body: "wallet", place: "SIGNATURE" },
    ...{ act: "RETURN_BOMB", trigger: "ALWAYS", amount: 100_000n },
  },
  {
    ...{ name: "signature fails with 100,000 bytes when paid", body: "wallet", place: "SIGNATURE" },
    ...{ act: "REVERT_BOMB", trigger: "GASPRICE", amount: 100_000n },
  },
  {
    ...{ name: "hook burns all gas by NUMBER", body: "wallet", place: "HOOK", act: "BURN" },
    ...{ trigger: "NUMBER", amount: 0n },
  },
  {
    ...{
      name: "hook answers with 50,000 bytes",
      body: "wallet",
      place: "HOOK",
      act: "RETURN_BOMB",
    },
    ...{ trigger: "ALWAYS", amount: 50_000n },
  },
  {
    ...{ name: "hook fails with 50,000 bytes by STORAGE", body: "wallet", place: "HOOK" },
    ...{ act: "REVERT_BOMB", trigger: "STORAGE", amount: 50_000n },
  },
  {
    ...{
      name: "hook takes the allowance back when paid",
      body: "wallet",
      place: "HOOK",
      act: "CALL",
    },
    ...{ trigger: "GASPRICE", orders: 5 },
  },
  {
    name: "batch hook refuses",
    body: "wallet",
    place: "BATCH_HOOK",
    act: "REFUSE",
    trigger: "ALWAYS",
  },
  {
    ...{ name: "batch hook burns all gas", body: "wallet", place: "BATCH_HOOK", act: "BURN" },
    ...{ trigger: "ALWAYS", amount: 0n },
  },
  {
    name: "code appears and refuses",
    body: "delegated",
    place: "HOOK",
    act: "REFUSE",
    trigger: "ALWAYS",
  },
  {
    ...{ name: "code appears and spends 190,000", body: "delegated", place: "HOOK", act: "SPEND" },
    ...{ trigger: "ALWAYS", amount: 190_000n, orders: 5 },
  },
  {
    ...{ name: "code appears and burns all gas", body: "delegated", place: "HOOK", act: "BURN" },
    ...{ trigger: "ALWAYS", amount: 0n },
  },
  { name: "allowance is away during the settlement", body: "plain", takes: "allowance" },
  { name: "balance is away during the settlement", body: "plain", takes: "balance" },
];

/** The contracts of the zoo on a chain. Made once; the test goes back to them by a snapshot. */
export interface Cage {
  readonly wallet: Address;
  readonly toggle: Address;
  /** The key account that is `delegated` or `plain`. */
  readonly keeper: Trader;
  readonly code: string;
}

const ACCOUNT_OF_ZOO = 7;

export async function openCage(venue: Venue): Promise<Cage> {
  const signer = await venue.chain.ethers.getSigner(0);
  const deploy = async (name: string): Promise<Address> => {
    const factory = await hre.ethers.getContractFactory(name, signer as never);
    const contract = await factory.deploy();
    await contract.waitForDeployment();
    return (await contract.getAddress()) as Address;
  };
  const [wallet, toggle] = [await deploy("HostileAccount"), await deploy("Switch")];
  const account = (await hre.ethers.getContractFactory("HostileAccount", signer as never))
    .interface;
  const as = async (to: string, data: string): Promise<void> => {
    await venue.rpc.send("eth_sendTransaction", [
      {
        ...{ from: signer.address, to: wallet, gas: "0xf4240" },
        data: account.encodeFunctionData("execute", [to, data]),
      },
    ]);
  };
  const { contracts } = venue.deployment;
  const { mockUsdc, collateral, conditionalTokens } = interfaces;
  await as(contracts.collateral, mockUsdc.encodeFunctionData("mint", [wallet, 10n ** 12n]));
  for (const spender of [contracts.ctfExchange, contracts.conditionalTokens]) {
    await as(contracts.collateral, collateral.encodeFunctionData("approve", [spender, MOST]));
  }
  await as(
    contracts.conditionalTokens,
    conditionalTokens.encodeFunctionData("setApprovalForAll", [contracts.ctfExchange, true]),
  );
  await as(
    contracts.conditionalTokens,
    conditionalTokens.encodeFunctionData("splitPosition", [
      ...[contracts.collateral, `0x${"0".repeat(64)}`, venue.market.conditionId],
      ...[[1n, 2n], 10n ** 11n],
    ]),
  );
  const keeper = venue.traders[ACCOUNT_OF_ZOO]!;
  // It has money only, so far.
  await venue.rpc.send("eth_sendTransaction", [
    {
      ...{ from: keeper.address, to: contracts.conditionalTokens, gas: "0x7a120" },
      data: conditionalTokens.encodeFunctionData("splitPosition", [
        ...[contracts.collateral, `0x${"0".repeat(64)}`, venue.market.conditionId],
        ...[[1n, 2n], 10n ** 11n],
      ]),
    },
  ]);
  const code = (await venue.rpc.send("eth_getCode", [wallet, "latest"])) as string;
  return { wallet, toggle, keeper, code };
}

/** An animal in its cage, ready to trade. */
export class Hostile {
  readonly animal: Animal;
  readonly address: Address;
  readonly #venue: Venue;
  readonly #cage: Cage;

  private constructor(venue: Venue, cage: Cage, animal: Animal) {
    this.#venue = venue;
    this.#cage = cage;
    this.animal = animal;
    this.address = animal.body === "wallet" ? cage.wallet : cage.keeper.address;
  }

  /** Arms the account. The chain mines each transaction at once while this runs. */
  static async arm(venue: Venue, cage: Cage, animal: Animal): Promise<Hostile> {
    const hostile = new Hostile(venue, cage, animal);
    const { place, act, trigger, amount = 0n } = animal;
    if (place === undefined || act === undefined || trigger === undefined) return hostile;
    const signer = await venue.chain.ethers.getSigner(0);
    const account = (await hre.ethers.getContractFactory("HostileAccount", signer as never))
      .interface;
    const subject = trigger === "STORAGE" ? cage.toggle : venue.operator.address;
    const { collateral, ctfExchange } = venue.deployment.contracts;
    const { wallet } = cage;
    const calls = [
      account.encodeFunctionData("arm", [
        ...[PLACES.indexOf(place), ACTS.indexOf(act), TRIGGERS.indexOf(trigger), amount],
        // Below what an estimate leaves for the last part of a call, above what a match in a batch does.
        ...[150_000n, subject],
      ]),
      account.encodeFunctionData("setCallback", [
        collateral,
        interfaces.collateral.encodeFunctionData("approve", [ctfExchange, 0n]),
      ]),
    ];
    if (animal.body === "delegated") {
      await venue.rpc.send("hardhat_setCode", [hostile.address, cage.code]);
    }
    const to = animal.body === "delegated" ? hostile.address : wallet;
    for (const data of calls) {
      await venue.rpc.send("eth_sendTransaction", [
        { from: signer.address, to, data, gas: "0xf4240" },
      ]);
    }
    if (animal.body === "delegated")
      await venue.rpc.send("hardhat_setCode", [hostile.address, "0x"]);
    return hostile;
  }

  /** What it does when a settlement is in the pool: things around the settlement, in the same block. */
  async surround(): Promise<void> {
    const { animal, address } = this;
    const { collateral, ctfExchange } = this.#venue.deployment.contracts;
    if (animal.body === "delegated") {
      await this.#venue.rpc.send("hardhat_setCode", [address, this.#cage.code]);
    }
    if (animal.trigger === "STORAGE") {
      const { address: from } = await this.#venue.chain.ethers.getSigner(0);
      const data = (isOn: boolean): string =>
        new hre.ethers.Interface(["function set(bool)"]).encodeFunctionData("set", [isOn]);
      await this.#sandwich(from, this.#cage.toggle, data(true), data(false));
    }
    if (animal.takes === "allowance") {
      const data = (amount: bigint): string =>
        interfaces.collateral.encodeFunctionData("approve", [ctfExchange, amount]);
      await this.#sandwich(address, collateral, data(0n), data(MOST));
    }
    if (animal.takes === "balance") {
      const balance = await this.#venue.admin.collateral.balanceOf(address);
      const friend = this.#venue.deployment.contracts.conditionalTokens;
      const { mockUsdc, collateral: erc20 } = interfaces;
      const away = erc20.encodeFunctionData("transfer", [friend, balance]);
      await this.#sandwich(
        address,
        collateral,
        away,
        mockUsdc.encodeFunctionData("mint", [address, balance]),
      );
    }
  }

  async #sandwich(from: string, to: string, front: string, behind: string): Promise<void> {
    for (const [data, tip] of [[front, 50n * GWEI] as const, [behind, 1n] as const]) {
      await this.#venue.rpc.send("eth_sendTransaction", [
        {
          ...{ from, to, data, gas: "0x186a0", maxPriorityFeePerGas: `0x${tip.toString(16)}` },
          maxFeePerGas: `0x${(1_000n * GWEI).toString(16)}`,
        },
      ]);
    }
  }

  /** After the block: code that appeared is away again. */
  async withdraw(): Promise<void> {
    if (this.animal.body !== "delegated") return;
    await this.#venue.rpc.send("hardhat_setCode", [this.address, "0x"]);
  }

  order(terms: Terms): Promise<Signed> {
    if (this.animal.body !== "wallet") return orderOf(this.#venue, this.#cage.keeper, terms);
    return orderOf(this.#venue, { address: this.address }, terms);
  }
}

export type Kind = "COMPLEMENTARY" | "MINT" | "MERGE";

interface Terms {
  readonly side: "BUY" | "SELL";
  readonly outcome: "YES" | "NO";
  readonly shares: bigint;
}

let salt = 10n ** 9n;

/** A signed order at 0.50; of a contract wallet when there is no key. */
export async function orderOf(
  venue: Venue,
  { address, key }: { readonly address: Address; readonly key?: string },
  { side, outcome, shares }: Terms,
): Promise<Signed> {
  const { chainId, contracts } = venue.deployment;
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  const built = {
    ...buildOrder({
      ...{ tokenId: outcome === "YES" ? venue.market.yes : venue.market.no, side },
      ...{ price: "0.50", nonce: 0n, size: shares.toString(), maker: address },
    }),
    salt: (salt += 1n),
  };
  const order: SignedOrder =
    key === undefined
      ? { ...built, signatureType: SignatureType.EIP1271, signature: "0x00" }
      : await signOrder(built, fastSigner(key), domain);
  return { hash: createOrderHasher(domain)(order), order };
}

/** Sides and outcomes of the two in a match of a kind: the taker's, then the makers'. A hostile one buys where it can. */
export function termsOf(
  kind: Kind,
  hostileRole: "maker" | "taker",
  shares: bigint,
): { readonly taker: Terms; readonly maker: Terms } {
  const [buy, sell] = ["BUY", "SELL"] as const;
  if (kind === "MINT") {
    const [taker, maker] = [
      { side: buy, outcome: "YES" as const, shares },
      { side: buy, outcome: "NO" as const, shares },
    ];
    return { taker, maker };
  }
  if (kind === "MERGE") {
    const [taker, maker] = [
      { side: sell, outcome: "YES" as const, shares },
      { side: sell, outcome: "NO" as const, shares },
    ];
    return { taker, maker };
  }
  const [buyer, seller] = [
    { side: buy, outcome: "YES" as const, shares },
    { side: sell, outcome: "YES" as const, shares },
  ];
  return hostileRole === "maker"
    ? { taker: seller, maker: buyer }
    : { taker: buyer, maker: seller };
}

let input = 10n ** 6n;

/** Writes what the engine would: the orders, as far as they are new, and a match of `shares` with each maker. */
export async function writeMatch(
  venue: Venue,
  store: Store,
  {
    taker,
    makers,
    shares,
    kind,
  }: { taker: Signed; makers: readonly Signed[]; shares: bigint; kind: Kind },
): Promise<string> {
  const { conditionId, yes } = venue.market;
  const fill = shares * UNIT;
  const given = ({ order }: Signed): bigint => (order.side === 0 ? fill / 2n : fill);
  const total = {
    shares: fill * BigInt(makers.length),
    making: given(taker) * BigInt(makers.length),
  };
  for (const one of [taker, ...makers]) {
    const { hash, order } = one;
    input += 1n;
    await store.db
      .insertInto("orders")
      .values({
        ...{ hash, condition_id: conditionId, input, salt: order.salt.toString() },
        ...{ maker: order.maker, signer: order.signer, taker: order.taker },
        ...{ token_id: order.tokenId.toString(), maker_amount: order.makerAmount.toString() },
        ...{ taker_amount: order.takerAmount.toString(), expiration: order.expiration.toString() },
        ...{
          nonce: order.nonce.toString(),
          fee_rate_bps: Number(order.feeRateBps),
          side: order.side,
        },
        ...{ signature_type: order.signatureType, signature: order.signature },
        ...{ kind: "limit", time_in_force: "GTC", post_only: false, self_trade: "skip" },
        ...{ price: 500_000, outcome: order.tokenId === yes ? "YES" : "NO" },
        ...{ state: "PARTIALLY_FILLED", remaining: order.makerAmount.toString(), reason: null },
        ...{ accepted_at_ms: 0n, updated_at_ms: 0n },
      })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const { remaining } = await store.db
      .selectFrom("orders")
      .select("remaining")
      .where("hash", "=", hash)
      .executeTakeFirstOrThrow();
    const left = BigInt(remaining) - (one === taker ? total.making : given(one));
    if (left < 0n) throw new Error("matched more than there is");
    const set = { remaining: left.toString() };
    await store.db.updateTable("orders").set(set).where("hash", "=", hash).execute();
  }
  const id = `${conditionId}:${input}:0`;
  const making = total.making.toString();
  const received = taker.order.side === 0 ? total.shares : total.shares / 2n;
  await store.db
    .insertInto("match")
    .values({
      ...{ id, condition_id: conditionId, input, taker_hash: taker.hash },
      ...{ taker_fill_amount: making, making, taking: received.toString(), consumed: making },
      ...{ price: 500_000, shares: total.shares.toString(), state: "MATCHED", settlement_id: null },
      ...{ tx_hash: null, block_number: null, reason: null, guilty_hash: null },
      ...{ matched_at_ms: 1n, updated_at_ms: 1n },
    })
    .execute();
  for (const [index, maker] of makers.entries()) {
    const taking = maker.order.side === 0 ? fill : fill / 2n;
    await store.db
      .insertInto("match_maker")
      .values({
        ...{ match_id: id, index, order_hash: maker.hash, kind, making: given(maker).toString() },
        ...{ taking: taking.toString(), price: 500_000 },
      })
      .execute();
  }
  return id;
}
