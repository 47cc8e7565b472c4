import type { Connection } from "@nostra/sdk/contracts";
import { InputError } from "@nostra/sdk/errors";
import {
  buildOrder,
  domainOf,
  hashOrder,
  ORDER_TYPES,
  type Hex,
  type OrderDomain,
  type SignedOrder,
} from "@nostra/sdk/order";
import {
  createVerifier,
  nativeSecp256k1Backend,
  tinySecp256k1Backend,
  verifyOrder,
  type CurveBackend,
  type OrderVerifier,
} from "@nostra/sdk/verify";
import { fastSigner } from "@nostra/sdk/signer";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { getBytes, hexlify, id, Signature, SigningKey, toBeHex, Wallet } from "ethers";
import native from "secp256k1";
import { Chance, seedOr } from "../helpers/random";

/*
 * given any order and any 65 bytes or fewer or more
 * └── verifyOrder, a verifier of each backend, and the exchange give one answer
 *     ├── for keys never seen, seen a few times, and known with a table
 *     └── for high s, odd v, r and s that are zero, beyond the order, or the x of no point, wrong lengths, turned bits
 * given a key
 * └── every backend signs the same, which is what ethers signs
 * given a backend that does not do its work
 * └── it is refused before it sees an order
 */
const SEED = seedOr(20_261_120);
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD = 2n ** 256n - 2n ** 32n - 977n;
const HALF_ORDER = CURVE_ORDER / 2n;

const addon = nativeSecp256k1Backend(native);

