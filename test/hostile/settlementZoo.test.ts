import { expect } from "chai";
import { appendFileSync } from "node:fs";
import type { Store } from "../../operator/src/store";
import { Chance, seedOr, runsOr } from "../helpers/random";
import { openBenchChain } from "../operator/helpers/benchChain";
import { NODE_PROFILES } from "../operator/helpers/nodeProfiles";
import { Venue } from "../operator/helpers/settling";
import { emptyStore } from "../operator/helpers/stores";
import { ANIMALS, openCage, type Cage, type Kind } from "../operator/helpers/zoo";
import { INNOCENTS, runCell, type Cell, type Finding } from "../operator/helpers/zooCell";

const ROLES = ["maker", "taker"] as const;
const KINDS: readonly Kind[] = ["COMPLEMENTARY", "MINT", "MERGE"];
const COMPANIES = ["crowd", "alone"] as const;
const IS_LONG = process.env["NOSTRA_LONG"] === "1";
const ALL: readonly Cell[] = NODE_PROFILES.flatMap((profile) =>
  ANIMALS.flatMap((animal) =>
    ROLES.flatMap((role) =>
      KINDS.flatMap((kind) =>
        COMPANIES.map((company): Cell => ({ profile, animal, role, kind, company })),
      ),
    ),
  ),
);

function nameOf({ profile, animal, role, kind, company }: Cell): string {
  return `${profile.name} | ${animal.name} | ${role} | ${kind} | ${company}`;
}

/** Cells in an order of chance; whole in the long run, where the order does not matter. */
function chosen(): readonly Cell[] {
  const only = process.env["NOSTRA_CELLS"];
  if (only !== undefined && only !== "") {
    return ALL.filter((cell) => only.split("&").every((part) => nameOf(cell).includes(part)));
  }
  if (IS_LONG) return ALL;
  const seed = seedOr(Date.now() % 1_000_000);
  console.log(`      seed ${seed} (NOSTRA_SEED), of ${ALL.length} cells`);
  const chance = new Chance(seed);
  const rest = [...ALL];
  return Array.from({ length: runsOr(10) }, () => {
    const [cell] = rest.splice(chance.int(0, rest.length - 1), 1);
    return cell!;
  });
}

describe("S2, S3, S4: settlement in front of nodes as they are, with accounts that deceive", function () {
  this.timeout(IS_LONG ? 4 * 3_600_000 : 600_000);
  let venue: Venue;
  let store: Store;
  let cage: Cage;
  let snapshot: unknown;
  /** Gas of an innocent match in a batch. */
  let gasOfInnocent = 0n;

  before(async () => {
    venue = await Venue.deploy(await openBenchChain());
    cage = await openCage(venue);
    await venue.rpc.send("evm_setAutomine", [false]);
    store = await emptyStore("pglite");
    snapshot = await venue.rpc.send("evm_snapshot", []);
    const animal = { name: "an honest account", body: "plain" } as const;
    const honest = {
      profile: NODE_PROFILES[0]!,
      animal,
      role: "maker",
      kind: "COMPLEMENTARY",
    } as const;
    const calm = await runCell(venue, store, cage, { ...honest, company: "crowd" }, 0n);
    expect(calm.broken).to.deep.equal([]);
    expect(calm.settlements).to.equal(1);
    gasOfInnocent = calm.gasUsed / BigInt(INNOCENTS + 2);
    await venue.rpc.send("evm_revert", [snapshot]);
  });
  beforeEach(async () => {
    store = await emptyStore("pglite");
    snapshot = await venue.rpc.send("evm_snapshot", []);
  });
  afterEach(async () => {
    await venue.rpc.send("evm_revert", [snapshot]);
  });

  const found: { cell: Cell; finding: Finding }[] = [];
  for (const cell of chosen()) {
    it(nameOf(cell), async () => {
      const finding = await runCell(venue, store, cage, cell, gasOfInnocent);
      found.push({ cell, finding });
      const report = process.env["NOSTRA_REPORT"];
      if (report !== undefined) {
        const line = {
          cell: nameOf(cell),
          ...finding,
          gasLost: finding.gasLost.toString(),
          gasUsed: finding.gasUsed.toString(),
        };
        appendFileSync(report, `${JSON.stringify(line)}\n`);
      }
      expect(finding.broken, nameOf(cell)).to.deep.equal([]);
    });
  }

  after(() => {
    const dearest = found.reduce(
      (most, { finding }) => (finding.gasLost > most ? finding.gasLost : most),
      0n,
    );
    console.log(`      ${found.length} cells; most gas lost to one account: ${dearest}`);
  });
});
