import type { Connection } from "@nostra/sdk/contracts";
import {
  createOrderHasher,
  hashOrder,
  orderDomain,
  signOrder,
  type Hex,
  type Order,
  type OrderDomain,
  type SignedOrder,
} from "@nostra/sdk/order";
import { verifyOrder } from "@nostra/sdk/verify";
import { fastSigner } from "@nostra/sdk/signer";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import {
  concat,
  getAddress,
  getBytes,
  hexlify,
  keccak256,
  toBeHex,
  TypedDataEncoder,
  Wallet,
} from "ethers";
import { ORDER_TYPES } from "../helpers/exchange";
import { Chance, seedOr } from "../helpers/random";

const SEED = seedOr(20_260_802);
const ORDERS = 10_000;
const SIGNED_ORDERS = 300;
const AT_ONCE = 250;

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Every field anywhere in its type, edges often. */
function randomOrder(chance: Chance): Order {
  const address = (): Hex =>
    chance.chance(10) ? `0x${chance.pick(["0", "f"]).repeat(40)}` : chance.hex(20);
  return {
    salt: chance.uint256(),
    maker: address(),
    signer: address(),
    taker: address(),
    tokenId: chance.uint256(),
    makerAmount: chance.uint256(),
    takerAmount: chance.uint256(),
    expiration: chance.uint256(),
    nonce: chance.uint256(),
    feeRateBps: chance.uint256(),
    side: chance.pick([0, 1, 255]) as Order["side"],
    signatureType: chance.pick([0, 1, 2, 255]) as Order["signatureType"],
  };
}

/** Each way of spoiling a signed order, and why the SDK refuses what comes of it. */
const SPOILED: readonly (readonly [
  what: string,
  reasons: readonly string[],
  spoil: (order: SignedOrder, chance: Chance) => SignedOrder,
])[] = [
  [
    "another salt",
    ["NOT_SIGNER", "SIGNATURE_INVALID"],
    (order) => ({ ...order, salt: order.salt ^ 1n }),
  ],
  [
    "another amount",
    ["NOT_SIGNER", "SIGNATURE_INVALID"],
    (order) => ({ ...order, takerAmount: order.takerAmount ^ 2n }),
  ],
  [
    "one bit of r or s turned",
    ["NOT_SIGNER", "SIGNATURE_INVALID", "SIGNATURE_HIGH_S"],
    (order, chance) => {
      const bytes = getBytes(order.signature);
      const index = chance.int(0, 63);
      bytes[index] = (bytes[index] ?? 0) ^ (1 << chance.int(0, 7));
      return { ...order, signature: hexlify(bytes) as Hex };
    },
  ],
  [
    "the other v",
    ["NOT_SIGNER", "SIGNATURE_INVALID"],
    (order) => {
      const v = order.signature.endsWith("1b") ? "1c" : "1b";
      return { ...order, signature: `${order.signature.slice(0, -2)}${v}` as Hex };
    },
  ],
  [
    "v as 0 or 1",
    ["SIGNATURE_V"],
    (order) => {
      const v = order.signature.endsWith("1b") ? "00" : "01";
      return { ...order, signature: `${order.signature.slice(0, -2)}${v}` as Hex };
    },
  ],
  [
    "the other s, which is high",
    ["SIGNATURE_HIGH_S"],
    (order) => {
      const r = order.signature.slice(0, 66);
      const s = BigInt(`0x${order.signature.slice(66, 130)}`);
      const v = order.signature.endsWith("1b") ? "1c" : "1b";
      return { ...order, signature: `${r}${toBeHex(CURVE_ORDER - s, 32).slice(2)}${v}` as Hex };
    },
  ],
  [
    "r of zero",
    ["SIGNATURE_INVALID"],
    (order) => ({ ...order, signature: `0x${"00".repeat(32)}${order.signature.slice(66)}` }),
  ],
  [
    "one byte missing",
    ["SIGNATURE_LENGTH"],
    (order) => ({ ...order, signature: order.signature.slice(0, -2) as Hex }),
  ],
  [
    "one byte too many",
    ["SIGNATURE_LENGTH"],
    (order) => ({ ...order, signature: `${order.signature}00` }),
  ],
  ["no signature", ["SIGNATURE_LENGTH"], (order) => ({ ...order, signature: "0x" })],
  [
    "another maker",
    ["NOT_SIGNER", "SIGNATURE_INVALID"],
    (order, chance) => ({ ...order, maker: chance.hex(20) }),
  ],
  [
    "signature type DELEGATE",
    ["NOT_SIGNER", "SIGNATURE_INVALID"],
    (order) => ({ ...order, signatureType: 1 }),
  ],
  [
    "signature type EIP1271",
    ["SIGNATURE_TYPE_EIP1271"],
    (order) => ({ ...order, signatureType: 2 }),
  ],
];

