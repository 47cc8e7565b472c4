import { VoidSigner } from "ethers";
import type { PreparedTx, TxResult } from "../actions/PreparedTx.js";
import { Role, connect, type Connection } from "../contracts/index.js";
import { JSON_OUTPUT, type Options, type OptionTable, type World } from "./command.js";
import { CommandError } from "./CommandError.js";
import { RPC, SENDER, reachChain, senderOn, type Chain, type Sender } from "./connectNetwork.js";
import { coins, gasPriceOn, gwei } from "./cost.js";
import type { RecordedDeployment } from "./parseDeployment.js";
import { ROLE_CALLS, type AdministeredName, type RoleName } from "./roles.js";
import { TARGET, targetOf } from "./target.js";

/** The options of every command that reads a deployment. */
export const READS: OptionTable = { ...TARGET, ...RPC, ...JSON_OUTPUT };

/** The options of every command that sends. */
export const SENDS: OptionTable = { ...READS, ...SENDER };

/** A deployment as a command sees it, to read. */
export interface View {
  readonly chain: Chain;
  readonly deployment: RecordedDeployment;
  readonly connection: Connection;
  readonly options: Options;
  say(line: string): void;
  note: World["note"];
}

/** The same, with somebody who sends. */
export interface Session extends View {
  readonly sender: Sender;
  /** What was sent so far, or would have been. */
  readonly transactions: Readonly<Record<string, unknown>>[];
}

/** Opens a network's deployment to read. @throws CommandError when it is not there. */
export async function openView(options: Options, world: World): Promise<View> {
  const { network, deployment } = targetOf(options, world);
  const chain = await reachChain(network, options, world.env);
  for (const [name, address] of Object.entries(deployment.contracts) as [string, string][]) {
    if ((await chain.provider.getCode(address)) === "0x") {
      throw new CommandError(
        `${name} ${address} has no code on ${network.name}: deploy first, or the chain is another than the deployment tells of`,
      );
    }
  }
  const connection = connect(deployment, chain.provider);
  const { say, note } = world;
  return { chain, deployment, connection, options, say, note };
}

/** Opens a network's deployment to send. */
export async function openSession(options: Options, world: World): Promise<Session> {
  const view = await openView(options, world);
  const sender = await senderOn(view.chain, options, world.env);
  const runner = sender.signer ?? new VoidSigner(sender.address, view.chain.provider);
  return { ...view, sender, connection: connect(view.deployment, runner), transactions: [] };
}

/**
 * Tries a transaction, prices it and sends it, saying its hash and the gas it used. In a dry run it stops before sending
 * and gives undefined.
 */
export async function send<T extends TxResult>(
  { chain, sender, options, transactions, say, note }: Session,
  tx: PreparedTx<T>,
): Promise<T | undefined> {
  await tx.simulate();
  const gas = await tx.estimateGas();
  // A fifth more than estimated: between estimate and inclusion the state may move a little.
  const gasLimit = gas + gas / 5n;
  const price = await gasPriceOn(chain);
  const cost = `up to ${gasLimit} gas at ${gwei(price)}: ${coins(gasLimit * price, chain)}`;
  if (options.dryRun) {
    say(`would send ${tx.action} as ${sender.address}`);
    say(`  to    ${tx.to}`);
    say(`  data  ${tx.data}`);
    say(`  ${cost}`);
    say("dry run: nothing was sent");
    const { action, to, data } = tx;
    transactions.push({ action, from: sender.address, to, data, gas });
    note({ wouldSend: transactions });
    return undefined;
  }
  const balance = await chain.provider.getBalance(sender.address);
  if (balance < gasLimit * price) {
    throw new CommandError(
      `${sender.address} holds ${coins(balance, chain)}, but ${tx.action} needs ${cost}`,
    );
  }
  const sent = await tx.send({ gasLimit });
  say(`${tx.action}  ${sent.hash}`);
  // Whoever does not hear how it ended must at least know which it was.
  const { action } = tx;
  const at = transactions.push({ action, transactionHash: sent.hash }) - 1;
  note({ sent: transactions });
  const result = await sent.wait();
  const { transactionHash, blockNumber, gasUsed } = result;
  say(`  in block ${blockNumber}, ${gasUsed} gas used`);
  transactions[at] = { action, transactionHash, blockNumber, gasUsed };
  return result;
}

/** Holds that the sender is the admin of a contract. @throws CommandError naming who is. */
export async function requireAdmin(
  { connection, sender }: Session,
  on: AdministeredName,
): Promise<void> {
  const admin = await contractOf(connection, on).admin();
  if (admin !== sender.address) {
    throw new CommandError(`${sender.address} is not the admin of ${on}, which is ${admin}`);
  }
}

/** Holds that the sender has one of these roles, or is the admin where that is enough. */
export interface RequireRoleOptions {
  /** The contract's admin may do it too. */
  readonly orAdmin?: boolean;
  /** Of a role that several contracts know, whose; the first if not given. */
  readonly on?: AdministeredName;
}

export async function requireRole(
  session: Session,
  role: RoleName,
  { orAdmin = false, on = ROLE_CALLS[role].on[0] }: RequireRoleOptions = {},
): Promise<void> {
  const { connection, sender } = session;
  const contract = contractOf(connection, on);
  if (await contract.hasRole(Role[role], sender.address)) return;
  if (orAdmin && (await contract.admin()) === sender.address) return;
  const also = orAdmin ? " and is not its admin" : "";
  throw new CommandError(`${sender.address} has no role ${role} on ${on}${also}`);
}

/** The handle of a contract with an admin, as far as all three are alike. */
export function contractOf(connection: Connection, on: AdministeredName): Connection["exchange"] {
  const contracts = {
    ctfExchange: connection.exchange,
    marketFactory: connection.factory,
    resolutionOracle: connection.oracle,
  };
  return contracts[on] as unknown as Connection["exchange"];
}
