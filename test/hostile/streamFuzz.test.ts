import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import fc from "fast-check";
import { silentLog } from "../../operator/src/log";
import { createStream, type Stream } from "../../operator/src/stream";
import { CHANNELS } from "../../operator/src/stream/messages";
import { seedOr } from "../helpers/random";
import { Listener } from "../operator/helpers/Listener";
import { emptyStore } from "../operator/helpers/stores";
import { startHttp, type TestHttp } from "../operator/helpers/venue";

const MAX_CPU_MS = 200;
const RUNS = Number(process.env.NOSTRA_RUNS ?? (process.env.NOSTRA_LONG === "1" ? 2_000 : 60));

/** CPU time of this process's main thread: the venue's handlers and, since they share it, those of the client. */
function mainThreadCpuMs(): number {
  const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8");
  return Number(text.split(" ")[0]) / 1e6;
}

const TYPES = [
  ...["subscribe", "unsubscribe", "subscribe:market", "unsubscribe:market"],
  ...["resync", "auth", "ping", "__proto__", "constructor", "toString"],
];
const NAMES = [
  ...CHANNELS,
  ...["m:", "m:x:YES", "u:0x", "market_", "user_0x", "position_0x", "orderbook:update"],
];
const FIELDS = [
  ...["channel", "channels", "market", "marketId", "since", "sinceMs", "token", "key", "nonce"],
  ...["timestamp", "signature", "request", "event", "data", "__proto__"],
];

/** Long, repetitive, nested and foreign material of at most 15 KiB. */
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc
    .tuple(
      fc.constantFrom(
        "a",
        "a.",
        ":",
        "m:",
        "market_",
        "://",
        "\\",
        '"',
        "\0",
        " ",
        "é",
        "\u202e",
        "\ud800",
        "😀",
        "0x",
        "YES:",
      ),
      fc.constantFrom(1, 63, 64, 65, 127, 129, 161, 2_000),
    )
    .map(([unit, count]) => unit.repeat(count).slice(0, 4_000)),
  fc.tuple(fc.constantFrom("[]", "{}"), fc.constantFrom(1, 7, 9, 2_000)).map(([kind, depth]) => {
    let value: unknown = 1;
    for (let i = 0; i < depth; i++) value = kind === "[]" ? [value] : { a: value };
    return value;
  }),
  fc
    .tuple(fc.constantFrom<unknown>("book", 1, null, [], {}), fc.constantFrom(50, 51, 1_000))
    .map(([one, count]) => Array<unknown>(count).fill(one)),
  fc.constantFrom<unknown>(1e308, -1, 2 ** 53, 0.5, true, null, "", "1e308", `0x${"f".repeat(64)}`),
);

const message = fc
  .tuple(
    fc.constantFrom(...TYPES),
    fc.oneof(fc.constantFrom(...NAMES), hostile),
    fc.array(fc.tuple(fc.constantFrom(...FIELDS), hostile), { maxLength: 4 }),
    fc.boolean(),
  )
  .map(([type, channel, fields, isWrapped]) => {
    const rest = Object.fromEntries([["channel", channel] as const, ...fields]);
    return JSON.stringify(isWrapped ? { event: type, data: rest } : { ...rest, type });
  })
  .filter((text) => Buffer.byteLength(text) <= 16 * 1024);

/** What is no JSON, as text or as bytes. */
const junk = fc
  .tuple(
    fc.constantFrom("[", "{", '"', "\\", "\0", '{"a":', "é", " ", "1"),
    fc.constantFrom(1, 500, 3_000),
  )
  .map(([unit, count]) => unit.repeat(count));

describe("hostile: any message to a stream", () => {
  let http: TestHttp;
  let stream: Stream;
  let url: string;

  before(async () => {
    http = await startHttp(await emptyStore("pglite"));
    const { app, auth, limiter, metrics, feed, venue } = http;
    const { store, bus, clock } = venue;
    stream = createStream({
      ...{ server: app.server, store, feed, bus, clock, log: silentLog, auth, limiter, metrics },
      ...{ checkMessages: true, opening: { count: 1e9, seconds: 60 } },
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    url = `ws://127.0.0.1:${(app.server.address() as AddressInfo).port}/ws`;
  });
  after(async () => {
    await stream.close();
    await http.app.close();
  });

  it("S6: costs at most 200 ms of the main thread, leaves nothing waiting, and hurts no other connection (random)", async () => {
    const other = await new Listener(url).open();
    // What is compiled and loaded at first is no message's cost.
    other.say({ type: "subscribe", channel: "book", market: "none" });
    await other.of("error");
    let most = 0;
    await fc.assert(
      fc.asyncProperty(fc.oneof(message, junk), fc.boolean(), async (text, isBinary) => {
        const one = await new Listener(url).open();
        const before = mainThreadCpuMs();
        one.socket.send(text, { binary: isBinary });
        one.say({ type: "ping" });
        await one.until(
          () => one.closed !== undefined || one.told.some(({ type }) => type === "pong"),
          "an answer or the end",
        );
        const cpuMs = mainThreadCpuMs() - before;
        most = Math.max(most, cpuMs);
        expect(cpuMs, text.slice(0, 100)).to.be.below(MAX_CPU_MS);
        for (const told of one.told) {
          if (told.type === "error") expect(JSON.stringify(told).length).to.be.below(400);
        }
        one.socket.terminate();
        http.venue.clock.pass(1_000);
        await other.settled();
      }),
      { seed: seedOr(13), numRuns: RUNS, interruptAfterTimeLimit: 90_000 },
    );
    await other.until(() => stream.size === 1, "the end of all others");
    expect(stream.waiting).to.deep.equal({ inBytes: 0, outBytes: 0 });
    other.socket.terminate();
  });
});
