import { expect } from "chai";
import { getBytes, keccak256 } from "ethers";
import {
  createSpecificationBook,
  hashBook,
  hashLine,
  recordBook,
  replay,
  type BookRecorder,
  type ReplayResult,
} from "@nostra/sdk/matcher";
import { BOB, buy, NO, sell, TAKER, UNIT, YES } from "../helpers/bookOrders";

/*
log
├── given an honest log: it agrees, with either book, and leaves the book it tells of
├── given a published head that is another: EDITED, the last line
├── given a line left out, or one that stands twice, or no line at all: GAP
├── given an edited line: EDITED, by number
├── given an edited line with all hashes made anew: DISAGREES
├── given a decision that breaks the rules: DISAGREES, with what should stand there
├── given a request the book refuses: DISAGREES
├── given text that is no line: MALFORMED
├── an order that comes back with its old sequence stands at its old place
├── given a faster keccak: the same lines
├── a log that is gone on with from its state has the same lines as one that was never cut
└── a refused request makes no line
*/

const MARKET = { yes: YES, no: NO, tick: 10_000n };

/** A short honest log with every kind of request in it. */
function honest(): { recorder: BookRecorder; lines: string[] } {
  const recorder = recordBook(MARKET, { stateEvery: 3 });
  const lines = [recorder.opening];
  const ask = sell(YES, 5n, 60n, { expiration: 90n });
  const mirrored = buy(NO, 5n, 40n, { maker: BOB });
  const last = sell(YES, 5n, 62n);
  for (const order of [ask, mirrored, last]) lines.push(recorder.submit(order).line);
  lines.push(recorder.reduce(last.hash, 4n * UNIT).line);
  const skip = ({ order }: { order: { maker: string } }): boolean => order.maker === BOB;
  const taker = buy(YES, 3n, 60n, { maker: TAKER });
  lines.push(recorder.submit(taker, { timeInForce: "FAK", now: 5n, skip }).line);
  lines.push(recorder.submit(buy(YES, 6n, 60n, { maker: TAKER })).line);
  lines.push(recorder.expire(90n).line);
  lines.push(recorder.changeTick(1_000n).line);
  lines.push(recorder.cancel(last.hash).line);
  return { recorder, lines };
}

/** The log with one line changed and every later `prev` made right again, as a forger would. */
function forge(lines: readonly string[], at: number, edit: (line: string) => string): string[] {
  const parts = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const forged: string[] = [];
  parts.forEach((part, n) => {
    const prev = n === 0 ? part["prev"] : hashLine(forged[n - 1]!);
    const line = JSON.stringify({ ...part, prev });
    forged.push(n === at ? edit(line) : line);
  });
  return forged;
}

const replaced = (lines: readonly string[], at: number, line: string): string[] =>
  lines.map((old, n) => (n === at ? line : old));

const brief = (result: ReplayResult): unknown[] =>
  result.status === "agrees" ? ["agrees"] : [result.fault, result.line];

