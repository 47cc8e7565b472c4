import { readFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { InputError } from "@nostra/sdk/errors";
import { buildOrder, ORDER_TYPES, orderDomain, signOrder, type Order } from "@nostra/sdk/order";
import { fastSigner, toSigner } from "@nostra/sdk/signer";
import { expect } from "chai";
import { Wallet } from "ethers";
import fc from "fast-check";

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const DOMAIN = orderDomain({
  chainId: 31337n,
  exchange: "0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40",
});
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

interface OrderVector {
  name: string;
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` };
  order: Record<string, string | number>;
  signature: string;
  testPrivateKey?: string;
}

const { vectors } = JSON.parse(
  readFileSync(path.join(__dirname, "../vectors/orders.json"), "utf8"),
) as { vectors: OrderVector[] };

const ADDRESSES = ["maker", "signer", "taker"];

function orderOf({ order }: OrderVector): Order {
  const read = ([field, value]: [string, string | number]) =>
    [
      field,
      typeof value === "number" || ADDRESSES.includes(field) ? value : BigInt(value),
    ] as const;
  return Object.fromEntries(Object.entries(order).map(read)) as unknown as Order;
}

function order(salt = 1n): Order {
  return buildOrder({
    maker: ALICE,
    tokenId: 1n,
    side: "SELL",
    price: "0.5",
    size: "10",
    nonce: 0n,
    expiration: 0,
    salt,
  });
}

function errorOf(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was thrown");
}

describe("sdk/signer", () => {
  describe("fastSigner", () => {
    for (const vector of vectors.filter(({ testPrivateKey }) => testPrivateKey !== undefined)) {
      it(`and an ethers Wallet both make the published signature of ${vector.name}`, async () => {
        const key = vector.testPrivateKey ?? "";
        const domain = { ...vector.domain, chainId: BigInt(vector.domain.chainId) };
        const signed = orderOf(vector);
        for (const signer of [fastSigner(key), new Wallet(key)]) {
          const signature = await signer.signTypedData(domain, ORDER_TYPES, signed);
          expect(signature).to.equal(vector.signature);
        }
      });
    }

    it("knows its address", async () => {
      expect(fastSigner(KEY).address).to.equal(ALICE);
      expect(await fastSigner(KEY).getAddress()).to.equal(ALICE);
    });

    it("signs as ethers does, with low s and v 27 or 28, for any key and order", async () => {
      const key = fc
        .bigInt({ min: 1n, max: CURVE_ORDER - 1n })
        .map((secret) => `0x${secret.toString(16).padStart(64, "0")}`);
      await fc.assert(
        fc.asyncProperty(
          key,
          fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
          async (secret, salt) => {
            const signature = await fastSigner(secret).signTypedData(
              DOMAIN,
              ORDER_TYPES,
              order(salt),
            );
            expect(signature).to.equal(
              await new Wallet(secret).signTypedData(DOMAIN, ORDER_TYPES, order(salt)),
            );
            expect(BigInt(`0x${signature.slice(66, 130)}`) <= CURVE_ORDER / 2n).to.equal(true);
            expect(["1b", "1c"]).to.include(signature.slice(130));
          },
        ),
        { numRuns: 30 },
      );
    });

    it("shows its key nowhere", () => {
      const signer = fastSigner(KEY);
      const shown = [
        inspect(signer, { depth: null, showHidden: true }),
        JSON.stringify(signer),
        String(signer),
      ].join();
      expect(shown).to.include(ALICE);
      expect(shown.toLowerCase()).to.not.include(KEY.slice(2, 20));
    });

    for (const [what, key] of [
      ["text that is no hex", "ac0974-secret"],
      ["a key without 0x", KEY.slice(2)],
      ["31 bytes", KEY.slice(0, -2)],
      ["zero, which is no key", `0x${"00".repeat(32)}`],
      ["the curve's order, which is no key", `0x${CURVE_ORDER.toString(16)}`],
    ] as const) {
      it(`refuses ${what}, and does not repeat it`, () => {
        const error = errorOf(() => fastSigner(key));
        expect(error.field).to.equal("privateKey");
        const shown = `${inspect(error, { depth: null, showHidden: true })} ${JSON.stringify(error)}`;
        expect(shown).to.not.include(key);
      });
    }

    it("refuses to sign anything but an order", async () => {
      const types = { Order: [{ name: "salt", type: "uint256" }] };
      const error: unknown = await fastSigner(KEY)
        .signTypedData(DOMAIN, types, order())
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(InputError);
      expect((error as InputError).field).to.equal("types");
    });
  });

  describe("toSigner", () => {
    it("takes an ethers Wallet, a wrapped one, and a fastSigner", async () => {
      const expected = await signOrder(order(), fastSigner(KEY), DOMAIN);
      const wallet = new Wallet(KEY);
      const wrapped = {
        getAddress: () => wallet.getAddress(),
        signTypedData: (...args: Parameters<Wallet["signTypedData"]>) =>
          wallet.signTypedData(...args),
      };
      for (const each of [wallet, wrapped, fastSigner(KEY)]) {
        expect(await toSigner(each).getAddress()).to.equal(ALICE);
        expect(await signOrder(order(), toSigner(each), DOMAIN)).to.deep.equal(expected);
      }
    });

    for (const [what, value] of [
      ["nothing", undefined],
      ["null", null],
      ["a private key, which belongs in fastSigner", KEY],
      ["a wallet that cannot sign typed data", { getAddress: () => ALICE }],
      ["a wallet that does not know its address", { signTypedData: () => "0x" }],
    ] as const) {
      it(`refuses ${what}, and does not repeat it`, () => {
        const error = errorOf(() => toSigner(value));
        expect(error.field).to.equal("signer");
        expect(inspect(error, { depth: null })).to.not.include(KEY);
      });
    }
  });
});
