import { expect } from "chai";
import { Bus } from "../../operator/src/bus";
import { silentLog } from "../../operator/src/log";
import { MarketDirectory } from "../../operator/src/markets/MarketDirectory";
import type { MarketTable, Store } from "../../operator/src/store";
import { describeStores } from "./helpers/stores";

/*
the directory of markets
├── reads a market anew when an event tells of it
├── reads all anew after blocks that were taken in untold
└── reads again with the next block when the database did not answer
*/

describeStores("the directory of markets", (fresh) => {
  let store: Store;
  let bus: Bus;
  let directory: MarketDirectory;
  let isDown: boolean;
  let asked: number;

  beforeEach(async () => {
    store = await fresh();
    await store.db
      .insertInto("market")
      .values({
        ...{ condition_id: "0xc1", question_id: "0x01", yes: "1", no: "2", slug: "m" },
        ...{ question: "", description: "", category: "", creator: "0x", last_tx: "0x" },
        ...{ end_time: 1_000n, resolution_time: 2_000n, dispute_window: 10n, created_at: 1n },
        ...{ registered: true, state: "OPEN" },
      })
      .execute();
    bus = new Bus((fault) => {
      throw fault;
    });
    isDown = false;
    asked = 0;
    const failing: Store = {
      ...store,
      db: store.db.withPlugin({
        transformQuery: ({ node }) => {
          asked += 1;
          if (isDown) throw new Error("connection refused");
          return node;
        },
        transformResult: async ({ result }) => result,
      }),
    };
    const defaults = { tick: "0.01", minSize: "1" };
    directory = await MarketDirectory.load({ store: failing, defaults, log: silentLog });
    directory.follow(bus);
  });

  const become = async (state: MarketTable["state"]): Promise<void> => {
    await store.db.updateTable("market").set({ state }).execute();
  };
  const tell = (): void =>
    bus.publish({
      ...{ type: "market", conditionId: "0xc1", oldState: "OPEN", newState: "PROPOSED" },
      ...{ outcome: null, automatic: false, atMs: 0 },
    });
  const block = (number: number): void =>
    bus.publish({
      ...{ type: "block", number, hash: "0x", timestamp: 0, finalNumber: 0, generation: 0 },
      undone: false,
    });
  const until = async (state: string): Promise<void> => {
    while (directory.byCondition("0xc1")?.state !== state) await new Promise(setImmediate);
  };

  it("reads a market anew when an event tells of it", async () => {
    await become("PROPOSED");
    tell();
    await until("PROPOSED");
    expect(directory.byToken(1n)?.market.state).to.equal("PROPOSED");
  });

  it("reads all anew after blocks that were taken in untold, and only then", async () => {
    block(5);
    block(6);
    expect(asked).to.equal(1);
    await become("FINALIZED");
    block(900);
    await until("FINALIZED");
  });

  it("reads again with the next block when the database did not answer", async () => {
    await become("CANCELLED");
    isDown = true;
    tell();
    while (asked < 2) await new Promise(setImmediate);
    await new Promise(setImmediate);
    isDown = false;
    expect(directory.byCondition("0xc1")?.state).to.equal("OPEN");
    block(5);
    await until("CANCELLED");
  });
});
