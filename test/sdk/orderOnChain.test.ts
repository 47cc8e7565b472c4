import {
  approveOrder,
  authorizeSigner,
  cancelOrder,
  incrementNonce,
  matchOrders,
  revokeSigner,
  type MarketIds,
} from "@nostra/sdk/actions";
import { connect, type Connection } from "@nostra/sdk/contracts";
import {
  ChainMismatchError,
  type InputError,
  SignatureMismatchError,
  StaleNonceError,
  TransportError,
} from "@nostra/sdk/errors";
import { createBook, matchOrder } from "@nostra/sdk/matcher";
import {
  buildOrder,
  createLimitOrder,
  createMarketOrder,
  domainOf,
  estimateOrder,
  hashOrder,
  ORDER_TYPES,
  orderFromJson,
  orderToJson,
  requireFreshOrder,
  signOrder,
  signOrders,
  type Address,
  type Hex,
  type Order,
  type SignedOrder,
} from "@nostra/sdk/order";
import { verifyOrder, verifyOrderOnChain } from "@nostra/sdk/verify";
import { toSigner } from "@nostra/sdk/signer";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { TypedDataEncoder, ZeroHash, type BaseContract, type Wallet } from "ethers";
import fc from "fast-check";
import { ethers } from "hardhat";
import type { NestedWallet, PlainTwins, SigningWallet } from "../../typechain-types";
import { expectInputError, run, thrownBy } from "../helpers/sandbox";

/*
 * given an order of any kind, and a chain
 * ├── when its maker signed it ............................. proven, without a call
 * ├── when a key that the maker authorised signed it ....... proven by signature
 * │   └── when it never was, is revoked, or is over ........ SIGNER_NOT_AUTHORIZED
 * ├── when its maker is a contract that confirms it ........ proven by signature (EIP-1271, ERC-7739)
 * │   └── when it says no, misbehaves, or burns its gas .... CONTRACT_REFUSED
 * ├── when its maker approved it on chain .................. proven by approval, whatever its signature
 * │   └── when it was cancelled since ...................... as if it had not been
 * └── when the node does not answer ........................ TransportError, and no verdict
 *
 * given a wallet and a connection
 * ├── one call makes an order that the exchange takes, from a price and a size or an amount and a cap
 * ├── maker, signer, kind and nonce follow from the wallet and the chain
 * └── a nonce that is not the maker's, and a node on another chain, are refused before anything is signed
 *
 * given any order and fill
 * └── the estimate is what the exchange moves, to the unit
 */
