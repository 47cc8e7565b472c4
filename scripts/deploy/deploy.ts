import { existsSync, rmSync } from "node:fs";
import path from "node:path";
import { Interface } from "ethers";
import type { DeployedContracts } from "@nostra/sdk/deployments";
import type { Address } from "@nostra/sdk/order";
import type { Command, Options, World } from "#cli/command";
import { CommandError } from "#cli/CommandError";
import { RPC, SENDER, reachChain, senderOn, type Chain, type Sender } from "#cli/connectNetwork";
import { coins, gasPriceOn, gwei } from "#cli/cost";
import { readCheck, type Finding } from "#cli/readCheck";
import { table } from "#cli/table";
import { NETWORK, networkOf } from "#cli/target";
import { checkAdmin, checkExisting } from "./checkExisting";
import { estimateStep } from "./cost";
import {
  deploymentFilePath,
  describeDeployment,
  readDeploymentFile,
  writeDeploymentFile,
  type DeploymentFile,
} from "./deploymentFile";
import {
  isOfAnotherChain,
  journalFolder,
  noteLostTransactions,
  readJournal,
  setAside,
  type Journal,
} from "./journal";
import { readParameters, type Parameters } from "./parameters";
import { readBack } from "./readBack";
import { runModule } from "./runModule";
import { signingProvider } from "./signingProvider";
import { stepsOf, type Step, type Steps } from "./steps";

/**
 * Deploys Nostra: checks everything that can be known beforehand, sends what the journal does not know as done, writes
 * deployments/<network>.json and reads every link, value and role back from the chain.
 */
export const deployCommand: Command = {
  name: "deploy",
  summary: "deploy and link the contracts, grant the roles, read everything back",
  options: {
    reset: {
      help: "put the journal of an earlier chain aside and start over; not on main networks",
    },
    "allow-key-admin": { help: "let an account without code be the admin of a main network" },
    ...NETWORK,
    ...RPC,
    ...SENDER,
  },
  notes: `Parameters are read from deployments/parameters/<network>.json. A run that was cut off is continued by running it again;
one that is done sends nothing and reads back.`,
  run: deploy,
};

async function deploy(options: Options, world: World): Promise<void> {
  const network = networkOf(options);
  const { folder, say } = world;
  const chain = await reachChain(network, options, world.env);
  const sender = await senderOn(chain, options, world.env);
  const parameters = readParameters(folder, network, sender.address);
  const planned = stepsOf(parameters, sender.address);
  await checkExisting(chain, parameters);
  await checkAdmin(chain, parameters, { allowKey: options.flag("allow-key-admin") });

  const journalDir = journalFolder(folder, network.name);
  const journal = await presentJournal(chain, journalDir, options, world);
  if (journal !== undefined) checkDeployer(folder, network.name, sender);
  const steps = await withoutSettled(chain, planned, journal);
  const todo = steps.all.filter(({ id }) => !journal?.done.has(id));
  say(`${network.name}, chain ${network.chainId}, deployer ${sender.address}`);
  if (journal !== undefined) {
    say(`${steps.all.length - todo.length} of ${steps.all.length} steps are done already`);
  }

  if (options.dryRun) {
    await showPlan(chain, steps, todo, say);
    return;
  }
  if (todo.length > 0) {
    await checkAdministration(chain, steps, journal, todo, sender);
    await checkFunds(chain, sender, todo);
    if (journal !== undefined) {
      const provider = signingProvider(chain, sender);
      await noteLostTransactions(journalDir, chain, provider, sender.address);
    }
    await runModule(chain, sender, steps, journalDir, say);
  }
  await report(chain, { steps, parameters, sender, journalDir, sentSteps: todo }, world);
}

