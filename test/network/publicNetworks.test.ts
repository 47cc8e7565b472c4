import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { Contract, JsonRpcSigner, Wallet, getAddress, getCreateAddress, id } from "ethers";
import { interfaces } from "@nostra/sdk/contracts";
import { faultOf } from "../../scripts/lib/readJson";
import { startNode, type LocalNode } from "./localNode";
import { ROOT, createWorkplace, refused, succeeded, type Workplace } from "./nostra";

/*
The way to a public network, with nodes of this machine in the place of Polygon and Amoy. What those have from the start,
ConditionalTokens and USDC, is put there by code.
*/

const CONDITIONAL_TOKENS = {
  "polygon-amoy": "0x69308FB512518e39F9b16112fA8d994F4e2Bf8bB",
  polygon: "0x4D97DCd97eC945f40cF65F87097ACe5EA0476045",
};
const USDC = {
  "polygon-amoy": "0x41E94Eb019C0762f9Bfcf9Fb1E58725BfB0e7582",
  polygon: "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359",
};

const deployer = new Wallet(id("nostra network test deployer"));
const poor = new Wallet(id("nostra network test poor"));
const STRANGER = new Wallet(id("nostra network test stranger")).address;
const SCHEMA = path.join(ROOT, "deployments/schema.json");

function runtimeOf(artifact: string): string {
  const file = path.join(ROOT, "artifacts", `${artifact}.json`);
  return (JSON.parse(readFileSync(file, "utf8")) as { deployedBytecode: string }).deployedBytecode;
}

async function prepare(node: LocalNode, network: keyof typeof USDC): Promise<void> {
  const tokens = runtimeOf(
    "@gnosis.pm/conditional-tokens-contracts/contracts/ConditionalTokens.sol/ConditionalTokens",
  );
  const usdc = runtimeOf("contracts/mocks/MockUSDC.sol/MockUSDC");
  await node.provider.send("hardhat_setCode", [CONDITIONAL_TOKENS[network], tokens]);
  await node.provider.send("hardhat_setCode", [USDC[network], usdc]);
  await fund(node, deployer.address, 100n * 10n ** 18n);
}

async function fund(node: LocalNode, account: string, wei: bigint): Promise<void> {
  await node.provider.send("hardhat_setBalance", [account, `0x${wei.toString(16)}`]);
}

interface File {
  readonly contracts: Readonly<Record<string, string>>;
  readonly records: Readonly<Record<string, { deployed: { blockNumber: number } | null }>>;
  readonly startBlock: number;
  readonly deployer: string;
  readonly gitCommit: string | null;
}

