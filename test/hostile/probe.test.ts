import { expect } from "chai";
import { silentLog } from "../../operator/src/log";
import type { Rpc } from "../../operator/src/rpc";
import { readHead } from "../../operator/src/settler/chain";
import { MAX_QUESTIONS, Prober, type Probed } from "../../operator/src/settler/probe";
import { readMatches } from "../../operator/src/settler/readMatches";
import { suggestFees } from "../../operator/src/settler/fees";
import { openBenchChain } from "../operator/helpers/benchChain";
import { NODE_PROFILES, ProfiledNode } from "../operator/helpers/nodeProfiles";
import { GWEI, Venue } from "../operator/helpers/settling";
import { emptyStore } from "../operator/helpers/stores";
import {
  ANIMALS,
  Hostile,
  openCage,
  orderOf,
  termsOf,
  writeMatch,
  type Animal,
  type Cage,
} from "../operator/helpers/zoo";

const HONEST: Animal = { name: "an honest account", body: "plain" };

function animal(name: string): Animal {
  const found = ANIMALS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no animal is called ${name}`);
  return found;
}

function profile(name: string): (typeof NODE_PROFILES)[number] {
  const found = NODE_PROFILES.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no node profile is called ${name}`);
  return found;
}

describe("S2: contract wallets are asked at other prices and in other blocks", function () {
  this.timeout(120_000);
  let venue: Venue;
  let cage: Cage;
  let snapshot: unknown;
  let logged: unknown[];

  before(async () => {
    venue = await Venue.deploy(await openBenchChain());
    cage = await openCage(venue);
  });
  beforeEach(async () => {
    logged = [];
    snapshot = await venue.rpc.send("evm_snapshot", []);
    await venue.rpc.send("evm_setAutomine", [true]);
  });
  afterEach(async () => {
    await venue.rpc.send("evm_revert", [snapshot]);
  });

  const log = {
    ...silentLog,
    info: (...all: unknown[]) => /answered differently/.test(String(all[1])) || logged.push(all),
  } as typeof silentLog;

  async function probe(which: Animal, node: Rpc): Promise<Probed & { hash: string }> {
    const store = await emptyStore("pglite");
    const hostile = await Hostile.arm(venue, cage, which);
    const terms = termsOf("COMPLEMENTARY", "taker", 2n);
    const taker = await hostile.order(terms.taker);
    const makers = [await orderOf(venue, venue.traders[0]!, terms.maker)];
    await writeMatch(venue, store, { taker, makers, shares: 2n, kind: "COMPLEMENTARY" });
    const rows = await store.db.selectFrom("match").selectAll().execute();
    const [match] = await readMatches(store.db, rows);
    const head = await readHead(venue.rpc);
    const fees = await suggestFees(venue.rpc, head.baseFee, 1_000n * GWEI);
    const exchange = venue.deployment.contracts.ctfExchange;
    const prober = new Prober({ rpc: node, log, operator: venue.operator.address, exchange });
    const circumstances = { head, fees: fees!, gasLimit: 1_500_000n };
    const first = await prober.probe(match!, circumstances);
    expect(await prober.probe(match!, circumstances)).to.deep.equal(first);
    return { ...first, hash: taker.hash };
  }

  const expected = [
    ["GASPRICE", "price"],
    ["NUMBER", "number"],
    ["TIMESTAMP", "time"],
    ["COINBASE", "beneficiary or random word"],
    ["PREVRANDAO", "beneficiary or random word"],
  ] as const;
  for (const [trigger, variable] of expected) {
    for (const behaviour of ["signature refused", "hook refuses"]) {
      it(`${behaviour} by ${trigger}: a geth shows it, and the order is named`, async () => {
        const node = new ProfiledNode(profile("geth, Osaka"), venue.rpc);
        const { hash, ...probed } = await probe(animal(`${behaviour} by ${trigger}`), node);
        expect(probed).to.deep.equal({ kind: "differs", variable, orderHash: hash });
        // Both probes: the first question, the others, and once whether overrides are taken.
        expect(node.asked.get("eth_call")).to.be.at.most(2 * MAX_QUESTIONS + 1);
      });
    }
  }

  it("an honest account is the same in every question, and the chain is as it was", async () => {
    const before = await venue.head();
    for (const one of NODE_PROFILES) {
      const node = new ProfiledNode(one, venue.rpc);
      expect((await probe(HONEST, node)).kind, one.name).to.equal("consistent");
      expect(node.asked.get("eth_call")).to.be.at.most(2 * MAX_QUESTIONS + 1);
    }
    expect(await venue.head()).to.deep.equal(before);
  });

  it("a node without overrides is asked what it can answer, and that is logged once", async () => {
    const node = new ProfiledNode(profile("hardhat"), venue.rpc);
    expect((await probe(animal("signature refused by NUMBER"), node)).kind).to.equal("consistent");
    expect(logged).to.have.length(1);
    const paid = await probe(animal("signature refused by GASPRICE"), node);
    expect(paid).to.include({ kind: "differs", variable: "price" });
  });

  it("a node that ignores overrides is not taken for one that has them", async () => {
    const geth = new ProfiledNode(profile("geth"), venue.rpc);
    const deaf: Rpc = { send: (method, params) => geth.send(method, params.slice(0, 2)) };
    expect((await probe(HONEST, deaf)).kind).to.equal("consistent");
    expect(logged).to.have.length(1);
  });

  it("a node that is away says nothing of an account", async () => {
    const away: Rpc = { send: () => Promise.reject(new Error("connect ECONNREFUSED")) };
    expect((await probe(HONEST, away)).kind).to.equal("consistent");
  });
});