/** The journal to go on with. One of another chain is put aside where that is harmless, else the command ends here. */
async function presentJournal(
  chain: Chain,
  journalDir: string,
  options: Options,
  { folder, say }: World,
): Promise<Journal | undefined> {
  const { network } = chain;
  if (options.flag("reset") && network.main) {
    throw new CommandError(
      "--reset is refused on main networks: move the journal by hand if you must",
    );
  }
  const journal = await readJournal(journalDir);
  const stale = journal !== undefined && (await isOfAnotherChain(journal, chain));
  if (stale && !network.local && !options.flag("reset")) {
    throw new CommandError(
      `ignition/deployments/${network.name} tells of contracts this chain does not have: a wrong RPC, or a chain that started afresh; then --reset`,
    );
  }
  if (journal === undefined || !(stale || options.flag("reset"))) return journal;
  if (options.dryRun) return undefined;

  const kept = setAside(journalDir, { keep: !network.local });
  const file = deploymentFilePath(folder, network.name);
  if (existsSync(file)) rmSync(file);
  const where = kept === undefined ? "is forgotten" : `is now ${path.relative(folder, kept)}`;
  say(`the journal of an earlier chain ${where}`);
  return undefined;
}

/** A deployment goes on under the account that began it. */
function checkDeployer(folder: string, network: string, sender: Sender): void {
  if (!existsSync(deploymentFilePath(folder, network))) return;
  const { deployer } = readDeploymentFile(folder, network);
  if (deployer !== sender.address) {
    throw new CommandError(
      `deployments/${network}.json was deployed by ${deployer}, but the key is of ${sender.address}`,
    );
  }
}

/** Leaves out what somebody did by hand meanwhile, such as a role granted by command and then added to the parameters. */
async function withoutSettled(
  chain: Chain,
  steps: Steps,
  journal: Journal | undefined,
): Promise<Steps> {
  if (journal === undefined) return steps;
  const contracts = { ...steps.existing } as Record<string, Address>;
  for (const { name, contract } of steps.plan.contracts) {
    contracts[name] ??= journal.addresses[contract] as Address;
  }
  const deployment = {
    network: chain.network.name,
    chainId: chain.network.chainId,
    startBlock: 0,
    contracts: contracts as unknown as DeployedContracts,
  };
  const all: Step[] = [];
  for (const step of steps.all) {
    const open = step.kind === "call" && !journal.begun.has(step.id);
    if (!open || contracts[step.step.on] === undefined) all.push(step);
    else if (!(await readCheck(chain, deployment, step.step.check)).ok) all.push(step);
  }
  return { ...steps, all };
}

/** Calls are the admin's. Once it is another, what is still to do is for the admin to send. */
async function checkAdministration(
  chain: Chain,
  { all }: Steps,
  journal: Journal | undefined,
  todo: readonly Step[],
  sender: Sender,
): Promise<void> {
  const abi = new Interface(["function admin() view returns (address)"]);
  for (const step of todo) {
    if (step.kind !== "call") continue;
    const contract = all.find((one) => one.kind === "contract" && one.step.name === step.step.on);
    const to = journal?.addresses[contract?.id ?? ""];
    if (to === undefined) continue;
    const data = abi.encodeFunctionData("admin");
    const [admin] = abi.decodeFunctionResult("admin", await chain.provider.call({ to, data }));
    if (admin !== sender.address) {
      throw new CommandError(
        `${step.id} is for the admin of ${step.step.on}, which is ${String(admin)} now: send it with the grant, revoke or link command`,
      );
    }
  }
}

async function checkFunds(chain: Chain, sender: Sender, todo: readonly Step[]): Promise<void> {
  const gas = todo.reduce((sum, step) => sum + estimateStep(step), 0n);
  const price = await gasPriceOn(chain);
  const balance = await chain.provider.getBalance(sender.address);
  if (balance < gas * price) {
    throw new CommandError(
      `${sender.address} holds ${coins(balance, chain)}, but this needs up to ${coins(gas * price, chain)} (${gas} gas at ${gwei(price)})`,
    );
  }
}

