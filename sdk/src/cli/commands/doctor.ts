import { JSON_OUTPUT, type Command, type OptionTable } from "../command.js";
import { RPC } from "../connectNetwork.js";
import { accountSearch, lookAtAccount } from "../doctor/account.js";
import { lookAtContracts } from "../doctor/contracts.js";
import {
  chainSearch,
  clockCheck,
  ethersCheck,
  nodeCheck,
  targetSearch,
} from "../doctor/environment.js";
import { createReport } from "../doctor/report.js";
import { KEY } from "../keyFrom.js";
import { TARGET } from "../target.js";

const ACCOUNT: OptionTable = {
  ...KEY,
  from: { value: "address", help: "the account to look at (the one that commands send from)" },
};

export const doctorCommand: Command = {
  name: "doctor",
  summary: "look at everything trading needs: versions, chain, contracts, account, clock",
  options: { ...TARGET, ...RPC, ...ACCOUNT, ...JSON_OUTPUT },
  notes: `Sends nothing. Each line is ok, warn (something does not work for this account, or may soon not) or fail (nothing works),
with what to do; the exit status is 1 when one fails.`,
  run: async (options, world) => {
    const report = createReport(world);
    await report.see(nodeCheck());
    await report.see(ethersCheck());
    const target = await report.find(targetSearch(options, world));
    const chain = target && (await report.find(chainSearch(target, options, world)));
    if (target === undefined || chain === undefined) return report.end();

    const there = await lookAtContracts(report, chain, target);
    await report.see(clockCheck(chain));
    const account = await report.find(accountSearch(chain, options, world));
    if (account !== undefined) await lookAtAccount(report, { chain, target, account, there });
    report.end();
  },
};
