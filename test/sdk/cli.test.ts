import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Options } from "#cli/command";
import { NETWORKS } from "#cli/networks";
import { program } from "#cli/program";
import { send } from "#cli/session";
import { recordBook } from "@nostra/sdk/matcher";
import { hashOrder, orderDomain, orderFromJson, type OrderJson } from "@nostra/sdk/order";
import { expect } from "chai";
import { TypedDataEncoder, Wallet, id } from "ethers";
import { buy, sell, TAKER } from "../helpers/bookOrders";
import { refused, runInProcess, succeeded, type Outcome } from "../helpers/cli";
import { ORDER_TYPES } from "../helpers/exchange";

/* `nostra order`, offline: no node is running, and no deployment ships with the SDK yet, so one comes from a file. */

const MAIN = path.resolve(__dirname, "../../sdk/dist/cjs/cli/main.js");
const ada = new Wallet(id("nostra cli test ada"));
const ben = new Wallet(id("nostra cli test ben"));
const address = (digit: string): string => `0x${digit.repeat(40)}`;

const DEPLOYMENT = {
  network: "cli-test",
  chainId: 990_100,
  startBlock: 7,
  contracts: {
    conditionalTokens: address("1"),
    collateral: address("2"),
    resolutionOracle: address("3"),
    marketFactory: address("4"),
    ctfExchange: address("5"),
    positionRedeemer: address("6"),
    matchInspector: address("7"),
  },
};
const DOMAIN = orderDomain({ chainId: 990_100, exchange: address("5") });

describe("sdk/cli: sending", () => {
  const HASH = id("a transaction");
  const MINED = { transactionHash: HASH, blockNumber: 8, gasUsed: 90_000n } as const;

  /** Sends a transaction of 100,000 gas at 10 wei, by an account that holds this, and is mined or fails as told. */
  async function sendWith(balance: bigint, wait: () => Promise<typeof MINED>) {
    const noted: Record<string, unknown> = {};
    const provider = {
      getBalance: async () => balance,
      getFeeData: async () => ({ maxFeePerGas: 10n, gasPrice: null }),
    };
    const session = {
      ...{ chain: { network: NETWORKS[0], provider }, sender: { address: ada.address } },
      ...{ options: new Options({}), transactions: [], say: () => undefined },
      note: (fields: object) => Object.assign(noted, fields),
    };
    const limits: (bigint | undefined)[] = [];
    const tx = {
      ...{ action: "approveCollateral", to: address("2"), data: "0x" },
      simulate: async () => undefined,
      estimateGas: async () => 100_000n,
      send: async ({ gasLimit }: { gasLimit?: bigint }) => {
        limits.push(gasLimit);
        return { hash: HASH, wait };
      },
    };
    const thrown = await send(session as never, tx as never).then(
      () => undefined,
      (error: Error) => error,
    );
    return { noted, limits, thrown };
  }

  it("notes a transaction as soon as it is sent, and its block when it is in one", async () => {
    const sent = { action: "approveCollateral", transactionHash: HASH };
    const done = await sendWith(10n ** 18n, async () => MINED);
    expect(done.noted).to.deep.equal({ sent: [{ ...sent, ...MINED }] });
    const lost = await sendWith(10n ** 18n, () => Promise.reject(new Error("no answer")));
    expect(lost.thrown?.message).to.equal("no answer");
    expect(lost.noted).to.deep.equal({ sent: [sent] });
  });

  it("sends nothing that the account cannot pay as it is sent", async () => {
    const [enough] = (await sendWith(1_200_000n, async () => MINED)).limits;
    expect(enough).to.equal(120_000n);
    const poor = await sendWith(1_199_999n, async () => MINED);
    expect(poor.thrown?.message).to.include("but approveCollateral needs up to 120000 gas at ");
    expect(poor.limits).to.deep.equal([]);
  });
});

