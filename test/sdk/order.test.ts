import { readFileSync } from "node:fs";
import path from "node:path";
import {
  InexactAmountError,
  InputError,
  JsonError,
  SignatureMismatchError,
  SigningRejectedError,
  TickError,
  TransportError,
} from "@nostra/sdk/errors";
import {
  buildOrder,
  createOrderHasher,
  hashOrder,
  ORDER_TYPE_STRING,
  ORDER_TYPES,
  orderDomain,
  orderFromJson,
  orderToJson,
  signOrder,
  type Address,
  type Hex,
  type Order,
  type OrderDomain,
  type SignedOrder,
} from "@nostra/sdk/order";
import { recoverOrderSigner, verifyOrder } from "@nostra/sdk/verify";
import { fastSigner } from "@nostra/sdk/signer";
import { expect } from "chai";
import { id, TypedDataEncoder, Wallet } from "ethers";
import fc from "fast-check";

interface OrderVector {
  name: string;
  domain: { name: string; version: string; chainId: number; verifyingContract: Address };
  order: Record<Exclude<keyof Order, "side" | "signatureType">, string> &
    Pick<Order, "side" | "signatureType">;
  hash: string;
  structHash: string;
  domainSeparator: string;
  signature: Hex;
  signatureRecoversTo: string;
  testPrivateKey?: string;
}

const VECTORS = JSON.parse(
  readFileSync(path.join(__dirname, "../vectors/orders.json"), "utf8"),
) as { orderTypeString: string; orderTypeHash: string; vectors: OrderVector[] };

const ALICE_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const BOB_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d";
const BOB = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const ZERO = "0x0000000000000000000000000000000000000000";
const EXCHANGE = "0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40";
const DOMAIN = orderDomain({ chainId: 31337, exchange: EXCHANGE });
const NOW = 1_800_000_000n;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const TERMS = {
  maker: ALICE,
  tokenId: 1234n,
  side: "BUY",
  price: "0.55",
  size: "100",
  nonce: 0n,
  nowSeconds: NOW,
} as const;

type BuildInput = Parameters<typeof buildOrder>[0];

function build(changes: object = {}): Order {
  return buildOrder({ ...TERMS, ...changes } as BuildInput);
}

function failureOf(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was thrown");
}

function orderOf({ order }: OrderVector): Order {
  return {
    salt: BigInt(order.salt),
    maker: order.maker as Address,
    signer: order.signer as Address,
    taker: order.taker as Address,
    tokenId: BigInt(order.tokenId),
    makerAmount: BigInt(order.makerAmount),
    takerAmount: BigInt(order.takerAmount),
    expiration: BigInt(order.expiration),
    nonce: BigInt(order.nonce),
    feeRateBps: BigInt(order.feeRateBps),
    side: order.side,
    signatureType: order.signatureType,
  };
}

function domainOf({ domain }: OrderVector): OrderDomain {
  return { ...domain, chainId: BigInt(domain.chainId) };
}