describe(`order hashes and signatures: contract, SDK and ethers agree (seed ${SEED})`, () => {
  let sandbox: Sandbox;
  let connection: Connection;
  let domain: OrderDomain;

  before(async () => {
    sandbox = await createSandbox({ accounts: 0 });
    connection = sandbox.connect(sandbox.admin);
    const { chainId, contracts } = sandbox.deployment;
    domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  });

  after(() => sandbox.close());

  /** The contract's answer, asked straight of the chain: building 10,000 requests with ethers takes longer than all else. */
  async function ask(method: "hashOrder" | "validateOrderSignature", args: unknown[]) {
    const to = sandbox.deployment.contracts.ctfExchange;
    const data = connection.exchange.interface.encodeFunctionData(
      method as "hashOrder",
      args as never,
    );
    return (await sandbox.provider.send("eth_call", [{ to, data }, "latest"])) as Hex;
  }

  async function contractAccepts(order: SignedOrder): Promise<boolean> {
    try {
      await ask("validateOrderSignature", [hashOrder(order, domain), order]);
      return true;
    } catch {
      return false;
    }
  }

  it("the domain separator is the contract's and ethers' own", async () => {
    const { domainSeparator } = createOrderHasher(domain);
    expect(domainSeparator).to.equal(await connection.exchange.domainSeparator());
    expect(domainSeparator).to.equal(TypedDataEncoder.hashDomain({ ...domain }));
  });

  it(`${ORDERS.toLocaleString("en")} random orders have one hash in the contract, the SDK and ethers`, async function () {
    // A minute of work, and more on a busy machine.
    this.timeout(600_000);
    const chance = new Chance(SEED);
    const hashWithSdk = createOrderHasher(domain);
    // What TypedDataEncoder.hash does, with its parsing of types and domain done once.
    const encoder = TypedDataEncoder.from(ORDER_TYPES);
    const separator = TypedDataEncoder.hashDomain({ ...domain });
    const hashWithEthers = (order: Order): string =>
      keccak256(concat(["0x1901", separator, encoder.hash(order)]));
    const hashes = new Set<string>();

    for (let done = 0; done < ORDERS; done += AT_ONCE) {
      const orders = Array.from({ length: AT_ONCE }, () => randomOrder(chance));
      const onChain = await Promise.all(
        orders.map((order) => ask("hashOrder", [{ ...order, signature: "0x" }])),
      );
      orders.forEach((order, i) => {
        const three = [onChain[i], hashWithSdk(order), hashWithEthers(order)];
        if (new Set(three).size > 1) {
          throw new Error(`order ${done + i}: ${three.join(", ")}: ${showOrder(order)}`);
        }
        hashes.add(hashWithSdk(order));
      });
      const [first] = orders as [Order];
      expect(TypedDataEncoder.hash({ ...domain }, ORDER_TYPES, first)).to.equal(
        hashWithEthers(first),
      );
    }
    expect(hashes.size, "different hashes").to.equal(ORDERS);
  });

  it(`${SIGNED_ORDERS} orders signed by an ethers Wallet and by fastSigner are accepted by verifyOrder and by the contract`, async () => {
    const chance = new Chance(SEED + 1);
    const orders = await signedOrders(chance, domain);
    const accepted = await Promise.all(orders.map(contractAccepts));
    orders.forEach((order, i) => {
      expect(verifyOrder(order, domain), `SDK, order ${i}`).to.deep.equal({ ok: true });
      expect(accepted[i], `contract, order ${i}`).to.equal(true);
    });
  });

  it("a spoiled order is refused by verifyOrder and by the contract alike, whatever was spoiled", async () => {
    const chance = new Chance(SEED + 2);
    const orders = await signedOrders(chance, domain);
    const refused = new Map<string, number>();
    await Promise.all(
      orders.map(async (order, i) => {
        const [what, reasons, spoil] = SPOILED[i % SPOILED.length] as (typeof SPOILED)[number];
        const spoiled = spoil(order, chance);
        const verdict = verifyOrder(spoiled, domain);
        expect(verdict.ok ? "accepted" : verdict.reason, `SDK, order ${i}: ${what}`).to.be.oneOf([
          ...reasons,
        ]);
        expect(await contractAccepts(spoiled), `contract, order ${i}: ${what}`).to.equal(false);
        refused.set(what, (refused.get(what) ?? 0) + 1);
      }),
    );
    expect([...refused.keys()].sort()).to.deep.equal(SPOILED.map(([what]) => what).sort());
  });

  it("a signature for another chain or another exchange is refused by both", async () => {
    const { chainId, contracts } = sandbox.deployment;
    const chance = new Chance(SEED + 3);
    for (const foreign of [
      orderDomain({ chainId: chainId + 1, exchange: contracts.ctfExchange }),
      orderDomain({ chainId, exchange: contracts.marketFactory }),
    ]) {
      const [order] = await signedOrders(chance, foreign, 1);
      expect(verifyOrder(order as SignedOrder, domain).ok).to.equal(false);
      expect(await contractAccepts(order as SignedOrder)).to.equal(false);
    }
  });
});

/** Random orders of random keys, signed in turn by an ethers Wallet and by fastSigner. */
function signedOrders(
  chance: Chance,
  domain: OrderDomain,
  count = SIGNED_ORDERS,
): Promise<SignedOrder[]> {
  return Promise.all(
    Array.from({ length: count }, (_, i) => {
      const key = toBeHex(chance.bigint(1n, CURVE_ORDER - 1n), 32);
      const signer = i % 2 === 0 ? new Wallet(key) : fastSigner(key);
      const maker = getAddress(signer.address) as Hex;
      const order = { ...randomOrder(chance), maker, signer: maker, side: i % 2, signatureType: 0 };
      return signOrder(order as Order, signer, domain);
    }),
  );
}

function showOrder(order: Order): string {
  return JSON.stringify(order, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}
