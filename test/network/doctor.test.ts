import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Options, type World } from "#cli/command";
import type { Chain } from "#cli/connectNetwork";
import { accountSearch } from "#cli/doctor/account";
import { ETHERS, LEAST_NODE } from "#cli/doctor/environment";
import { createReport } from "#cli/doctor/report";
import { NETWORKS } from "#cli/networks";
import { parseDeployment, type RecordedDeployment } from "#cli/parseDeployment";
import { program } from "#cli/program";
import { authorizeSigner } from "@nostra/sdk/actions";
import { connect } from "@nostra/sdk/contracts";
import type { OrderJson } from "@nostra/sdk/order";
import { expect } from "chai";
import { Wallet, id } from "ethers";
import { runInProcess, type Outcome } from "../helpers/cli";
import { run } from "../helpers/sandbox";
import { startNode, type LocalNode } from "./localNode";
import { ROOT, createWorkplace, refused, succeeded, type Workplace } from "./nostra";

/* `npx nostra` with a node: the doctor, and orders that only the chain can judge. The deployment comes from a file. */

const DEPLOYER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const ada = new Wallet(id("nostra doctor test ada"));
const ben = new Wallet(id("nostra doctor test ben"));

interface Finding {
  readonly name: string;
  readonly state: "ok" | "warn" | "fail";
  readonly what: string;
  readonly todo?: string;
}