const uint256 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  fc.bigInt({ min: 0n, max: 9n }),
);
const address = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}` as Address);
const anyOrder: fc.Arbitrary<Order> = fc.record({
  salt: uint256,
  maker: address,
  signer: address,
  taker: address,
  tokenId: uint256,
  makerAmount: uint256,
  takerAmount: uint256,
  expiration: uint256,
  nonce: uint256,
  feeRateBps: uint256,
  side: fc.constantFrom(0, 1),
  signatureType: fc.constantFrom(0, 1, 2),
});

describe("sdk/order", () => {
  describe("buildOrder", () => {
    it("makes an order from a price and a size, and fills in the rest", () => {
      const order = build();
      expect(order).to.deep.include({
        maker: ALICE,
        signer: ALICE,
        taker: ZERO,
        tokenId: 1234n,
        makerAmount: 55_000_000n,
        takerAmount: 100_000_000n,
        expiration: NOW + 86_400n,
        nonce: 0n,
        feeRateBps: 0n,
        side: 0,
        signatureType: 0,
      });
      expect(Object.keys(order)).to.have.length(12);
    });

    it("knows the kind of signature from who signs: maker, delegate, or a contract's owners", () => {
      expect(build({ signer: ALICE.toLowerCase() })).to.include({
        signer: ALICE,
        signatureType: 0,
      });
      expect(build({ signer: BOB })).to.include({ maker: ALICE, signer: BOB, signatureType: 1 });
      expect(build({ makerIsContract: true })).to.include({ signer: ALICE, signatureType: 2 });
      expect(build({ makerIsContract: false })).to.include({ signer: ALICE, signatureType: 0 });
    });

    it("takes exact amounts in place of price and size", () => {
      const order = build({ price: undefined, size: undefined, makerAmount: 1n, takerAmount: 3n });
      expect(order).to.include({ makerAmount: 1n, takerAmount: 3n });
    });

    it("takes decimal text for ids and counts, and addresses in one case", () => {
      const order = build({
        maker: ALICE.toLowerCase(),
        tokenId: "5",
        nonce: "7",
        salt: "9",
        feeRateBps: "1000",
        side: 1,
      });
      expect(order).to.include({
        maker: ALICE,
        tokenId: 5n,
        nonce: 7n,
        salt: 9n,
        feeRateBps: 1_000n,
        side: 1,
        makerAmount: 100_000_000n,
      });
    });

    it("takes an expiration as Date, as seconds, and 0 for never", () => {
      const soon = NOW + 60n;
      expect(build({ expiration: new Date(Number(soon) * 1_000 + 999) }).expiration).to.equal(soon);
      expect(build({ expiration: soon }).expiration).to.equal(soon);
      expect(build({ expiration: Number(soon) }).expiration).to.equal(soon);
      expect(build({ expiration: 0 }).expiration).to.equal(0n);
      expect(build({ expiration: 0n }).expiration).to.equal(0n);
    });

    it("reads the clock when the present is not given", () => {
      const before = BigInt(Math.floor(Date.now() / 1_000));
      const { expiration } = build({ nowSeconds: undefined });
      expect(expiration - before - 86_400n <= 5n && expiration >= before + 86_400n).to.equal(true);
    });

    it("draws a salt of 256 random bits, never the same one twice", () => {
      const salts = Array.from({ length: 5_000 }, () => build().salt);
      expect(new Set(salts).size).to.equal(5_000);
      const seenBits = salts.reduce((all, salt) => all | salt, 0n);
      expect(seenBits, "every bit is used").to.equal(2n ** 256n - 1n);
    });

    it("refuses an off-tick price and an inexact cost by their own errors", () => {
      expect(failureOf(() => build({ price: "0.555", tick: "0.01" }))).to.be.instanceOf(TickError);
      expect(failureOf(() => build({ price: "0.333", size: "0.0001" }))).to.be.instanceOf(
        InexactAmountError,
      );
      expect(build({ price: "0.333", size: "0.0001", snap: "favorable" }).makerAmount).to.equal(
        33n,
      );
    });

    const exact = { price: undefined, size: undefined };
    for (const [what, changes, field] of [
      ["no maker", { maker: undefined }, "maker"],
      ["a maker with a wrong checksum", { maker: ALICE.replace("39Fd", "39fd") }, "maker"],
      ["the zero address as maker", { maker: ZERO }, "maker"],
      ["the zero address as signer", { signer: ZERO }, "signer"],
      [
        "a contract maker whose owner is named as signer",
        { signer: BOB, makerIsContract: true },
        "signer",
      ],
      ["makerIsContract as a number", { makerIsContract: 2 }, "makerIsContract"],
      ["a taker that is no address", { taker: "bob" }, "taker"],
      ["a token id as number, which loses digits", { tokenId: 1234 }, "tokenId"],
      ["a token id in hex", { tokenId: "0x4d2" }, "tokenId"],
      ["token id zero", { tokenId: 0n }, "tokenId"],
      ["a token id above uint256", { tokenId: 2n ** 256n }, "tokenId"],
      ["no side", { side: undefined }, "side"],
      ["side 2", { side: 2 }, "side"],
      ["no nonce, because a guessed one may be dead", { nonce: undefined }, "nonce"],
      ["a negative nonce", { nonce: -1n }, "nonce"],
      ["a fee rate above 1000", { feeRateBps: 1_001n }, "feeRateBps"],
      ["a salt above uint256", { salt: 2n ** 256n }, "salt"],
      ["no price", { price: undefined }, "price"],
      ["no size", { size: undefined }, "size"],
      ["an expiration that is now", { expiration: NOW }, "expiration"],
      ["an expiration that is past", { expiration: NOW - 1n }, "expiration"],
      ["a Date of 1970, which is not never", { expiration: new Date(0) }, "expiration"],
      ["a negative expiration", { expiration: -1 }, "expiration"],
      ["milliseconds as expiration", { expiration: Number(NOW) * 1_000 }, "expiration"],
      ["an invalid Date", { expiration: new Date("soon") }, "expiration"],
      ["an expiration within a second", { expiration: Number(NOW) + 60.5 }, "expiration"],
      ["an expiration as text", { expiration: "1900000000" }, "expiration"],
      ["amounts beside a price", { makerAmount: 1n, takerAmount: 3n }, "price"],
      ["one amount alone", { ...exact, makerAmount: 1n }, "takerAmount"],
      ["an amount of zero", { ...exact, makerAmount: 0n, takerAmount: 1n }, "makerAmount"],
      ["an amount as text", { ...exact, makerAmount: "1", takerAmount: 1n }, "makerAmount"],
      [
        "an amount above 2^120 - 1",
        { ...exact, makerAmount: 1n, takerAmount: 2n ** 120n },
        "takerAmount",
      ],
      ["a BUY above 1", { ...exact, makerAmount: 2n, takerAmount: 1n }, "makerAmount"],
      [
        "a SELL above 1",
        { ...exact, side: "SELL", makerAmount: 1n, takerAmount: 2n },
        "takerAmount",
      ],
      ["a misspelt field, whose default would hold", { expiry: 1 }, "expiry"],
      ["a signature type, which nobody types", { signatureType: 0 }, "signatureType"],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(failureOf(() => build(changes)).field).to.equal(field);
      });
    }
  });

  describe("hashing", () => {
    it("has the exchange's type string", () => {
      expect(ORDER_TYPE_STRING).to.equal(VECTORS.orderTypeString);
      expect(id(ORDER_TYPE_STRING)).to.equal(VECTORS.orderTypeHash);
      expect(TypedDataEncoder.from(ORDER_TYPES).encodeType("Order")).to.equal(ORDER_TYPE_STRING);
    });

    it("has the exchange's domain", () => {
      expect(DOMAIN).to.deep.equal({
        name: "Nostra CTF Exchange",
        version: "1",
        chainId: 31337n,
        verifyingContract: EXCHANGE,
      });
      expect(createOrderHasher(DOMAIN).domainSeparator).to.equal(
        TypedDataEncoder.hashDomain(DOMAIN),
      );
    });

    for (const [what, params, field] of [
      ["chain 0", { chainId: 0, exchange: EXCHANGE }, "chainId"],
      ["half a chain", { chainId: 1.5, exchange: EXCHANGE }, "chainId"],
      ["a chain as text", { chainId: "137", exchange: EXCHANGE }, "chainId"],
      ["an exchange that is no address", { chainId: 137n, exchange: "0x" }, "exchange"],
    ] as const) {
      it(`refuses a domain with ${what}`, () => {
        expect(failureOf(() => orderDomain(params as never)).field).to.equal(field);
      });
    }

    for (const vector of VECTORS.vectors) {
      it(`reproduces hash, struct hash and domain separator of ${vector.name}`, () => {
        const hasher = createOrderHasher(domainOf(vector));
        expect(hasher(orderOf(vector))).to.equal(vector.hash);
        expect(hasher.structHash(orderOf(vector))).to.equal(vector.structHash);
        expect(hasher.domainSeparator).to.equal(vector.domainSeparator);
        expect(hashOrder(orderOf(vector), domainOf(vector))).to.equal(vector.hash);
      });
    }

    it("equals the hash of ethers for 2,000 orders, one buffer after another", () => {
      const hasher = createOrderHasher(DOMAIN);
      const encoder = TypedDataEncoder.from(ORDER_TYPES);
      fc.assert(
        fc.property(anyOrder, (order) => {
          expect(hasher.structHash(order)).to.equal(encoder.hash(order));
          const whole = TypedDataEncoder.hash(DOMAIN, ORDER_TYPES, order);
          expect(hasher(order)).to.equal(whole);
          expect(hashOrder(order, DOMAIN)).to.equal(whole);
        }),
        { numRuns: 2_000 },
      );
    });

    it("follows a domain object that is changed", () => {
      const order = build({ salt: 1n });
      const domain = { ...DOMAIN };
      const before = hashOrder(order, domain);
      domain.chainId = 1n;
      expect(hashOrder(order, domain)).to.not.equal(before);
    });

    for (const [what, changes, field] of [
      ["a negative amount", { makerAmount: -1n }, "order.makerAmount"],
      ["a salt above uint256", { salt: 2n ** 256n }, "order.salt"],
      ["a nonce as number", { nonce: 1 }, "order.nonce"],
      ["a maker that is no address", { maker: "0x12" }, "order.maker"],
      ["a side above uint8", { side: 256 }, "order.side"],
      ["a signature type within 1", { signatureType: 0.5 }, "order.signatureType"],
    ] as const) {
      it(`refuses ${what} rather than hash something else`, () => {
        const order = { ...build(), ...changes } as Order;
        expect(failureOf(() => hashOrder(order, DOMAIN)).field).to.equal(field);
      });
    }
  });

  describe("signOrder", () => {
    for (const [wallet, signer] of [
      ["an ethers Wallet", new Wallet(ALICE_KEY)],
      ["a fastSigner", fastSigner(ALICE_KEY)],
    ] as const) {
      it(`has ${wallet} sign, and returns the order with its signature`, async () => {
        const order = build();
        const signed = await signOrder(order, signer, DOMAIN);
        expect(signed).to.deep.equal({
          ...order,
          signature: await new Wallet(ALICE_KEY).signTypedData(DOMAIN, ORDER_TYPES, order),
        });
        expect(verifyOrder(signed, DOMAIN)).to.deep.equal({ ok: true });
        expect(recoverOrderSigner(signed, DOMAIN)).to.equal(ALICE);
      });
    }

    it("hands the wallet the twelve signed fields and nothing else", async () => {
      const signed = await signOrder(build(), fastSigner(ALICE_KEY), DOMAIN);
      const again = await signOrder(
        { ...signed, note: "x" } as Order,
        new Wallet(ALICE_KEY),
        DOMAIN,
      );
      expect(again).to.deep.equal(signed);
    });

    async function mismatchOf(order: Order, signature: () => Promise<string>) {
      const wallet = { getAddress: () => Promise.resolve(ALICE), signTypedData: signature };
      try {
        await signOrder(order, wallet, DOMAIN);
      } catch (error) {
        expect(error).to.be.instanceOf(SignatureMismatchError);
        return (error as SignatureMismatchError).details;
      }
      throw new Error("nothing was thrown");
    }

    it("refuses a signature of another key, and names both accounts", async () => {
      const order = build();
      const details = await mismatchOf(order, () =>
        new Wallet(BOB_KEY).signTypedData(DOMAIN, ORDER_TYPES, order),
      );
      expect(details).to.deep.equal({
        expected: ALICE,
        recovered: BOB,
        chainId: 31337n,
        verifyingContract: EXCHANGE,
      });
    });

    it("refuses a signature for another exchange", async () => {
      const order = build();
      const details = await mismatchOf(order, () =>
        new Wallet(ALICE_KEY).signTypedData({ ...DOMAIN, chainId: 1n }, ORDER_TYPES, order),
      );
      expect(details.recovered).to.not.equal(ALICE);
    });

    it("refuses what is no signature of an account at all", async () => {
      for (const answer of ["0x", `0x${"00".repeat(65)}`, undefined as unknown as string]) {
        const details = await mismatchOf(build(), () => Promise.resolve(answer));
        expect(details).to.include({ expected: ALICE, recovered: null });
      }
    });

    it("tells a wallet that failed from one whose user declined, and keeps what it threw", async () => {
      for (const [thrown, kind] of [
        [new Error("device unplugged"), TransportError],
        [Object.assign(new Error("no"), { code: "ACTION_REJECTED" }), SigningRejectedError],
        [Object.assign(new Error("no"), { code: 4001 }), SigningRejectedError],
        [new Error("no", { cause: { code: 4001 } }), SigningRejectedError],
        [{ code: 5000, message: "User rejected." }, SigningRejectedError],
      ] as const) {
        const wallet = {
          getAddress: () => Promise.resolve(ALICE),
          signTypedData: () => Promise.reject(thrown),
        };
        const caught = await signOrder(build(), wallet, DOMAIN).catch((error: unknown) => error);
        expect(caught).to.be.instanceOf(kind);
        expect((caught as Error).cause).to.equal(thrown);
      }
    });

    it("refuses the wallet of another account before it is asked to sign", async () => {
      let asked = 0;
      const wallet = {
        getAddress: () => Promise.resolve(BOB),
        signTypedData: () => Promise.resolve(`0x${(asked++).toString()}`),
      };
      const caught = await signOrder(build(), wallet, DOMAIN).catch((error: unknown) => error);
      expect((caught as InputError).field).to.equal("signer");
      expect(asked).to.equal(0);
    });
  });

  describe("recoverOrderSigner and verifyOrder", () => {
    for (const vector of VECTORS.vectors) {
      it(`recovers the signer of ${vector.name}`, () => {
        const signed = { ...orderOf(vector), signature: vector.signature };
        expect(recoverOrderSigner(signed, domainOf(vector))).to.equal(vector.signatureRecoversTo);
      });
    }

    let signed: SignedOrder;
    before(async () => {
      signed = await signOrder(build({ salt: 1n }), fastSigner(ALICE_KEY), DOMAIN);
    });

    const withV = (v: string) => (order: SignedOrder) => `${order.signature.slice(0, -2)}${v}`;
    const highS = ({ signature }: SignedOrder): string => {
      const s = CURVE_ORDER - BigInt(`0x${signature.slice(66, 130)}`);
      const v = signature.endsWith("1b") ? "1c" : "1b";
      return `${signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${v}`;
    };
    const zero = "00".repeat(32);
    for (const [what, change, reason] of [
      ["64 bytes", (order: SignedOrder) => order.signature.slice(0, -2), "SIGNATURE_LENGTH"],
      ["66 bytes", (order: SignedOrder) => `${order.signature}00`, "SIGNATURE_LENGTH"],
      ["no hex", () => "signed", "SIGNATURE_LENGTH"],
      ["v 0", withV("00"), "SIGNATURE_V"],
      ["v 1", withV("01"), "SIGNATURE_V"],
      ["v 29", withV("1d"), "SIGNATURE_V"],
      ["the other s, which anyone can make", highS, "SIGNATURE_HIGH_S"],
      ["r and s of zero", () => `0x${zero}${zero}1b`, "SIGNATURE_INVALID"],
      [
        "r beyond the curve's order",
        (order: SignedOrder) => `0x${"ff".repeat(32)}${order.signature.slice(66)}`,
        "SIGNATURE_INVALID",
      ],
    ] as const) {
      it(`refuse a signature with ${what}, as the exchange does`, () => {
        const changed = { ...signed, signature: change(signed) as Hex };
        expect(verifyOrder(changed, DOMAIN)).to.deep.equal({ ok: false, reason });
        expect(failureOf(() => recoverOrderSigner(changed, DOMAIN)).field).to.equal(
          "order.signature",
        );
      });
    }

    it("refuse the other v, which names another account or none", () => {
      const other = signed.signature.endsWith("1b") ? "1c" : "1b";
      const result = verifyOrder({ ...signed, signature: withV(other)(signed) as Hex }, DOMAIN);
      expect(result.ok).to.equal(false);
    });

    it("refuse an order changed after signing, in any field", () => {
      const changes: Partial<Order>[] = [
        { salt: 2n },
        { taker: BOB },
        { tokenId: 1n },
        { makerAmount: 1n },
        { takerAmount: 1n },
        { expiration: 1n },
        { nonce: 1n },
        { feeRateBps: 1n },
        { side: 1 },
      ];
      for (const change of changes) {
        expect(verifyOrder({ ...signed, ...change }, DOMAIN)).to.deep.equal({
          ok: false,
          reason: "NOT_SIGNER",
        });
      }
    });

    it("refuse an order whose maker is not its signer", async () => {
      const order = { ...build(), maker: BOB } as Order;
      const foreign = await signOrder(order, fastSigner(ALICE_KEY), DOMAIN);
      expect(verifyOrder(foreign, DOMAIN)).to.deep.equal({ ok: false, reason: "NOT_MAKER" });
    });

    it("leave to the chain, by name, what only the chain can tell", async () => {
      const delegated = await signOrder(build({ signer: BOB }), fastSigner(BOB_KEY), DOMAIN);
      const ofContract = { ...signed, signatureType: 2 } as SignedOrder;
      const unknown = { ...signed, signatureType: 3 } as unknown as SignedOrder;
      for (const [order, reason] of [
        [delegated, "SIGNATURE_TYPE_DELEGATE"],
        [ofContract, "SIGNATURE_TYPE_EIP1271"],
        [unknown, "SIGNATURE_TYPE_UNKNOWN"],
        // The key's own signature is checked here all the same.
        [{ ...delegated, salt: 1n }, "NOT_SIGNER"],
        [{ ...delegated, signature: "0x" }, "SIGNATURE_LENGTH"],
      ] as [SignedOrder, string][]) {
        expect(verifyOrder(order, DOMAIN)).to.deep.equal({ ok: false, reason });
      }
    });

    it("compare addresses as bytes, whatever their case", () => {
      const lower = ALICE.toLowerCase() as Address;
      expect(verifyOrder({ ...signed, maker: lower, signer: lower }, DOMAIN).ok).to.equal(true);
    });
  });

  describe("JSON", () => {
    let signed: SignedOrder;
    let text: string;
    before(async () => {
      signed = await signOrder(build(), fastSigner(ALICE_KEY), DOMAIN);
      text = JSON.stringify(orderToJson(signed));
    });

    it("SD-5: carries every order there and back, from text and from value, each uint256 whole", () => {
      const anySigned = fc.tuple(anyOrder, fc.uint8Array({ minLength: 65, maxLength: 65 }));
      fc.assert(
        fc.property(anySigned, ([order, bytes]) => {
          const signature = `0x${Buffer.from(bytes).toString("hex")}` as Hex;
          const json = orderToJson({ ...order, signature });
          const read = orderFromJson(JSON.stringify(json));
          expect(orderFromJson(json)).to.deep.equal(read);
          expect(orderToJson(read)).to.deep.equal(json);
          expect(hashOrder(read, DOMAIN)).to.equal(hashOrder(order, DOMAIN));
          expect(read.signature).to.equal(signature);
        }),
        { numRuns: 300 },
      );
    });

    it("writes uint256 as text, kinds as numbers, addresses with checksum", () => {
      const json = orderToJson({ ...signed, maker: ALICE.toLowerCase() as Address });
      expect(json.order.maker).to.equal(ALICE);
      expect(json.order.makerAmount).to.equal("55000000");
      expect(json.order).to.include({ side: 0, signatureType: 0 });
      expect(Object.keys(json)).to.deep.equal(["order", "signature"]);
      expect(Object.keys(json.order)).to.have.length(12);
    });

    it("carries what a contract will judge, of any length, and the empty signature of an approved order", () => {
      for (const [signatureType, signature] of [
        [2, "0x"],
        [2, "0x12"],
        [2, `0x${"ab".repeat(4_096)}`],
        [0, "0x"],
        [1, "0x"],
      ] as const) {
        const order = { ...signed, signatureType, signature } as SignedOrder;
        expect(orderFromJson(JSON.stringify(orderToJson(order)))).to.deep.equal(order);
      }
      const long = { ...signed, signatureType: 2, signature: `0x${"ab".repeat(4_097)}` } as const;
      expect(failureOf(() => orderFromJson(orderToJson(long))).field).to.equal("signature");
    });

    it("is not misled by marks inside strings, nor by a field named as in another object", () => {
      const spaced = JSON.stringify(JSON.parse(text), null, 2).replaceAll(":", " :\n ");
      expect(orderFromJson(spaced)).to.deep.equal(signed);
    });

    const patch = (field: string, value: unknown) => (json: string) => {
      const parsed = JSON.parse(json) as { order: Record<string, unknown> };
      parsed.order[field] = value;
      return JSON.stringify(parsed);
    };
    for (const [what, change, field, code] of [
      ["text that is no JSON", () => "{", "json", "INVALID_JSON"],
      ["text without end", (json: string) => json + " ".repeat(20_000), "json", "INVALID_JSON"],
      ["an array", (json: string) => `[${json}]`, "json", "INVALID_JSON"],
      ["null", () => "null", "json", "INVALID_JSON"],
      ["an order that is null", () => '{"order":null,"signature":"0x"}', "order", "INVALID_JSON"],
      ["a missing order", () => '{"signature":"0x"}', "order", "MISSING_FIELD"],
      ["a missing field", patch("nonce", undefined), "order.nonce", "MISSING_FIELD"],
      ["an unknown field", patch("extra", 1), "order.extra", "UNKNOWN_FIELD"],
      [
        "an unknown field beside the order",
        (json: string) => json.replace('"order"', '"owner":1,"order"'),
        "owner",
        "UNKNOWN_FIELD",
      ],
      [
        "__proto__ as a field",
        (json: string) => json.replace('"salt"', '"__proto__":{},"salt"'),
        "order.__proto__",
        "UNKNOWN_FIELD",
      ],
      [
        "a field given twice, of which JSON.parse keeps the last",
        (json: string) => json.replace('"nonce"', '"makerAmount":"1","nonce"'),
        "makerAmount",
        "DUPLICATE_FIELD",
      ],
      [
        "a field given twice, once with an escape",
        (json: string) => json.replace('"nonce"', '"s\\u0061lt":"1","nonce"'),
        "salt",
        "DUPLICATE_FIELD",
      ],
      [
        "the signature given twice",
        (json: string) => json.replace('"order"', '"signature":"0x","order"'),
        "signature",
        "DUPLICATE_FIELD",
      ],
      ["a uint256 as number, small ones too", patch("nonce", 0), "order.nonce", "INVALID_INPUT"],
      ["a surplus zero", patch("makerAmount", "01"), "order.makerAmount", "INVALID_INPUT"],
      ["a sign", patch("takerAmount", "-1"), "order.takerAmount", "INVALID_INPUT"],
      ["hex", patch("salt", "0x1"), "order.salt", "INVALID_INPUT"],
      ["an empty number", patch("expiration", ""), "order.expiration", "INVALID_INPUT"],
      [
        "more than uint256",
        patch("tokenId", (2n ** 256n).toString()),
        "order.tokenId",
        "INVALID_INPUT",
      ],
      ["null for a number", patch("feeRateBps", null), "order.feeRateBps", "INVALID_INPUT"],
      [
        "an address with a wrong checksum",
        patch("maker", ALICE.replace("39Fd", "39fd")),
        "order.maker",
        "INVALID_INPUT",
      ],
      ["a short address", patch("taker", "0x12"), "order.taker", "INVALID_INPUT"],
      ["an address as number", patch("signer", 1), "order.signer", "INVALID_INPUT"],
      ["side 2", patch("side", 2), "order.side", "INVALID_INPUT"],
      ["a side as text", patch("side", "0"), "order.side", "INVALID_INPUT"],
      ["signature type 3", patch("signatureType", 3), "order.signatureType", "INVALID_INPUT"],
      [
        "a signature of 64 bytes",
        (json: string) => json.replace(/..("})$/, "$1"),
        "signature",
        "INVALID_INPUT",
      ],
      [
        "a signature with half a byte more",
        (json: string) => json.replace(/("})$/, "0$1"),
        "signature",
        "INVALID_INPUT",
      ],
    ] as const) {
      it(`refuses ${what}, naming ${field}`, () => {
        const changed = change(text);
        expect(changed).to.not.equal(text);
        const error = failureOf(() => orderFromJson(changed));
        expect(error.field).to.equal(field);
        expect(error.code).to.equal(code);
        if (code !== "INVALID_INPUT") expect(error).to.be.instanceOf(JsonError);
      });
    }

    it("refuses a value that is no object", () => {
      for (const value of [undefined, 1, [], true]) {
        expect(failureOf(() => orderFromJson(value)).code).to.equal("INVALID_JSON");
      }
    });
  });
});
