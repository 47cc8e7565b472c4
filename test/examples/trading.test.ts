import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect } from "chai";
import { readBalances, readMarket, readNonce, type Balances } from "@nostra/sdk/actions";
import type { Address, Hex } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { inOneLine, openStage, UsageError, type Environment } from "../../examples/connect";
import { main as tradeWithEthers } from "../../examples/ethers-node/main";
import { main as tradeWithViem } from "../../examples/viem-node/main";
import { play, runExample, serveChain, type ServedChain } from "./play";

const START = 10_000_000_000n;
const usdc = (whole: number): bigint => BigInt(Math.round(whole * 1e6));

describe("examples: trading, and the stage they play on", () => {
  let sandbox: Sandbox;
  let chain: ServedChain;
  let folder: string;
  let snapshot: unknown;
  let network: Record<"NETWORK" | "RPC_URL" | "DEPLOYMENT" | "PRIVATE_KEY", string>;

  before(async () => {
    sandbox = await createSandbox({ accounts: 3, chainId: 80_002 });
    chain = await serveChain(sandbox);
    folder = mkdtempSync(path.join(os.tmpdir(), "nostra-examples-"));
    const file = path.join(folder, "deployment.json");
    writeFileSync(file, JSON.stringify({ ...sandbox.deployment, network: "test-amoy" }));
    network = {
      NETWORK: "test-amoy",
      RPC_URL: chain.url,
      DEPLOYMENT: file,
      PRIVATE_KEY: sandbox.accounts[0]!.privateKey,
    };
  });

  after(() => {
    chain.close();
    sandbox.close();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(async () => {
    snapshot = await sandbox.provider.send("evm_snapshot", []);
  });

  afterEach(async () => {
    await sandbox.provider.send("evm_revert", [snapshot]);
  });

  const holdings = async (questionId: Hex): Promise<Balances[]> => {
    const connection = sandbox.connect(sandbox.admin);
    const market = await readMarket(connection, questionId);
    const accounts = sandbox.accounts.slice(0, 2).map(({ address }) => address as Address);
    return readBalances(connection, { accounts, market });
  };

  it("ethers-node: both bids mint, the rest is cancelled, YES is redeemed", async () => {
    const lines = await play(tradeWithEthers, sandbox);
    const questionId = /0x\w{64}/.exec(lines[0]!)?.[0] as Hex;
    expect(lines).to.deep.equal([
      `market: ${questionId} is ACTIVE`,
      "limit order: Ada gives 60 USDC for 100 YES",
      "match: Ada gave 30 USDC and received 50 YES",
      "match: Ben gave 20 USDC and received 50 NO",
      "cancel: the rest of the bid is dead",
      "redeem: 50 USDC; Ada now has 10020 USDC",
    ]);
    const { status, payouts } = await readMarket(sandbox.connect(sandbox.admin), questionId);
    expect({ status, payouts }).to.deep.equal({ status: "RESOLVED", payouts: [1n, 0n] });
    expect(await holdings(questionId)).to.deep.equal([
      { collateral: START + usdc(20), yes: 0n, no: 0n },
      { collateral: START - usdc(20), yes: 0n, no: usdc(50) },
    ]);
  });

  it("viem-node: an offer is bought, all orders die by the nonce, NO is redeemed", async () => {
    const lines = await play(tradeWithViem, sandbox);
    const questionId = /0x\w{64}/.exec(lines[0]!)?.[0] as Hex;
    expect(lines.slice(1)).to.deep.equal([
      "split: Ada holds 100 YES",
      "limit order: Ada offers 100 YES at 0.62",
      "match: Ada gave 40 YES and received 24.8 USDC",
      "match: Ben gave 24.8 USDC and received 40 YES",
      "cancel: Ada's nonce is now 1, her old orders are dead",
      "redeem: 100 USDC; Ada now has 10024.8 USDC",
    ]);
    expect(await holdings(questionId)).to.deep.equal([
      { collateral: START + usdc(24.8), yes: 0n, no: 0n },
      { collateral: START - usdc(24.8), yes: usdc(40), no: 0n },
    ]);
    const ada = sandbox.accounts[0]!.address as Address;
    expect(await readNonce(sandbox.connect(sandbox.admin), ada)).to.equal(1n);
  });

  it("on a network the same programs use its node, its market and the keys they are given", async () => {
    const market = await sandbox.createMarket();
    const env = {
      ...network,
      MARKET: market.questionId,
      COUNTERPARTY_PRIVATE_KEY: sandbox.accounts[1]!.privateKey,
      OPERATOR_PRIVATE_KEY: sandbox.operator.privateKey,
    };
    const { status, out, err } = await runExample(["viem-node"], env);
    expect({ status, err }).to.deep.equal({ status: 0, err: "" });
    expect(out).to.include("match: Ben gave 24.8 USDC and received 40 YES");
    expect(out).to.include("redeem: npm run nostra -- redeem, when the market is resolved");
    for (const key of [env.PRIVATE_KEY, env.COUNTERPARTY_PRIVATE_KEY, env.OPERATOR_PRIVATE_KEY]) {
      expect(out).not.to.include(key.slice(2));
    }
    expect(await holdings(market.questionId)).to.deep.equal([
      { collateral: START - usdc(100) + usdc(24.8), yes: usdc(60), no: usdc(100) },
      { collateral: START - usdc(24.8), yes: usdc(40), no: 0n },
    ]);
  });

  it("with the trader's key alone an order is signed and cancelled, and nothing is matched", async () => {
    const market = await sandbox.createMarket();
    const lines: string[] = [];
    const env = { ...network, MARKET: market.questionId };
    const stage = await openStage(env, (line) => lines.push(line));
    try {
      await tradeWithEthers(stage);
    } finally {
      stage.close();
    }
    expect(lines.slice(1)).to.deep.equal([
      "limit order: Ada gives 60 USDC for 100 YES",
      "match: left out, it takes another account: COUNTERPARTY_PRIVATE_KEY",
      "cancel: the rest of the bid is dead",
      "redeem: run this again with the same MARKET when it is resolved",
    ]);
    expect((await holdings(market.questionId))[0]).to.deep.equal({
      ...{ collateral: START, yes: 0n, no: 0n },
    });
  });

  describe("refuses in one line, before anything is sent", () => {
    const refusals: readonly [string, (env: Environment) => Environment, string][] = [
      ["no key", (env) => ({ ...env, PRIVATE_KEY: "" }), "PRIVATE_KEY is missing"],
      [
        "no RPC",
        (env) => ({ ...env, RPC_URL: undefined }),
        "RPC_URL is missing: the node of test-amoy",
      ],
      ["an RPC that is none", (env) => ({ ...env, RPC_URL: "amoy" }), "RPC_URL is not an http(s)"],
      ["no market", (env) => env, "MARKET is missing: the question id of a market"],
      ["a market that is none", (env) => ({ ...env, MARKET: "0x12" }), "MARKET is not a question"],
      [
        "a market that is not there",
        (env) => ({ ...env, MARKET: `0x${"12".repeat(32)}` }),
        "UnknownMarket(",
      ],
      [
        "a network without deployment",
        (env) => ({ ...env, NETWORK: "moon", DEPLOYMENT: "" }),
        "no deployment is known for moon",
      ],
      [
        "a deployment file that is not there",
        (env) => ({ ...env, DEPLOYMENT: "nowhere.json" }),
        "DEPLOYMENT names nowhere.json, which is not there",
      ],
      [
        "a node that is not there",
        (env) => ({ ...env, RPC_URL: "http://127.0.0.1:9" }),
        "ECONNREFUSED",
      ],
    ];
    for (const [what, change, message] of refusals) {
      it(what, async () => {
        for (const main of [tradeWithEthers, tradeWithViem]) {
          const attempt = async (): Promise<void> => {
            const stage = await openStage(change(network), () => undefined);
            await main(stage).finally(() => stage.close());
          };
          const thrown = await attempt().catch((error: unknown) => error);
          expect(inOneLine(thrown)).to.include(message);
        }
      });
    }

    it("a key that is none, without showing it", async () => {
      for (const key of ["0x1234567", `0x${"00".repeat(32)}`, `0x${"ff".repeat(32)}`]) {
        const thrown = await openStage({ ...network, PRIVATE_KEY: key }).catch((error) => error);
        expect(thrown).to.be.instanceOf(UsageError);
        expect(inOneLine(thrown)).to.equal(
          "PRIVATE_KEY is not a private key: 32 bytes in hexadecimal are expected",
        );
      }
    });

    it("a node of another chain, and a main network", async () => {
      const deployed = (chainId: number): Environment => {
        const file = path.join(folder, `${chainId}.json`);
        const deployment = { ...sandbox.deployment, chainId, network: "test-other" };
        writeFileSync(file, JSON.stringify(deployment));
        return { ...network, NETWORK: "test-other", DEPLOYMENT: file };
      };
      const refusalOf = async (chainId: number): Promise<string> =>
        inOneLine(await openStage(deployed(chainId)).catch((error: unknown) => error));
      expect(await refusalOf(5)).to.equal("RPC_URL is of chain 80002, but test-other is 5");
      expect(await refusalOf(137)).to.include("the examples are for test networks");
    });

    it("the program, with status 1", async () => {
      const [missing, unknown] = await Promise.all([
        runExample(["ethers-node"], { ...network, PRIVATE_KEY: "" }),
        runExample(["ether-node"]),
      ]);
      expect(missing).to.deep.equal({
        ...{ status: 1, out: "" },
        err: "error: PRIVATE_KEY is missing: the key of the trader\n",
      });
      expect(unknown.status).to.equal(1);
      expect(unknown.err).to.include("there is no example ether-node");
    });
  });

  it("--help lists the folders there are", async () => {
    const { out } = await runExample(["--help"]);
    for (const name of ["ethers-node", "viem-node", "browser", "market-maker", "resolver-bot"]) {
      expect(out).to.match(new RegExp(`^  ${name} `, "m"));
    }
  });
});
