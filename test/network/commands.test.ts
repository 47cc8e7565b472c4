import { findCheapQuestionId, questionIdOf } from "@nostra/sdk/ids";
import { expect } from "chai";
import { id } from "ethers";
import { startNode, type LocalNode } from "./localNode";
import { createWorkplace, refused, succeeded, type Workplace } from "./nostra";

/** What commands refuse, each in one line and with nothing sent, and what a local chain is allowed. */

const [DEPLOYER, RESOLVER, OTHER_RESOLVER, STRANGER] = [
  "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
  "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
  "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
];
const QUESTION = "Will the test pass?";
const MARKET = id(QUESTION);

describe("network: commands", function () {
  this.timeout(120_000);
  let node: LocalNode;
  let place: Workplace;

  /** Runs a command on the local network. */
  const nostra = (command: string, ...argv: string[]) =>
    place.run(...command.split(" "), "--network", "localhost", ...argv);

  const transactions = async (): Promise<number> => {
    const accounts = [DEPLOYER, RESOLVER, OTHER_RESOLVER, STRANGER];
    const counts = accounts.map((account) => node.provider.getTransactionCount(account ?? ""));
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  };

  /** Holds that a command refuses with this line and that nobody sent anything. */
  const refuses = async (says: string | RegExp, command: string, ...argv: string[]) => {
    const before = await transactions();
    refused(await nostra(command, ...argv), says);
    expect(await transactions(), "nothing was sent").to.equal(before);
  };

  const createWith = (changes: Record<string, string>): string[] =>
    Object.entries({
      question: QUESTION,
      description: "YES if it does.",
      category: "Tests",
      "end-time": "+2d",
      "resolution-time": "+3d",
      "question-id": MARKET,
      ...changes,
    }).flatMap(([name, value]) => [`--${name}`, value]);

  before(async () => {
    node = await startNode(31337);
    place = createWorkplace({ LOCALHOST_RPC_URL: node.url });
  });

  after(async () => {
    await node?.stop();
    place?.remove();
  });

  it("without a deployment every command says so", async () => {
    await refuses("there is no deployments/localhost.json", "status");
    await refuses("there is no deployments/localhost.json", "market create", ...createWith({}));
  });

  it("a local chain that started afresh is deployed to again, its old journal forgotten", async () => {
    succeeded(await nostra("deploy"));
    await node.provider.send("hardhat_reset", []);
    await refuses(/conditionalTokens 0x\w+ has no code on localhost/, "status");
    const out = succeeded(await nostra("deploy"));
    expect(out).to.include("the journal of an earlier chain is forgotten");
    expect(succeeded(await nostra("status"))).to.include("0 markets");
  });

  it("times in the past, in milliseconds, in the wrong order or no times at all", async () => {
    const create = (changes: Record<string, string>) => createWith(changes);
    await refuses("is in the past", "market create", ...create({ "end-time": "1700000000" }));
    const milliseconds = String(Date.now() + 86_400_000);
    await refuses(
      "looks like milliseconds",
      "market create",
      ...create({ "end-time": milliseconds }),
    );
    await refuses("is no time", "market create", ...create({ "end-time": "tomorrow" }));
    await refuses("is no time", "market create", ...create({ "end-time": "2027-01-31" }));
    await refuses(
      "--resolution-time is before --end-time",
      "market create",
      ...create({ "resolution-time": "+1d" }),
    );
    await refuses("--category is missing", "market create", ...create({ category: "" }));
  });

  it("a sender without the role, or without the administration", async () => {
    const asStranger = ["--from", STRANGER ?? ""];
    await refuses(
      `${STRANGER} has no role CREATOR on marketFactory and is not its admin`,
      "market create",
      ...createWith({}),
      ...asStranger,
    );
    succeeded(await nostra("market create", ...createWith({})));
    await refuses("MarketExists", "market create", ...createWith({}));
    const account = ["--account", STRANGER ?? ""];
    await refuses(
      "is not the admin of ctfExchange",
      "grant",
      "--role",
      "operator",
      ...account,
      ...asStranger,
    );
    await refuses("is not the admin", "market cancel", "--market", MARKET, ...asStranger);
    await refuses("has no role PAUSER", "pause", ...asStranger);
    await refuses("is not offered to", "accept-admin", ...asStranger);
    await refuses("holds no key of 0x0000", "pause", "--from", `0x${"0".repeat(39)}1`);
  });

  it("roles there are not, and roles held or not held already", async () => {
    await refuses(
      "--role king is not known",
      "grant",
      "--role",
      "king",
      "--account",
      STRANGER ?? "",
    );
    await refuses("is not an address", "grant", "--role", "operator", "--account", "0x12");
    await refuses(
      "has the role OPERATOR",
      "grant",
      "--role",
      "operator",
      "--account",
      DEPLOYER ?? "",
    );
    await refuses(
      "does not have the role",
      "revoke",
      "--role",
      "operator",
      "--account",
      STRANGER ?? "",
    );
  });

  it("markets that there are not, payouts that are none, amounts that are inexact", async () => {
    await refuses("is not 32 bytes", "resolve finalize", "--market", "rain");
    await refuses(
      "no market on localhost has",
      "resolve propose",
      "--market",
      id("no"),
      "--payouts",
      "1,0",
    );
    for (const payouts of ["2,0", "0,0", "1", "yes", "1,0,0"]) {
      await refuses(
        "is none of 1,0 (YES)",
        "resolve propose",
        "--market",
        MARKET,
        "--payouts",
        payouts,
      );
    }
    await refuses("--amount 1.0000001", "split", "--market", MARKET, "--amount", "1.0000001");
    await refuses("must be more than zero", "split", "--market", MARKET, "--amount", "0");
  });

  it("steps out of turn; then dispute and decision, by the right ones only", async () => {
    const at = ["--market", MARKET];
    await refuses("the market is ACTIVE until", "resolve propose", ...at, "--payouts", "1,0");
    await refuses("nothing can be redeemed yet", "redeem", ...at);
    succeeded(await nostra("advance-time", "--by", "2d"));
    await refuses("has no role RESOLVER", "resolve propose", ...at, "--payouts", "1,0");
    const asResolver = ["--from", RESOLVER ?? ""];
    succeeded(await nostra("resolve propose", ...at, "--payouts", "[1,0]", ...asResolver));
    await refuses("DisputeWindowOpen", "resolve finalize", ...at);
    await refuses("SelfDispute", "resolve dispute", ...at, ...asResolver);
    await refuses(
      "the market is PROPOSED, not DISPUTED",
      "resolve decide",
      ...at,
      "--payouts",
      "0,1",
    );
    const before = await transactions();
    const dry = succeeded(
      await nostra("resolve dispute", ...at, "--from", OTHER_RESOLVER ?? "", "--dry-run"),
    );
    expect(dry).to.match(/would send disputeResolution as 0x3C44/);
    expect(await transactions()).to.equal(before);
    succeeded(await nostra("resolve dispute", ...at, "--from", OTHER_RESOLVER ?? ""));
    await refuses("is not the admin", "resolve decide", ...at, "--payouts", "0,1", ...asResolver);
    succeeded(await nostra("resolve decide", ...at, "--payouts", "0,1"));
    await refuses("holds no token of this market", "redeem", ...at);
    expect(succeeded(await nostra("status"))).to.match(/RESOLVED .* 0,1/);
  });

  it("a market gets an id whose tokens are cheap to derive, and the window and notes it is given", async () => {
    const { resolutionOracle: oracle } = (
      JSON.parse(place.read("deployments/localhost.json")) as {
        contracts: { resolutionOracle: string };
      }
    ).contracts;
    const questions = Array.from({ length: 64 }, (_, i) => `Question ${i}?`);
    const question = questions.find((text) => findCheapQuestionId(text, { oracle }).salt > 0) ?? "";
    const cheap = findCheapQuestionId(question, { oracle });
    const withoutId = (changes: Record<string, string>): string[] =>
      createWith({ question, ...changes }).filter((part, i, all) => {
        const name = part === "--question-id" || all[i - 1] === "--question-id";
        return !name;
      });
    const window = { "dispute-window": "3d" };
    expect(succeeded(await nostra("market create", ...withoutId(window)))).to.include(
      cheap.questionId,
    );
    expect(succeeded(await nostra("market create", ...withoutId({}), "--plain-id"))).to.include(
      questionIdOf(question),
    );
    await refuses("contradict each other", "market create", ...createWith({}), "--plain-id");
    await refuses(
      "InvalidQuestionWindow",
      "market create",
      ...createWith({ "question-id": id("too short"), "dispute-window": "1h" }),
    );
    const at = ["--market", cheap.questionId];
    expect(succeeded(await nostra("market clarify", ...at, "--text", "Noon UTC."))).to.include(
      "note 0 of the market",
    );
    await refuses("NotClarifier", "market clarify", ...at, "--text", "x", "--from", STRANGER ?? "");

    succeeded(await nostra("pause", "--creation"));
    await refuses("creation is stopped already", "pause", "--creation");
    await refuses("Paused", "market create", ...createWith({ "question-id": id("while paused") }));
    succeeded(await nostra("unpause", "--creation"));
    await refuses("creation is not stopped", "unpause", "--creation");
  });

  it("--json gives programs what people are told, and what a dry run would send", async () => {
    const json = async (command: string, ...argv: string[]): Promise<Record<string, unknown>> => {
      const { status, out } = await nostra(command, "--json", ...argv);
      expect(status).to.equal(0);
      return JSON.parse(out) as Record<string, unknown>;
    };
    const status = await json("status", "--markets", "1");
    expect(status).to.deep.include({ network: "localhost", chainId: 31337, paused: false });
    expect(status["markets"]).to.have.length(1);

    const created = await json("market create", ...createWith({ "question-id": id("as JSON") }));
    expect(created["market"]).to.deep.include({ questionId: id("as JSON"), tradable: true });
    const [sent] = created["sent"] as { action: string; transactionHash: string }[];
    expect(sent?.action).to.equal("createBinaryMarket");
    expect(sent?.transactionHash).to.match(/^0x[0-9a-f]{64}$/);

    const before = await transactions();
    const mint = ["--to", STRANGER ?? "", "--amount", "1", "--dry-run"];
    const { wouldSend } = (await json("mint", ...mint)) as { wouldSend: { from: string }[] };
    expect(wouldSend.map(({ from }) => from)).to.deep.equal([DEPLOYER]);
    expect(await transactions()).to.equal(before);
  });

  it("a link that was taken away is set again, and only that", async () => {
    expect(succeeded(await nostra("link"))).to.include("every link is set");
    const { marketFactory } = (
      JSON.parse(place.read("deployments/localhost.json")) as {
        contracts: { marketFactory: string };
      }
    ).contracts;
    succeeded(await nostra("revoke", "--role", "registrar", "--account", marketFactory));
    const other = id("another question");
    succeeded(
      await nostra("market create", ...createWith({ question: "Another?", "question-id": other })),
    );
    expect(succeeded(await nostra("market register", "--market", other))).to.match(
      /^registerCondition +0x[\s\S]*tradable +yes/,
    );
    expect(succeeded(await nostra("link"))).to.match(/^addRegistrar +0x/);
    succeeded(await nostra("market cancel", "--market", other));
  });
});
