import { VoidSigner } from "ethers";
import { Role, connect, type Connection } from "@nostra/sdk/contracts";
import { coins, gasPriceOn, gwei } from "../deploy/cost";
import { readDeploymentFile, type DeploymentFile } from "../deploy/deploymentFile";
import { ROLE_CALLS, type AdministeredName, type RoleName } from "../deploy/roles";
import type { Options, World } from "../lib/command";
import { CommandError } from "../lib/CommandError";
import { reachChain, senderOn, type Chain, type Sender } from "../lib/connectNetwork";

/** A deployment as a command sees it, to read. */
export interface View {
  readonly chain: Chain;
  readonly deployment: DeploymentFile;
  readonly connection: Connection;
  readonly options: Options;
  say(line: string): void;
}

/** The same, with somebody who sends. */
export interface Session extends View {
  readonly sender: Sender;
}

/** Opens a network's deployment to read. @throws CommandError when it is not there. */
export async function openView(options: Options, world: World): Promise<View> {
  const { network } = options;
  const deployment = readDeploymentFile(world.folder, network.name);
  const chain = await reachChain(network, world.env);
  for (const [name, address] of Object.entries(deployment.contracts) as [string, string][]) {
    if ((await chain.provider.getCode(address)) === "0x") {
      throw new CommandError(
        `${name} ${address} has no code on ${network.name}: deploy first, or the chain is another than deployments/${network.name}.json tells of`,
      );
    }
  }
  const connection = connect(deployment, chain.provider);
  return { chain, deployment, connection, options, say: (line) => world.say(line) };
}

/** Opens a network's deployment to send. */
export async function openSession(options: Options, world: World): Promise<Session> {
  const view = await openView(options, world);
  const sender = await senderOn(view.chain, options, world.env);
  const runner = sender.signer ?? new VoidSigner(sender.address, view.chain.provider);
  return { ...view, sender, connection: connect(view.deployment, runner) };
}

/** What a command sends: the SDK's PreparedTx, or a call prepared the same way. */
interface Sendable<T> {
  readonly action: string;
  readonly to: string;
  readonly data: string;
  simulate(): Promise<void>;
  estimateGas(): Promise<bigint>;
  send(options?: { readonly gasLimit?: bigint }): Promise<{
    readonly hash: string;
    wait(confirmations?: number): Promise<T>;
  }>;
}

/**
 * Tries a transaction, prices it and sends it, saying its hash and the gas it used. In a dry run it stops before sending
 * and gives undefined.
 */
export async function send<T extends { readonly gasUsed: bigint; readonly blockNumber: number }>(
  { chain, sender, options, say }: Session,
  tx: Sendable<T>,
): Promise<T | undefined> {
  await tx.simulate();
  const gas = await tx.estimateGas();
  const price = await gasPriceOn(chain);
  const cost = `${gas} gas at ${gwei(price)}: up to ${coins(gas * price, chain)}`;
  if (options.dryRun) {
    say(`would send ${tx.action} as ${sender.address}`);
    say(`  to    ${tx.to}`);
    say(`  data  ${tx.data}`);
    say(`  ${cost}`);
    say("dry run: nothing was sent");
    return undefined;
  }
  const balance = await chain.provider.getBalance(sender.address);
  if (balance < gas * price) {
    throw new CommandError(
      `${sender.address} holds ${coins(balance, chain)}, but ${tx.action} needs ${cost}`,
    );
  }
  // A fifth more than estimated: between estimate and inclusion the state may move a little.
  const sent = await tx.send({ gasLimit: gas + gas / 5n });
  say(`${tx.action}  ${sent.hash}`);
  const result = await sent.wait();
  say(`  in block ${result.blockNumber}, ${result.gasUsed} gas used`);
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