describe("sdk/cli: orders", () => {
  let folder: string;
  let here: string[];
  let elsewhere: string[];

  const nostra = (
    argv: readonly string[],
    options: { env?: Record<string, string>; input?: string } = {},
  ): Promise<Outcome> => runInProcess(program, argv, options);

  const file = (name: string, content: unknown): string => {
    const at = path.join(folder, name);
    writeFileSync(at, typeof content === "string" ? content : JSON.stringify(content));
    return at;
  };

  /** A valid command line; a test names only what it changes, with undefined for what it leaves out. */
  const build = (changes: Record<string, string | undefined> = {}): string[] => {
    const terms = {
      maker: ada.address,
      side: "buy",
      "token-id": "5",
      price: "0.55",
      size: "100",
      nonce: "0",
      ...changes,
    };
    const given = Object.entries(terms).filter(([, value]) => value !== undefined);
    return ["order", "build", ...given.flatMap(([name, value]) => [`--${name}`, value ?? ""])];
  };

  const hashOf = (deployment: string): string[] => [
    ...["order", "hash", "-", "--deployment", deployment],
  ];

  const built = async (...argv: string[]): Promise<string> =>
    succeeded(await nostra([...build(), ...argv]));
  const signed = async (input: string, { privateKey } = ada): Promise<string> => {
    const env = { PRIVATE_KEY: privateKey };
    return succeeded(await nostra(["order", "sign", "-", ...here], { env, input }));
  };

  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "nostra-cli-"));
    here = ["--deployment", file("here.json", DEPLOYMENT)];
    const other = { ...DEPLOYMENT, network: "cli-test-elsewhere", chainId: 990_101 };
    elsewhere = ["--deployment", file("elsewhere.json", other)];
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("an order is built, hashed, signed and verified", async () => {
    const unsigned = await built("--expiration", "never", "--salt", "12");
    const { order, signature } = JSON.parse(unsigned) as OrderJson;
    expect(signature).to.equal("0x");
    expect(order).to.deep.include({
      salt: "12",
      maker: ada.address,
      signer: ada.address,
      makerAmount: "55000000",
      takerAmount: "100000000",
      expiration: "0",
      side: 0,
      signatureType: 0,
    });

    const hash = succeeded(await nostra(["order", "hash", "-", ...here], { input: unsigned }));
    expect(hash).to.equal(hashOrder(orderFromJson(unsigned), DOMAIN));

    const done = await signed(unsigned);
    expect((JSON.parse(done) as OrderJson).order).to.deep.equal(order);
    const verified = await nostra(["order", "verify", "-", ...here], { input: done });
    expect(succeeded(verified)).to.equal(
      `valid: signed by ${ada.address} for chain 990100\nhash   ${hash}`,
    );
    const again = succeeded(await nostra(["order", "hash", "-", ...here], { input: done }));
    expect(again, "the signature does not enter").to.equal(hash);
  });

  it("the signature is the one any wallet makes", async () => {
    const done = orderFromJson(await signed(await built()));
    const { signature, ...fields } = done;
    expect(await ada.signTypedData({ ...DOMAIN }, ORDER_TYPES, fields)).to.equal(signature);
    expect(TypedDataEncoder.hash({ ...DOMAIN }, ORDER_TYPES, fields)).to.equal(
      hashOrder(done, DOMAIN),
    );
  });

  it("--json prints results for programs, also when the answer is no", async () => {
    const unsigned = await built();
    const done = await signed(unsigned);
    const hash = hashOrder(orderFromJson(done), DOMAIN);
    const json = async (command: string, input: string): Promise<unknown> => {
      const { out } = await nostra(["order", command, "-", "--json", ...here], { input });
      return JSON.parse(out);
    };
    expect(await json("hash", done)).to.deep.equal({ hash });
    expect(await json("verify", done)).to.deep.equal({ ok: true, hash, expired: false });
    const no = { ok: false, reason: "SIGNATURE_LENGTH", hash, expired: false };
    expect(await json("verify", unsigned)).to.deep.equal(no);
  });

  it("--out writes a file, and never over one that is there", async () => {
    const out = path.join(folder, "order.json");
    expect(await built("--out", out)).to.equal("");
    const before = readFileSync(out, "utf8");
    expect((JSON.parse(before) as OrderJson).order.maker).to.equal(ada.address);
    refused(await nostra([...build(), "--out", out]), "order.json: it is there already");
    expect(readFileSync(out, "utf8")).to.equal(before);
    succeeded(await nostra(["order", "hash", out, ...here]));
  });

  it("a delegate signs for the maker, an owner for its contract; who may is for the chain to say", async () => {
    const byDelegate = await signed(await built("--signer", ben.address), ben);
    const verify = ["order", "verify", "-", ...here];
    refused(await nostra(verify, { input: byDelegate }), "SIGNATURE_TYPE_DELEGATE: ");
    const byOwner = await signed(await built("--maker-is-contract"), ben);
    refused(await nostra(verify, { input: byOwner }), "only the chain can ask: add --on-chain");
  });

  it("an expired order is told beside its signature", async () => {
    const { order } = JSON.parse(await built()) as OrderJson;
    const past = JSON.stringify({ order: { ...order, expiration: "1700000000" }, signature: "0x" });
    const input = await signed(past);
    const out = succeeded(await nostra(["order", "verify", "-", ...here], { input }));
    expect(out).to.include("valid: ").and.include("but it expired at 2023-11-14T22:13:20Z");
  });

  describe("refused in one line", () => {
    it("terms that are missing, inexact, off the tick, or none", async () => {
      const refuses = async (changes: Record<string, string | undefined>, says: string) =>
        refused(await nostra(build(changes)), says);
      await refuses({ price: undefined }, "--price is missing");
      await refuses({ nonce: undefined }, "--nonce is missing: give it, or let --on-chain read");
      await refuses({ side: "long" }, "--side long is neither buy nor sell");
      await refuses({ price: "0.555", tick: "0.01" }, "such as 0.55 or 0.56");
      await refuses({ price: "0.333333", size: "0.1" }, "a size with an exact cost");
      await refuses({ price: "1.5" }, 'price is "1.5"; expected a price of at most 1');
      await refuses({ size: "-1" }, "Option '--size' argument is ambiguous");
      await refuses({ "token-id": "0x5" }, 'tokenId is "0x5"');
      await refuses({ maker: "ada" }, 'maker is "ada"');
      await refuses({ "fee-rate-bps": "1001" }, 'feeRateBps is "1001"');
      await refuses({ expiration: "tomorrow" }, "--expiration tomorrow is no time");
      await refuses({ expiration: "1700000000" }, "is in the past");
      await refuses({ expiration: String(Date.now()) }, "looks like milliseconds");
      succeeded(await nostra([...build({ price: "0.333333", size: "0.1" }), "--snap"]));
    });

    it("JSON that is malformed, incomplete, too much, or of the wrong types", async () => {
      const { order } = JSON.parse(await built()) as OrderJson;
      const refuses = async (input: unknown, says: string): Promise<void> => {
        const text = typeof input === "string" ? input : JSON.stringify(input);
        for (const command of ["sign", "hash", "verify"]) {
          const env = { PRIVATE_KEY: ada.privateKey };
          const outcome = await nostra(["order", command, "-", ...here], { input: text, env });
          refused(outcome, says);
          expect(outcome.out).to.equal("");
        }
      };
      await refuses("{", "expected JSON text");
      await refuses("", "expected JSON text");
      await refuses("[]", "expected an object");
      await refuses({ order }, "signature is undefined");
      await refuses({ order, signature: "0x", price: 1 }, "price is");
      await refuses({ order: { ...order, salt: 1 }, signature: "0x" }, "order.salt is 1");
      await refuses({ order: { ...order, side: 2 }, signature: "0x" }, "order.side is 2");
      await refuses({ order, signature: "0x12" }, "expected 65 bytes");
      const twice = JSON.stringify({ order, signature: "0x" }).replace("{", '{"signature":"0x",');
      await refuses(twice, 'signature is "given twice"');
    });

    it("a file that is no order or deployment, without printing what is in it", async () => {
      const texts = ["DB_PASSWORD=hunter2hunter2", '"hunter2hunter2"', '["hunter2hunter2"]'];
      for (const text of [...texts, "hunter2".repeat(5_000)]) {
        const named = file("secrets.env", text);
        for (const argv of [["order", "hash", named, ...here], hashOf(named)]) {
          const { status, out, err } = await nostra(argv, { input: await built() });
          expect(status).to.equal(1);
          expect(`${out}${err}`, argv.join(" ")).to.not.include("hunter2");
        }
      }
      const named = file("secrets.env", texts[0]);
      refused(await nostra(["order", "hash", named, ...here]), '"text of 26 characters"');
    });

    it("a signature of another chain, another order, another key, or none", async () => {
      const done = await signed(await built());
      const verify = async (input: string, target: string[], says: string) =>
        refused(await nostra(["order", "verify", "-", ...target], { input }), says);
      await verify(done, elsewhere, "not valid, NOT_SIGNER: ");
      await verify(done.replace('"55000000"', '"54000000"'), here, "not valid, NOT_SIGNER: ");
      const { order, signature } = JSON.parse(done) as OrderJson;
      const flipped = signature.replace(/..$/, (v) => (v === "1b" ? "1c" : "1b"));
      await verify(JSON.stringify({ order, signature: flipped }), here, "NOT_SIGNER");
      await verify(JSON.stringify({ order, signature: `${signature.slice(0, -2)}00` }), here, "_V");
      await verify(JSON.stringify({ order, signature: "0x" }), here, "it is not signed");
    });

    it("a deployment that is missing, unknown, malformed, or another than the network's", async () => {
      const input = await built();
      const hash = async (argv: string[], says: string) =>
        refused(await nostra(["order", "hash", "-", ...argv], { input }), says);
      const at = (name: string, content: unknown) => ["--deployment", file(name, content)];
      await hash([], "--network is missing");
      await hash(["--network", "mainnet"], "--network mainnet is not known");
      await hash(["--network", "polygon"], "@nostra/sdk brings no deployment of polygon");
      await hash(["--deployment", path.join(folder, "none.json")], "there is no ");
      await hash([...here, "--network", "polygon"], "--network is polygon, but ");
      await hash(at("a.json", "{"), "a.json: deployment is");
      await hash(at("b.json", {}), "b.json: deployment.contracts is undefined");
      await hash(at("c.json", { ...DEPLOYMENT, chainId: "1" }), "deployment.chainId is");
      const contracts = { ...DEPLOYMENT.contracts, ctfExchange: "0x5" };
      await hash(at("d.json", { ...DEPLOYMENT, contracts }), "deployment.contracts.ctfExchange is");
      const records = { ctfExchange: { contract: "CTFExchange", abiHash: "0x1", deployed: null } };
      await hash(at("e.json", { ...DEPLOYMENT, records }), "records.ctfExchange.abiHash is");
    });

    it("commands, options and files that there are not", async () => {
      refused(await nostra(["trade"]), "there is no command trade; nostra --help lists them");
      refused(await nostra(["order"]), "there is no command order; nostra order --help lists");
      refused(await nostra(["order", "post"]), "there is no command order post");
      refused(await nostra([...build(), "--fast"]), "Unknown option '--fast'; order build --help");
      refused(await nostra([...build(), "more"]), "Unexpected argument 'more'");
      refused(await nostra(["order", "hash", ...here]), "file is missing");
      refused(await nostra(["order", "hash", "a", "b", ...here]), "one file is expected");
      refused(await nostra(["order", "hash", "none.json", ...here]), "none.json cannot be read");
    });
  });

  describe("keys", () => {
    const sign = async (env: Record<string, string>, ...argv: string[]): Promise<Outcome> =>
      nostra(["order", "sign", "-", ...here, ...argv], { env, input: await built() });

    it("a missing key, one that is none, and one of another account are refused", async () => {
      refused(await sign({}), "no key: set PRIVATE_KEY in the environment or in .env");
      refused(await sign({ PRIVATE_KEY: "0x12" }), "PRIVATE_KEY is not a private key");
      refused(await sign({ PRIVATE_KEY: `0x${"0".repeat(64)}` }), 'privateKey is "(hidden)"');
      refused(await sign({ PRIVATE_KEY: ben.privateKey }), `signer is "${ben.address}"; expected`);
      const other = { PRIVATE_KEY: ben.privateKey, ADA_KEY: ada.privateKey };
      succeeded(await sign(other, "--key-env", "ADA_KEY"));
    });

    it("no key is printed, wherever it was typed by mistake", async () => {
      const { privateKey } = ada;
      const bare = privateKey.slice(2);
      const env = { PRIVATE_KEY: privateKey };
      for (const argv of [
        [privateKey],
        ["order", bare],
        ["order", "sign", privateKey, ...here],
        ["order", "sign", "-", bare.toUpperCase(), ...here],
        ["order", "sign", "-", ...here, "--key-env", privateKey],
        ["order", "sign", "-", ...here, "--key-env", bare],
        ["order", "sign", "-", ...here, "--key", privateKey],
        build({ maker: privateKey }),
        [...build(), `--taker=${bare}`],
      ]) {
        for (const known of [env, {}]) {
          const { status, out, err } = await nostra(argv, { env: known, input: "{" });
          expect(status, argv.join(" ")).to.equal(1);
          expect(`${out}${err}`.toLowerCase(), argv.join(" ")).to.not.include(bare.slice(0, 40));
        }
      }
    });

    it("hides what is named as a secret in the environment, and nothing else of it", async () => {
      const input = await built("--salt", "12");
      const hash = hashOrder(orderFromJson(input), DOMAIN);
      const print = (name: string, ...argv: string[]): Promise<Outcome> =>
        nostra(["order", "hash", "-", ...here, ...argv], { env: { [name]: hash }, input });
      for (const name of ["ORDER_HASH", "MARKET", "TOKEN_ID"]) {
        expect(succeeded(await print(name)), name).to.equal(hash);
        expect(JSON.parse((await print(name, "--json")).out), name).to.deep.equal({ hash });
      }
      const secrets = ["PRIVATE_KEY", "adaKey", "API_SECRET", "MNEMONIC", "RPC_TOKEN", "PASSWORD"];
      for (const name of secrets) expect(succeeded(await print(name)), name).to.equal("(hidden)");

      const env = { ADA: `0x${"0".repeat(64)}` };
      for (const named of [["--key-env", "ADA"], ["--key-env=ADA"]]) {
        const outcome = await nostra(["order", "sign", "-", ...here, ...named], { env, input });
        refused(outcome, 'privateKey is "(hidden)"');
      }
    });

    it("of a web address only the host is printed", async () => {
      const secret = "http://127.0.0.1:1/v2/secret";
      const outcome = await nostra([...build({ nonce: undefined }), ...here, "--rpc", secret]);
      refused(outcome, "the RPC at 127.0.0.1:1 cannot be reached");
      const inFile = await nostra(["order", "hash", secret, ...here]);
      expect(inFile.err).to.not.include("secret");
    });
  });

  it("it needs nothing but ethers, and nothing of the library needs it", () => {
    const sources = path.resolve(__dirname, "../../sdk/src");
    for (const name of readdirSync(sources, { encoding: "utf8", recursive: true })) {
      if (!name.endsWith(".ts")) continue;
      const text = readFileSync(path.join(sources, name), "utf8");
      const imported = [...text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
        ([, from, load]) => from ?? load ?? "",
      );
      const isOfCommand = name.startsWith("cli");
      const odd = imported.filter((from) =>
        isOfCommand ? !/^(\.|node:|ethers$)/.test(from) : from.includes("/cli/"),
      );
      expect(odd, name).to.deep.equal([]);
    }
  });

  it("there is a help on every level", async () => {
    const all = succeeded(await nostra(["--help"]));
    for (const { name, options } of program.commands) {
      expect(all).to.include(`  ${name}`);
      const own = succeeded(await nostra([...name.split(" "), "--help"]));
      for (const option of Object.keys(options)) expect(own, name).to.include(`--${option}`);
    }
    const group = succeeded(await nostra(["order", "--help"]));
    expect(group).to.include("order sign").and.not.include("market create");
    expect((await nostra([])).status, "nothing asked, nothing done").to.equal(1);
  });

  it("the help and the version are had in every way that is usual", async () => {
    const ask = async (...argv: string[]): Promise<string> => succeeded(await nostra(argv));
    const { version } = JSON.parse(
      readFileSync(path.resolve(__dirname, "../../sdk/package.json"), "utf8"),
    ) as { version: string };
    for (const words of [[], ["order"], ["order", "build"], ["approve"]]) {
      const help = await ask(...words, "--help");
      expect(await ask(...words, "-h"), words.join(" ")).to.equal(help);
      expect(await ask("help", ...words), words.join(" ")).to.equal(help);
      expect(await ask(...words, "--version"), words.join(" ")).to.equal(version);
    }
    refused(await nostra(["help", "trade"]), "there is no command trade");
  });

  it("approve says how much is approved", async () => {
    expect(succeeded(await nostra(["approve", "-h"]))).to.include("without limit");
  });

  it("what has two words answers to one as well, and says so", async () => {
    const aliases = {
      ...{ "create-market": "market create", "clarify-market": "market clarify" },
      ...{ "register-token": "market register", "cancel-market": "market cancel" },
      ...{ propose: "resolve propose", dispute: "resolve dispute" },
      ...{ finalize: "resolve finalize", "admin-finalize": "resolve decide" },
    };
    for (const [alias, name] of Object.entries(aliases)) {
      const help = succeeded(await nostra([alias, "--help"]));
      expect(help).to.equal(succeeded(await nostra([...name.split(" "), "--help"])));
      expect(help).to.include(`In one word: nostra ${alias}`);
    }
  });

  it("the installed program does the same: streams, exit status, environment", async () => {
    const input = await built();
    const run = (...argv: string[]) =>
      spawnSync(process.execPath, [MAIN, "order", ...argv, ...here], {
        input,
        cwd: folder,
        encoding: "utf8",
        env: { PRIVATE_KEY: ada.privateKey },
      });
    const { status, stdout, stderr } = run("sign", "-");
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: "" });
    expect(stdout.trim()).to.equal(await signed(input));
    const no = run("verify", "-");
    expect(no.status).to.equal(1);
    expect(no.stdout).to.equal("");
    expect(no.stderr).to.equal("error: not valid, SIGNATURE_LENGTH: it is not signed\n");
  });
});

