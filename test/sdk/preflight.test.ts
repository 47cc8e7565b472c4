import {
  approveCollateral,
  approveOrder,
  approveOutcomeTokens,
  authorizeSigner,
  cancelMarket,
  cancelOrder,
  finalizeResolution,
  incrementNonce,
  proposeResolution,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import { connect, type Connection } from "@nostra/sdk/contracts";
import {
  AllowanceError,
  BalanceError,
  ChainMismatchError,
  ContractRevertError,
  SignatureMismatchError,
  StaleNonceError,
  TransportError,
  UnsettleableOrderError,
  toNostraError,
  type NostraError,
} from "@nostra/sdk/errors";
import {
  buildOrder,
  domainOf,
  hashOrder,
  signOrder,
  type Address,
  type Order,
  type SignedOrder,
} from "@nostra/sdk/order";
import {
  checkOrder,
  FINDING_CODES,
  requireSettleable,
  type CheckOrderOptions,
  type Finding,
  type FindingCode,
  type OrderReport,
} from "@nostra/sdk/preflight";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { makeError, ZeroAddress, type BaseContract, type Wallet } from "ethers";
import { artifacts, ethers } from "hardhat";
import type { HostileReceiver, SigningWallet } from "../../typechain-types";
import { expectInputError, GAS_LIMIT, run, thrownBy } from "../helpers/sandbox";

/*
 * given an order, and a chain
 * ├── when nothing is wrong ................ ok, and a match of all that is left settles
 * ├── when something is .................... not ok, and it does not settle
 * │   ├── and several things are ........... each is found, none hides another
 * │   └── and the maker can repair it ...... once it has sent the fixes, the order settles
 * ├── when it would settle all the same .... a warning: ticks, a market that is over, little time
 * ├── when it or an option is malformed .... InputError naming the field
 * └── when the node fails .................. TransportError, ChainMismatchError; never a finding
 */

type SideName = "BUY" | "SELL";
const SIDES = ["BUY", "SELL"] as const;

const COLLATERAL_UNITS = 3_700_001n;
const TOKEN_UNITS = 10_000_003n;
const MAX_AMOUNT = 2n ** 120n - 1n;

/** What ethers makes of a refusal whose data the node does not pass on. */
const WITHOUT_DATA = {
  ...{ action: "call", data: null, reason: null, transaction: { to: null, data: "0x" } },
  ...{ invocation: null, revert: null },
} as const;

describe("sdk/preflight", () => {
  let sandbox: Sandbox;
  let market: MarketIds;
  let maker: Wallet;
  let counterparty: Wallet;
  let stranger: Wallet;
  let connection: Connection;
  let nowSeconds: bigint;
  let salt = 0n;

  before(async () => {
    sandbox = await createSandbox({ accounts: 3 });
    market = await sandbox.createMarket();
    [maker, counterparty, stranger] = sandbox.accounts as [Wallet, Wallet, Wallet];
    connection = sandbox.connect(maker);
    const { conditionId } = market;
    for (const account of [maker, counterparty]) {
      const amount = 1_000_000_000n;
      await run(splitPosition(sandbox.connect(account), { conditionId, amount }));
    }
    nowSeconds = await sandbox.now();
  });

  after(() => sandbox.close());

  // Each case starts from the same chain.
  let snapshot: unknown;
  const takeSnapshot = async (): Promise<void> => {
    snapshot = await sandbox.provider.send("evm_snapshot", []);
  };
  const goBack = () => sandbox.provider.send("evm_revert", [snapshot]);
  beforeEach(takeSnapshot);
  afterEach(goBack);

  const addressOf = (wallet: Wallet): Address => wallet.address as Address;

  /** A sound order of odd amounts, with a fee. */
  function orderOf(side: SideName, changes: Partial<Order> = {}): Order {
    const buys = side === "BUY";
    const sound = buildOrder({
      ...{ side, maker: maker.address, tokenId: market.yes, nonce: 0n, salt: ++salt },
      ...{ expiration: 0n, feeRateBps: 100n },
      makerAmount: buys ? COLLATERAL_UNITS : TOKEN_UNITS,
      takerAmount: buys ? TOKEN_UNITS : COLLATERAL_UNITS,
    });
    return { ...sound, ...changes };
  }

  const signed = (order: Order): Promise<SignedOrder> => signOrder(order, maker, connection);
  const soundOrder = (side: SideName, changes?: Partial<Order>): Promise<SignedOrder> =>
    signed(orderOf(side, changes));
  const check = (order: SignedOrder, options?: CheckOrderOptions): Promise<OrderReport> =>
    checkOrder(connection, order, options);
  const codesOf = ({ findings }: OrderReport): FindingCode[] => findings.map(({ code }) => code);

  function findingOf<C extends FindingCode>({ findings }: OrderReport, code: C): Finding<C> {
    const finding = findings.find((each) => each.code === code);
    if (finding === undefined) throw new Error(`${code} is not among the findings`);
    return finding as Finding<C>;
  }

  /** Matches `fill` of the order with an order that fits it exactly. What the exchange refuses it with; null when it settles. */
  async function refusalOf(
    order: SignedOrder,
    fill: bigint,
    asTaker: boolean,
  ): Promise<NostraError | null> {
    const { makerAmount, takerAmount, tokenId } = order;
    const due = makerAmount === 0n ? 1n : (fill * takerAmount + makerAmount - 1n) / makerAmount;
    const fitting = await signOrder(
      {
        ...orderOf(order.side === 0 ? "SELL" : "BUY", { makerAmount: due, takerAmount: fill }),
        ...{ maker: addressOf(counterparty), signer: addressOf(counterparty), tokenId },
      },
      counterparty,
      connection,
    );
    const { exchange } = sandbox.connect(sandbox.operator);
    const options = { gasLimit: GAS_LIMIT };
    try {
      const sent = asTaker
        ? await exchange.matchOrders(order, [fitting], fill, [due], options)
        : await exchange.matchOrders(fitting, [order], due, [fill], options);
      await sent.wait();
      return null;
    } catch (thrown) {
      return toNostraError("matchOrders", thrown);
    }
  }

  const settles = async (order: SignedOrder, fill: bigint, asTaker = false): Promise<boolean> =>
    (await refusalOf(order, fill, asTaker)) === null;

  /** Leaves the maker with so many units of what it gives. */
  async function leave(side: SideName, units: bigint): Promise<void> {
    const { collateral, conditionalTokens } = connection;
    const { address } = maker;
    if (side === "BUY") {
      const surplus = (await collateral.balanceOf(address)) - units;
      await (await collateral.transfer(stranger.address, surplus)).wait();
    } else {
      const surplus = (await conditionalTokens.balanceOf(address, market.yes)) - units;
      const transfer = conditionalTokens.safeTransferFrom;
      await (await transfer(address, stranger.address, market.yes, surplus, "0x")).wait();
    }
  }

  const allow = (side: SideName, amount: bigint) =>
    run(
      side === "BUY"
        ? approveCollateral(connection, { amount })
        : approveOutcomeTokens(connection, { approved: amount > 0n }),
    );

  async function deploy<T extends BaseContract>(name: string, args: unknown[] = []): Promise<T> {
    const factory = (await ethers.getContractFactory(name)).connect(sandbox.admin);
    const contract = await factory.deploy(...args);
    await contract.waitForDeployment();
    return contract as unknown as T;
  }

  // ---------------------------------------------------------------------------------------------- agreement

  /** One thing that can be wrong, how it comes to be, and what is to be found. Two of one slot exclude each other. */
  interface Defect {
    readonly name: string;
    readonly slot: string;
    readonly codes: (side: SideName) => readonly FindingCode[];
    /** Of the order, before it is signed. */
    readonly change?: (side: SideName) => Partial<Order>;
    /** Other than by its maker, for whatever kind. */
    readonly sign?: (order: Order) => Promise<SignedOrder>;
    /** On chain, afterwards; in the sequence of the list. */
    readonly act?: (side: SideName, order: SignedOrder) => Promise<unknown>;
    /** True when the deed needs an order that is sound but for time. */
    readonly needsSound?: boolean;
  }

  const unsigned = (order: Order): Promise<SignedOrder> =>
    Promise.resolve({ ...order, signature: "0x" });
  const ownKey = async (order: Order, changes: Partial<Order>): Promise<SignedOrder> => {
    const { signature } = await signed({ ...order, signatureType: 0, signer: order.maker });
    return { ...order, ...changes, signature };
  };

  const DEFECTS: readonly Defect[] = [
    {
      name: "filled",
      slot: "status",
      needsSound: true,
      codes: () => ["ORDER_FILLED"],
      act: (_side, order) => settles(order, order.makerAmount),
    },
    {
      name: "cancelled",
      slot: "status",
      codes: () => ["ORDER_CANCELLED"],
      act: (_side, order) => run(cancelOrder(connection, order)),
    },
    {
      name: "an amount of zero",
      slot: "amounts",
      codes: () => ["INVALID_AMOUNT"],
      change: () => ({ makerAmount: 0n }),
    },
    {
      name: "amounts beyond the maximum",
      slot: "amounts",
      codes: () => ["INVALID_AMOUNT", "INSUFFICIENT_BALANCE"],
      change: () => ({ makerAmount: MAX_AMOUNT + 1n, takerAmount: MAX_AMOUNT + 1n }),
    },
    {
      name: "a price above 1",
      slot: "amounts",
      codes: () => ["INVALID_PRICE"],
      change: (side) => ({
        makerAmount: side === "BUY" ? TOKEN_UNITS + 1n : TOKEN_UNITS,
        takerAmount: side === "BUY" ? TOKEN_UNITS : TOKEN_UNITS + 1n,
      }),
    },
    {
      name: "no side",
      slot: "amounts",
      codes: () => ["INVALID_SIDE"],
      change: () => ({ side: 2 as never }),
    },
    {
      name: "a fee too high",
      slot: "fee",
      codes: () => ["FEE_TOO_HIGH"],
      change: () => ({ feeRateBps: 1_001n }),
    },
    {
      name: "a token nobody registered",
      slot: "token",
      codes: (side) =>
        side === "BUY"
          ? ["TOKEN_NOT_REGISTERED"]
          : ["TOKEN_NOT_REGISTERED", "INSUFFICIENT_BALANCE"],
      change: () => ({ tokenId: 5n }),
    },
    {
      name: "a foreign signature",
      slot: "signature",
      codes: () => ["INVALID_SIGNATURE"],
      sign: async (order) => {
        const { signature } = await signed({ ...order, salt: order.salt + (1n << 200n) });
        return { ...order, signature };
      },
    },
    {
      name: "no signature",
      slot: "signature",
      codes: () => ["SIGNATURE_MISSING"],
      sign: unsigned,
    },
    {
      name: "an unknown kind of signature",
      slot: "signature",
      codes: () => ["UNSUPPORTED_SIGNATURE_TYPE"],
      sign: (order) => ownKey(order, { signatureType: 7 as never }),
    },
    {
      name: "a delegate nobody authorised",
      slot: "signature",
      codes: () => ["SIGNER_NOT_AUTHORIZED"],
      sign: (order) =>
        signOrder(
          { ...order, signer: addressOf(stranger), signatureType: 1 },
          stranger,
          connection,
        ),
    },
    {
      name: "a delegate nobody authorised, and another's signature",
      slot: "signature",
      codes: () => ["INVALID_SIGNATURE", "SIGNER_NOT_AUTHORIZED"],
      sign: (order) => ownKey(order, { signer: addressOf(stranger), signatureType: 1 }),
    },
    {
      name: "a contract's signature, of an account without code",
      slot: "signature",
      codes: () => ["INVALID_SIGNATURE"],
      sign: (order) => ownKey(order, { signatureType: 2 }),
    },
    {
      name: "another's signature for the maker",
      slot: "signature",
      codes: () => ["INVALID_SIGNATURE"],
      sign: (order) => signOrder({ ...order, signer: addressOf(stranger) }, stranger, connection),
    },
    {
      name: "another signer than signed",
      slot: "signature",
      codes: () => ["INVALID_SIGNATURE"],
      sign: (order) => ownKey(order, { signer: addressOf(stranger) }),
    },
    {
      name: "another counterparty",
      slot: "taker",
      codes: () => ["NOT_TAKER"],
      change: () => ({ taker: addressOf(stranger) }),
    },
    {
      name: "a nonce ahead",
      slot: "nonce",
      codes: () => ["FUTURE_NONCE"],
      change: () => ({ nonce: 1n }),
    },
    {
      name: "a nonce raised since",
      slot: "nonce",
      codes: () => ["STALE_NONCE"],
      act: () => run(incrementNonce(connection)),
    },
    {
      name: "one unit too few",
      slot: "balance",
      codes: () => ["INSUFFICIENT_BALANCE"],
      act: (side, order) => leave(side, order.makerAmount === 0n ? 0n : unitsOf(side) - 1n),
    },
    {
      name: "an allowance of one unit too few",
      slot: "allowance",
      codes: () => ["INSUFFICIENT_ALLOWANCE"],
      act: (side) => allow(side, side === "BUY" ? COLLATERAL_UNITS - 1n : 0n),
    },
    {
      name: "a pause",
      slot: "pause",
      codes: () => ["EXCHANGE_PAUSED"],
      act: async () => (await sandbox.connect(sandbox.admin).exchange.pause()).wait(),
    },
    {
      name: "a hook that refuses",
      slot: "hook",
      codes: (side) => (side === "BUY" ? ["TOKENS_REFUSED"] : []),
      act: () => refuseTokens(maker.address),
    },
    {
      name: "its time over",
      slot: "time",
      codes: () => ["EXPIRED"],
      change: () => ({ expiration: nowSeconds + 1_000n }),
      act: () => sandbox.setTime(nowSeconds + 1_000n),
    },
  ];

  const unitsOf = (side: SideName): bigint => (side === "BUY" ? COLLATERAL_UNITS : TOKEN_UNITS);

  /** Code whose hook refuses every token, at an account that signs on. */
  async function refuseTokens(account: string): Promise<void> {
    const { deployedBytecode } = await artifacts.readArtifact("HookedAccount");
    await sandbox.provider.send("hardhat_setCode", [account, deployedBytecode]);
    const refusing = ethers.toBeHex(1, 32);
    await sandbox.provider.send("hardhat_setStorageAt", [account, "0x0", refusing]);
  }

  /** What one alone needs of the others is not there to be found: who gives nothing, or nothing known, lacks nothing. */
  const OF_FUNDS: readonly FindingCode[] = [
    "INSUFFICIENT_BALANCE",
    "INSUFFICIENT_ALLOWANCE",
    "TOKENS_REFUSED",
  ];
  const WITHOUT_NEED = ["filled", "cancelled", "an amount of zero", "no side"];

  function expectedCodes(side: SideName, defects: readonly Defect[]): FindingCode[] {
    const codes = new Set(defects.flatMap(({ codes: of }) => of(side)));
    if (defects.some(({ name }) => WITHOUT_NEED.includes(name))) {
      OF_FUNDS.forEach((code) => codes.delete(code));
    }
    return (Object.keys(FINDING_CODES) as FindingCode[]).filter((code) => codes.has(code));
  }

  async function orderWith(side: SideName, defects: readonly Defect[]): Promise<SignedOrder> {
    const changes = defects.map(({ change }) => change?.(side) ?? {});
    const draft = orderOf(side, Object.assign({}, ...changes) as Partial<Order>);
    const sign = defects.find((defect) => defect.sign !== undefined)?.sign ?? signed;
    const order = await sign(draft);
    for (const { act } of defects) await act?.(side, order);
    return order;
  }

  const isTogether = (a: Defect, b: Defect): boolean => {
    const touches = ({ change, sign, name }: Defect): boolean =>
      (change !== undefined && name !== "its time over") || sign !== undefined;
    if (a.slot === b.slot) return false;
    if (a.needsSound === true && touches(b)) return false;
    // What has no amount that fits cannot be cancelled.
    return !(a.name === "cancelled" && /amount/.test(b.name) && b.slot === "amounts");
  };

  /** None, each, and each pair. A SELL meets no hook. */
  function combinationsOf(side: SideName): Defect[][] {
    const defects = DEFECTS.filter(({ codes }) => codes(side).length > 0);
    const pairs = defects.flatMap((a, i) =>
      defects
        .slice(i + 1)
        .filter((b) => isTogether(a, b))
        .map((b) => [a, b]),
    );
    return [[], ...defects.map((defect) => [defect]), ...pairs];
  }

  for (const side of SIDES) {
    it(`agrees with the exchange about a ${side} with each defect and each pair of them, before and after the fixes`, async function () {
      this.timeout(240_000);
      let fixed = 0;
      for (const [i, defects] of combinationsOf(side).entries()) {
        await takeSnapshot();
        const what = `${side} with ${defects.map(({ name }) => name).join(" and ") || "nothing"}`;
        const order = await orderWith(side, defects);
        const report = await check(order, { counterparty: counterparty.address });
        const codes = expectedCodes(side, defects);
        expect(codesOf(report), what).to.deep.equal(codes);
        expect(report.ok, what).to.equal(codes.length === 0);

        if (report.fixes.length > 0) {
          for (const fix of report.fixes) await run(fix);
          const after = await check(order, { counterparty: counterparty.address });
          expect(codesOf(after), `${what}, fixed`).to.deep.equal([]);
          expect(await settles(order, after.remaining, i % 2 === 0), `${what}, fixed`).to.equal(
            true,
          );
          fixed++;
        } else {
          const fill = report.remaining === 0n ? 1n : report.remaining;
          const roles = defects.length < 2 ? [true, false] : [i % 2 === 0];
          for (const asTaker of roles) {
            const at = await sandbox.provider.send("evm_snapshot", []);
            const refusal = await refusalOf(order, fill, asTaker);
            expect(refusal === null, what).to.equal(report.ok);
            // As the taker it is looked at first: whatever is wrong is its own.
            if (asTaker && refusal instanceof ContractRevertError) {
              expect(refusal.orderHash ?? refusal.revertName, what).to.be.oneOf([
                report.orderHash,
                "Paused",
              ]);
            }
            await sandbox.provider.send("evm_revert", [at]);
          }
        }
        await goBack();
      }
      expect(fixed, "allowance, consent, and both").to.equal(5);
      await takeSnapshot();
    });
  }

  // ---------------------------------------------------------------------------------------------- findings

  it("says nothing of a sound order but what is left of it, and at which block", async () => {
    const order = await soundOrder("BUY");
    expect(await check(order)).to.deep.equal({
      ok: true,
      orderHash: hashOrder(order, domainOf(connection)),
      remaining: COLLATERAL_UNITS,
      block: {
        number: await sandbox.provider.getBlockNumber(),
        timestampSeconds: await sandbox.now(),
      },
      findings: [],
      fixes: [],
    });
  });

  it("lists its findings in the sequence of FINDING_CODES, each with its severity and a sentence", async () => {
    const codes = Object.keys(FINDING_CODES);
    const severities = Object.values(FINDING_CODES);
    expect(severities.lastIndexOf("BLOCKS")).to.be.lessThan(severities.indexOf("WARNS"));
    const order = await orderWith("SELL", [
      ...DEFECTS.filter(({ name }) => /fee|nonce ahead|pause|allowance|foreign/.test(name)),
    ]);
    const report = await check(order, { tick: "0.01" });
    expect(codesOf(report)).to.deep.equal([
      ...["FEE_TOO_HIGH", "FUTURE_NONCE", "INVALID_SIGNATURE", "EXCHANGE_PAUSED"],
      ...["INSUFFICIENT_ALLOWANCE", "OFF_TICK"],
    ]);
    for (const { code, severity, message } of report.findings) {
      expect(severity).to.equal(FINDING_CODES[code]);
      expect(message, code).to.match(/^[A-Z0-9].*\.$/);
    }
    expect(codes).to.include.members(codesOf(report));
    expect(report.fixes, "no fix helps an order that stays dead").to.deep.equal([]);
  });

  it("names asset, owner, spender, have and need of what is missing, and approves exactly that", async () => {
    const { ctfExchange } = sandbox.deployment.contracts;
    await leave("BUY", 1_500_000n);
    await allow("BUY", 2n);
    const report = await check(await soundOrder("BUY"));
    const collateral = {
      ...{ asset: "COLLATERAL", assetId: 0n, owner: maker.address },
      ...{ need: COLLATERAL_UNITS, reserved: 0n },
    };
    const balance = findingOf(report, "INSUFFICIENT_BALANCE");
    expect(balance.values).to.deep.equal({ ...collateral, have: 1_500_000n });
    expect(balance.message).to.equal(`${maker.address} has 1.5 collateral; 3.700001 is needed.`);
    expect(balance.fix).to.deep.equal([]);
    const allowance = findingOf(report, "INSUFFICIENT_ALLOWANCE");
    expect(allowance.values).to.deep.equal({ ...collateral, have: 2n, spender: ctfExchange });
    expect(allowance.fix.map(({ action }) => action)).to.deep.equal(["approveCollateral"]);
    await run(allowance.fix[0]!);
    expect(await connection.collateral.allowance(maker.address, ctfExchange)).to.equal(
      COLLATERAL_UNITS,
    );

    await allow("SELL", 0n);
    const sell = findingOf(await check(await soundOrder("SELL")), "INSUFFICIENT_ALLOWANCE");
    expect(sell.values).to.deep.equal({
      ...{ asset: "OUTCOME", assetId: market.yes, owner: maker.address, spender: ctfExchange },
      ...{ have: 0n, need: TOKEN_UNITS, reserved: 0n },
    });
    expect(sell.fix.map(({ action }) => action)).to.deep.equal(["approveOutcomeTokens"]);
  });

  for (const side of SIDES) {
    it(`needs for a partly filled ${side} what is left of it, and not its fee`, async () => {
      const order = await soundOrder(side);
      await settles(order, 1_234_567n);
      const left = unitsOf(side) - 1_234_567n;
      await leave(side, left);
      if (side === "BUY") await allow("BUY", left);
      const report = await check(order);
      expect([report.ok, report.remaining]).to.deep.equal([true, left]);
      await leave(side, left - 1n);
      expect(findingOf(await check(order), "INSUFFICIENT_BALANCE").values).to.include({
        have: left - 1n,
        need: left,
      });
      await sandbox.provider.send("evm_increaseTime", [1]);
      expect(await settles(order, left)).to.equal(false);
      expect(await settles(order, left - 1n), "that much it could").to.equal(true);
    });

    it(`counts what other open orders of the maker reserve into what a ${side} needs`, async () => {
      const order = await soundOrder(side);
      const partly = await soundOrder(side);
      await settles(partly, 700_000n);
      const gone = await soundOrder(side);
      await run(cancelOrder(connection, gone));
      const opposite = await soundOrder(side === "BUY" ? "SELL" : "BUY");
      const ahead = await soundOrder(side, { nonce: 1n });
      const reserved = unitsOf(side) - 700_000n;
      const need = unitsOf(side) + reserved;

      await leave(side, need - 1n);
      const expired = await soundOrder(side, { expiration: await sandbox.now() });
      const openOrders = [order, partly, partly, gone, opposite, expired, ahead];
      expect((await check(order)).ok, "alone").to.equal(true);
      const report = await check(order, { openOrders });
      expect(codesOf(report)).to.deep.equal(["INSUFFICIENT_BALANCE"]);
      const { values, message } = findingOf(report, "INSUFFICIENT_BALANCE");
      expect(values).to.include({ have: need - 1n, need, reserved });
      expect(message).to.include("of it for other orders");

      expect(await settles(partly, reserved)).to.equal(true);
      expect(await settles(order, unitsOf(side)), "not both").to.equal(false);
    });
  }

  it("reserves collateral over all tokens, and tokens each for itself", async () => {
    const no = { tokenId: market.no };
    const [buy, buyNo] = [await soundOrder("BUY"), await soundOrder("BUY", no)];
    const [sell, sellNo] = [await soundOrder("SELL"), await soundOrder("SELL", no)];
    await leave("BUY", COLLATERAL_UNITS);
    await leave("SELL", TOKEN_UNITS);
    expect(codesOf(await check(buy, { openOrders: [buyNo] }))).to.deep.equal([
      "INSUFFICIENT_BALANCE",
    ]);
    expect((await check(sell, { openOrders: [sellNo] })).ok).to.equal(true);
  });

  it("reserves nothing for open orders whose terms the exchange never takes", async () => {
    const dead: readonly Partial<Order>[] = [
      { feeRateBps: 1_001n },
      { makerAmount: TOKEN_UNITS + 1n, takerAmount: TOKEN_UNITS },
      { makerAmount: MAX_AMOUNT + 1n, takerAmount: MAX_AMOUNT + 1n },
      { takerAmount: 0n },
    ];
    const openOrders = await Promise.all(dead.map((terms) => soundOrder("BUY", terms)));
    const order = await soundOrder("BUY");
    await leave("BUY", COLLATERAL_UNITS);
    expect((await check(order, { openOrders })).findings).to.deep.equal([]);
  });

  it("offers no approval of more than an allowance can be", async () => {
    const most = 2n ** 256n - 1n;
    const order = await soundOrder("BUY", { makerAmount: most });
    await allow("BUY", 0n);
    const alone = findingOf(await check(order), "INSUFFICIENT_ALLOWANCE");
    expect(alone.fix.map(({ action }) => action)).to.deep.equal(["approveCollateral"]);
    const openOrders = [await soundOrder("BUY")];
    const finding = findingOf(await check(order, { openOrders }), "INSUFFICIENT_ALLOWANCE");
    expect(finding.values.need).to.equal(most + COLLATERAL_UNITS);
    expect(finding.fix).to.deep.equal([]);
  });

  it("says whose signature it is, whose it should be, and for which exchange", async () => {
    const order = await soundOrder("BUY");
    const values = {
      kind: "EOA",
      expected: maker.address,
      chainId: 31_337n,
      verifyingContract: sandbox.deployment.contracts.ctfExchange,
    };
    const { signature } = await signOrder(
      { ...order, maker: addressOf(stranger), signer: addressOf(stranger) },
      stranger,
      connection,
    );
    const ofNobody = `0x${"00".repeat(64)}1b` as const;
    const foreign = findingOf(await check({ ...order, signature }), "INVALID_SIGNATURE").values;
    expect(foreign).to.include({ ...values, reason: "NOT_SIGNER" });
    expect(foreign.recovered).to.be.a("string").and.not.equal(maker.address);
    const nobody = findingOf(await check({ ...order, signature: ofNobody }), "INVALID_SIGNATURE");
    expect(nobody.values).to.deep.equal({
      ...values,
      recovered: null,
      reason: "SIGNATURE_INVALID",
    });
    const signer = addressOf(stranger);
    const other = await signOrder({ ...order, signer }, stranger, connection);
    for (const signatureType of [0, 2] as const) {
      const found = findingOf(await check({ ...other, signatureType }), "INVALID_SIGNATURE");
      expect(found.values).to.include({ expected: maker.address, reason: "NOT_MAKER" });
      expect(found.message).to.include("another signer");
    }
  });

  it("asks the chain about a delegate: authorised, and for how long", async () => {
    const delegate = { signer: addressOf(stranger), signatureType: 1 } as const;
    const order = await signOrder(orderOf("BUY", delegate), stranger, connection);
    const until = nowSeconds + 500n;
    const authorization = { signer: addressOf(stranger), expirationSeconds: until };
    await run(authorizeSigner(connection, authorization));
    expect((await check(order)).ok).to.equal(true);
    await sandbox.setTime(until);
    expect(findingOf(await check(order), "SIGNER_NOT_AUTHORIZED").values).to.deep.equal({
      ...{ maker: maker.address, signer: stranger.address, expirationSeconds: until },
    });
    expect(await settles(order, 1n)).to.equal(false);
  });

  it("asks a contract about its signature, and about the tokens it buys", async () => {
    const wallet = await deploy<SigningWallet>("SigningWallet", [maker.address]);
    const address = (await wallet.getAddress()) as Address;
    const contract = { maker: address, signer: address, signatureType: 2 } as const;
    await sandbox.mint(address, COLLATERAL_UNITS);
    const { collateral, ctfExchange } = sandbox.deployment.contracts;
    const order = await soundOrder("BUY", contract);
    const [fix] = (await check(order)).fixes;
    expect(fix?.to).to.equal(collateral);
    await (await wallet.execute(fix!.to, fix!.data)).wait();
    expect(await connection.collateral.allowance(address, ctfExchange)).to.equal(COLLATERAL_UNITS);
    expect((await check(order)).ok).to.equal(true);
    for (const mode of [1, 3, 5, 9, 10]) {
      await (await wallet.setMode(mode)).wait();
      expect(findingOf(await check(order), "INVALID_SIGNATURE").values).to.include({
        ...{ kind: "EIP1271", expected: address, recovered: null, reason: "CONTRACT_REFUSED" },
      });
    }
    await (await wallet.setMode(0)).wait();
    expect(await settles(order, COLLATERAL_UNITS)).to.equal(true);
  });

  it("knows a hook that refuses in whatever way, and a contract without one", async () => {
    const receiver = await deploy<HostileReceiver>("HostileReceiver");
    const { deployedBytecode } = await artifacts.readArtifact("HostileReceiver");
    await sandbox.provider.send("hardhat_setCode", [maker.address, deployedBytecode]);
    const at = receiver.attach(maker.address) as HostileReceiver;
    for (const [trap, refused] of [
      [0, false],
      [1, true],
      [2, true],
      [3, true],
      [4, false],
      [5, true],
    ] as const) {
      await (await at.setTrap(trap, 1_000)).wait();
      const order = await soundOrder("BUY");
      const report = await check(order);
      expect(codesOf(report), `trap ${trap}`).to.deep.equal(refused ? ["TOKENS_REFUSED"] : []);
      expect(await settles(order, COLLATERAL_UNITS, true), `trap ${trap}`).to.equal(!refused);
    }
    const { provider } = sandbox;
    const call = provider.call.bind(provider);
    provider.call = (request) =>
      request.from === sandbox.deployment.contracts.conditionalTokens
        ? Promise.reject(makeError("missing revert data", "CALL_EXCEPTION", WITHOUT_DATA))
        : call(request);
    const untold = await check(await soundOrder("BUY")).finally(() => (provider.call = call));
    expect(codesOf(untold), "a node that keeps the data").to.deep.equal(["TOKENS_REFUSED"]);

    const usdc = await artifacts.readArtifact("MockUSDC");
    await sandbox.provider.send("hardhat_setCode", [maker.address, usdc.deployedBytecode]);
    expect(codesOf(await check(await soundOrder("BUY")))).to.deep.equal(["TOKENS_REFUSED"]);
  });

  it("asks the hook with no more gas than a swap leaves it, and hardly less", async () => {
    // What receives its first tokens of a kind pays for their slot, and its hook has less.
    await leave("SELL", 0n);
    // It stores the gas it finds, and answers yes.
    const { selector } = connection.exchange.interface.getFunction("onERC1155Received");
    const code = `0x5a5f557f${selector.slice(2).padEnd(64, "0")}5f5260205ff3`;
    await sandbox.provider.send("hardhat_setCode", [maker.address, code]);
    const { provider } = sandbox;
    const call = provider.call.bind(provider);
    let asked = 0;
    provider.call = (request) => {
      if (request.from === sandbox.deployment.contracts.conditionalTokens) {
        const bytes = ethers.getBytes(request.data ?? "0x");
        // What a node takes off before the code runs.
        const intrinsic = bytes.reduce((gas, byte) => gas + (byte === 0 ? 4 : 16), 21_000);
        asked = Number(request.gasLimit) - intrinsic;
      }
      return call(request);
    };
    const order = await soundOrder("BUY");
    await check(order).finally(() => (provider.call = call));
    const left: number[] = [];
    for (const asTaker of [true, false]) {
      const at = await sandbox.provider.send("evm_snapshot", []);
      expect(await settles(order, COLLATERAL_UNITS, asTaker)).to.equal(true);
      // GAS itself costs 2.
      left.push(Number(await provider.getStorage(maker.address, 0n)) + 2);
      await sandbox.provider.send("evm_revert", [at]);
    }
    const least = Math.min(...left);
    expect(asked).to.be.within(least - 1_000, least);
  });

  it("offers the maker's approval where no signature is needed then, and no approval of what another signed", async () => {
    const unsigned_ = { ...orderOf("BUY"), signature: "0x" } as const;
    const report = await check(unsigned_);
    expect(report.fixes.map(({ action }) => action)).to.deep.equal(["approveOrder"]);
    await run(approveOrder(connection, unsigned_));
    expect((await check(unsigned_)).ok).to.equal(true);
    for (const defect of DEFECTS.filter(({ name }) => /foreign|another's signature$/.test(name))) {
      const { findings } = await check(await orderWith("BUY", [defect]));
      expect(
        findings.flatMap(({ fix }) => fix),
        defect.name,
      ).to.deep.equal([]);
    }
  });

  it("says which nonce an order must have, and to sign it again", async () => {
    const order = await soundOrder("BUY");
    await run(incrementNonce(connection));
    const finding = findingOf(await check(order), "STALE_NONCE");
    expect(finding.values).to.deep.equal({ maker: maker.address, nonce: 0n, currentNonce: 1n });
    expect(finding.fix).to.deep.equal([]);
    expect(finding.message).to.include("signed again");
  });

  // ---------------------------------------------------------------------------------------------- warnings

  it("warns of a price off the tick, with both neighbours, and of one at the edge with one", async () => {
    const near = async (changes: Partial<Order>, tick: string | bigint) => {
      const report = await check(await soundOrder("BUY", changes), { tick });
      expect(report.ok).to.equal(true);
      return codesOf(report).length === 0 ? [] : findingOf(report, "OFF_TICK").values.nearest;
    };
    const at = (makerAmount: bigint) => ({ makerAmount, takerAmount: 10_000_000n });
    expect(await near(at(5_550_000n), "0.01")).to.deep.equal(["0.55", "0.56"]);
    expect(await near(at(5_550_000n), 5_000n)).to.deep.equal([]);
    expect(await near(at(10_000_000n), "0.01")).to.deep.equal([]);
    expect(await near(at(9_999_999n), "0.001")).to.deep.equal(["0.999", "1"]);
    expect(await near(at(1n), "0.01")).to.deep.equal(["0.01"]);
    const sell = { makerAmount: 3n, takerAmount: 1n };
    const report = await check(await soundOrder("SELL", sell), { tick: "0.000001" });
    expect(findingOf(report, "OFF_TICK").values).to.deep.equal({
      price: { numerator: 1n, denominator: 3n },
      tick: "0.000001",
      nearest: ["0.333333", "0.333334"],
    });
  });

  it("warns of an order with little time, and of one for a single counterparty", async () => {
    const taker = addressOf(counterparty);
    const order = await soundOrder("BUY", { expiration: nowSeconds + 100n, taker });
    const left = nowSeconds + 100n - (await sandbox.now());
    const early = await check(order, { expiresWithinSeconds: left - 1n, counterparty: taker });
    expect(codesOf(early)).to.deep.equal([]);
    const late = await check(order, { expiresWithinSeconds: left });
    expect([late.ok, codesOf(late)]).to.deep.equal([true, ["EXPIRES_SOON", "PRIVATE"]]);
    expect(await settles(order, COLLATERAL_UNITS)).to.equal(true);
  });

  it("warns of a market that is over in whatever way; its orders settle all the same", async () => {
    const { questionId } = market;
    const [resolver] = sandbox.resolvers;
    const statusOf = async (code: FindingCode): Promise<string> => {
      const order = await soundOrder("SELL");
      const report = await check(order);
      expect([report.ok, codesOf(report)]).to.deep.equal([true, [code]]);
      expect(await settles(order, TOKEN_UNITS), "it settles").to.equal(true);
      return (findingOf(report, code).values as Finding<"MARKET_ENDED">["values"]).status;
    };
    const at = await sandbox.provider.send("evm_snapshot", []);
    await run(cancelMarket(sandbox.connect(sandbox.admin), { questionId }));
    expect(await statusOf("MARKET_CANCELLED")).to.equal("CANCELLED");
    await sandbox.provider.send("evm_revert", [at]);

    await sandbox.setTime(nowSeconds + 2n * 86_400n);
    expect(await statusOf("MARKET_ENDED")).to.equal("ENDED");
    const ofResolver = sandbox.connect(resolver);
    const proposed = await run(proposeResolution(ofResolver, { questionId, result: "YES" }));
    expect(await statusOf("MARKET_ENDED")).to.equal("PROPOSED");
    await sandbox.setTime(proposed.disputeDeadlineSeconds);
    await run(finalizeResolution(ofResolver, { questionId }));
    expect(await statusOf("MARKET_RESOLVED")).to.equal("RESOLVED");
    const { values } = findingOf(await check(await soundOrder("BUY")), "MARKET_RESOLVED");
    expect(values)
      .to.include({ questionId })
      .and.deep.include({ payouts: [1n, 0n] });
  });

  it("has nothing to say of the market of a pair registered by hand", async () => {
    const { exchange } = sandbox.connect(sandbox.admin);
    await (await exchange.registerToken(7n, 8n, `0x${"12".repeat(32)}`)).wait();
    expect((await check(await soundOrder("BUY", { tokenId: 7n }))).findings).to.deep.equal([]);
  });

  // ---------------------------------------------------------------------------------------------- errors

  it("requireSettleable throws the first finding that blocks as a typed error with its values", async () => {
    const thrownFor = async (order: SignedOrder): Promise<NostraError> => {
      const report = await check(order);
      return (await thrownBy(() => requireSettleable(report))) as NostraError;
    };
    const warned = await check(await soundOrder("BUY"), { tick: "0.01" });
    expect(codesOf(warned)).to.deep.equal(["OFF_TICK"]);
    requireSettleable(warned);

    const ahead = await thrownFor(await soundOrder("BUY", { nonce: 3n }));
    expect(ahead).to.be.instanceOf(StaleNonceError);
    expect(ahead).to.include({ maker: maker.address, nonce: 3n, currentNonce: 0n });

    const order = await soundOrder("BUY");
    const forged = await thrownFor({ ...order, salt: 1n });
    expect(forged).to.be.instanceOf(SignatureMismatchError);
    expect(forged.details).to.include({ expected: maker.address, reason: "NOT_SIGNER" });

    const dead = await thrownFor(await soundOrder("BUY", { expiration: 1n }));
    expect(dead).to.be.instanceOf(UnsettleableOrderError);
    expect([dead.code, dead.details["reason"], dead.details["expirationSeconds"]]).to.deep.equal([
      ...["UNSETTLEABLE_ORDER", "EXPIRED", 1n],
    ]);

    await allow("BUY", 4n);
    const funds = {
      asset: "COLLATERAL",
      assetId: 0n,
      owner: maker.address,
      need: COLLATERAL_UNITS,
    };
    const unallowed = await thrownFor(order);
    expect(unallowed).to.be.instanceOf(AllowanceError);
    expect(unallowed).to.include({
      ...{ code: "INSUFFICIENT_ALLOWANCE", ...funds, have: 4n },
      spender: sandbox.deployment.contracts.ctfExchange,
    });
    await leave("BUY", 3n);
    const poor = await thrownFor(order);
    expect(poor).to.be.instanceOf(BalanceError);
    expect(poor).to.include({ code: "INSUFFICIENT_BALANCE", ...funds, have: 3n });
  });

  it("refuses malformed orders and options, naming the field", async () => {
    const order = await soundOrder("BUY");
    const other = { ...order, maker: addressOf(stranger) };
    for (const [act, field] of [
      [() => check(null as never), "order"],
      [() => check({ ...order, salt: -1n }), "order.salt"],
      [() => check({ ...order, makerAmount: 5 as never }), "order.makerAmount"],
      [() => check({ ...order, maker: "0x12" }), "order.maker"],
      [() => check({ ...order, maker: ZeroAddress as Address }), "order.maker"],
      [() => check(order, { openOrders: order as never }), "openOrders"],
      [() => check({ ...order, side: 256 as never }), "order.side"],
      [() => check({ ...order, signature: "0x1" }), "order.signature"],
      [() => check({ ...order, signature: undefined as never }), "order.signature"],
      [() => check(order, { tick: "0.03" }), "tick"],
      [() => check(order, { tick: 0.01 as never }), "tick"],
      [() => check(order, { expiresWithinSeconds: 60 as never }), "expiresWithinSeconds"],
      [() => check(order, { expiresWithinSeconds: -1n }), "expiresWithinSeconds"],
      [() => check(order, { counterparty: "0x1" }), "counterparty"],
      [() => check(order, { openOrders: [other] }), "openOrders[0].maker"],
      [
        () => check(order, { openOrders: [order, { ...order, nonce: -1n }] }),
        "openOrders[1].nonce",
      ],
      [() => checkOrder(connect(sandbox.deployment, null), order), "connection.runner"],
    ] as const) {
      await expectInputError(act, field);
    }
  });

  it("tells a failing node and a wrong chain from a bad order", async () => {
    const order = await soundOrder("BUY");
    const elsewhere = { ...sandbox.deployment, network: "elsewhere", chainId: 137 };
    expect(await thrownBy(() => checkOrder(connect(elsewhere, maker), order))).to.be.instanceOf(
      ChainMismatchError,
    );
    const { provider } = sandbox;
    const methods = ["eth_getBlockByNumber", "eth_call", "eth_getCode"];
    for (const failing of methods) {
      const send = provider.send.bind(provider);
      provider.send = (method, params) =>
        method === failing ? Promise.reject(new Error("502")) : send(method, params);
      const thrown = await thrownBy(() => check(order)).finally(() => {
        provider.send = send;
      });
      expect(thrown, failing).to.be.instanceOf(TransportError);
    }
  });

  it("starts over when the node has moved on and keeps no state of the block it was at", async () => {
    const order = await soundOrder("BUY");
    const { provider } = sandbox;
    const send = provider.send.bind(provider);
    /** The chain makes so many blocks while it is asked; only the latest can be read. */
    const during = async <T>(blocks: number, act: () => Promise<T>): Promise<[T, number]> => {
      let [left, tries] = [blocks, 0];
      provider.send = async (method, params) => {
        if (method === "eth_getBlockByNumber") {
          const found = await send(method, params);
          tries++;
          if (left-- > 0) await send("evm_mine", []);
          return found;
        }
        const at = (params as unknown[]).at(-1);
        if (/^eth_(call|getCode)$/.test(method) && at !== (await send("eth_blockNumber", []))) {
          throw new Error("missing trie node");
        }
        return send(method, params);
      };
      return [await act().finally(() => (provider.send = send)), tries];
    };
    const [report, tries] = await during(2, () => check(order));
    expect([report.ok, tries]).to.deep.equal([true, 3]);
    expect(report.block.number).to.equal(await provider.getBlockNumber());

    const [thrown, bounded] = await during(100, () => thrownBy(() => check(order)));
    expect(thrown).to.be.instanceOf(TransportError);
    expect(bounded).to.equal(5);
  });

  it("reads at one block, in at most a dozen calls", async () => {
    const order = await soundOrder("BUY");
    const { provider } = sandbox;
    const send = provider.send.bind(provider);
    const blocks: unknown[] = [];
    provider.send = (method, params) => {
      const last = (params as unknown[]).at(-1);
      if (/^eth_(call|getCode)$/.test(method)) blocks.push(last);
      return send(method, params);
    };
    const { block } = await check(order, { openOrders: [await soundOrder("BUY")] }).finally(() => {
      provider.send = send;
    });
    expect(blocks.length).to.be.within(5, 12);
    expect(new Set(blocks)).to.deep.equal(new Set([ethers.toQuantity(block.number)]));
  });
});
