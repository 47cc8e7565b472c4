/** `npm run example -- <name>`: runs one example, on the sandbox unless the environment names a network. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { UsageError, inOneLine, openStage, type Stage } from "./connect";

const EXAMPLES: Readonly<Record<string, string>> = {
  "ethers-node": "limit order, market order, match, cancel and redeem with ethers 6",
  "viem-node": "the same with viem: it signs, sends and reads, the SDK makes the calldata",
  browser: "a page that signs orders with an injected wallet, or practises on a chain in the page",
  "market-maker": "quotes both outcomes within inventory limits, and counts its profit",
  "resolver-bot": "proposes, disputes and finalizes by a feed; may be stopped and started",
};

const HELP = `Runs an example: npm run example -- <name>

${Object.entries(EXAMPLES)
  .map(([name, what]) => `  ${name.padEnd(14)}${what}`)
  .join("\n")}

Without environment it plays on a sandbox inside the process. On a test network:

  NETWORK=polygon-amoy RPC_URL=https://... PRIVATE_KEY=0x... npm run example -- <name>

examples/README.md tells which other variables an example reads.`;

async function run(name: string): Promise<void> {
  if (existsSync(".env")) process.loadEnvFile();
  const load = createRequire(__filename);
  if (name === "browser") {
    const { serve } = load("./browser/serve") as { serve(): Promise<void> };
    return serve();
  }
  const stage = await openStage();
  const { main } = load(`./${name}/main`) as { main(stage: Stage): Promise<void> };
  try {
    await main(stage);
  } finally {
    stage.close();
  }
}

const [name = "--help"] = process.argv.slice(2);
if (name === "--help") {
  console.log(HELP);
} else if (!Object.hasOwn(EXAMPLES, name)) {
  console.error(`error: there is no example ${name}; npm run example -- --help lists them`);
  process.exitCode = 1;
} else {
  run(name).catch((thrown: unknown) => {
    const kind = thrown instanceof UsageError ? "error" : "failed";
    console.error(`${kind}: ${inOneLine(thrown)}`);
    process.exitCode = 1;
  });
}
