import { Contract } from "ethers";
import { Role, interfaces } from "../contracts/index.js";
import { ADMINISTERED, type Deployment } from "../deployments/index.js";
import { isNostraError } from "../errors/index.js";
import type { Address } from "../order/index.js";
import type { Chain } from "./connectNetwork.js";
import { RpcError, rpc } from "./rpc.js";

export type AdministeredName = (typeof ADMINISTERED)[number];
export type RoleName = keyof typeof Role;

/** One role of one account. */
export interface RoleHolder {
  readonly on: AdministeredName;
  readonly role: RoleName;
  readonly account: Address;
}

/** The contracts at which a role is granted, and by which calls. */
export const ROLE_CALLS = {
  OPERATOR: { on: ["ctfExchange"], grant: "addOperator", revoke: "removeOperator" },
  REGISTRAR: { on: ["ctfExchange"], grant: "addRegistrar", revoke: "removeRegistrar" },
  PAUSER: { on: ["ctfExchange", "marketFactory"], grant: "addPauser", revoke: "removePauser" },
  RESOLVER: { on: ["resolutionOracle"], grant: "addResolver", revoke: "removeResolver" },
  CREATOR: { on: ["marketFactory"], grant: "addCreator", revoke: "removeCreator" },
} as const satisfies Record<
  RoleName,
  { readonly on: readonly AdministeredName[]; readonly grant: string; readonly revoke: string }
>;

const ROLE_NAMES = Object.keys(Role) as RoleName[];

/**
 * Everybody who holds a role now. State cannot be listed, so the logs of granting and revoking are replayed from the
 * deployment's first block, and each holder found is asked of the contract again.
 */
export async function readRoleHolders(
  chain: Chain,
  deployment: Deployment,
): Promise<readonly RoleHolder[]> {
  const { interface: abi } = new Contract(deployment.contracts.ctfExchange, interfaces.ctfExchange);
  const topics = ["RoleGranted", "RoleRevoked"].map((name) => abi.getEvent(name)!.topicHash);
  const holders: RoleHolder[] = [];
  for (const on of ADMINISTERED) {
    const address = deployment.contracts[on];
    const logs = await readLogs(chain, address, topics, deployment.startBlock);
    const held = new Map<string, RoleHolder>();
    for (const log of logs) {
      const event = abi.parseLog(log);
      const role = ROLE_NAMES[Number(event?.args["role"])];
      if (event === null || role === undefined) continue;
      const account = event.args["account"] as Address;
      const key = `${role} ${account}`;
      if (event.name === "RoleGranted") held.set(key, { on, role, account });
      else held.delete(key);
    }
    const contract = new Contract(address, interfaces.ctfExchange, chain.provider);
    for (const holder of held.values()) {
      if (await contract.getFunction("hasRole")(Role[holder.role], holder.account)) {
        holders.push(holder);
      }
    }
  }
  return holders;
}

interface Log {
  readonly topics: readonly string[];
  readonly data: string;
}

/** Logs from a block to the latest; where a node refuses a long range, in halves. */
async function readLogs(
  chain: Chain,
  address: Address,
  topics: readonly string[],
  fromBlock: number,
): Promise<Log[]> {
  const read = async (from: number, to: number): Promise<Log[]> => {
    const hex = (block: number): string => `0x${block.toString(16)}`;
    const filter = { address, topics: [topics], fromBlock: hex(from), toBlock: hex(to) };
    try {
      return (await rpc(chain.url, "eth_getLogs", [filter])) as Log[];
    } catch (thrown) {
      if (!(thrown instanceof RpcError) || isNostraError(thrown) || from === to) throw thrown;
      const middle = Math.floor((from + to) / 2);
      return [...(await read(from, middle)), ...(await read(middle + 1, to))];
    }
  };
  const latest = await chain.provider.getBlockNumber();
  return latest < fromBlock ? [] : read(fromBlock, latest);
}