describe("sdk/order with a chain", () => {
  let sandbox: Sandbox;
  let market: MarketIds;
  let alice: Wallet;
  let bob: Wallet;
  let carol: Wallet;
  let connection: Connection;

  before(async () => {
    sandbox = await createSandbox({ accounts: 4 });
    market = await sandbox.createMarket();
    [alice, bob, carol] = sandbox.accounts as [Wallet, Wallet, Wallet];
    connection = sandbox.connect(alice);
  });

  after(() => sandbox.close());

  /** Deploys a mock of the tests on the sandbox's own chain. */
  async function deploy<T extends BaseContract>(name: string, args: unknown[] = []): Promise<T> {
    const factory = (await ethers.getContractFactory(name)).connect(sandbox.admin);
    const contract = await factory.deploy(...args);
    await contract.waitForDeployment();
    return contract as unknown as T;
  }

  const addressOf = (wallet: Wallet): Address => wallet.address as Address;
  const terms = (): { tokenId: bigint; side: "BUY"; price: string; size: string } => {
    return { tokenId: market.yes, side: "BUY", price: "0.55", size: "10" };
  };
  const order = (changes: object): Order =>
    buildOrder({ ...terms(), maker: alice.address, nonce: 0n, ...changes });
  const verify = (signed: SignedOrder) => verifyOrderOnChain(signed, connection);
  const byContract = (signed: SignedOrder) => verifyOrderOnChain(signed, sandbox.connect(bob));

  describe("verifyOrderOnChain", () => {
    it("asks nothing about an order that its maker signed", async () => {
      const signed = await signOrder(order({}), alice, connection);
      const silent = connect(sandbox.deployment, null);
      expect(await verifyOrderOnChain(signed, silent)).to.deep.equal({
        ok: true,
        proof: "SIGNATURE",
      });
    });

    it("believes a delegate while its maker does", async () => {
      const signed = await signOrder(order({ signer: bob.address }), bob, connection);
      const refused = { ok: false, reason: "SIGNER_NOT_AUTHORIZED" };
      expect(await verify(signed)).to.deep.equal(refused);

      const signer = addressOf(bob);
      const expirationSeconds = (await sandbox.now()) + 1_000n;
      await run(authorizeSigner(connection, { signer, expirationSeconds }));
      expect(await verify(signed)).to.deep.equal({ ok: true, proof: "SIGNATURE" });
      expect(await verify({ ...signed, salt: 1n })).to.deep.equal({
        ok: false,
        reason: "NOT_SIGNER",
      });

      await run(revokeSigner(connection, { signer }));
      expect(await verify(signed)).to.deep.equal(refused);
    });

    it("believes a contract that confirms, and none that does not", async () => {
      const wallet = await deploy<SigningWallet>("SigningWallet", [bob.address]);
      const maker = await wallet.getAddress();
      const signed = await signOrder(order({ maker, makerIsContract: true }), bob, connection);
      expect(signed).to.include({ maker, signer: maker, signatureType: 2 });
      expect(verifyOrder(signed, domainOf(connection))).to.deep.equal({
        ok: false,
        reason: "SIGNATURE_TYPE_EIP1271",
      });
      expect(await byContract(signed)).to.deep.equal({ ok: true, proof: "SIGNATURE" });

      const ofCarol = await signOrder(order({ maker, makerIsContract: true }), carol, connection);
      const refused = { ok: false, reason: "CONTRACT_REFUSED" };
      expect(await byContract(ofCarol), "another owner").to.deep.equal(refused);
      for (const [what, mode] of Object.entries({ no: 1, fail: 3, empty: 5, burn: 9, huge: 10 })) {
        await (await wallet.setMode(mode)).wait();
        expect(await byContract(signed), what).to.deep.equal(refused);
      }
      const codeless = await signOrder(order({ makerIsContract: true }), alice, connection);
      expect(await verify(codeless), "no code").to.deep.equal(refused);
    });

    it("believes a contract that wraps what it confirms, and carries the long signature there", async () => {
      const wallet = await deploy<NestedWallet>("NestedWallet", [bob.address]);
      const maker = await wallet.getAddress();
      const signing = order({ maker, makerIsContract: true });
      const nested = { address: bob.address, signTypedData: () => nest(wallet, signing) };
      const signed = await signOrder(signing, nested, connection);
      expect(signed.signature.length).to.be.greaterThan(2 + 2 * 65);
      const read = orderFromJson(JSON.stringify(orderToJson(signed)));
      expect(await byContract(read)).to.deep.equal({ ok: true, proof: "SIGNATURE" });
      const plain = await signOrder(signing, bob, connection);
      expect((await byContract(plain)).ok).to.equal(false);
    });

    /** What ERC-7739 has the owner sign: the order within TypedDataSign of this wallet, in the exchange's domain. */
    async function nest(wallet: NestedWallet, signing: Order): Promise<Hex> {
      const domain = { ...domainOf(connection) };
      const types = {
        ...ORDER_TYPES,
        TypedDataSign: [
          { name: "contents", type: "Order" },
          { name: "name", type: "string" },
          { name: "version", type: "string" },
          { name: "chainId", type: "uint256" },
          { name: "verifyingContract", type: "address" },
          { name: "salt", type: "bytes32" },
        ],
      };
      const signature = await bob.signTypedData(domain, types, {
        contents: signing,
        ...{ name: "Nested Wallet", version: "7", chainId: 31337n, salt: ZeroHash },
        verifyingContract: await wallet.getAddress(),
      });
      const type = TypedDataEncoder.from(ORDER_TYPES).encodeType("Order");
      return ethers.concat([
        signature,
        TypedDataEncoder.hashDomain(domain),
        TypedDataEncoder.hashStruct("Order", ORDER_TYPES, signing),
        ethers.toUtf8Bytes(type),
        ethers.toBeHex(type.length, 2),
      ]) as Hex;
    }

    it("believes what its maker approved on chain, whatever the signature, until it is cancelled", async () => {
      const unsigned: SignedOrder = { ...order({}), signature: "0x" };
      const refused = { ok: false, reason: "SIGNATURE_LENGTH" };
      expect(await verify(unsigned)).to.deep.equal(refused);
      await run(approveOrder(connection, unsigned));
      expect(await verify(unsigned)).to.deep.equal({ ok: true, proof: "APPROVAL" });
      const read = orderFromJson(JSON.stringify(orderToJson(unsigned)));
      expect(await verify(read)).to.deep.equal({ ok: true, proof: "APPROVAL" });
      await run(cancelOrder(connection, unsigned));
      expect(await verify(unsigned)).to.deep.equal(refused);
    });

    it("gives no verdict when the node does not answer", async () => {
      const signed = await signOrder(order({ signer: bob.address }), bob, connection);
      const thrown = await thrownBy(() =>
        verifyOrderOnChain(signed, connect(sandbox.deployment, null)),
      );
      expect(thrown).to.be.instanceOf(TransportError);
    });
  });

  describe("createLimitOrder and createMarketOrder", () => {
    it("make an order that the exchange takes from a price and a size alone", async () => {
      const buy = await createLimitOrder(terms(), alice, connection);
      expect(buy).to.include({
        maker: alice.address,
        signer: alice.address,
        makerAmount: 5_500_000n,
        takerAmount: 10_000_000n,
        signatureType: 0,
        nonce: 0n,
      });
      expect(verifyOrder(buy, domainOf(connection))).to.deep.equal({ ok: true });
      await connection.exchange.validateOrder(buy);
    });

    it("sign the worst price of a market order, and let it live five minutes", async () => {
      const nowSeconds = 1_900_000_000n;
      const market_ = { tokenId: market.yes, nowSeconds } as const;
      const buy = await createMarketOrder(
        { ...market_, side: "BUY", amount: "10", cap: "0.6", tick: "0.01" },
        alice,
        connection,
      );
      expect(buy).to.include({ makerAmount: 10_000_000n, takerAmount: 16_666_667n, side: 0 });
      expect(buy.expiration).to.equal(nowSeconds + 300n);
      const sell = await createMarketOrder(
        { ...market_, side: "SELL", size: "10.000001", floor: "0.333", expiration: 0n },
        alice,
        connection,
      );
      // 3.330000333 at least: rounded up, in the seller's favour.
      expect(sell).to.include({ makerAmount: 10_000_001n, takerAmount: 3_330_001n, side: 1 });
      expect(sell.expiration).to.equal(0n);
    });

    it("need no node when the nonce is given", async () => {
      const domain = domainOf(connection);
      const signed = await createLimitOrder({ ...terms(), nonce: 7n }, alice, domain);
      expect(signed.nonce).to.equal(7n);
      expect(verifyOrder(signed, domain)).to.deep.equal({ ok: true });
      await expectInputError(() => createLimitOrder(terms(), alice, domain), "nonce");
    });

    it("let the wallet of another account sign as the maker's delegate, if the chain agrees", async () => {
      const maker = carol.address;
      const make = () => createLimitOrder({ ...terms(), maker }, bob, connection);
      const thrown = (await thrownBy(make)) as SignatureMismatchError;
      expect(thrown).to.be.instanceOf(SignatureMismatchError);
      expect(thrown.details["reason"]).to.equal("SIGNER_NOT_AUTHORIZED");
      const expirationSeconds = 2n ** 256n - 1n;
      const ofCarol = sandbox.connect(carol);
      await run(authorizeSigner(ofCarol, { signer: addressOf(bob), expirationSeconds }));
      expect(await make()).to.include({ maker, signer: bob.address, signatureType: 1 });
    });

    it("let an owner sign for a contract, if the contract agrees", async () => {
      const wallet = await deploy<SigningWallet>("SigningWallet", [bob.address]);
      const maker = await wallet.getAddress();
      const make = (owner: Wallet) =>
        createLimitOrder({ ...terms(), maker, makerIsContract: true }, owner, connection);
      expect(await make(bob)).to.include({ maker, signer: maker, signatureType: 2 });
      const thrown = (await thrownBy(() => make(carol))) as SignatureMismatchError;
      expect(thrown.details["reason"]).to.equal("CONTRACT_REFUSED");
    });

    it("tell GTC from GTD by their names, and refuse what contradicts them", async () => {
      const domain = domainOf(connection);
      const later = new Date(Date.now() + 3_600_000);
      const make = (changes: object) =>
        createLimitOrder({ ...terms(), nonce: 0n, ...changes }, alice, domain);
      expect((await make({ timeInForce: "GTC" })).expiration).to.equal(0n);
      expect((await make({ timeInForce: "GTC", expiration: 0 })).expiration).to.equal(0n);
      const seconds = BigInt(Math.floor(later.getTime() / 1_000));
      expect((await make({ timeInForce: "GTD", expiration: later })).expiration).to.equal(seconds);
      for (const [changes, field] of [
        [{ timeInForce: "GTC", expiration: later }, "expiration"],
        [{ timeInForce: "GTD" }, "expiration"],
        [{ timeInForce: "GTD", expiration: 0 }, "expiration"],
        [{ timeInForce: "FOK" }, "timeInForce"],
        [{ expiration: later.getTime() }, "expiration"],
      ] as const) {
        await expectInputError(() => make(changes), field);
      }
    });

    for (const [what, input, field] of [
      ["a floor for a BUY", { side: "BUY", amount: "1", cap: "0.5", floor: "0.5" }, "floor"],
      ["a size for a BUY", { side: "BUY", amount: "1", cap: "0.5", size: "1" }, "size"],
      ["a cap for a SELL", { side: "SELL", size: "1", floor: "0.5", cap: "0.5" }, "cap"],
      ["a BUY without a cap", { side: "BUY", amount: "1" }, "cap"],
      ["an amount as number", { side: "BUY", amount: 1, cap: "0.5" }, "amount"],
    ] as const) {
      it(`refuse ${what}`, async () => {
        const whole = { ...input, tokenId: 1n, nonce: 0n } as never;
        await expectInputError(() => createMarketOrder(whole, alice, domainOf(connection)), field);
      });
    }

    it("pain 5, SO-04: refuse a nonce that is not the maker's, with both, before anything is signed", async () => {
      const maker = sandbox.accounts[3] as Wallet;
      const mine = sandbox.connect(maker);
      const early = await createLimitOrder(terms(), maker, mine);
      await requireFreshOrder(early, mine);
      await run(incrementNonce(mine));

      let asked = 0;
      const counting = {
        getAddress: () => maker.getAddress(),
        signTypedData: (...args: Parameters<Wallet["signTypedData"]>) => {
          asked++;
          return maker.signTypedData(...args);
        },
      };
      for (const act of [
        () => createLimitOrder({ ...terms(), nonce: 0n }, counting, mine),
        () => requireFreshOrder(early, mine),
      ]) {
        const thrown = (await thrownBy(act)) as StaleNonceError;
        expect(thrown).to.be.instanceOf(StaleNonceError);
        expect(thrown).to.include({ maker: maker.address, nonce: 0n, currentNonce: 1n });
      }
      expect(asked, "the wallet was asked").to.equal(0);
      expect((await createLimitOrder(terms(), counting, mine)).nonce).to.equal(1n);
    });

    it("SD-4: refuse a node on another chain than the deployment, before anything is signed", async () => {
      const elsewhere = { ...sandbox.deployment, network: "elsewhere", chainId: 137 };
      const thrown = await thrownBy(() =>
        createLimitOrder(terms(), alice, connect(elsewhere, alice)),
      );
      expect(thrown).to.be.instanceOf(ChainMismatchError);
      expect(thrown).to.include({ expected: 137n, actual: 31_337n });
    });

    it("keep the order of many, and stop at the first no", async () => {
      const orders = [1n, 2n, 3n].map((salt) => order({ salt }));
      const signed = await signOrders(orders, alice, connection);
      expect(signed.map(({ salt }) => salt)).to.deep.equal([1n, 2n, 3n]);
      let asked = 0;
      const tired = toSigner(
        () => (++asked === 2 ? Promise.reject({ code: 4001 }) : Promise.resolve("0x")),
        { address: alice.address },
      );
      const contracts = orders.map((each) => ({ ...each, signatureType: 2 }) as Order);
      await thrownBy(() => signOrders(contracts, tired, connection));
      expect(asked).to.equal(2);
    });
  });

  describe("estimateOrder", () => {
    it("pain 14: is what FillMath computes, for any order and fill", async () => {
      const twins = await deploy<PlainTwins>("PlainTwins");
      const amount = fc.oneof(
        fc.bigInt({ min: 1n, max: 2n ** 120n - 1n }),
        fc.bigInt({ min: 1n, max: 100_000_000n }),
      );
      const drawn = fc.record({
        makerAmount: amount,
        takerAmount: amount,
        share: fc.bigInt({ min: 1n, max: 1_000_000n }),
        feeRateBps: fc.bigInt({ min: 0n, max: 1_000n }),
        side: fc.constantFrom(0 as const, 1 as const),
      });
      await fc.assert(
        fc.asyncProperty(drawn, async ({ share, ...rest }) => {
          const fill = (rest.makerAmount * share) / 1_000_000n || 1n;
          const estimate = estimateOrder({ ...rest, tokenId: 5n }, { fill });
          const gross = await twins.receivedUp(fill, rest.makerAmount, rest.takerAmount);
          const fee = await twins.feeDown(rest.feeRateBps, gross);
          expect(estimate).to.deep.equal({
            ...{ gives: fill, gross, fee, net: gross - fee },
            feeAsset: rest.side === 0 ? "OUTCOME" : "COLLATERAL",
            feeAssetId: rest.side === 0 ? 5n : 0n,
          });
        }),
        { numRuns: 150 },
      );
    });

    it("pain 14: is what the exchange moves and charges, for both sides of a match", async () => {
      const fees = { feeRateBps: 137n } as const;
      const resting = await createLimitOrder(
        { ...terms(), price: "0.57", size: "33.33", snap: "favorable", ...fees },
        alice,
        connection,
      );
      const incoming = await createLimitOrder(
        {
          ...terms(),
          tokenId: market.no,
          price: "0.43",
          size: "33.33",
          snap: "favorable",
          ...fees,
        },
        bob,
        connection,
      );
      const book = createBook(market);
      const domain = domainOf(connection);
      book.add({ hash: hashOrder(resting, domain), order: resting });
      const match = matchOrder(book, { hash: hashOrder(incoming, domain), order: incoming });
      if (match.status === "no-match") throw new Error(match.reason);
      const settled = await run(matchOrders(sandbox.connect(sandbox.operator), match.plan));
      for (const each of [resting, incoming]) {
        const orderHash = hashOrder(each, domain);
        const fill = settled.fills.find(({ args }) => args.orderHash === orderHash);
        const fee = settled.fees.find(({ args }) => args.orderHash === orderHash);
        const estimate = estimateOrder(each, { fill: fill?.args.making });
        expect(fill?.args.taking, "gross").to.equal(estimate.gross);
        expect(fee?.args.amount, "fee").to.equal(estimate.fee);
        expect(fee?.args.assetId, "asset").to.equal(estimate.feeAssetId);
      }
    });

    it("refuses what the exchange would refuse", () => {
      const valid = {
        tokenId: 1n,
        side: 0,
        makerAmount: 5n,
        takerAmount: 9n,
        feeRateBps: 0n,
      } as const;
      for (const [changes, options, field] of [
        [{ makerAmount: 0n }, {}, "makerAmount"],
        [{ takerAmount: 2n ** 120n }, {}, "takerAmount"],
        [{ feeRateBps: 1_001n }, {}, "feeRateBps"],
        [{}, { fill: 6n }, "fill"],
        [{}, { fill: 0n }, "fill"],
        [{ makerAmount: 5 }, {}, "makerAmount"],
      ] as const) {
        let thrown: unknown;
        try {
          estimateOrder({ ...valid, ...changes } as never, options);
        } catch (error) {
          thrown = error;
        }
        expect((thrown as InputError).field).to.equal(field);
      }
    });
  });
});
