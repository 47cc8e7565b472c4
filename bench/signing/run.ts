import path from "node:path";
import {
  buildOrder,
  createOrderHasher,
  ORDER_TYPES,
  orderDomain,
  type Hex,
  type Order,
  type SignedOrder,
} from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import {
  createVerifier,
  nativeSecp256k1Backend,
  tinySecp256k1Backend,
  type OrderVerifier,
} from "@nostra/sdk/verify";
import { TypedDataEncoder, Wallet, verifyTypedData } from "ethers";
import native from "secp256k1";
import { BUNDLES, bundleSize, importTimes, MAX_IMPORT_PER_CURVE } from "./bundles";
import { measure, type Case, type Timing } from "./measure";
import { findPeers } from "./findPeers";

/*
How fast orders are hashed, signed and verified beside ethers 6 and the peers' own code, and how large the SDK is in a web
page. Every case must give the same hash or signature before anything is timed. See README.md in this folder.
*/

const SDK = path.join(__dirname, "../../sdk");
const KEY: Hex = `0x${"42".repeat(32)}`;
const DOMAIN = orderDomain({ chainId: 137, exchange: `0x${"ce".repeat(20)}` });
const ORDERS = 64;

/** Every target, or undefined where none is set. */
const TARGETS = { hash: 10, sign: 1.9, js: 1.4, wasm: 7, native: 20 };

async function main(): Promise<void> {
  const wallet = new Wallet(KEY);
  const signer = fastSigner(KEY);
  const orders = Array.from({ length: ORDERS }, (_, i) => orderOf(wallet.address, BigInt(i)));
  const orderAt = (item: number): Order => orders[item % ORDERS] as Order;
  const signed = orders.map((order) => signer.signOrder(order, DOMAIN));
  const signedAt = (item: number): SignedOrder => signed[item % ORDERS] as SignedOrder;

  const tiny = tinySecp256k1Backend(await import("tiny-secp256k1"));
  const addon = nativeSecp256k1Backend(native);
  const peers = await findPeers(DOMAIN, KEY);
  const hasher = createOrderHasher(DOMAIN);
  const accepts = (verifier: OrderVerifier) => (item: number) => verifier(signedAt(item)).ok;

  const tables: Record<string, Case[]> = {
    hash: [
      { name: "ethers 6", run: (i) => TypedDataEncoder.hash(DOMAIN, ORDER_TYPES, orderAt(i)) },
      ...peers
        .filter(({ name }) => name !== "clob-client 5, ethers 5")
        .map(({ name, hash }) => ({ name, run: (i: number) => hash(orderAt(i)) })),
      { name: "nostra", target: TARGETS.hash, run: (i) => hasher(orderAt(i)) },
    ],
    sign: [
      { name: "ethers 6", run: (i) => wallet.signTypedData(DOMAIN, ORDER_TYPES, orderAt(i)) },
      ...peers.map(({ name, sign }) => ({ name, run: (i: number) => sign(orderAt(i)) })),
      ...[
        { name: "nostra fastSigner", target: TARGETS.sign, backend: undefined },
        { name: "nostra fastSigner, tiny-secp256k1 (wasm)", backend: tiny },
        { name: "nostra fastSigner, secp256k1 (native)", backend: addon },
      ].map(({ backend, ...rest }) => {
        const fast = fastSigner(KEY, { backend });
        return { ...rest, run: (i: number) => fast.signTypedData(DOMAIN, ORDER_TYPES, orderAt(i)) };
      }),
    ],
    verify: [
      {
        name: "ethers 6",
        run: (i) => {
          const order = signedAt(i);
          return verifyTypedData(DOMAIN, ORDER_TYPES, order, order.signature) === order.maker;
        },
      },
      {
        name: "nostra, JavaScript, any key",
        target: TARGETS.js,
        run: accepts(createVerifier(DOMAIN, { knownKeys: 0 })),
      },
      { name: "nostra, JavaScript, known key", run: accepts(createVerifier(DOMAIN)) },
      {
        name: "nostra, tiny-secp256k1 (wasm)",
        target: TARGETS.wasm,
        run: accepts(createVerifier(DOMAIN, { backend: tiny })),
      },
      {
        name: "nostra, secp256k1 (native)",
        target: TARGETS.native,
        run: accepts(createVerifier(DOMAIN, { backend: addon })),
      },
    ],
  };

  for (const cases of Object.values(tables)) await requireSameAnswers(cases);
  if (peers.length === 0) {
    console.log("Without the peers: npm install --ignore-scripts --prefix bench/signing/peers\n");
  }
  let missed = 0;
  const quick = process.argv.includes("--quick");
  for (const [what, cases] of Object.entries(tables)) {
    const timings = await measure(cases, { rounds: quick ? 5 : 15, calls: quick ? 40 : 100 });
    missed += report(what, timings);
  }
  missed += await reportSizes();
  if (missed > 0) {
    console.log(`${missed} missed`);
    process.exitCode = 1;
  }
}

function orderOf(maker: string, salt: bigint): Order {
  return buildOrder({
    maker,
    tokenId: 2n ** 255n + 12_345n,
    side: "BUY",
    price: "0.57",
    size: "1234.5",
    nonce: 3n,
    feeRateBps: 30n,
    expiration: 4_000_000_000n,
    salt: (salt + 1n) << 200n,
  });
}

async function requireSameAnswers(cases: readonly Case[]): Promise<void> {
  for (let item = 0; item < ORDERS; item++) {
    const answers = await Promise.all(cases.map(async ({ run }) => run(item)));
    answers.forEach((answer, i) => {
      if (answer !== answers[0]) {
        throw new Error(`${cases[i]?.name}, order ${item}: ${answer} and not ${answers[0]}`);
      }
    });
  }
}

function report(what: string, timings: readonly Timing[]): number {
  console.log(`${what.padEnd(44)} us of CPU   times ethers 6   at least`);
  let missed = 0;
  for (const { name, microseconds, ratio, target } of timings) {
    const verdict = target === undefined ? "" : ratio >= target ? "met" : "MISSED";
    if (verdict === "MISSED") missed++;
    const cells = [
      `  ${name}`.padEnd(44),
      microseconds.toFixed(1).padStart(9),
      ratio.toFixed(2).padStart(16),
      (target?.toFixed(1) ?? "").padStart(10),
      ` ${verdict}`,
    ];
    console.log(cells.join("").trimEnd());
  }
  console.log();
  return missed;
}

async function reportSizes(): Promise<number> {
  let missed = 0;
  const line = (name: string, value: string, isMet: boolean): void => {
    if (!isMet) missed++;
    console.log(`  ${name.padEnd(52)}${value} ${isMet ? "met" : "MISSED"}`);
  };
  console.log("size in a web page, KB compressed");
  for (const budget of BUNDLES) {
    const size = await bundleSize(SDK, budget);
    const value = `${size.toFixed(1).padStart(6)}   at most ${budget.maxKilobytes}`;
    line(budget.name, value, size <= budget.maxKilobytes);
  }
  const { order, curve } = importTimes(SDK, 9);
  const most = curve * MAX_IMPORT_PER_CURVE;
  console.log("\nimport, ms of CPU");
  console.log(`  @noble/curves/secp256k1, for comparison${curve.toFixed(1).padStart(19)}`);
  const value = `${order.toFixed(1).padStart(6)}   at most ${most.toFixed(1)}`;
  line("@nostra/sdk/order", value, order <= most);
  console.log();
  return missed;
}

void main();