describe("sdk/cli: replay", () => {
  const MARKET = { yes: 11n, no: 22n, tick: 10_000n };
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "nostra-replay-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  function logFile(edit: (lines: string[]) => string[]): string {
    const recorder = recordBook(MARKET);
    const lines = [recorder.opening];
    for (const order of [sell(11n, 5n, 60n), buy(11n, 3n, 60n, { maker: TAKER })]) {
      lines.push(recorder.submit(order).line);
    }
    const file = path.join(folder, "log");
    writeFileSync(file, `${edit(lines).join("\n")}\n`);
    return file;
  }

  it("agrees with an honest log, and prints what it leads to", async () => {
    const said = succeeded(await runInProcess(program, ["replay", logFile((lines) => lines)]));
    expect(said).to.match(
      /^3 lines agree with the rules; 1 orders rest in the book\nhead of the log/,
    );
    const { out, status } = await runInProcess(program, [
      "replay",
      logFile((lines) => lines),
      "--json",
    ]);
    expect(status).to.equal(0);
    expect(JSON.parse(out)).to.include({ agrees: true, lines: 3, orders: 1 });
  });

  it("names the line that was edited, or is missing", async () => {
    const edited = logFile((lines) =>
      lines.map((line) => line.replace('"making":"1800000"', '"making":"1700000"')),
    );
    refused(await runInProcess(program, ["replay", edited]), /line 2 of the log: .*\(DISAGREES\)/);
    const cut = logFile(([first, , third]) => [first!, third!]);
    refused(
      await runInProcess(program, ["replay", cut]),
      /line 1 of the log: a line is missing.*\(GAP\)/,
    );
  });

  it("says when there is nothing to read, or nobody answers", async () => {
    refused(await runInProcess(program, ["replay", path.join(folder, "none")]), /cannot be read/);
    const nobody = "http://127.0.0.1:9/api/markets/x/log";
    refused(await runInProcess(program, ["replay", nobody]), /127.0.0.1:9 does not answer/);
  });
});
