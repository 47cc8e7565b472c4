import { MARKET_STATUSES } from "../../actions/index.js";
import { ADMINISTERED } from "../../deployments/index.js";
import { readRoleHolders } from "../roles.js";
import type { Command } from "../command.js";
import { CommandError } from "../CommandError.js";
import { table } from "../table.js";
import { READS, contractOf, openView, type View } from "../session.js";
import { isoOf } from "../values.js";

const DEFAULT_LIMIT = 20;

export const statusCommand: Command = {
  name: "status",
  summary: "show what is deployed, who administers, who holds which role, and the markets",
  options: {
    markets: { value: "count", help: `how many of the newest markets (${DEFAULT_LIMIT})` },
    ...READS,
  },
  run: async (options, world) => {
    const limit = Number(options.text("markets") ?? DEFAULT_LIMIT);
    if (!Number.isSafeInteger(limit) || limit < 0) throw new CommandError("--markets is no count");
    const view = await openView(options, world);
    const { deployment, connection, say, note } = view;
    say(`${deployment.network}, chain ${deployment.chainId}, from block ${deployment.startBlock}`);
    say(
      table(
        ["contract", "address"],
        Object.entries(deployment.contracts).map(([name, address]) => [name, String(address)]),
      ),
    );

    const { exchange, oracle } = connection;
    const { network, chainId, startBlock, contracts } = deployment;
    const [paused, feeReceiver, disputeWindowSeconds] = await Promise.all([
      exchange.paused(),
      exchange.feeReceiver(),
      oracle.disputeWindow(),
    ]);
    note({ network, chainId, startBlock, contracts, paused, feeReceiver, disputeWindowSeconds });
    say("");
    say(`matching        ${paused ? "STOPPED" : "on"}`);
    say(`fee receiver    ${feeReceiver}`);
    say(`dispute window  ${disputeWindowSeconds} s for markets to come`);
    await sayAdministration(view);
    await sayMarkets(view, limit);
  },
};

async function sayAdministration({
  chain,
  deployment,
  connection,
  say,
  note,
}: View): Promise<void> {
  const admins = await Promise.all(
    ADMINISTERED.map(async (on) => {
      const contract = contractOf(connection, on);
      const pending = await contract.pendingAdmin();
      const offered = /^0x0{40}$/.test(pending) ? "" : `offered to ${pending}`;
      return ["ADMIN", on, await contract.admin(), offered];
    }),
  );
  const holders = await readRoleHolders(chain, deployment);
  note({
    admins: Object.fromEntries(admins.map(([, on = "", admin]) => [on, admin])),
    roles: holders,
  });
  const nameOf = (account: string): string =>
    Object.entries(deployment.contracts).find(([, one]) => one === account)?.[0] ?? "";
  const rows = holders.map(({ role, on, account }) => [role, on, account, nameOf(account)]);
  say("");
  say(table(["role", "on", "account", ""], [...admins, ...rows]));
}

async function sayMarkets({ connection, say, note }: View, limit: number): Promise<void> {
  const count = Number(await connection.factory.marketCount());
  const first = Math.max(0, count - limit);
  const markets = limit === 0 ? [] : await connection.factory.getMarkets(first, limit);
  note({
    marketCount: count,
    markets: markets.map(({ questionId, status, endTime, payouts }) => ({
      questionId,
      status: MARKET_STATUSES[Number(status)],
      endTimeSeconds: endTime,
      payouts: [...payouts],
    })),
  });
  say("");
  say(`${count} ${count === 1 ? "market" : "markets"}`);
  if (markets.length === 0) return;
  say(
    table(
      ["question id", "status", "ends", "payouts"],
      markets.map(({ questionId, status, endTime, payouts }) => [
        questionId,
        MARKET_STATUSES[Number(status)] ?? "?",
        isoOf(endTime),
        payouts.some((payout) => payout > 0n) ? payouts.join(",") : "",
      ]),
    ),
  );
}
