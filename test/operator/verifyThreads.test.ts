import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { expect } from "chai";
import { Signature } from "ethers";
import { InputError } from "@nostra/sdk/errors";
import { signOrder, type Address, type Hex, type SignedOrder } from "@nostra/sdk/order";
import {
  createFastVerifier,
  type FastVerifier,
  type Verdict,
} from "../../operator/src/intake/createFastVerifier";
import {
  startVerifierThread,
  usualVerifyThreads,
  VerifierThreads,
  type VerifierThreadsParams,
} from "../../operator/src/intake/VerifierThreads";
import { silentLog } from "../../operator/src/log";
import { BOB, DOMAIN, ROOT, sign } from "./helpers/venue";

/*
operator/verifier threads
├── while they work
│   ├── say of every kind of order what is said without them, in the order asked, and leave nothing to this thread
│   ├── say so of more orders than go into a message, also of those asked meanwhile, and this thread helps
│   └── an order that cannot be verified fails by itself, with the error that it has without them
├── while none is ready, this thread verifies
├── when they die
│   ├── what they had is verified all the same, and others are started
│   └── others are started with longer and longer pauses
├── when they cannot be started, this thread verifies
├── closed
│   ├── what was asked before is answered
│   └── what is asked after is verified by this thread, and no thread is left
└── keep a process alive while somebody waits for them, and no longer
*/

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("operator/verifier threads", () => {
  const { verify } = createFastVerifier(DOMAIN);
  let orders: SignedOrder[];
  let workers: Worker[];
  let logged: [details: Record<string, unknown>, message: string][];
  /** How many orders this thread verified. */
  let verifiedHere: number;
  let opened: VerifierThreads[];

  const here: FastVerifier = {
    backend: "here",
    verify: (order) => {
      verifiedHere++;
      return verify(order);
    },
  };

  before(async () => {
    const good = await sign({ price: "0.5" });
    const other = await sign({ price: "0.4" });
    const byBob = { ...good, signer: BOB.address as Address };
    orders = [
      good,
      { ...good, signature: other.signature },
      { ...good, signature: withHighS(good.signature) },
      { ...good, signature: `${good.signature.slice(0, -2)}1d` as Hex },
      { ...good, signature: good.signature.slice(0, -2) as Hex },
      { ...good, signature: "0x" },
      await signOrder(byBob, BOB, DOMAIN),
      await signOrder({ ...byBob, signatureType: 1 }, BOB, DOMAIN),
      { ...good, signatureType: 1 },
      { ...good, signatureType: 2 },
      { ...good, signatureType: 3 as never },
      other,
    ];
  });
  beforeEach(() => {
    workers = [];
    logged = [];
    verifiedHere = 0;
    opened = [];
  });
  afterEach(async () => {
    for (const threads of opened) await threads.close();
  });

  function open(params: Partial<VerifierThreadsParams> = {}): VerifierThreads {
    const note = (details: Record<string, unknown>, message: string): void => {
      logged.push([details, message]);
    };
    const threads = new VerifierThreads({
      ...{ domain: DOMAIN, count: 2, here, log: { ...silentLog, error: note as never } },
      startThread: (domain) => {
        const worker = startVerifierThread(domain);
        workers.push(worker);
        return worker;
      },
      ...params,
    });
    opened.push(threads);
    return threads;
  }

  const isByThread = (verdict: Verdict | Promise<Verdict>): verdict is Promise<Verdict> =>
    verdict instanceof Promise;

  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    for (let i = 0; i < 3_000; i++) {
      if (isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`waited in vain: ${what}`);
  };

  /** Resolves when a thread is ready. */
  async function ready(threads: VerifierThreads): Promise<VerifierThreads> {
    await until("a thread", () => isByThread(threads.verify(orders[0]!)));
    // The one that was asked for that.
    await threads.verify(orders[0]!);
    verifiedHere = 0;
    return threads;
  }

  /** No two have the same hash. */
  const many = (count: number): SignedOrder[] =>
    Array.from({ length: count }, (_, i) => ({ ...orders[0]!, salt: BigInt(i) }));

  const askAll = (threads: VerifierThreads, asked: readonly SignedOrder[]) =>
    Promise.all(asked.map((order) => threads.verify(order)));

  describe("while they work", () => {
    it("say of every kind of order what is said without them, in the order asked", async () => {
      const threads = await ready(open());
      const expected = orders.map(verify);
      const kinds = new Set(expected.map((verdict) => (verdict.ok ? "ok" : verdict.reason)));
      expect([...kinds]).to.include.members([
        ...["ok", "NOT_SIGNER", "NOT_MAKER", "SIGNATURE_HIGH_S", "SIGNATURE_V"],
        ...["SIGNATURE_LENGTH", "SIGNATURE_TYPE_DELEGATE", "SIGNATURE_TYPE_EIP1271"],
        "SIGNATURE_TYPE_UNKNOWN",
      ]);
      expect(await askAll(threads, orders)).to.deep.equal(expected);
      expect(verifiedHere).to.equal(0);
    });

    it("say so of more orders than go into a message, also of those asked meanwhile, and this thread helps", async () => {
      const threads = await ready(open());
      const [first, second] = [many(300), many(310).slice(300)];
      const answers = askAll(threads, first);
      await new Promise(setImmediate);
      const more = askAll(threads, second);
      expect(await answers).to.deep.equal(first.map(verify));
      expect(await more).to.deep.equal(second.map(verify));
      // At most all but the first message.
      expect(verifiedHere).to.be.within(1, 310 - 16);
    });

    it("an order that cannot be verified fails by itself, with the error that it has without them", async () => {
      const threads = await ready(open({ count: 1 }));
      const [good] = orders as [SignedOrder];
      for (const changes of [
        { makerAmount: 2n ** 256n },
        { maker: "0x12" as Address },
        // This one cannot even be sent to a thread.
        { nonce: (() => 1n) as never },
      ]) {
        const bad = { ...good, ...changes };
        const asked = [good, bad, orders[1]!].map(async (order) => threads.verify(order));
        const [one, failed, last] = await Promise.allSettled(asked);
        expect(one).to.deep.equal({ status: "fulfilled", value: verify(good) });
        expect(last).to.deep.equal({ status: "fulfilled", value: verify(orders[1]!) });
        const { reason } = failed as PromiseRejectedResult;
        expect(reason).to.be.instanceOf(InputError);
        expect(() => verify(bad)).to.throw(InputError, (reason as InputError).message);
      }
    });
  });

  it("while none is ready, this thread verifies", () => {
    const threads = open();
    expect(threads.verify(orders[0]!)).to.deep.equal(verify(orders[0]!));
    expect(verifiedHere).to.equal(1);
    expect(workers).to.have.length(2);
  });

  describe("when they die", () => {
    it("what they had is verified all the same, and others are started", async () => {
      const threads = await ready(open({ count: 1, pauseMs: 10 }));
      for (const wait of [() => undefined, () => new Promise(setImmediate)]) {
        const asked = many(500);
        const answers = askAll(threads, asked);
        await wait();
        const killed = workers.length;
        await workers.at(-1)!.terminate();
        expect(await answers).to.deep.equal(asked.map(verify));
        expect(verifiedHere).to.be.greaterThan(400);
        await until("another thread", () => workers.length > killed);
        await ready(threads);
        expect(await askAll(threads, orders)).to.deep.equal(orders.map(verify));
        expect(verifiedHere).to.equal(0);
      }
      const said = logged.map(([, message]) => message);
      expect(said).to.deep.equal(Array(2).fill("a thread that verifies signatures ended"));
      expect(logged[1]![0]).to.include({ exitCode: 1, unanswered: 16, nextInMs: 10 });
    });

    it("others are started with longer and longer pauses", async () => {
      const startedAt: number[] = [];
      const startThread = (): Worker => {
        startedAt.push(performance.now());
        return new Worker("throw new Error('not today')", { eval: true });
      };
      const threads = open({ count: 1, pauseMs: 40, startThread });
      threads.verify(orders[0]!);
      await until("four threads", () => startedAt.length === 4);
      const pauses = startedAt.slice(1).map((ms, i) => ms - startedAt[i]!);
      // A timer may be a millisecond early.
      for (const [i, least] of [39, 79, 159].entries()) expect(pauses[i]).to.be.at.least(least);
      expect((logged[0]![0]["err"] as Error).message).to.equal("not today");
      expect(threads.verify(orders[0]!)).to.deep.equal(verify(orders[0]!));
    });
  });

  it("when they cannot be started, this thread verifies", () => {
    const fault = new Error("no more threads");
    const threads = open({
      startThread: () => {
        throw fault;
      },
    });
    expect(threads.verify(orders[0]!)).to.deep.equal(verify(orders[0]!));
    expect(logged[0]![0]).to.include({ err: fault });
  });

  it("closed, they have answered what was asked, and leave the rest to this thread", async () => {
    const threads = await ready(open({ pauseMs: 1 }));
    const answers = askAll(threads, many(200));
    await threads.close();
    expect(await answers).to.deep.equal(many(200).map(verify));
    expect(threads.verify(orders[0]!)).to.deep.equal(verify(orders[0]!));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(workers).to.have.length(2);
    expect(workers.map(({ threadId }) => threadId)).to.deep.equal([-1, -1]);
    expect(logged).to.deep.equal([]);
  });

  it("keep a process alive while somebody waits for them, and no longer", async () => {
    const intake = path.join(ROOT, "operator/src/intake");
    const program = `
      const { VerifierThreads } = require(${JSON.stringify(path.join(intake, "VerifierThreads"))});
      const { createFastVerifier } = require(${JSON.stringify(path.join(intake, "createFastVerifier"))});
      const domain = ${toSource(DOMAIN)};
      const log = { info() {}, error: console.error };
      const here = createFastVerifier(domain);
      const threads = new VerifierThreads({ domain, count: 2, here, log });
      const order = ${toSource(orders[0]!)};
      const ask = () => {
        const verdict = threads.verify(order);
        if (!(verdict instanceof Promise)) return setTimeout(ask, 10);
        verdict.then(({ ok }) => console.log("ok: " + ok));
      };
      ask();`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["-r", "ts-node/register/transpile-only", "-e", program],
      { cwd: ROOT, timeout: 30_000 },
    );
    expect(stdout).to.equal("ok: true\n");
  });

  it("are usually one less than there are processors, at most four", () => {
    expect(usualVerifyThreads()).to.be.within(0, 4);
  });
});

/** The same point and key, said in the way that the exchange refuses. */
function withHighS(signature: Hex): Hex {
  const { r, s, yParity } = Signature.from(signature);
  const high = (CURVE_ORDER - BigInt(s)).toString(16).padStart(64, "0");
  return `${r}${high}${yParity === 0 ? "1c" : "1b"}` as Hex;
}

/** JavaScript that makes the same object. */
function toSource(flat: object): string {
  const members = Object.entries(flat).map(([name, value]) => {
    return `${name}: ${typeof value === "bigint" ? `${value}n` : JSON.stringify(value)}`;
  });
  return `{ ${members.join(", ")} }`;
}