describe("network: deploying to public networks", function () {
  this.timeout(180_000);
  let amoy: LocalNode;
  let polygon: LocalNode;
  let place: Workplace;

  const nonce = (node: LocalNode): Promise<number> =>
    node.provider.getTransactionCount(deployer.address);

  before(async () => {
    [amoy, polygon] = await Promise.all([startNode(80002), startNode(137)]);
    await prepare(amoy, "polygon-amoy");
    await prepare(polygon, "polygon");
    place = createWorkplace({
      POLYGON_AMOY_RPC_URL: amoy.url,
      POLYGON_RPC_URL: polygon.url,
      PRIVATE_KEY: deployer.privateKey,
    });
  });

  after(async () => {
    await Promise.all([amoy?.stop(), polygon?.stop()]);
    place?.remove();
  });

  describe("before anything is sent", () => {
    /** Runs deploy on Amoy with a changed environment. */
    const deployWith = (changes: Record<string, string | undefined>, ...argv: string[]) =>
      place.runWith({ ...place.env, ...changes }, "deploy", "--network", "polygon-amoy", ...argv);

    afterEach(async () => {
      expect(await nonce(amoy), "nothing was sent").to.equal(0);
      expect(await nonce(polygon), "nothing was sent").to.equal(0);
    });

    it("a missing key, a key that is none", async () => {
      refused(await deployWith({ PRIVATE_KEY: undefined }), "no key: set PRIVATE_KEY");
      refused(await deployWith({ PRIVATE_KEY: "0x1234" }), "PRIVATE_KEY is not a private key");
      refused(await deployWith({}, "--key-env", "OTHER_KEY"), "no key: set OTHER_KEY");
    });

    it("a missing RPC, one that is no address, one that cannot be reached, one of another chain", async () => {
      refused(await deployWith({ POLYGON_AMOY_RPC_URL: undefined }), "set POLYGON_AMOY_RPC_URL");
      refused(await deployWith({ POLYGON_AMOY_RPC_URL: "amoy" }), "is not an http(s) address");
      refused(
        await deployWith({ POLYGON_AMOY_RPC_URL: "http://127.0.0.1:1/secret-key" }),
        /the RPC at 127\.0\.0\.1:1 cannot be reached$/,
      );
      refused(
        await deployWith({ POLYGON_AMOY_RPC_URL: polygon.url }),
        "is of chain 137, but polygon-amoy is chain 80002",
      );
    });

    it("too little to pay the gas", async () => {
      await fund(amoy, poor.address, 10n ** 15n);
      refused(
        await deployWith({ PRIVATE_KEY: poor.privateKey }),
        /holds 0\.001 POL, but this needs up to 0\.\d+ POL \(\d+ gas at 32\.0 gwei\)/,
      );
    });

    it("collateral or ConditionalTokens that are not there, or are something else", async () => {
      const amoyFile = place.read("deployments/parameters/polygon-amoy.json");
      const check = async (field: string, address: string, says: string): Promise<void> => {
        place.parameters("polygon-amoy", { [field]: { address, source: "a test" } });
        refused(await deployWith({}), says);
        writeFileSync(
          path.join(place.folder, "deployments/parameters/polygon-amoy.json"),
          amoyFile,
        );
      };
      const tokens = CONDITIONAL_TOKENS["polygon-amoy"];
      await check("collateral", STRANGER, `collateral ${STRANGER} has no code on polygon-amoy`);
      await check("collateral", tokens, "does not answer as an ERC-20 token does");
      await check("conditionalTokens", STRANGER, "has no code");
      await check(
        "conditionalTokens",
        USDC["polygon-amoy"],
        "does not answer as ConditionalTokens",
      );
    });

    it("parameters that do not fit their schema, or are not decided", async () => {
      const file = place.read("deployments/parameters/polygon-amoy.json");
      const check = async (changes: Record<string, unknown>, says: string | RegExp) => {
        place.parameters("polygon-amoy", changes);
        refused(await deployWith({}), says);
        writeFileSync(path.join(place.folder, "deployments/parameters/polygon-amoy.json"), file);
      };
      await check({ operators: ["somebody"] }, /polygon-amoy\.json: operators\[0\] should match/);
      await check({ operator: STRANGER }, "should NOT have additional properties (operator)");
      await check({ disputeWindowSeconds: 3600 }, "disputeWindowSeconds should be >= 86400");
      await check({ chainId: 1 }, "is for polygon-amoy, chain 1");
      await check(
        { operators: ["deployer", deployer.address] },
        "operators names an account twice",
      );
      await check(
        { resolvers: [STRANGER.replace(/[a-f]/, (letter) => letter.toUpperCase())] },
        /resolvers\[0\] 0x\S+ has a wrong checksum/,
      );
      await check({ feeReceiver: `0x${"0".repeat(40)}` }, "feeReceiver is the zero address");
    });

    it("on a main network: an admin not decided, a plain key as admin, the deployer, MockUSDC, --reset", async () => {
      const file = place.read("deployments/parameters/polygon.json");
      const check = async (changes: Record<string, unknown>, says: string, ...argv: string[]) => {
        place.parameters("polygon", changes);
        refused(await place.run("deploy", "--network", "polygon", ...argv), says);
        writeFileSync(path.join(place.folder, "deployments/parameters/polygon.json"), file);
      };
      const decided = { admin: STRANGER, feeReceiver: STRANGER };
      await check({}, "admin is not decided yet");
      await check(decided, `admin ${STRANGER} has no code on polygon: a multisig is expected`);
      await check({ ...decided, admin: "deployer" }, "admin is the deployer");
      await check({ ...decided, collateral: null }, "MockUSDC is never deployed on a main network");
      await check(decided, "--reset is refused on main networks", "--reset", "--allow-key-admin");
    });

    it("a dry run shows each step, its arguments and what all would cost", async () => {
      const out = succeeded(await deployWith({}, "--dry-run"));
      expect(out).to.include(`uses ConditionalTokens at ${CONDITIONAL_TOKENS["polygon-amoy"]}`);
      expect(out).to.match(/1 +deploy +ResolutionOracle +<conditionalTokens> +\d+/);
      expect(out).to.match(/call +ctfExchange\.addOperator +0x/);
      expect(out).to.match(/up to \d+ gas at 32\.0 gwei: 0\.\d+ POL/);
      expect(out).to.include("dry run: nothing was sent");
    });

    it("sources are not submitted without a key, nor where there is no deployment", async () => {
      refused(await place.run("verify", "--network", "polygon-amoy"), "there is no deployments/");
      refused(await place.run("verify", "--network", "localhost"), "has no explorer");
    });

    it("an unknown network, a missing one, an unknown option, an unknown command", async () => {
      refused(await place.run("deploy", "--network", "mainnet"), "--network mainnet is not known");
      refused(await place.run("deploy"), "--network is missing");
      refused(
        await place.run("deploy", "--network", "polygon", "--fast"),
        "Unknown option '--fast'",
      );
      refused(await place.run("destroy"), "there is no command destroy");
    });

    it("each command has a help", async () => {
      expect(succeeded(await place.spawn(["--help"]))).to.include("market create");
      for (const name of ["deploy", "verify", "grant", "resolve propose", "status"]) {
        expect(succeeded(await place.run(...name.split(" "), "--help"))).to.include(
          "--network <name>",
        );
      }
    });
  });

  describe("on Amoy", () => {
    it("a deployment that is killed goes on where it stopped", async () => {
      const killed = await place.spawn(["deploy", "--network", "polygon-amoy"], {
        killAt: "MarketFactory at",
      });
      expect(killed.status, "killed by a signal").to.equal(null);
      expect(() => place.read("deployments/polygon-amoy.json")).to.throw("ENOENT");
      const sentBefore = await nonce(amoy);
      expect(sentBefore).to.be.greaterThan(1);

      const out = succeeded(await place.spawn(["deploy", "--network", "polygon-amoy"]));
      expect(out).to.match(/[1-9] of 14 steps are done already/);
      expect(out).to.include("wrote deployments/polygon-amoy.json");
      expect(out).to.match(/read back: \d+ links, values and roles are as/);
      // Oracle, factory, exchange, redeemer, inspector; three links; fee receiver, window, four roles.
      expect(await nonce(amoy), "no step was sent twice").to.equal(14);
    });

    it("its file fits the schema and the chain", async () => {
      const file = JSON.parse(place.read("deployments/polygon-amoy.json")) as File;
      expect(faultOf(file, SCHEMA)).to.equal(undefined);
      expect(file.deployer).to.equal(deployer.address);
      expect(file.contracts["collateral"]).to.equal(USDC["polygon-amoy"]);
      const inOrder = ["resolutionOracle", "marketFactory", "ctfExchange"];
      inOrder.push("positionRedeemer", "matchInspector");
      inOrder.forEach((name, at) => {
        const address = getCreateAddress({ from: deployer.address, nonce: at });
        expect(file.contracts[name], name).to.equal(address);
      });
      const blocks = inOrder.map((name) => file.records[name]?.deployed?.blockNumber ?? 0);
      expect([...blocks].sort((a, b) => a - b)).to.deep.equal(blocks);
      expect(file.startBlock).to.equal(blocks[0]);
      expect(file.records["conditionalTokens"]?.deployed).to.equal(null);
    });

    it("deployed again it sends nothing and changes nothing", async () => {
      const [before, sent] = [place.read("deployments/polygon-amoy.json"), await nonce(amoy)];
      const out = succeeded(await place.run("deploy", "--network", "polygon-amoy"));
      expect(out).to.include("nothing to send");
      expect(await nonce(amoy)).to.equal(sent);
      expect(place.read("deployments/polygon-amoy.json")).to.equal(before);
    });

    it("a transaction handed over but never noted is found again and not sent twice", async () => {
      const journal = path.join(place.folder, "ignition/deployments/polygon-amoy/journal.jsonl");
      const lines = readFileSync(journal, "utf8").trim().split(/\n+/);
      const parsed = lines.map(
        (line) => JSON.parse(line) as { type: string; futureId?: string; nonce?: number },
      );
      const last = parsed.reduce((found, line) =>
        (line.nonce ?? -1) > (found.nonce ?? -1) ? line : found,
      );
      const lost = new Set([
        "TRANSACTION_SEND",
        "TRANSACTION_CONFIRM",
        "CALL_EXECUTION_STATE_COMPLETE",
      ]);
      const kept = lines.filter((_, i) => {
        const line = parsed[i];
        return line?.futureId !== last.futureId || !lost.has(line?.type ?? "");
      });
      expect(kept.length).to.equal(lines.length - 3);
      writeFileSync(journal, `${kept.join("\n")}\n`);
      const sent = await nonce(amoy);
      const out = succeeded(await place.run("deploy", "--network", "polygon-amoy"));
      expect(out).to.include("13 of 14 steps are done already");
      expect(await nonce(amoy)).to.equal(sent);
    });

    it("a role that the parameters do not name fails the command and is shown", async () => {
      const grant = ["grant", "--network", "polygon-amoy", "--role", "operator"];
      succeeded(await place.run(...grant, "--account", STRANGER));
      const differing = await place.run("deploy", "--network", "polygon-amoy");
      refused(differing, "links, values and roles differ from the parameters");
      expect(differing.out).to.match(
        new RegExp(`ctfExchange +OPERATOR ${STRANGER} +not held +held`),
      );

      place.parameters("polygon-amoy", { operators: ["deployer", STRANGER] });
      const sent = await nonce(amoy);
      succeeded(await place.run("deploy", "--network", "polygon-amoy"));
      expect(await nonce(amoy), "granted by hand, not again").to.equal(sent);

      const revoke = ["revoke", "--network", "polygon-amoy", "--role", "operator"];
      succeeded(await place.run(...revoke, "--account", STRANGER));
      const missing = await place.run("deploy", "--network", "polygon-amoy");
      expect(missing.out).to.match(/addOperator/);
      succeeded(missing);
    });

    it("the key of another account is refused", async () => {
      const env = { ...place.env, PRIVATE_KEY: poor.privateKey };
      const outcome = await place.runWith(env, "deploy", "--network", "polygon-amoy");
      refused(outcome, `was deployed by ${deployer.address}, but the key is of ${poor.address}`);
    });

    it("a chain that started afresh is recognised; --reset keeps the old journal and starts over", async () => {
      await amoy.provider.send("hardhat_reset", []);
      await prepare(amoy, "polygon-amoy");
      const stale = "tells of contracts this chain does not have";
      refused(await place.run("deploy", "--network", "polygon-amoy"), stale);
      expect(await nonce(amoy)).to.equal(0);
      const out = succeeded(await place.run("deploy", "--network", "polygon-amoy", "--reset"));
      expect(out).to.include("is now ignition/deployments/polygon-amoy.old-1");
      refused(await place.run("verify", "--network", "polygon-amoy"), "set ETHERSCAN_API_KEY");
    });
  });

  describe("on Polygon", () => {
    const MULTISIG = getAddress("0x5afe000000000000000000000000000000000001");

    it("the multisig is offered the administration and accepts it", async () => {
      await polygon.provider.send("hardhat_setCode", [MULTISIG, "0x00"]);
      place.parameters("polygon", {
        admin: MULTISIG,
        feeReceiver: STRANGER,
        operators: [STRANGER],
        resolvers: [STRANGER, poor.address],
      });
      const out = succeeded(await place.run("deploy", "--network", "polygon"));
      const shown = out.slice(out.indexOf("the administration is offered"));
      expect(shown).to.include(`${MULTISIG} must accept it: call 0x0e18b681 on`);
      const { contracts } = JSON.parse(place.read("deployments/polygon.json")) as File;

      await polygon.provider.send("hardhat_impersonateAccount", [MULTISIG]);
      await fund(polygon, MULTISIG, 10n ** 18n);
      const accept = ["accept-admin", "--network", "polygon", "--dry-run", "--from", MULTISIG];
      const dry = succeeded(await place.run(...accept));
      expect(dry.match(/data {2}0x0e18b681/g)).to.have.length(3);
      const signer = new JsonRpcSigner(polygon.provider, MULTISIG);
      for (const name of ["resolutionOracle", "marketFactory", "ctfExchange"]) {
        const contract = new Contract(contracts[name] ?? "", interfaces.ctfExchange, signer);
        await (await contract.getFunction("acceptAdmin")()).wait();
      }
      const again = succeeded(await place.run("deploy", "--network", "polygon"));
      expect(again).to.include("read back");
      expect(again).to.not.include("offered");
      const status = succeeded(await place.run("status", "--network", "polygon"));
      expect(status).to.include(`ADMIN      ctfExchange       ${MULTISIG}`);
    });

    it("what is the admin's is refused to the deployer from then on", async () => {
      const grant = ["grant", "--network", "polygon", "--role", "pauser", "--account", STRANGER];
      refused(await place.run(...grant), /is not the admin of ctfExchange, which is 0x5a/i);
      const before = place.read("deployments/parameters/polygon.json");
      place.parameters("polygon", { pausers: [STRANGER] });
      const sent = await nonce(polygon);
      refused(await place.run("deploy", "--network", "polygon"), "is for the admin of ctfExchange");
      expect(await nonce(polygon)).to.equal(sent);
      writeFileSync(path.join(place.folder, "deployments/parameters/polygon.json"), before);
    });

    it("a timelock is deployed and offered; the estimate beforehand is an upper bound and close", async () => {
      await polygon.provider.send("hardhat_reset", []);
      await prepare(polygon, "polygon");
      const other = createWorkplace(place.env);
      other.parameters("polygon", {
        admin: {
          timelock: { minDelaySeconds: 172_800, proposers: [STRANGER], executors: [STRANGER] },
        },
        feeReceiver: STRANGER,
        resolvers: [STRANGER],
      });
      const dry = succeeded(await other.run("deploy", "--network", "polygon", "--dry-run"));
      const estimate = Number(/up to (\d+) gas at/.exec(dry)?.[1]);
      const out = succeeded(await other.run("deploy", "--network", "polygon"));
      expect(out).to.include("through its schedule and execute");
      const used = Number(/transactions, (\d+) gas/.exec(out)?.[1]);
      expect(estimate).to.be.within(used, used * 1.3);

      const file = JSON.parse(other.read("deployments/polygon.json")) as { timelock: string };
      expect(faultOf(file, SCHEMA)).to.equal(undefined);
      const timelock = new Contract(
        file.timelock,
        ["function getMinDelay() view returns (uint256)"],
        polygon.provider,
      );
      expect(await timelock.getFunction("getMinDelay")()).to.equal(172_800n);
      other.remove();
    });
  });
});
