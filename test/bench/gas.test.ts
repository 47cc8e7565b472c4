import { expect } from "chai";
import hre from "hardhat";
import { send } from "../../bench/gas/chain";
import { type Measured, measure } from "../../bench/gas/measure";
import { LOT, cost } from "../../bench/gas/orders";
import { readRecord } from "../../bench/gas/record";
import { SCENARIOS, type Scenario } from "../../bench/gas/scenarios";
import { OPERATOR, TAKER } from "../../bench/gas/world";

/** Room for what no reader of a diff would call a change of gas. */
const TOLERANCE = 60;
const ADVICE =
  "If gas changed on purpose: npm run bench:gas -- --write, and look at the diff of bench/gas/gas.json";

/** Claims that two lots moved, and settles one. */
const FALSE_CLAIM: Scenario = {
  id: "false claim",
  run: (world, { buy, sell }) => {
    const taker = buy({ maker: TAKER, outcome: "YES", cents: 60, lots: 2 });
    const makers = [sell({ maker: world.maker(0), outcome: "YES", cents: 60, lots: 2 })];
    return world.settle([{ taker, makers }], () =>
      send(OPERATOR, world.exchange, "matchOrders", [taker, makers, taker.makerAmount, [LOT]]),
    );
  },
};

/** The exchange knows no such signature kind. */
const REFUSED: Scenario = {
  id: "refused",
  run: (world, { buy, sell }) =>
    world.match({
      taker: buy({ maker: TAKER, outcome: "YES", cents: 60 }),
      makers: [sell({ maker: world.maker(0), outcome: "YES", cents: 60, signatureType: 250 })],
    }),
};

describe("Gas", () => {
  let measured: Measured[];

  before(async function () {
    // Instrumented code uses more gas.
    if ("__SOLIDITY_COVERAGE_RUNNING" in hre) this.skip();
    measured = await measure();
  });

  it("every scenario runs, and every match moves exactly what its orders say", () => {
    const failures = measured.flatMap((one) =>
      one.gas === null ? [`${one.scenario.id}: ${one.failure}`] : [],
    );
    expect(failures).to.deep.equal([]);
  });

  it("every scenario is recorded, and nothing else", () => {
    const ids = SCENARIOS.map(({ id }) => id);
    expect(new Set(ids).size, "an id stands twice").to.equal(ids.length);
    expect(Object.keys(readRecord().gas).sort(), ADVICE).to.deep.equal([...ids].sort());
  });

  it("every figure is the recorded one", () => {
    const recorded = readRecord().gas;
    const moved = measured.flatMap(({ scenario: { id }, gas }) => {
      const before = recorded[id];
      if (gas === null || before === undefined || Math.abs(gas - before) <= TOLERANCE) return [];
      return [`${id}: ${before} -> ${gas} (${gas > before ? "+" : ""}${gas - before})`];
    });
    if (moved.length > 0) expect.fail(`gas moved\n  ${moved.join("\n  ")}\n${ADVICE}`);
  });

  it("a match that moves anything else, or is refused, is a failure and not a figure", async () => {
    const [falseClaim, refused] = await measure({ scenarios: [FALSE_CLAIM, REFUSED] });
    expect(falseClaim).to.have.property("gas", null);
    expect(falseClaim)
      .to.have.property("failure")
      .that.includes(` moved by ${cost(60)}, not by ${cost(60, 2)}`);
    expect(refused).to.include({ gas: null, failure: "reverted with UnsupportedSignatureType" });
  });
});
