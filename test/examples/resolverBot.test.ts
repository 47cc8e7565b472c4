import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { proposeResolution, readMarket, type ResultName } from "@nostra/sdk/actions";
import { TransportError } from "@nostra/sdk/errors";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { inOneLine } from "../../examples/connect";
import { decide, main, pass, type Bot, type Seen } from "../../examples/resolver-bot/main";
import { play, runExample, serveChain } from "./play";

const ONE_DAY = 86_400n;

describe("examples: resolver-bot", () => {
  describe("decides", () => {
    const proposed: Seen = {
      status: "PROPOSED",
      proposed: "YES",
      proposedByMe: false,
      deadlineSeconds: 1_000n,
      nowSeconds: 999n,
    };
    const over = { ...proposed, nowSeconds: 1_000n };
    const cases: readonly [string, Seen, ResultName | undefined, string][] = [
      ["ACTIVE", { ...proposed, status: "ACTIVE" }, "YES", "wait"],
      ["ENDED, known", { ...proposed, status: "ENDED" }, "NO", "propose NO"],
      ["ENDED, unknown", { ...proposed, status: "ENDED" }, undefined, "wait"],
      ["PROPOSED as the feed says, in the last second of the window", proposed, "YES", "wait"],
      ["PROPOSED otherwise, in the last second of the window", proposed, "NO", "dispute"],
      ["PROPOSED otherwise, as SPLIT", { ...proposed, proposed: "SPLIT" }, "NO", "dispute"],
      ["PROPOSED otherwise, by itself", { ...proposed, proposedByMe: true }, "NO", "wait"],
      ["PROPOSED, unknown", proposed, undefined, "wait"],
      ["PROPOSED as the feed says, window over", over, "YES", "finalize"],
      ["PROPOSED, window over, unknown", over, undefined, "finalize"],
      ["PROPOSED otherwise, window over", over, "NO", "wait"],
      ["DISPUTED", { ...proposed, status: "DISPUTED" }, "NO", "wait"],
      ["RESOLVED", { ...proposed, status: "RESOLVED" }, "NO", "over"],
      ["CANCELLED", { ...proposed, status: "CANCELLED" }, "NO", "over"],
    ];
    for (const [what, seen, known, expected] of cases) {
      it(`${what}: ${expected}`, () => {
        const step = decide(seen, known);
        expect("result" in step ? `${step.act} ${step.result}` : step.act).to.equal(expected);
      });
    }
  });

  describe("on a chain", () => {
    let sandbox: Sandbox;
    let snapshot: unknown;

    before(async () => {
      sandbox = await createSandbox({ accounts: 2 });
    });

    after(() => sandbox.close());

    beforeEach(async () => {
      snapshot = await sandbox.provider.send("evm_snapshot", []);
    });

    afterEach(async () => {
      await sandbox.provider.send("evm_revert", [snapshot]);
    });

    const botOf = (feed: ResultName | undefined, lines: string[] = []): Bot => ({
      connection: sandbox.connect(sandbox.resolvers[0]),
      account: sandbox.resolvers[0].address,
      feed: async () => feed,
      say: (line) => lines.push(line),
      now: () => sandbox.now(),
      pause: async () => undefined,
    });

    const endedMarket = async () => {
      const market = await sandbox.createMarket();
      await sandbox.setTime((await sandbox.now()) + ONE_DAY);
      return market;
    };

    it("takes four markets to their ends, and after a new start repeats nothing", async () => {
      const lines = await play(main, sandbox);
      expect(lines.at(lines.indexOf("started again") + 5)).to.equal(
        "started again: 0 transactions",
      );
      expect(lines.slice(-4).map((line) => line.split(" ").slice(1).join(" "))).to.deep.equal([
        "RESOLVED 1,0",
        "RESOLVED 0,1",
        "RESOLVED 1,0",
        "RESOLVED 1,1",
      ]);
      const count = (word: string): number =>
        lines.filter((line) => line.includes(`: ${word}`)).length;
      expect([count("proposes"), count("disputes"), count("finalizes")]).to.deep.equal([2, 1, 3]);
    });

    it("an answer that was lost after sending: it looks again, and does not propose twice", async () => {
      const { questionId } = await endedMarket();
      const lines: string[] = [];
      const bot = botOf("YES", lines);
      let failures = 1;
      const oracle = bot.connection.oracle;
      const flaky = {
        ...bot,
        // The node takes the proposal of a twin, and answers nobody.
        feed: async (): Promise<ResultName> => {
          if (failures-- > 0) {
            const twin = proposeResolution(bot.connection, { questionId, result: "YES" });
            await (await twin.send()).wait();
            throw new TransportError("proposeResolution", new Error("socket hang up"));
          }
          return "YES";
        },
      };
      expect(await pass(flaky)).to.equal(0);
      expect(lines[0]).to.include("no answer, looks again: proposeResolution");
      expect(lines[1]).to.include("PROPOSED: waits, the window is open");
      const proposals = await oracle.queryFilter(oracle.filters.ResolutionProposed(questionId));
      expect(proposals).to.have.length(1);
    });

    it("a node that stays away ends it, after three looks", async () => {
      await endedMarket();
      const lines: string[] = [];
      const dead = {
        ...botOf("YES", lines),
        now: () => Promise.reject(new TransportError("getBlock", new Error("no route"))),
      };
      const thrown = await pass(dead).catch((error: unknown) => error);
      expect(thrown).to.be.instanceOf(TransportError);
      expect(lines).to.have.length(2);
    });

    it("somebody who was first is no failure", async () => {
      const { questionId } = await endedMarket();
      const lines: string[] = [];
      const bot = botOf("YES", lines);
      // Between its look and its act another resolver proposes.
      const late = {
        ...bot,
        feed: async (): Promise<ResultName> => {
          const other = sandbox.connect(sandbox.resolvers[1]);
          await (await proposeResolution(other, { questionId, result: "NO" }).send()).wait();
          return "YES";
        },
      };
      expect(await pass(late)).to.equal(0);
      expect(lines[0]).to.include("refused: AlreadyProposed");
      expect(await pass(bot)).to.equal(1);
      const { status } = await readMarket(bot.connection, questionId);
      expect(status).to.equal("DISPUTED");
    });

    it("on a network one pass by a file, and in words what is missing or wrong", async () => {
      const { questionId } = await endedMarket();
      const folder = mkdtempSync(path.join(os.tmpdir(), "nostra-bot-"));
      const chain = await serveChain(sandbox);
      try {
        const file = (name: string, content: unknown): string => {
          const where = path.join(folder, name);
          writeFileSync(where, JSON.stringify(content));
          return where;
        };
        const env = {
          NETWORK: "test-net",
          RPC_URL: chain.url,
          DEPLOYMENT: file("deployment.json", { ...sandbox.deployment, network: "test-net" }),
          PRIVATE_KEY: sandbox.accounts[0]!.privateKey,
          RESOLVER_PRIVATE_KEY: sandbox.resolvers[0].privateKey,
        };
        const [noFeed, noResolver, wrongFeed] = await Promise.all([
          runExample(["resolver-bot"], env),
          runExample(["resolver-bot"], { ...env, RESOLVER_PRIVATE_KEY: "" }),
          runExample(["resolver-bot"], { ...env, FEED: file("bad.json", { [questionId]: "yes" }) }),
        ]);
        expect(noFeed.err).to.equal('error: FEED is missing: a file such as {"0x...": "YES"}\n');
        expect(noResolver.err).to.equal(
          `error: ${sandbox.accounts[0]!.address} is not a resolver of test-net\n`,
        );
        expect(wrongFeed.err).to.equal(`error: FEED says yes of ${questionId}: YES, NO or SPLIT\n`);

        const good = { ...env, FEED: file("feed.json", { [questionId]: "NO" }) };
        const { status, out } = await runExample(["resolver-bot"], good);
        expect(status, out).to.equal(0);
        expect(out).to.include("ENDED: proposes NO\nsent 1 transactions");
        const expected = await sandbox.connect(sandbox.admin).oracle.expectedPayouts(questionId);
        expect([...expected]).to.deep.equal([0n, 1n]);
      } finally {
        chain.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  });

  it("prints an error without the address of the RPC, which may hold a key", () => {
    const error = Object.assign(new Error("bad response from https://rpc.example/SECRET"), {
      shortMessage: "bad response",
    });
    expect(inOneLine(new TransportError("send", error))).to.equal(
      "send: the node or wallet failed (bad response)",
    );
  });
});