describe("matcher: log", () => {
  it("agrees with an honest log, with either book", () => {
    const { recorder, lines } = honest();
    for (const create of [undefined, createSpecificationBook]) {
      const options = create === undefined ? {} : { create };
      const result = replay(lines, { head: recorder.head, ...options });
      if (result.status !== "agrees") throw new Error(JSON.stringify(result));
      expect(result).to.include({ lines: 10, head: recorder.head });
      expect(hashBook(result.book)).to.equal(hashBook(recorder.book));
    }
  });

  it("has an order that comes back with its old sequence at its old place", () => {
    const recorder = recordBook(MARKET);
    const [first, second] = [sell(YES, 5n, 60n), sell(YES, 5n, 60n, { maker: BOB })];
    const lines = [recorder.opening];
    for (const [sequence, order] of [first, second].entries()) {
      lines.push(recorder.submit({ ...order, sequence }).line);
    }
    lines.push(recorder.cancel(first.hash).line);
    lines.push(recorder.submit({ ...first, sequence: 0 }).line);
    expect(recorder.book.asks().map(({ hash }) => hash)).to.deep.equal([first.hash, second.hash]);
    expect(brief(replay(lines, { head: recorder.head }))).to.deep.equal(["agrees"]);
  });

  it("has the same lines when it is gone on with from its state, and with another keccak", () => {
    const orders = [sell(YES, 5n, 60n), buy(NO, 5n, 40n, { maker: BOB }), buy(YES, 2n, 61n)];
    const record = (recorder: BookRecorder, from: number): string[] =>
      orders.slice(from).map((order, i) => recorder.submit({ ...order, sequence: from + i }).line);
    const uncut = recordBook(MARKET, { stateEvery: 2 });
    const all = record(uncut, 0);

    for (const cut of [1, 2]) {
      const before = recordBook(MARKET, { stateEvery: 2 });
      orders.slice(0, cut).forEach((order, sequence) => before.submit({ ...order, sequence }));
      const { count, head, version, book } = before;
      const resumed = recordBook(MARKET, {
        stateEvery: 2,
        resume: { count, head, version, orders: [...book.bids(), ...book.asks()] },
        keccak256: (bytes) => getBytes(keccak256(bytes)),
      });
      expect(record(resumed, cut)).to.deep.equal(all.slice(cut));
      expect(resumed.head).to.equal(uncut.head);
    }
  });

  it("states the book's hash at every line that `stateEvery` divides", () => {
    const withState = honest().lines.flatMap((line, n) => (line.includes('"state"') ? [n] : []));
    expect(withState).to.deep.equal([0, 3, 6, 9]);
  });

  it("refuses a log whose head is not the published one", () => {
    const { lines } = honest();
    const head = `0x${"7".repeat(64)}` as const;
    expect(brief(replay(lines, { head }))).to.deep.equal(["EDITED", 9]);
  });

  it("refuses a log with a gap", () => {
    const { lines } = honest();
    for (let n = 0; n < lines.length - 1; n++) {
      const log = lines.filter((_, index) => index !== n);
      expect(brief(replay(log)), `without line ${n}`).to.deep.equal(["GAP", n]);
    }
    const twice = [...lines.slice(0, 3), ...lines.slice(2)];
    expect(brief(replay(twice))).to.deep.equal(["GAP", 3]);
    expect(brief(replay([]))).to.deep.equal(["GAP", 0]);
  });

  it("refuses an edited line, by its number", () => {
    const { lines } = honest();
    lines.forEach((line, n) => {
      if (n === lines.length - 1) return;
      const edited = replaced(lines, n, line.replace('"version":', '"version":1'));
      expect(brief(replay(edited)), `line ${n}`).to.deep.equal(["EDITED", n]);
    });
    const space = replaced(lines, 4, `${lines[4]} `);
    expect(brief(replay(space))).to.deep.equal(["EDITED", 4]);
  });

  it("refuses a forged decision though every hash is right, and says what should stand there", () => {
    const { lines } = honest();
    const greedy = (line: string): string =>
      line.replace('"COMPLEMENTARY","3000000"', '"COMPLEMENTARY","2900000"');
    expect(greedy(lines[5]!)).to.not.equal(lines[5]);
    const result = replay(forge(lines, 5, greedy));
    expect(brief(result)).to.deep.equal(["DISAGREES", 5]);
    expect(result.status === "refused" && result.expected).to.equal(lines[5]);
  });

  it("refuses a log that says the book did what it refuses", () => {
    const { lines } = honest();
    const forged = forge(lines, 9, (line) => line.replace('"op":"cancel"', '"op":"reduce"'));
    expect(brief(replay(forged))).to.deep.equal(["MALFORMED", 9]);
    const unknown = forge(lines, 9, (line) =>
      line.replace(/"hash":"0x[0-9a-f]+"/, `"hash":"0x${"9".repeat(64)}"`),
    );
    expect(brief(replay(unknown))).to.deep.equal(["DISAGREES", 9]);
  });

  it("refuses what is no line", () => {
    const { lines } = honest();
    for (const bad of ["", "{}", "null", "[]", '{"n":3,"prev":"0x","request":{"op":"steal"}}']) {
      expect(brief(replay(replaced(lines, 3, bad))), bad).to.deep.equal(["MALFORMED", 3]);
    }
    const opened = forge(lines, 2, () => lines[0]!);
    expect(brief(replay(opened))).to.deep.equal(["GAP", 2]);
  });

  it("makes no line of a request that is refused", () => {
    const recorder = recordBook(MARKET);
    const { count, head } = recorder;
    expect(() => recorder.cancel(`0x${"1".repeat(64)}`)).to.throw();
    expect(() => recorder.submit(buy(33n, 1n, 50n))).to.throw();
    expect([recorder.count, recorder.head, recorder.book.version]).to.deep.equal([count, head, 0]);
  });
});
