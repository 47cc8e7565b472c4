import { Role } from "@nostra/sdk/contracts";
import type { Demo } from "../Demo";
import { heading, say, table } from "../report";

/** Phase 1: the sandbox deployed and linked everything; what it says is read back from the chain. */
export async function deployAndLink(demo: Demo): Promise<void> {
  heading("Phase 1: deployment");
  const { sandbox, operator } = demo;
  const { contracts } = sandbox.deployment;
  table(
    ["contract", "address", "bytes of code"],
    await Promise.all(
      Object.entries(contracts).map(async ([name, address]) => {
        const code = await sandbox.provider.getCode(address);
        return [name, address, String(code.length / 2 - 1)];
      }),
    ),
  );

  const { exchange, factory, oracle } = operator;
  const [first, second] = sandbox.resolvers;
  const links: readonly (readonly [string, boolean])[] = [
    ["the factory knows the exchange", (await factory.exchange()) === contracts.ctfExchange],
    [
      "the oracle takes questions of the factory",
      (await oracle.marketFactory()) === contracts.marketFactory,
    ],
    ["the factory may register", await exchange.hasRole(Role.REGISTRAR, contracts.marketFactory)],
    ["the operator may settle", await exchange.hasRole(Role.OPERATOR, sandbox.operator.address)],
    [
      "two resolvers may propose and dispute",
      (await oracle.hasRole(Role.RESOLVER, first.address)) &&
        (await oracle.hasRole(Role.RESOLVER, second.address)),
    ],
    ["fees have a receiver", (await exchange.feeReceiver()) === sandbox.feeReceiver.address],
  ];
  const missing = links.filter(([, linked]) => !linked).map(([what]) => what);
  say(`\n  Links read back: ${links.map(([what]) => what).join("; ")}.`);
  demo.books.check(
    "every link and role is set",
    missing.length === 0,
    missing.join("; ") || "all set",
  );
}
