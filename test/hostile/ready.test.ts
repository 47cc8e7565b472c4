import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import { Wallet } from "ethers";
import type { Alert } from "../../operator/src/alerts";
import { Bus } from "../../operator/src/bus";
import { systemClock } from "../../operator/src/clock";
import { readEnvironment, VARIABLES } from "../../operator/src/config";
import { EndpointHeads } from "../../operator/src/EndpointHeads";
import { httpRpc } from "../../operator/src/httpRpc";
import { silentLog } from "../../operator/src/log";
import {
  ACTIONS,
  MODES,
  Modes,
  MODE_TABLE,
  readOperatorMode,
  watchWrites,
} from "../../operator/src/modes";
import { finalizedTag, type Rpc } from "../../operator/src/rpc";
import { resilientRpc } from "../../operator/src/resilientRpc";
import { runStartChecks } from "../../operator/src/startChecks";
import { startVenue, type Venue, type VenueOptions } from "../../operator/src/startVenue";
import { findSlips } from "../../operator/src/suggestVariable";
import { Chance, runsOr, seedOr } from "../helpers/random";
import { createPostgresDatabase } from "../operator/helpers/createPostgresDatabase";
import { emptyStore } from "../operator/helpers/stores";
import { startHttp, TestClock } from "../operator/helpers/venue";

const SEED = seedOr(20_313);
const MAIN = path.join(__dirname, "../../operator/dist/main.js");
const SECRET = "a secret of tests, long enough for it";
const HAS_SERVER = (process.env["DATABASE_URL"] ?? "") !== "";

