import { pauseCreation, unpauseCreation } from "@nostra/sdk/actions";
import { ADMINISTERED } from "@nostra/sdk/deployments";
import { Role } from "@nostra/sdk/contracts";
import { ROLE_CALLS, type AdministeredName, type RoleName } from "#cli/roles";
import type { Command, OptionTable, Options } from "#cli/command";
import { CommandError } from "#cli/CommandError";
import { prepareCall } from "#cli/prepareCall";
import { SENDS, contractOf, openSession, requireAdmin, requireRole, send } from "#cli/session";
import { addressOption, durationOption } from "#cli/values";

export const linkCommand: Command = {
  name: "link",
  summary: "set the links between the contracts that are missing; the admin",
  options: SENDS,
  notes:
    "The deploy command links. This is for a link that was taken away, such as the factory's registrar role.",
  run: async (options, world) => {
    const session = await openSession(options, world);
    const { exchange, factory, oracle } = session.connection;
    const { marketFactory, ctfExchange } = session.deployment.contracts;
    const missing = [];
    if ((await oracle.marketFactory()) !== marketFactory) {
      missing.push(["resolutionOracle", "setMarketFactory", marketFactory] as const);
    }
    if ((await factory.exchange()) !== ctfExchange) {
      missing.push(["marketFactory", "setExchange", ctfExchange] as const);
    }
    if (!(await exchange.hasRole(Role.REGISTRAR, marketFactory))) {
      missing.push(["ctfExchange", "addRegistrar", marketFactory] as const);
    }
    if (missing.length === 0) session.say("every link is set, nothing to send");
    for (const [on] of missing) await requireAdmin(session, on);
    for (const [on, method, value] of missing) {
      await send(session, prepareCall(contractOf(session.connection, on), method, [value]));
    }
  },
};

const ROLE: OptionTable = {
  role: {
    value: "name",
    help: Object.keys(ROLE_CALLS).join(", ").toLowerCase(),
    required: true,
  },
  account: { value: "address", help: "whose role", required: true },
};

export const grantCommand = roleCommand("grant", "give an account a role; the contract's admin");
export const revokeCommand = roleCommand("revoke", "take a role back; the contract's admin");

function roleCommand(name: "grant" | "revoke", summary: string): Command {
  return {
    name,
    summary,
    options: { ...ROLE, ...SENDS },
    notes:
      "Change deployments/parameters/<network>.json with it: the deploy command compares the two.",
    run: async (options, world) => {
      const role = roleOption(options);
      const account = addressOption(options, "account");
      const session = await openSession(options, world);
      const { on, [name]: method } = ROLE_CALLS[role];
      const left: AdministeredName[] = [];
      for (const one of on) {
        const held = await contractOf(session.connection, one).hasRole(Role[role], account);
        if (held !== (name === "grant")) left.push(one);
      }
      if (left.length === 0) {
        const [verb, already] = name === "grant" ? ["has", " already"] : ["does not have", ""];
        throw new CommandError(
          `${account} ${verb} the role ${role} on ${on.join(" and ")}${already}`,
        );
      }
      for (const one of left) await requireAdmin(session, one);
      for (const one of left) {
        await send(session, prepareCall(contractOf(session.connection, one), method, [account]));
      }
    },
  };
}

function roleOption(options: Options): RoleName {
  const text = options.required("role");
  const found = (Object.keys(ROLE_CALLS) as RoleName[]).find((role) => role === text.toUpperCase());
  if (found === undefined) {
    const known = Object.keys(ROLE_CALLS).join(", ").toLowerCase();
    throw new CommandError(`--role ${text} is not known; known are ${known}`);
  }
  return found;
}

export const offerAdminCommand: Command = {
  name: "offer-admin",
  summary: "offer the administration of all three contracts; the admin",
  options: { to: { value: "address", help: "who may accept it", required: true }, ...SENDS },
  run: async (options, world) => {
    const to = addressOption(options, "to");
    const session = await openSession(options, world);
    for (const on of ADMINISTERED) await requireAdmin(session, on);
    for (const on of ADMINISTERED) {
      await send(session, prepareCall(contractOf(session.connection, on), "offerAdmin", [to]));
    }
  },
};

export const acceptAdminCommand: Command = {
  name: "accept-admin",
  summary: "accept the administration that was offered to the sender",
  options: SENDS,
  notes: "A multisig runs it with --dry-run --from <multisig> and sends the calls it is shown.",
  run: async (options, world) => {
    const session = await openSession(options, world);
    const { connection, sender, say } = session;
    const offered = [];
    for (const on of ADMINISTERED) {
      const contract = contractOf(connection, on);
      if ((await contract.pendingAdmin()) === sender.address) offered.push(contract);
      else if ((await contract.admin()) === sender.address) say(`${on}: accepted already`);
      else throw new CommandError(`${on} is not offered to ${sender.address}`);
    }
    for (const contract of offered) await send(session, prepareCall(contract, "acceptAdmin", []));
  },
};

const CREATION: OptionTable = {
  creation: { help: "the creation of markets instead of matching" },
};

export const pauseCommand: Command = {
  name: "pause",
  summary: "stop matching; a pauser. Cancel, split, merge and redeem go on",
  options: { ...CREATION, ...SENDS },
  run: async (options, world) => {
    const session = await openSession(options, world);
    if (options.flag("creation")) {
      if (await session.connection.factory.creationPaused())
        throw new CommandError("creation is stopped already");
      await requireRole(session, "PAUSER", { orAdmin: true, on: "marketFactory" });
      await send(session, pauseCreation(session.connection));
      return;
    }
    if (await session.connection.exchange.paused())
      throw new CommandError("matching is stopped already");
    await requireRole(session, "PAUSER", { orAdmin: true });
    await send(session, prepareCall(session.connection.exchange, "pause", []));
  },
};

export const unpauseCommand: Command = {
  name: "unpause",
  summary: "start matching again; the exchange's admin",
  options: { ...CREATION, ...SENDS },
  run: async (options, world) => {
    const session = await openSession(options, world);
    if (options.flag("creation")) {
      if (!(await session.connection.factory.creationPaused()))
        throw new CommandError("creation is not stopped");
      await requireAdmin(session, "marketFactory");
      await send(session, unpauseCreation(session.connection));
      return;
    }
    if (!(await session.connection.exchange.paused()))
      throw new CommandError("matching is not stopped");
    await requireAdmin(session, "ctfExchange");
    await send(session, prepareCall(session.connection.exchange, "unpause", []));
  },
};

export const setFeeReceiverCommand: Command = {
  name: "set-fee-receiver",
  summary: "name who gets the fees; the exchange's admin",
  options: {
    account: { value: "address", help: "it must take ERC-1155 tokens", required: true },
    ...SENDS,
  },
  run: async (options, world) => {
    const account = addressOption(options, "account");
    const session = await openSession(options, world);
    await requireAdmin(session, "ctfExchange");
    await send(session, prepareCall(session.connection.exchange, "setFeeReceiver", [account]));
  },
};

export const setDisputeWindowCommand: Command = {
  name: "set-dispute-window",
  summary: "set the dispute window of markets to come; the oracle's admin",
  options: { window: { value: "duration", help: "1d to 30d", required: true }, ...SENDS },
  run: async (options, world) => {
    const window = durationOption(options, "window");
    const session = await openSession(options, world);
    await requireAdmin(session, "resolutionOracle");
    await send(session, prepareCall(session.connection.oracle, "setDisputeWindow", [window]));
  },
};