async function showPlan(
  chain: Chain,
  { plan, existing }: Steps,
  todo: readonly Step[],
  say: (line: string) => void,
): Promise<void> {
  const shown = (value: unknown): string =>
    typeof value === "object" && value !== null && "at" in value
      ? `<${String(value.at)}>`
      : String(value);
  for (const { name, contract } of plan.contracts) {
    if (existing[name] !== undefined) say(`uses ${contract} at ${existing[name]}`);
  }
  const rows = todo.map((step, i) => {
    const number = String(i + 1);
    const gas = String(estimateStep(step));
    if (step.kind === "call") {
      const { on, method, args } = step.step;
      const value = step.id.endsWith("_timelock") ? "<TimelockController>" : shown(args[0]);
      return [number, "call", `${on}.${method}`, value, gas];
    }
    const args = step.kind === "contract" ? step.step.args : step.args;
    return [number, "deploy", step.id, args.map(shown).join(", "), gas];
  });
  say(table(["", "step", "contract", "arguments", "gas up to"], rows));
  const total = todo.reduce((sum, step) => sum + estimateStep(step), 0n);
  const price = await gasPriceOn(chain);
  say(`up to ${total} gas at ${gwei(price)}: ${coins(total * price, chain)}`);
  say("dry run: nothing was sent");
}

interface ReportParams {
  readonly steps: Steps;
  readonly parameters: Parameters;
  readonly sender: Sender;
  readonly journalDir: string;
  readonly sentSteps: readonly Step[];
}

async function report(chain: Chain, params: ReportParams, { folder, say }: World): Promise<void> {
  const { steps, parameters, sender, journalDir, sentSteps } = params;
  const journal = await readJournal(journalDir);
  if (journal === undefined) throw new CommandError("the journal is gone");
  if (sentSteps.length === 0) say("nothing to send");
  else say(await sumOf(chain, journal, sentSteps));

  const file = await describeDeployment({
    chain,
    steps,
    journal,
    parameters,
    deployer: sender.address,
  });
  const written = writeDeploymentFile(folder, file);
  say(`${written ? "wrote" : "unchanged:"} deployments/${chain.network.name}.json`);
  say(
    table(
      ["contract", "address"],
      Object.entries(file.contracts).map(([name, address]) => [name, String(address)]),
    ),
  );

  const findings = await readBack(chain, {
    deployment: file,
    steps,
    deployer: sender.address,
    ...(file.timelock === undefined ? {} : { timelock: file.timelock }),
  });
  requireNoDifference(findings, say);
  say(`read back: ${findings.length} links, values and roles are as ${parameters.file} says`);
  if (findings.some(({ onChain }) => onChain.endsWith("offered"))) sayWhoAccepts(file, say);
}

async function sumOf(chain: Chain, journal: Journal, sent: readonly Step[]): Promise<string> {
  let [gas, fee] = [0n, 0n];
  for (const { id } of sent) {
    const hash = journal.transactions.get(id);
    const receipt = hash === undefined ? null : await chain.provider.getTransactionReceipt(hash);
    gas += receipt?.gasUsed ?? 0n;
    fee += receipt?.fee ?? 0n;
  }
  return `${sent.length} transactions, ${gas} gas, ${coins(fee, chain)}`;
}

function requireNoDifference(findings: readonly Finding[], say: (line: string) => void): void {
  const wrong = findings.filter(({ ok }) => !ok);
  if (wrong.length === 0) return;
  say(
    table(
      ["contract", "what", "expected", "on chain"],
      wrong.map(({ contract, what, expected, onChain }) => [contract, what, expected, onChain]),
    ),
  );
  throw new CommandError(
    `${wrong.length} of ${findings.length} links, values and roles differ from the parameters, see the table`,
  );
}

/** The last step of a hand-over is the new admin's. */
function sayWhoAccepts(file: DeploymentFile, say: (line: string) => void): void {
  const data = new Interface(["function acceptAdmin()"]).encodeFunctionData("acceptAdmin");
  const { resolutionOracle, marketFactory, ctfExchange } = file.contracts;
  const through = file.timelock === undefined ? "" : ", through its schedule and execute";
  say(`the administration is offered; ${file.admin} must accept it${through}: call ${data} on`);
  for (const address of [resolutionOracle, marketFactory, ctfExchange] satisfies Address[]) {
    say(`  ${address}`);
  }
}