describe(`hostile: ready means ready (NOSTRA_SEED=${SEED})`, () => {
  let sandbox: Sandbox;
  /** Answers as the sandbox's node does, unless a test puts something in its way. */
  let behave: (method: string, params: unknown[], pass: () => Promise<unknown>) => Promise<unknown>;
  const node: Rpc = {
    send: (method, params) =>
      behave(method, params, () => sandbox.provider.send(method, params) as Promise<unknown>),
  };
  const venues: Venue[] = [];
  const drops: (() => unknown)[] = [];

  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
  });
  beforeEach(() => {
    behave = (_method, _params, pass) => pass();
  });
  afterEach(async () => {
    behave = (_method, _params, pass) => pass();
    for (const venue of venues.splice(0)) await venue.stop();
    for (const drop of drops.splice(0)) await drop();
  });
  after(() => sandbox.close());

  async function start(others: Partial<VenueOptions> = {}): Promise<Venue> {
    let url: string | undefined;
    if (HAS_SERVER) {
      const database = await createPostgresDatabase();
      url = database.url;
      drops.push(database.drop);
    }
    const venue = await startVenue({
      deployment: sandbox.deployment,
      nodes: [node],
      operator: sandbox.operator as never,
      finality: finalizedTag,
      store: { url },
      http: {
        ...{ port: 0, host: "127.0.0.1", secret: SECRET, serviceKey: SECRET },
        ...{ domains: ["venue.test"], secureCookies: false },
      },
      ...{ pollMs: 100, verifyThreads: 0, log: silentLog },
      settlementWatch: { everyMs: 100, maxStallMs: 300 },
      ...others,
    });
    venues.push(venue);
    return venue;
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever the test asks of it
  async function ask(venue: Venue, url: string): Promise<{ status: number; json: any }> {
    const response = await fetch(venue.url + url);
    return { status: response.status, json: await response.json() };
  }

  async function until<T>(what: string, isSo: () => Promise<T | undefined | false>): Promise<T> {
    for (let i = 0; i < 1_000; i++) {
      const found = await isSo();
      if (found !== undefined && found !== false) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited in vain: ${what}`);
  }

  const alertsOf = async (venue: Venue, type: string): Promise<number> =>
    (await venue.store.db.selectFrom("alert").select("id").where("type", "=", type).execute())
      .length;

  describe("K4: a head that stands still", () => {
    it("K4: degrades health, raises an alert, shows in metrics, and stops orders until blocks come", async () => {
      let frozen: unknown;
      behave = async (method, params, pass) => {
        if (method !== "eth_blockNumber") return pass();
        // The chain of this process makes no blocks by itself: this node's head rises with each question.
        if (frozen !== undefined) return frozen;
        await sandbox.provider.send("evm_mine", []);
        return pass();
      };
      const venue = await start({ maxHeadAgeMs: 5_000, headPollMs: 100 });
      await until("ready", async () => (await ask(venue, "/ready")).status === 200);
      expect(venue.modes.current.mode).to.equal("open");

      frozen = await sandbox.provider.send("eth_blockNumber", []);
      const { json } = await until("not ready", async () => {
        const answer = await ask(venue, "/ready");
        return answer.status === 503 && answer;
      });
      const part = json.failing.find((one: { part: string }) => one.part === "chain_head");
      expect(part.reason).to.match(/^no new block for \d+ s/);
      expect((await ask(venue, "/health")).json).to.include({ status: "degraded" });
      await until("the alert", async () => (await alertsOf(venue, "chain_head_stale")) === 1);
      expect(venue.modes.current).to.include({ mode: "cancel-only" });
      const metrics = await (await fetch(`${venue.url}/metrics`)).text();
      expect(Number(/^chain_head_age_seconds (\S+)$/m.exec(metrics)?.[1])).to.be.greaterThan(4);
      expect(metrics).to.match(/^indexer_lag_blocks \d+$/m);
      expect(metrics).to.include('venue_mode{mode="cancel-only"} 1');

      frozen = undefined;
      await until("ready again", async () => (await ask(venue, "/ready")).status === 200);
      expect(venue.modes.current.mode).to.equal("open");
    });

    interface Endpoint extends Rpc {
      head: bigint;
      asked: number;
      hasBlocks: boolean;
    }
    function endpoint(head: bigint): Endpoint {
      const made: Endpoint = {
        ...{ head, asked: 0, hasBlocks: true },
        send: async (method, params) => {
          made.asked += 1;
          if (method === "eth_blockNumber") return `0x${made.head.toString(16)}`;
          return made.hasBlocks ? { number: params[0] } : null;
        },
      };
      return made;
    }
    const MAX_AGE_MS = 30_000;

    it("K4: is left for an endpoint whose head rises, and asked again when its own does", async () => {
      const clock = new TestClock();
      const alerts: Alert[] = [];
      const [still, alive] = [endpoint(100n), endpoint(100n)];
      const rpc = resilientRpc([still, alive], { clock, alarm: (alert) => alerts.push(alert) });
      for (let i = 0; i < 20; i++) {
        clock.pass(2_000);
        alive.head += i % 5 === 0 ? 1n : 0n;
        await rpc.heads.look(MAX_AGE_MS);
      }
      expect(alerts.map(({ type }) => type)).to.deep.equal(["rpc_endpoint_stale"]);
      const before = [still.asked, alive.asked];
      await rpc.send("eth_getBalance", []);
      expect([still.asked, alive.asked]).to.deep.equal([before[0], before[1]! + 1]);
      expect(rpc.heads.head).to.equal(104n);

      still.head = 105n;
      clock.pass(2_000);
      await rpc.heads.look(MAX_AGE_MS);
      await rpc.send("eth_getBalance", []);
      expect(alive.asked).to.equal(before[1]! + 2);
      expect(still.asked).to.equal(before[0]! + 2);
    });

    it("K4: an endpoint far behind is left after two looks, one that is a block behind is not", async () => {
      const clock = new TestClock();
      const [behind, ahead] = [endpoint(100n), endpoint(101n)];
      const heads = new EndpointHeads({ endpoints: [behind, ahead], clock });
      for (let i = 0; i < 5; i++) await heads.look(MAX_AGE_MS);
      expect([heads.isIll(0), heads.isIll(1)]).to.deep.equal([false, false]);
      ahead.head = 200n;
      await heads.look(MAX_AGE_MS);
      expect(heads.isIll(0)).to.equal(false);
      await heads.look(MAX_AGE_MS);
      expect([heads.isIll(0), heads.isIll(1)]).to.deep.equal([true, false]);
    });

    it("K4: an endpoint that claims a head it cannot show drives nobody away", async () => {
      const clock = new TestClock();
      const [honest, liar] = [endpoint(100n), endpoint(10n ** 12n)];
      liar.hasBlocks = false;
      const heads = new EndpointHeads({ endpoints: [honest, liar], clock });
      for (let i = 0; i < 5; i++) {
        honest.head += 1n;
        liar.head += 1n;
        clock.pass(2_000);
        await heads.look(MAX_AGE_MS);
      }
      expect([heads.isIll(0), heads.isIll(1)]).to.deep.equal([false, true]);
      expect(heads.head).to.equal(105n);
    });

    it("K4: a stuck node behind several machines does not look alive by jumping to and fro", async () => {
      const clock = new TestClock();
      const jumping = endpoint(100n);
      const heads = new EndpointHeads({ endpoints: [jumping], clock });
      await heads.look(MAX_AGE_MS);
      for (let i = 0; i < 40; i++) {
        jumping.head = i % 2 === 0 ? 98n : 100n;
        clock.pass(1_000);
        await heads.look(MAX_AGE_MS);
      }
      expect(heads.ageMs).to.equal(40_000);
    });

    it("K4: the indexer never goes back to an older head", async () => {
      const venue = await start({ maxHeadAgeMs: 0 });
      await sandbox.createMarket();
      const high = await until("it is taken in", async () => {
        const [{ head }, latest] = [
          await venue.indexer.status(),
          BigInt((await sandbox.provider.send("eth_blockNumber", [])) as string),
        ];
        return head === latest && head;
      });
      behave = async (method, _params, pass) =>
        method === "eth_blockNumber" ? `0x${(high - 3n).toString(16)}` : pass();
      await venue.indexer.step();
      expect((await venue.indexer.status()).head).to.equal(high);
    });
  });

  describe("K9: what keeps matches from settling", () => {
    it("K9: gas above the cap makes the venue degraded and not ready, names it, and ends with it", async () => {
      let tip = "0x1";
      behave = async (method, _params, pass) =>
        method === "eth_maxPriorityFeePerGas" ? tip : pass();
      const venue = await start({ maxHeadAgeMs: 0 });
      await until("ready", async () => (await ask(venue, "/ready")).status === 200);
      tip = `0x${(3_000n * 10n ** 9n).toString(16)}`;
      const { json } = await until("not ready", async () => {
        const answer = await ask(venue, "/ready");
        return answer.status === 503 && answer;
      });
      expect(json.ready).to.equal(false);
      expect(json.failing).to.have.length(1);
      expect(json.failing[0]).to.include({ part: "settler", state: "degraded" });
      expect(json.failing[0].reason).to.match(/gas costs more than the cap of 2000 gwei/);
      const health = await ask(venue, "/health");
      expect([health.status, health.json.status]).to.deep.equal([200, "degraded"]);
      // It lasts: no orders are taken that could not settle.
      await until("cancel-only", async () => venue.modes.current.mode === "cancel-only");
      const status = await ask(venue, "/api/status");
      expect(status.json).to.deep.include({ mode: "cancel-only" });
      expect(status.json.reasons[0].reason).to.match(/^matches cannot settle: gas/);
      tip = "0x1";
      await until("ready again", async () => (await ask(venue, "/ready")).status === 200);
      await until("open again", async () => venue.modes.current.mode === "open");
    });

    it("K9: a pause and a lost role on chain are seen before any match fails", async () => {
      const admin = sandbox.connect(sandbox.admin);
      const operator = (sandbox.operator as unknown as Wallet).address;
      const venue = await start({ maxHeadAgeMs: 0 });
      await (await admin.exchange.pause()).wait();
      await until("cancel-only", async () => venue.modes.current.mode === "cancel-only");
      expect(venue.modes.current.reasons[0]!.reason).to.match(/paused on chain/);
      await (await admin.exchange.unpause()).wait();
      await until("open", async () => venue.modes.current.mode === "open");
      await (await admin.exchange.removeOperator(operator)).wait();
      await until("cancel-only", async () => venue.modes.current.mode === "cancel-only");
      expect(venue.modes.current.reasons[0]!.reason).to.match(/is no operator of the exchange/);
      await (await admin.exchange.addOperator(operator)).wait();
      await until("open", async () => venue.modes.current.mode === "open");
    });
  });

  describe("K8: a start with a weak node", () => {
    const FAULTS: (() => unknown)[] = [
      () => Object.assign(new Error("internal error"), { code: -32000 }),
      () => Object.assign(new Error("request timed out"), { code: -32000 }),
      () => Object.assign(new Error("too many requests"), { code: 429 }),
      () => new TypeError("fetch failed", { cause: new Error("read ECONNRESET") }),
      () => Object.assign(new Error("Internal error"), { code: -32603 }),
    ];

    it("K8: succeeds every time though a quarter of the calls fail, each in another way", async () => {
      const chance = new Chance(SEED);
      for (let run = 0; run < runsOr(3); run++) {
        let [asked, failed] = [0, 0];
        behave = async (_method, _params, pass) => {
          asked += 1;
          if (!chance.chance(25)) return pass();
          failed += 1;
          throw chance.pick(FAULTS)();
        };
        const venue = await start({ maxHeadAgeMs: 0 });
        expect((await ask(venue, "/live")).status).to.equal(200);
        expect(failed, `of ${asked} calls`).to.be.greaterThan(0);
        behave = (_method, _params, pass) => pass();
        await venues.pop()!.stop();
      }
    });

    it("K8: gives up at the limit with one line, and at once on another chain", async () => {
      behave = async () => {
        throw new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") });
      };
      const failure = await start({ startPatienceMs: 300 }).then(
        () => new Error("started"),
        (thrown: Error) => thrown,
      );
      expect(failure.message).to.match(
        /^RPC_URL: the node did not answer eth_chainId within 0.3 s/,
      );
      expect(failure.message)
        .to.match(/ECONNREFUSED/)
        .and.not.include("\n");

      behave = async (method, _params, pass) => (method === "eth_chainId" ? "0x89" : pass());
      const sinceMs = performance.now();
      await expect(start({ startPatienceMs: 600_000 })).to.be.rejectedWith(/chain/);
      expect(performance.now() - sinceMs).to.be.lessThan(300_000);
    });

    it("K8: a node's answer is bounded in bytes and in depth", async () => {
      let body = "";
      const server = createServer((_request, response) => {
        response.end(body);
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      drops.push(() => close(server));
      const rpc = httpRpc(urlOf(server), { maxResponseBytes: 100_000 });
      body = `{"result":"${"x".repeat(200_000)}"}`;
      await expect(rpc.send("eth_call", [])).to.be.rejectedWith(/exceeds 100000 bytes/);
      body = `{"result":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
      await expect(rpc.send("eth_call", [])).to.be.rejectedWith(/32 levels of nesting/);
      body = `{"result":"${"[".repeat(1_000)}\\\\\\"[["}`;
      expect(await rpc.send("eth_call", [])).to.equal(`${"[".repeat(1_000)}\\"[[`);
    });
  });

  describe("start checks", () => {
    let server: Server;
    let folder: string;
    let env: Record<string, string>;
    before(async () => {
      server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk: Buffer) => chunks.push(chunk));
        request.on("end", () => {
          const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
            id: number;
            method: string;
            params: unknown[];
          };
          node.send(method, params).then(
            (result) => response.end(JSON.stringify({ id, result })),
            ({
              code = -32_603,
              message,
              data,
            }: {
              code?: number;
              message: string;
              data?: unknown;
            }) => response.end(JSON.stringify({ id, error: { code, message, data } })),
          );
        });
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      folder = mkdtempSync(path.join(tmpdir(), "nostra-ready-"));
      const deployment = path.join(folder, "deployment.json");
      writeFileSync(deployment, JSON.stringify(sandbox.deployment));
      env = {
        RPC_URL: urlOf(server),
        DEPLOYMENT: deployment,
        OPERATOR_PRIVATE_KEY: (sandbox.operator as unknown as Wallet).privateKey,
        DATA_DIRECTORY: path.join(folder, "data"),
        SECRET,
        PORT: "0",
        START_PATIENCE_SECONDS: "1",
      };
    });
    after(() => {
      close(server);
      rmSync(folder, { recursive: true, force: true });
    });

    async function failuresOf(others: Record<string, string> = {}): Promise<string[]> {
      const reading = readEnvironment({ ...env, ...others });
      const results = await runStartChecks({ reading, clock: systemClock, log: silentLog });
      return results.filter(({ state }) => state === "failed").map(({ text }) => text);
    }

    it("find nothing wrong with a venue that can start", async () => {
      expect(await failuresOf()).to.deep.equal([]);
    });

    it("name an account without role and money, and a pause, all at once, with the commands", async () => {
      const admin = sandbox.connect(sandbox.admin);
      const { privateKey, address } = Wallet.createRandom();
      await (await admin.exchange.pause()).wait();
      try {
        const found = await failuresOf({ OPERATOR_PRIVATE_KEY: privateKey });
        expect(found).to.have.length(3);
        const grant = `npm run nostra -- role grant --deployment ${env["DEPLOYMENT"]} --role operator --account ${address}`;
        expect(found[0])
          .to.match(/^OPERATOR_PRIVATE_KEY: /)
          .and.include(grant);
        expect(found[1])
          .to.match(/^DEPLOYMENT: /)
          .and.include("npm run nostra -- unpause");
        expect(found[2]).to.match(/^OPERATOR_PRIVATE_KEY: .*send it at least/);
        expect(found.join("")).not.to.include(privateKey.slice(2));
        // It does not start either, unless it is asked to; then it takes cancels alone.
        await expect(start({ maxHeadAgeMs: 0 })).to.be.rejectedWith(/matching is paused/);
        const venue = await start({ maxHeadAgeMs: 0, allowUnsettled: true });
        expect(venue.modes.current.mode).to.equal("cancel-only");
      } finally {
        await (await admin.exchange.unpause()).wait();
      }
    });

    it("name a port that is taken, a directory that cannot be written, contracts that are not there", async () => {
      const { port } = server.address() as AddressInfo;
      const elsewhere = path.join(folder, "elsewhere.json");
      const { contracts } = sandbox.deployment;
      const moved = { ...contracts, marketFactory: `0x${"12".repeat(20)}` };
      writeFileSync(elsewhere, JSON.stringify({ ...sandbox.deployment, contracts: moved }));
      const found = await failuresOf({
        ...{ PORT: `${port}`, DATA_DIRECTORY: env["DEPLOYMENT"]!, DEPLOYMENT: elsewhere },
      });
      expect(found).to.have.length(3);
      expect(found[0]).to.match(/^DATA_DIRECTORY: .*cannot be written/);
      expect(found[1]).to.match(new RegExp(`^PORT: ${port} on 127.0.0.1 is in use`));
      expect(found[2]).to.match(/^DEPLOYMENT: chain \d+ has no contract at marketFactory/);
    });

    it("name every node that is on another chain, though another one covers it", async () => {
      const other = createServer((_request, response) => {
        response.end('{"id":1,"result":"0x89"}');
      });
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      drops.push(() => close(other));
      const found = await failuresOf({ RPC_URL: `${env["RPC_URL"]},${urlOf(other)}` });
      expect(found).to.have.length(1);
      expect(found[0]).to.match(/^RPC_URL: URL 2 of 2 is on chain 137/);
    });

    it("say each wrong variable in one line, whatever is in it, and no secret (matrix)", () => {
      const chance = new Chance(SEED);
      const values = [
        ...["\u0000\n\u001b[31m", " ", "x".repeat(100_000), "{}", "[]", "-1", "1e9", "0x", "NaN"],
        ...["http://", "javascript:alert(1)", "../..", "0.03", "\ud800", "true", "null", ","],
        Array.from({ length: 300 }, () => chance.pick(["a", "%", ",", "/", "9", "😀", "\n"])).join(
          "",
        ),
      ];
      let refused = 0;
      for (const name of VARIABLES) {
        for (const value of values) {
          const { problems } = readEnvironment({ ...env, [name]: value });
          for (const { variable, text } of problems) {
            refused += 1;
            expect(variable, text).to.be.oneOf([name, "MONITOR_PRIVATE_KEY"]);
            expect(text).to.not.match(/[\n\r]/);
            expect(text.length, `${name}: ${text}`).to.be.lessThan(500);
            expect(text).not.to.include(env["SECRET"]);
          }
        }
      }
      expect(refused).to.be.greaterThan(VARIABLES.length * 5);
    });

    it("print no stack, all problems at once, and exit with 2, as a process", function () {
      const password = "pa55word-of-the-database";
      const wrong = {
        ...{ TICK: "0.03", SECRET: "short", CORS_ORIGIN: "*", TICKS: "1", RPC_URLS: "x" },
        ...{ DATABASE_URL: `postgres://venue:${password}@127.0.0.1:1/venue`, RPC_URL: "127.0.0.1" },
      };
      for (const command of ["start", "check"]) {
        const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, command], {
          env: { PATH: process.env["PATH"], ...env, ...wrong },
          cwd: folder,
          encoding: "utf8",
        });
        const said = stdout + stderr;
        expect(status, said).to.equal(2);
        expect(said).not.to.match(/^\s+at /m);
        expect(said).not.to.include(password);
        for (const name of ["TICK", "SECRET", "CORS_ORIGIN", "RPC_URL", "DATABASE_URL"]) {
          expect(said, command).to.match(new RegExp(`^(\\w+ +failed +)?${name}: `, "m"));
        }
        expect(said).to.include("TICKS is not a variable of the operator; did you mean TICK?");
        expect(said).to.include("did you mean RPC_URL?");
      }
    });

    it("report names that resemble a variable, and leave the usual environment alone", () => {
      const slips = { TICKS: "TICK", RPC_URLS: "RPC_URL", DATABSE_URL: "DATABASE_URL" };
      const others = { NOSTRA_SECRET: "SECRET", REDIS_URI: "REDIS_URL", LOGLEVEL: "LOG_LEVEL" };
      for (const [name, known] of Object.entries({ ...slips, ...others })) {
        expect(findSlips([name], VARIABLES)).to.deep.equal([{ name, known }]);
      }
      const usual = ["PATH", "NODE_ENV", "PGHOST", "PGPORT", "npm_config_port", "HOSTNAME", "HOME"];
      const platform = ["VENUE_PORT", "OPERATOR_PORT", "KUBERNETES_PORT", "POSTGRES_HOST", "TERM"];
      const ours = ["PRIVATE_KEY", "POLYGON_RPC_URL", "LOCALHOST_RPC_URL", "RESOLVER_KEY"];
      expect(findSlips([...usual, ...platform, ...ours, ...VARIABLES], VARIABLES)).to.deep.equal(
        [],
      );
    });
  });

  describe("modes", () => {
    it("the most restrictive source decides, and what it lifts gives way to the next", () => {
      const bus = new Bus();
      const told: string[] = [];
      bus.subscribe((event) => event.type === "mode" && told.push(event.mode));
      const clock = new TestClock();
      const modes = new Modes({ clock, bus, log: silentLog });
      modes.restrict("a", { mode: "post-only", reason: "a" });
      modes.restrict("b", { mode: "maintenance", reason: "b", untilMs: clock.nowMs() + 60_000 });
      modes.restrict("c", { mode: "cancel-only", reason: "c" });
      expect(modes.current.next).to.deep.equal({
        mode: "cancel-only",
        atMs: clock.nowMs() + 60_000,
      });
      expect(() => modes.require("read")).to.throw(/maintenance since .* \(b\)/);
      modes.restrict("b", null);
      expect(() => modes.require("cancel")).not.to.throw();
      modes.restrict("c", null);
      modes.restrict("a", null);
      expect(modes.current).to.deep.include({ mode: "open", reasons: [], next: null });
      expect(told).to.deep.equal([
        ...["post-only", "maintenance", "maintenance", "cancel-only", "post-only", "open"],
      ]);
    });

    it("a later mode never takes what an earlier one refuses", () => {
      for (const [at, mode] of MODES.entries()) {
        for (const later of MODES.slice(at + 1)) {
          const more = MODE_TABLE[later].takes.filter(
            (one) => !MODE_TABLE[mode].takes.includes(one),
          );
          expect(more, `${later} after ${mode}`).to.deep.equal([]);
        }
      }
    });

    it("docs/operator.md has the table as it is", () => {
      const text = readFileSync(path.join(__dirname, "../../docs/operator.md"), "utf8");
      for (const mode of MODES) {
        const { takes, code, status } = MODE_TABLE[mode];
        const [, ...cells] = text
          .split("\n")
          .find((line) => line.startsWith(`| \`${mode}\``))!
          .split("|")
          .map((cell) => cell.trim());
        expect(cells.slice(1, 7), mode).to.deep.equal(
          ACTIONS.map((action) => (takes.includes(action) ? "yes" : "no")),
        );
        expect(cells[7]).to.equal(mode === "open" ? "" : `${status}, \`${code}\``);
      }
    });

    it("is read-only while the database takes no writes, and open when it does", () => {
      const modes = new Modes({ clock: new TestClock(), bus: new Bus(), log: silentLog });
      const writes = watchWrites(modes);
      writes.failed();
      expect(modes.current.mode).to.equal("open");
      writes.failed();
      expect(() => modes.require("cancel")).to.throw(/the database takes no writes/);
      writes.succeeded();
      expect(modes.current.mode).to.equal("open");
    });

    it("each refuses over HTTP what its table does not take, with the reason and when to ask again", async () => {
      const clock = new TestClock();
      const modes = new Modes({ clock, bus: new Bus(), log: silentLog });
      const http = await startHttp(await emptyStore("pglite"), {}, { modes });
      drops.push(() => http.app.close());
      for (const mode of MODES) {
        modes.restrict("test", mode === "open" ? null : { mode, reason: "because of a test" });
        const { code } = MODE_TABLE[mode];
        const read = await http.ask("GET", "/api/markets");
        const signIn = await http.ask("GET", "/api/auth/nonce");
        for (const [action, answer] of [["read", read] as const, ["sign-in", signIn] as const]) {
          const isTaken = MODE_TABLE[mode].takes.includes(action);
          expect(answer.json.error?.code === code, `${mode}: ${action}`).to.equal(!isTaken);
          if (isTaken) continue;
          expect(answer.json.error.message).to.include("because of a test");
          expect(Number(answer.headers["retry-after"])).to.be.greaterThan(0);
        }
        for (const always of ["/health", "/live", "/api/status"]) {
          expect((await http.ask("GET", always)).status, `${mode}: ${always}`).to.equal(200);
        }
      }
    });

    it("is set by the service key alone, survives a restart, and reaches a running venue from the database", async () => {
      const venue = await start({ maxHeadAgeMs: 0 });
      const set = (headers: Record<string, string>, body: object): Promise<Response> =>
        fetch(`${venue.url}/api/admin/mode`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(body),
        });
      const wanted = { mode: "read-only", reason: "moving house" };
      expect((await set({}, wanted)).status).to.equal(401);
      expect((await set({ "nostra-service-key": `${SECRET}!` }, wanted)).status).to.equal(401);
      expect((await set({ "nostra-service-key": SECRET }, { mode: "half" })).status).to.equal(400);
      expect(venue.modes.current.mode).to.equal("open");
      expect((await set({ "nostra-service-key": SECRET }, wanted)).status).to.equal(200);
      expect(venue.modes.current).to.include({ mode: "read-only" });
      expect(await readOperatorMode(venue.store)).to.include(wanted);
      expect((await ask(venue, "/api/status")).json.reasons[0]).to.include({
        ...{ source: "operator", reason: "moving house" },
      });
      await venue.store.db
        .updateTable("meta")
        .set({ value: JSON.stringify({ mode: "open", reason: "", atMs: 0 }) })
        .where("key", "=", "operator_mode")
        .execute();
      await until("open", async () => venue.modes.current.mode === "open");
    });
  });
});

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function close(server: Server): void {
  server.closeAllConnections();
  server.close();
}
