import { readFileSync } from "node:fs";
import path from "node:path";
import { loadFixture, takeSnapshot, time } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import {
  MarketStatus,
  NO_WINS,
  creationArguments,
  disputedFixture,
  finalizedFixture,
  marketFixture,
  marketParams,
  openFixture,
  proposedFixture,
  stateOf,
} from "../helpers/market";

// The table of states in docs/protocol.md, each cell of it (FA-6)
// ├── given a state, when a call is made by one who may make it
// │   ├── a status in the cell: the call goes through and leads there
// │   └── an error in the cell: it is refused with that, and nothing changes
// └── given a state: the payouts expected are those of the last column

const DOC = path.join(__dirname, "../../docs/protocol.md");

/** The rows of the table: cells by column, the state among them. */
const TABLE = readFileSync(DOC, "utf8")
  .split("\n")
  .filter((line) => line.startsWith("|") && line.split("|").length === 12)
  .map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const [HEADER = [], , ...ROWS] = TABLE;

type Status = keyof typeof MarketStatus;

/** A market in a state, brought there by the shortest way, and the second its next call is made in. */
const STATES: Record<string, () => Promise<System>> = {
  NONE: noneState,
  ACTIVE: async () => at(await openFixture(), (s) => s.market.endTime - 1),
  ENDED: async () => at(await openFixture(), (s) => s.market.endTime),
  "ENDED, timed out": async () => at(await openFixture(), timeoutOf),
  "PROPOSED, window open": async () => at(await proposedFixture(), (s) => s.deadline - 1),
  "PROPOSED, window over": async () => at(await proposedFixture(), (s) => s.deadline),
  DISPUTED: async () => at(await disputedFixture(), async (s) => (await timeoutOf(s)) - 1),
  "DISPUTED, timed out": async () => at(await disputedFixture(), timeoutOf),
  RESOLVED: async () => at(await finalizedFixture(), (s) => s.finalizedAt + 1),
  CANCELLED: async () => {
    const system = await openFixture();
    await system.factory.cancelMarket(system.market.questionId);
    return at(system, (s) => s.market.endTime);
  },
};

type Open = Awaited<ReturnType<typeof openFixture>>;
type System = Omit<Open, "market"> & {
  market: Awaited<ReturnType<typeof marketParams>>;
  now: number;
};

async function at<S extends Open>(
  system: S,
  second: (system: S) => number | Promise<number>,
): Promise<System> {
  return { ...system, now: await second(system) };
}

async function noneState(): Promise<System> {
  const system = await marketFixture();
  return { ...system, market: await marketParams(), now: (await time.latest()) + 1 };
}

async function timeoutOf({ oracle, market }: Open): Promise<number> {
  return Number(await oracle.timeoutOf(market.questionId));
}

const CALLS: Record<string, (system: System) => Promise<unknown>> = {
  create: ({ factory, creator, market }) =>
    factory.connect(creator).createBinaryMarket(...creationArguments(market)),
  clarify: ({ factory, creator, market }) =>
    factory.connect(creator).clarifyMarket(market.questionId, "The airport's own gauge counts."),
  propose: ({ oracle, watcher, market }) =>
    oracle.connect(watcher).proposeResolution(market.questionId, NO_WINS),
  dispute: ({ oracle, watcher, market }) =>
    oracle.connect(watcher).disputeResolution(market.questionId),
  finalize: ({ oracle, stranger, market }) =>
    oracle.connect(stranger).finalizeResolution(market.questionId),
  decide: ({ oracle, market }) => oracle.adminFinalizeResolution(market.questionId, NO_WINS),
  "time-out": ({ oracle, stranger, market }) =>
    oracle.connect(stranger).finalizeByTimeout(market.questionId),
  cancel: ({ factory, market }) => factory.cancelMarket(market.questionId),
};

describe("MarketFactory and ResolutionOracle: the table of states in docs/protocol.md", function () {
  it("FA-6 has a row for every state and a column for every call", function () {
    expect(HEADER).to.deep.equal(["state", ...Object.keys(CALLS), "expected"]);
    expect(ROWS.map(([state]) => state)).to.deep.equal(Object.keys(STATES));
    const statuses = new Set(ROWS.map(([state = ""]) => state.split(",")[0]));
    expect([...statuses]).to.have.members(Object.keys(MarketStatus));
  });

  for (const [state = "", ...cells] of ROWS) {
    it(`FA-6 ${state}: every call does what its cell says`, async function () {
      const load = STATES[state];
      if (load === undefined) throw new Error(`nothing brings a market to ${state}`);
      const system = await loadFixture(load);
      const { factory, oracle, market, now } = system;
      const before = await stateOf(system);
      const start = await takeSnapshot();

      for (const [i, [name, call]] of Object.entries(CALLS).entries()) {
        const cell = cells[i] ?? "";
        await start.restore();
        await time.setNextBlockTimestamp(now);
        if (cell in MarketStatus) {
          await call(system);
          expect(await factory.getStatus(market.questionId), name).to.equal(
            MarketStatus[cell as Status],
          );
          continue;
        }
        const error = cell.replaceAll("`", "");
        const declaredBy = factory.interface.getError(error) === null ? oracle : factory;
        await expect(call(system), name).to.be.revertedWithCustomError(declaredBy, error);
        expect(await stateOf(system), `state after ${name}`).to.deep.equal(before);
      }

      const expected = cells.at(-1) ?? "";
      if (expected === "") return;
      await start.restore();
      if (now > (await time.latest())) await time.increaseTo(now);
      expect(`[${await oracle.expectedPayouts(market.questionId)}]`).to.equal(expected);
      expect(await factory.getStatus(market.questionId)).to.equal(
        MarketStatus[state.split(",")[0] as Status],
      );
    });
  }
});