describe(`sdk/order: createVerifier (seed ${SEED})`, () => {
  let sandbox: Sandbox;
  let connection: Connection;
  let domain: OrderDomain;
  let wasm: CurveBackend;
  let verifiers: Record<string, OrderVerifier>;
  const chance = new Chance(SEED);
  const keys = [0, 1, 2].map((i) => id(`verifier test key ${i}`) as Hex);

  before(async () => {
    sandbox = await createSandbox({ accounts: 0 });
    connection = sandbox.connect(sandbox.admin);
    domain = domainOf(connection);
    wasm = tinySecp256k1Backend(await import("tiny-secp256k1"));
    verifiers = {
      "JavaScript, no tables": createVerifier(domain, { knownKeys: 0 }),
      "JavaScript, one table": createVerifier(domain, { knownKeys: 1 }),
      JavaScript: createVerifier(domain),
      "tiny-secp256k1": createVerifier(domain, { backend: wasm }),
      secp256k1: createVerifier(domain, { backend: addon }),
    };
  });

  after(() => sandbox.close());

  function signed(key: Hex): SignedOrder {
    const signer = fastSigner(key);
    const terms = { maker: signer.address, side: "BUY", price: "0.5", size: "2" } as const;
    const order = buildOrder({ ...terms, tokenId: 1n, nonce: 0n, salt: chance.uint256() });
    return signer.signOrder(order, domain);
  }

  const word = (value: bigint): string => toBeHex(value, 32).slice(2);
  const withRs = (order: SignedOrder, r: bigint, s: bigint, v = 27): SignedOrder => {
    return { ...order, signature: `0x${word(r)}${word(s)}${v.toString(16).padStart(2, "0")}` };
  };
  const partsOf = ({ signature }: SignedOrder): { r: bigint; s: bigint; v: number } => {
    return {
      r: BigInt(signature.slice(0, 66)),
      s: BigInt(`0x${signature.slice(66, 130)}`),
      v: Number(`0x${signature.slice(130)}`),
    };
  };

  /** One answer of all, and that of the exchange; it keeps `what` for the report. */
  async function expectOneAnswer(what: string, order: SignedOrder): Promise<boolean> {
    const expected = verifyOrder(order, domain);
    const orderHash = hashOrder(order, domain);
    for (const [name, verify] of Object.entries(verifiers)) {
      expect(verify(order), `${name}: ${what}`).to.deep.equal({ ...expected, orderHash });
    }
    const { exchange } = connection;
    const accepted = await exchange.validateOrderSignature(orderHash, order).then(
      () => true,
      () => false,
    );
    expect(expected.ok, `the exchange: ${what}`).to.equal(accepted);
    return accepted;
  }

  it("accepts what each key signed, before and after it is known", async () => {
    for (let round = 0; round < 20; round++) {
      for (const key of keys)
        expect(await expectOneAnswer(`round ${round}`, signed(key))).to.equal(true);
    }
  });

  it("refuses every spoiled signature of known and unknown keys alike", async () => {
    const unknown = keys.map((key) => id(`another ${key}`) as Hex);
    for (const key of [...keys, ...unknown]) {
      const order = signed(key);
      const { r, s, v } = partsOf(order);
      const other = v === 27 ? 28 : 27;
      const spoiled: Record<string, SignedOrder> = {
        "the other s, with the other v": withRs(order, r, CURVE_ORDER - s, other),
        "the other s": withRs(order, r, CURVE_ORDER - s, v),
        "the other v": withRs(order, r, s, other),
        "v 0": withRs(order, r, s, v - 27),
        "v 26": withRs(order, r, s, 26),
        "v 29": withRs(order, r, s, v + 2),
        "v 255": withRs(order, r, s, 255),
        "r zero": withRs(order, 0n, s, v),
        "s zero": withRs(order, r, 0n, v),
        "r and s zero": withRs(order, 0n, 0n, v),
        "r the order": withRs(order, CURVE_ORDER, s, v),
        "r just below the order": withRs(order, CURVE_ORDER - 1n, s, v),
        "r beyond the field": withRs(order, FIELD, s, v),
        "r all ones": withRs(order, 2n ** 256n - 1n, s, v),
        "r 5, the x of no point": withRs(order, 5n, s, v),
        "r 1": withRs(order, 1n, s, v),
        "s at the middle": withRs(order, r, HALF_ORDER, v),
        "s just above the middle": withRs(order, r, HALF_ORDER + 1n, v),
        "s the order": withRs(order, r, CURVE_ORDER, v),
        "s 1": withRs(order, r, 1n, v),
        "64 bytes": { ...order, signature: order.signature.slice(0, -2) as Hex },
        "66 bytes": { ...order, signature: `${order.signature}00` },
        "the compact form": {
          ...order,
          signature: Signature.from(order.signature).compactSerialized as Hex,
        },
        "no bytes": { ...order, signature: "0x" },
        "another's signature": { ...order, signature: signed(id("stranger") as Hex).signature },
        "another maker": { ...order, maker: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8" },
        "another salt": { ...order, salt: order.salt ^ 1n },
      };
      for (const [what, each] of Object.entries(spoiled)) {
        expect(await expectOneAnswer(what, each), what).to.equal(false);
      }
    }
  });

  it("refuses a turned bit wherever it is", async () => {
    for (let i = 0; i < 100; i++) {
      const order = signed(chance.pick(keys));
      const bytes = getBytes(order.signature);
      const index = chance.int(0, 64);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << chance.int(0, 7));
      const turned = { ...order, signature: hexlify(bytes) as Hex };
      expect(await expectOneAnswer(`byte ${index}`, turned)).to.equal(false);
    }
  });

  it("leaves orders of delegates and contracts to the chain, as verifyOrder does", () => {
    const order = signed(keys[0] as Hex);
    for (const each of [
      { ...order, signatureType: 1 },
      { ...order, signatureType: 2 },
      { ...order, signatureType: 9 },
    ] as SignedOrder[]) {
      for (const verify of Object.values(verifiers)) {
        expect(verify(each)).to.deep.include(verifyOrder(each, domain));
      }
    }
  });

  it("every backend signs what ethers signs", async () => {
    for (let i = 0; i < 30; i++) {
      const key = toBeHex((chance.uint256() % (CURVE_ORDER - 1n)) + 1n, 32) as Hex;
      const signers = [undefined, wasm, addon].map((backend) => fastSigner(key, { backend }));
      const { address } = new Wallet(new SigningKey(key));
      const terms = { maker: address, side: "SELL", price: "0.5", size: "2" } as const;
      const order = buildOrder({ ...terms, tokenId: 1n, nonce: 0n, salt: chance.uint256() });
      const expected = await new Wallet(key).signTypedData(domain, ORDER_TYPES, order);
      for (const signer of signers) {
        expect(signer.address).to.equal(address);
        expect(signer.signOrder(order, domain).signature).to.equal(expected);
        expect(await signer.signTypedData(domain, ORDER_TYPES, order)).to.equal(expected);
      }
    }
  });

  const refusalOf = (act: () => unknown): string => {
    try {
      act();
    } catch (error) {
      expect(error).to.be.instanceOf(InputError);
      return (error as InputError).field;
    }
    throw new Error("nothing was thrown");
  };

  for (const [what, backend] of Object.entries<CurveBackend>({
    "finds nothing": { name: "blind", recover: () => undefined },
    "finds something else": { name: "wrong", recover: () => new Uint8Array(65) },
    throws: {
      name: "broken",
      recover: () => {
        throw new Error("no memory");
      },
    },
    "gives the other parity": {
      name: "upside down",
      recover: (digest, rs, parity) => addon.recover(digest, rs, parity === 0 ? 1 : 0),
    },
  })) {
    it(`refuses a backend that ${what}, before it sees an order`, () => {
      expect(refusalOf(() => createVerifier(domain, { backend }))).to.equal("backend");
      expect(refusalOf(() => fastSigner(keys[0] as Hex, { backend }))).to.equal("backend");
    });
  }

  it("refuses to sign with a backend that only verifies, for another account, or a count that is none", () => {
    const { recover } = wasm;
    const [first, second] = keys as [Hex, Hex];
    expect(refusalOf(() => fastSigner(first, { backend: { name: "half", recover } }))).to.equal(
      "backend",
    );
    expect(refusalOf(() => fastSigner(first).signOrder(signed(second), domain))).to.equal(
      "order.signer",
    );
    for (const knownKeys of [-1, 0.5, Number.NaN]) {
      expect(refusalOf(() => createVerifier(domain, { knownKeys }))).to.equal("knownKeys");
    }
  });
});