describe("network: doctor", function () {
  this.timeout(120_000);
  let node: LocalNode;
  let place: Workplace;
  let at: string[];

  const nostra = (argv: readonly string[], options = {}): Promise<Outcome> =>
    runInProcess(program, argv, options);

  const here = async (...argv: string[]): Promise<string> =>
    succeeded(await place.run(argv[0] ?? "", "--network", "localhost", ...argv.slice(1)));

  const deployment = (): RecordedDeployment =>
    parseDeployment(place.read("deployments/localhost.json"));

  /** The deployment's file with changes, as options. */
  const changed = (changes: (file: RecordedDeployment) => unknown): string[] => {
    const file = path.join(place.folder, "changed.json");
    writeFileSync(file, JSON.stringify(changes(deployment())));
    return ["--deployment", file, "--rpc", node.url];
  };

  /** The doctor's findings by name; its status is 1 exactly when one failed. */
  const findings = async (
    argv: readonly string[],
    env: Record<string, string> = {},
  ): Promise<Record<string, Finding>> => {
    const { status, out } = await nostra(["doctor", "--json", ...argv], { env });
    const { ok, checks } = JSON.parse(out) as { ok: boolean; checks: Finding[] };
    const failed = checks.some(({ state }) => state === "fail");
    expect({ ok, status }).to.deep.equal({ ok: !failed, status: failed ? 1 : 0 });
    for (const { name, state, todo } of checks) {
      expect(todo !== undefined, `${name} says what to do`).to.equal(state !== "ok");
    }
    return Object.fromEntries(checks.map((check) => [check.name, check]));
  };

  const states = (found: Record<string, Finding>): Record<string, string> =>
    Object.fromEntries(Object.entries(found).map(([name, { state }]) => [name, state]));

  before(async () => {
    node = await startNode(31337);
    place = createWorkplace({ LOCALHOST_RPC_URL: node.url });
    await here("deploy");
    at = [
      ...["--deployment", path.join(place.folder, "deployments/localhost.json")],
      ...["--rpc", node.url],
    ];
  });

  after(async () => {
    await node?.stop();
    place?.remove();
  });

  it("all is well for an account that can trade", async () => {
    await here("mint", "--to", DEPLOYER, "--amount", "12.5");
    await here("approve");
    const found = await findings([...at, "--from", DEPLOYER]);
    expect(new Set(Object.values(states(found))), JSON.stringify(found)).to.deep.equal(
      new Set(["ok"]),
    );
    expect(Object.keys(found)).to.deep.equal([
      ...["node", "ethers", "deployment", "chain", "contracts", "abi", "links", "admin"],
      ...["matching", "clock", "account", "gas money", "roles", "collateral", "approvals"],
    ]);
    expect(found["collateral"]?.what).to.equal("12.5 USDC");
    expect(found["roles"]?.what).to.include("OPERATOR on ctfExchange");
    expect(found["abi"]?.what).to.equal("as it was deployed");

    const { status, out } = await nostra(["doctor", ...at, "--from", DEPLOYER]);
    expect(status).to.equal(0);
    expect(out)
      .to.match(/^ok {4}node /)
      .and.match(/^ok {4}approvals {3}buy, sell and split$/m);
  });

  it("an account that cannot trade yet is warned, and told what to do", async () => {
    const found = await findings(at, { PRIVATE_KEY: ada.privateKey });
    expect(found["account"]?.what).to.equal(ada.address);
    for (const name of ["gas money", "collateral", "approvals"]) {
      expect(found[name]?.state, name).to.equal("warn");
    }
    expect(found["approvals"]?.todo).to.include("nostra approve");
  });

  it("without a key there is no account to look at but on the local network", async () => {
    const said: string[] = [];
    const report = createReport({ say: (line: string) => said.push(line) } as never);
    const chain = { network: NETWORKS.find(({ local }) => !local) } as Chain;
    const search = accountSearch(chain, new Options({}), { env: {} } as World);
    expect(await report.find(search)).to.equal(undefined);
    expect(said[0]).to.match(/^warn {2}account +none to look at$/);
    expect(said[1]).to.include("-> set PRIVATE_KEY, or give --from");
  });

  it("looks at the account that commands send from", async () => {
    const key = { PRIVATE_KEY: ada.privateKey, BEN_KEY: ben.privateKey };
    for (const [env, argv, account] of [
      [{}, [], DEPLOYER],
      [key, [], ada.address],
      [key, ["--key-env", "BEN_KEY"], ben.address],
      [key, ["--from", DEPLOYER], DEPLOYER],
    ] as const) {
      const found = await findings([...at, ...argv], env);
      expect(found["account"]?.what).to.equal(account);
      const mint = ["mint", "--to", DEPLOYER, "--amount", "1", "--dry-run"];
      const sends = succeeded(await nostra([...mint, ...at, ...argv], { env }));
      expect(sends).to.include(`would send mint as ${account}`);
    }
  });

  it("a key that is none fails, and is not shown", async () => {
    const found = await findings(at, { PRIVATE_KEY: "0x1234" });
    expect(found["account"]?.state).to.equal("fail");
    expect(found["account"]?.what).to.include("PRIVATE_KEY is not a private key");
    expect(found["account"]?.what).to.not.include("1234");
  });

  it("no deployment, no RPC, one that is down, one of another chain", async () => {
    const chain = async (argv: string[]): Promise<Finding | undefined> => {
      const found = await findings(argv);
      expect(found, "what needs the chain is left out").to.not.have.property("links");
      return found["chain"];
    };
    const none = await findings(["--network", "polygon"]);
    expect(none["deployment"]?.what).to.include("brings no deployment of polygon");

    const file = at.slice(0, 2);
    const down = await chain([...file, "--rpc", "http://127.0.0.1:1/secret"]);
    expect(down?.what).to.equal("the RPC at 127.0.0.1:1 cannot be reached");
    expect((await chain([...file, "--rpc", "ws://x"]))?.what).to.include("--rpc is not an http(s)");
    const polygon = changed((it) => ({ ...it, network: "polygon", chainId: 137 }));
    expect((await chain(polygon))?.what).to.match(/is of chain 31337, but polygon is chain 137$/);
    const own = changed((it) => ({ ...it, network: "own", chainId: 990_200 })).slice(0, 2);
    expect((await chain(own))?.what).to.include("no RPC for own: set RPC_URL");
  });

  it("contracts without code, of another deployment, or of another ABI", async () => {
    const { contracts } = deployment();
    const wallet = changed((it) => ({
      ...it,
      contracts: { ...contracts, marketFactory: ada.address },
    }));
    const empty = await findings(wallet);
    expect(empty["contracts"]).to.include({
      state: "fail",
      what: `no code at marketFactory ${ada.address}`,
    });
    expect(empty).to.not.have.property("links");

    const swapped = changed((it) => ({
      ...it,
      contracts: { ...contracts, conditionalTokens: contracts.collateral },
    }));
    const links = (await findings(swapped))["links"];
    expect(links?.state).to.equal("fail");
    expect(links?.what).to.include(
      `ctfExchange.conditionalTokens() is ${contracts.conditionalTokens}`,
    );

    const older = changed((it) => {
      const { records } = it;
      const ctfExchange = { ...records?.["ctfExchange"], abiHash: id("an older ABI") };
      return { ...it, records: { ...records, ctfExchange } };
    });
    expect((await findings(older))["abi"]?.what).to.include(
      "another ABI than was deployed for ctfExchange",
    );
  });

  it("an admin that is not the recorded one; one that was offered and has not accepted", async () => {
    const recorded = changed((it) => ({ ...it, admin: ada.address }));
    expect((await findings(recorded))["admin"]).to.include({
      state: "warn",
      what: `${DEPLOYER}, but recorded is ${ada.address}`,
    });
    await here("offer-admin", "--to", ada.address);
    expect((await findings(recorded))["admin"]?.what).to.include(`offered to ${ada.address}`);
  });

  it("a link that was taken away, stopped matching, a clock that is wrong", async () => {
    const { marketFactory } = deployment().contracts;
    await here("revoke", "--role", "registrar", "--account", marketFactory);
    await here("pause");
    await here("advance-time", "--by", "1d");
    const found = await findings(at);
    expect(found["links"]?.what).to.equal(
      `ctfExchange.REGISTRAR ${marketFactory} is false, not true`,
    );
    expect(found["matching"]).to.include({ state: "warn", what: "stopped" });
    expect(found["clock"]?.state).to.equal("warn");
    expect(found["clock"]?.what).to.match(/^the last block is \d+ s ahead of the local clock$/);
    const lines = await nostra(["doctor", ...at]);
    expect(lines.err).to.match(/^error: 1 of \d+ checks failed: links$/);
  });

  it("its least versions are those of the package", () => {
    const { engines, peerDependencies } = JSON.parse(
      readFileSync(path.join(ROOT, "sdk/package.json"), "utf8"),
    ) as Record<string, Record<string, string>>;
    expect(`>=${LEAST_NODE}`).to.equal(`${engines?.["node"]}.0`);
    expect(`^${ETHERS.least}`).to.equal(peerDependencies?.["ethers"]);
  });

  it("the nonce of an order is read, and a delegate's signature is judged by the chain", async () => {
    const maker = (await node.provider.getSigner(DEPLOYER)) as never;
    const connection = connect(deployment(), maker);
    await (await connection.exchange.incrementNonce()).wait();
    const terms = ["--side", "sell", "--token-id", "5", "--price", "0.4", "--size", "10"];
    const build = ["order", "build", "--maker", DEPLOYER, "--signer", ben.address, ...terms];
    const unsigned = succeeded(await nostra([...build, ...at]));
    expect((JSON.parse(unsigned) as OrderJson).order.nonce).to.equal("1");

    const env = { BEN_KEY: ben.privateKey };
    const sign = ["order", "sign", "-", "--key-env", "BEN_KEY", ...at.slice(0, 2)];
    const input = succeeded(await nostra(sign, { env, input: unsigned }));
    const verify = ["order", "verify", "-", ...at];
    refused(await nostra(verify, { input }), "not valid, SIGNER_NOT_AUTHORIZED: ");
    await run(
      authorizeSigner(connection, {
        signer: ben.address as `0x${string}`,
        expirationSeconds: 4_000_000_000n,
      }),
    );
    expect(succeeded(await nostra(verify, { input }))).to.include(
      `valid: signed by ${ben.address}`,
    );
  });
});
