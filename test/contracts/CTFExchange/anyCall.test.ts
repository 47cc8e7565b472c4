import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import type { FunctionFragment, ParamType } from "ethers";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  ORDER_TYPES,
  type SignedOrder,
  cents,
  exchangeFixture,
  tokens,
} from "../../helpers/exchange";
import { Chance, runsOr, seedOr } from "../../helpers/random";

/*
 * given a key that calls every function of the exchange, with anything an attacker could put together
 * ├── the operator's (AC-3), the admin's (AC-4) .... nobody else loses anything (I10)
 * ├── and it does get calls through ................ each function that it may call went through at least once
 * └── orders that nobody signed like this .......... changed, expired, of another nonce, of another domain, unsigned
 */
const SEED = seedOr(20_261_122);
const CALLS = runsOr(600);

describe(`CTFExchange: any call (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${CALLS})`, () => {
  /** Real orders of others, each spoiled in one way. */
  async function spoiledOrders(f: ExchangeFixture): Promise<SignedOrder[]> {
    const sign = (i: number) => {
      const maker = f.traders[i % f.traders.length] as HardhatEthersSigner;
      return i % 2 === 0 ? f.buy({ maker }) : f.sell({ maker, price: cents(40) });
    };
    const cancelled = sign(0);
    await f.exchange.connect(f.taker).cancelOrder(cancelled);
    const elsewhere = { ...f.domain, chainId: 137n };
    const order = sign(2);
    return [
      cancelled,
      { ...sign(1), makerAmount: tokens(1) },
      { ...sign(2), takerAmount: 1n },
      { ...sign(3), maker: f.dave.address },
      { ...sign(4), signer: f.erin.address, signatureType: 1 },
      { ...sign(5), signature: "0x" },
      { ...sign(6), signatureType: 2 },
      { ...sign(7), nonce: 1n },
      { ...sign(8), tokenId: f.no },
      f.buy({ maker: f.alice, expiration: 1n }),
      f.sell({ maker: f.bob, nonce: 5n }),
      { ...order, signature: await f.bob.signTypedData(elsewhere, ORDER_TYPES, order) },
    ];
  }

  /** Values of any type of the ABI, from what an attacker knows, and at random. */
  function drawer(f: ExchangeFixture, caller: HardhatEthersSigner, orders: SignedOrder[]) {
    const chance = new Chance(SEED);
    const accounts = [
      ...[caller, f.operator, f.admin, f.feeReceiver, f.stranger, ...f.traders],
    ].map(({ address }) => address);
    const words = [
      ...[f.yes, f.no, f.otherMarket.yes, f.otherMarket.no, 0n, 1n, 50n * 10n ** 6n, 10n ** 8n],
      ...[10n ** 9n, 2n ** 120n - 1n, 2n ** 256n - 1n],
    ];
    const own = () =>
      chance.chance(50)
        ? f.buy({ maker: caller, price: cents(60) })
        : f.sell({ maker: caller, price: cents(40) });
    const anOrder = () => (chance.chance(40) ? own() : chance.pick(orders));

    const draw = (type: ParamType): unknown => {
      if (type.isArray()) {
        const length = chance.below(4);
        return Array.from({ length }, () => draw(type.arrayChildren as ParamType));
      }
      if (type.isTuple()) {
        const names = (type.components as ParamType[]).map(({ name }) => name);
        if (names.includes("signature")) return anOrder();
        return Object.fromEntries((type.components as ParamType[]).map((c) => [c.name, draw(c)]));
      }
      if (type.baseType === "address") return chance.pick(accounts);
      if (type.baseType === "bool") return chance.chance(50);
      if (type.baseType === "bytes32") {
        return chance.pick([f.market.conditionId, ...orders.map(({ hash }) => hash)]);
      }
      if (type.baseType === "bytes") return chance.hex(chance.below(70));
      if (type.baseType === "uint8") return BigInt(chance.below(4));
      if (type.baseType.startsWith("uint")) {
        const bits = BigInt(type.baseType.slice(4));
        const value = chance.chance(80) ? chance.pick(words) : chance.uint256();
        return BigInt.asUintN(Number(bits), value);
      }
      if (type.baseType.startsWith("bytes")) return chance.hex(Number(type.baseType.slice(5)));
      throw new Error(`no way to draw a ${type.type}`);
    };
    return { chance, draw };
  }

  /** What each account but the caller holds: collateral, and both tokens of both markets. */
  async function holdings(f: ExchangeFixture, caller: HardhatEthersSigner): Promise<bigint[]> {
    const others = [...f.traders, f.donor, f.stranger, f.feeReceiver, f.operator, f.admin].filter(
      ({ address }) => address !== caller.address,
    );
    const ids = [f.yes, f.no, f.otherMarket.yes, f.otherMarket.no];
    const cash = await Promise.all(others.map((account) => f.usdc.balanceOf(account)));
    const rows = ids.flatMap((id) => others.map((account) => ({ account, id })));
    const held = await f.ctf.balanceOfBatch(
      rows.map(({ account }) => account),
      rows.map(({ id }) => id),
    );
    return [...cash, ...held];
  }

  for (const [name, title] of [
    ["operator", "AC-3 the operator's key"],
    ["admin", "AC-4 the admin's key"],
  ] as const) {
    it(`${title} takes nothing from anybody, whatever it calls (I10)`, async function () {
      this.timeout(120_000);
      const f = await loadFixture(exchangeFixture);
      const caller = f[name];
      const exchange = f.exchange.connect(caller);
      const { chance, draw } = drawer(f, caller, await spoiledOrders(f));
      const abi = new ethers.Interface(exchange.interface.fragments);
      const writes = abi.fragments.filter(
        (fragment): fragment is FunctionFragment =>
          fragment.type === "function" && !(fragment as FunctionFragment).constant,
      );
      let before = await holdings(f, caller);
      const through = new Set<string>();
      for (let i = 0; i < CALLS; i++) {
        const fragment = chance.pick(writes);
        const args = fragment.inputs.map(draw);
        const data = abi.encodeFunctionData(fragment, args);
        const sent = await caller
          .sendTransaction({ to: exchange, data, gasLimit: 8_000_000n })
          .catch(() => undefined);
        if (sent === undefined) continue;
        through.add(fragment.name);
        const after = await holdings(f, caller);
        const call = () => `call ${i}, ${fragment.name}: ${data}`;
        expect(
          after.every((held, k) => held >= (before[k] as bigint)),
          call(),
        ).to.equal(true);
        before = after;
      }
      const expected = {
        operator: ["matchOrdersBatch", "incrementNonce", "cancelOrder", "authorizeSigner"],
        admin: [
          "addOperator",
          "removeOperator",
          "setFeeReceiver",
          "pause",
          "unpause",
          "registerToken",
        ],
      }[name];
      // Fewer calls need not reach every function.
      if (CALLS < 600) return;
      expect([...through], "calls that went through").to.include.members(expected);
    });
  }
});
