import { expect } from "chai";
import hre from "hardhat";
import type { Store } from "../../operator/src/store";
import { describeStores } from "./helpers/stores";
import { expectExactlyOnce, rigOf, settleAll, statesOf, Venue } from "./helpers/settling";

describeStores("settler", (fresh) => {
  let venue: Venue;
  let store: Store;
  let snapshot: unknown;

  before(async () => {
    venue = await Venue.deploy();
  });
  beforeEach(async () => {
    snapshot = await venue.rpc.send("evm_snapshot", []);
    await venue.rpc.send("evm_setAutomine", [false]);
    store = await fresh();
  });
  afterEach(async () => {
    await venue.rpc.send("evm_revert", [snapshot]);
    await venue.rpc.send("evm_setAutomine", [true]);
  });
  after(async () => {
    await hre.network.provider.send("hardhat_reset", []);
  });

  /** Orders of accounts that are all different, each far larger than the match: sent twice, it would settle twice. */
  async function large(shares = 10n, first = 0): Promise<string> {
    const maker = await venue.order(venue.traders[first]!, "SELL", 10_000n);
    const taker = await venue.order(venue.traders[first + 1]!, "BUY", 10_000n);
    return venue.match(store, maker, taker, shares);
  }

  describe("when all goes well", () => {
    it("settles one match alone, tells MINED after its receipt and CONFIRMED when final", async () => {
      await large();
      const rig = rigOf(venue, store);
      await rig.settler.open();
      await settleAll(venue, rig, store);
      expect(rig.told.map(({ state }) => state)).to.deep.equal(["MINED", "CONFIRMED"]);
      await expectExactlyOnce(venue, store);
      await rig.settler.stop();
    });

    it("settles several in one transaction", async () => {
      for (const first of [0, 2, 4]) await large(10n, first);
      const rig = rigOf(venue, store);
      await rig.settler.open();
      await settleAll(venue, rig, store);
      expect(await statesOf(store)).to.deep.equal(["CONFIRMED", "CONFIRMED", "CONFIRMED"]);
      expect(await venue.nonce()).to.equal(1);
      await expectExactlyOnce(venue, store);
      await rig.settler.stop();
    });
  });
});
