import { readFileSync } from "node:fs";
import path from "node:path";
import {
  InexactAmountError,
  type InputError,
  SignatureMismatchError,
  SigningRejectedError,
  TickError,
} from "@nostra/sdk/errors";
import {
  buildOrder,
  createLimitOrder,
  createMarketOrder,
  orderDomain,
  orderFromJson,
  orderToJson,
  signOrder,
  type Order,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { verifyOrder } from "@nostra/sdk/verify";
import { expect } from "chai";
import { Wallet } from "ethers";
import { Wallet as EthersV5Wallet } from "ethers-v5";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { thrownBy } from "../helpers/sandbox";

/*
What users of other SDKs of this field complain of most, and that it cannot happen here; one test each. Stale nonces and fee
surprises need a chain: see orderOnChain.test.ts. The weight of the package: npm run check:package.
*/
const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const MAKER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const DOMAIN = orderDomain({
  chainId: 137,
  exchange: "0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40",
});
const wallet = fastSigner(KEY);
const TERMS = { tokenId: 1n, side: "BUY", price: "0.55", size: "10", nonce: 0n } as const;
const create = (changes: object = {}) => createLimitOrder({ ...TERMS, ...changes }, wallet, DOMAIN);

describe("sdk: pains of other SDKs", () => {
  it("pain 1: no amount is rounded: a size that has no exact cost is refused with both neighbours", async () => {
    const inexact = (await thrownBy(() =>
      create({ price: "0.333", size: "0.0001" }),
    )) as InexactAmountError;
    expect(inexact).to.be.instanceOf(InexactAmountError);
    expect(inexact.details.nearest).to.deep.equal(["0.001"]);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 10_000_000 }),
        async (cents, hundredths) => {
          const price = `0.${String(cents).padStart(2, "0")}`;
          const size = (hundredths / 100).toFixed(2);
          const { makerAmount, takerAmount } = buildOrder({ ...TERMS, maker: MAKER, price, size });
          expect(takerAmount).to.equal(BigInt(hundredths) * 10_000n);
          expect(makerAmount).to.equal(BigInt(hundredths) * BigInt(cents) * 100n);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("pain 1: no market order is signed beyond its cap or below its floor", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 1n, max: 1_000_000n }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        async (limit, given) => {
          const common = { tokenId: 1n, nonce: 0n };
          const buy = await createMarketOrder(
            { ...common, side: "BUY", amount: given, cap: limit },
            wallet,
            DOMAIN,
          );
          expect(buy.makerAmount * 1_000_000n <= limit * buy.takerAmount).to.equal(true);
          const sell = await createMarketOrder(
            { ...common, side: "SELL", size: given, floor: limit },
            wallet,
            DOMAIN,
          );
          expect(sell.takerAmount * 1_000_000n >= limit * sell.makerAmount).to.equal(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("pain 2: no price is snapped: one off the tick is refused with both neighbours", async () => {
    const offTick = (await thrownBy(() => create({ price: "0.555", tick: "0.01" }))) as TickError;
    expect(offTick).to.be.instanceOf(TickError);
    expect(offTick.details.nearest).to.deep.equal(["0.55", "0.56"]);
  });

  it("pain 3: nobody types a signature type, and a signature that proves nothing is never handed out", async () => {
    const thrown = await thrownBy(() => create({ signatureType: 1 }));
    expect((thrown as InputError).field).to.equal("signatureType");
    const order = buildOrder({ ...TERMS, maker: MAKER });
    const lying = {
      address: MAKER,
      signTypedData: () => new Wallet(`0x${"11".repeat(32)}`).signMessage("an order"),
    };
    const mismatch = await thrownBy(() => signOrder(order, lying, DOMAIN));
    expect(mismatch).to.be.instanceOf(SignatureMismatchError);
    expect((mismatch as SignatureMismatchError).details).to.include({
      expected: MAKER,
      chainId: 137n,
      verifyingContract: DOMAIN.verifyingContract,
    });
  });

  it("pain 6: a salt has 256 random bits and passes through JSON whole", () => {
    const salts = new Set<bigint>();
    for (let i = 0; i < 10_000; i++) {
      const order = { ...buildOrder({ ...TERMS, maker: MAKER }), signature: "0x" } as const;
      expect(orderFromJson(JSON.parse(JSON.stringify(orderToJson(order)))).salt).to.equal(
        order.salt,
      );
      salts.add(order.salt);
    }
    expect(salts.size).to.equal(10_000);
    expect([...salts].some((salt) => salt > 2n ** 250n)).to.equal(true);
  });

  it("pain 7: ethers 6, ethers 5 and viem sign the same, without a word about which", async () => {
    const order = buildOrder({ ...TERMS, maker: MAKER });
    const wallets = [wallet, new Wallet(KEY), new EthersV5Wallet(KEY), privateKeyToAccount(KEY)];
    const signed = await Promise.all(wallets.map((each) => signOrder(order, each, DOMAIN)));
    expect(new Set(signed.map(({ signature }) => signature)).size).to.equal(1);
  });

  it("pain 8: the case of an address never decides", async () => {
    const lower = MAKER.toLowerCase();
    const signed = await create({ maker: lower });
    expect(signed.maker).to.equal(MAKER);
    expect(verifyOrder({ ...signed, maker: lower as Order["maker"] }, DOMAIN).ok).to.equal(true);
  });

  it("pain 9: a signed order goes through JSON without a patch of BigInt", async () => {
    const signed = await create();
    expect(orderFromJson(JSON.stringify(orderToJson(signed)))).to.deep.equal(signed);
    expect("toJSON" in BigInt.prototype).to.equal(false);
  });

  it("pain 11: errors are thrown, carry a code, and show no key", async () => {
    for (const act of [
      () => create({ price: 0.5 }),
      () => create({ maker: OTHER, makerIsContract: 1 }),
      () => fastSigner(`${KEY}00`),
      () => signOrder(buildOrder({ ...TERMS, maker: MAKER }), KEY as never, DOMAIN),
    ]) {
      const thrown = (await thrownBy(act)) as InputError;
      expect(thrown.code).to.be.a("string");
      expect(`${thrown.message} ${JSON.stringify(thrown.details)}`).to.not.include(
        KEY.slice(2, 20),
      );
    }
    const declined = { address: MAKER, signTypedData: () => Promise.reject({ code: 4001 }) };
    const order = buildOrder({ ...TERMS, maker: MAKER });
    expect(await thrownBy(() => signOrder(order, declined, DOMAIN))).to.be.instanceOf(
      SigningRejectedError,
    );
  });

  it("pain 13, SD-7: milliseconds are not taken for seconds, nor a past moment for a future one", async () => {
    const later = Date.now() + 3_600_000;
    for (const expiration of [later, BigInt(later), new Date(0), 1, new Date("never")]) {
      expect(((await thrownBy(() => create({ expiration }))) as InputError).field).to.equal(
        "expiration",
      );
    }
    expect((await create({ expiration: new Date(later) })).expiration).to.equal(
      BigInt(Math.floor(later / 1_000)),
    );
  });

  it("pain 16: the package runs nothing at install and brings two dependencies", () => {
    const manifest = JSON.parse(
      readFileSync(path.join(__dirname, "../../sdk/package.json"), "utf8"),
    ) as { dependencies: object; scripts: Record<string, string> };
    expect(Object.keys(manifest.dependencies)).to.deep.equal(["@noble/curves", "@noble/hashes"]);
    for (const name of ["preinstall", "install", "postinstall", "prepare"]) {
      expect(manifest.scripts).to.not.have.property(name);
    }
  });
});
