import { readdirSync } from "node:fs";
import path from "node:path";
import { expect } from "chai";
import { program } from "../../scripts/nostra/commands";
import { blocksOf, commandsOf, nostraArguments } from "../helpers/docs";
import { startNode, type LocalNode } from "../network/localNode";
import { ROOT, createWorkplace, succeeded, type Workplace } from "../network/nostra";

describe("docs: workflow and operations", function () {
  this.timeout(120_000);
  let node: LocalNode;
  let place: Workplace;
  const variables = new Map<string, string>();

  before(async () => {
    node = await startNode(31337);
    place = createWorkplace({ LOCALHOST_RPC_URL: node.url });
  });

  after(async () => {
    await node?.stop();
    place?.remove();
  });

  /** Runs the shell blocks of a page as they stand; gives what all printed. */
  const runPage = async (page: string): Promise<string> => {
    const printed: string[] = [];
    for (const block of blocksOf(page, "sh")) {
      for (const words of commandsOf(block, variables)) {
        const argv = nostraArguments(words);
        if (argv !== undefined) {
          printed.push(succeeded(await place.run(...argv)));
          continue;
        }
        expect(words.slice(0, 3), "a script of the repository").to.deep.equal([
          "npx",
          "ts-node",
          "-T",
        ]);
        printed.push(succeeded(await place.spawn(words.slice(4), { script: words[3] ?? "" })));
      }
    }
    return printed.join("\n");
  };

  it("the five phases run as they are printed, and end with the sums they say", async () => {
    const out = await runPage("docs/workflow.md");
    const [ada, ben] = [variables.get("ADA"), variables.get("BEN")];
    expect(out).to.include(`${ben} gave 24.8 USDC and received 40 YES`);
    expect(out).to.include(`${ben} holds 1015.2 USDC, 0 YES, 0 NO`);
    expect(out).to.include(`${ada} holds 984.8 USDC, 0 YES, 0 NO`);
    expect(out).to.match(new RegExp(`${variables.get("MARKET")} +RESOLVED .* 1,0`));
  });

  it("the commands of operations.md run on what the workflow left behind", async () => {
    const out = await runPage("docs/operations.md");
    for (const action of ["addOperator", "removeOperator", "pause", "unpause"]) {
      expect(out).to.match(new RegExp(`^${action} +0x`, "m"));
    }
  });

  it("no page names a command or an option that there is not", () => {
    const pages = [
      "README.md",
      "sdk/README.md",
      ...readdirSync(path.join(ROOT, "docs")).map((file) => `docs/${file}`),
    ];
    for (const page of pages.filter((file) => file.endsWith(".md"))) {
      const lines = ["sh", "text"].flatMap((language) =>
        blocksOf(page, language).flatMap((block) => commandsOf(block, new Map())),
      );
      for (const words of lines) {
        const argv = nostraArguments(words);
        if (argv === undefined) continue;
        const line = `${argv.join(" ")} `;
        const command = program.commands.find(({ name }) => line.startsWith(`${name} `));
        expect(command, `${page}: ${line}`).to.not.equal(undefined);
        const known = ["help", ...Object.keys(command?.options ?? {})].map((name) => `--${name}`);
        for (const word of argv.filter((one) => one.startsWith("--"))) {
          expect(known, `${page}: ${line}`).to.include(word);
        }
      }
    }
  });
});
