/**
 * Phase 3 of docs/workflow.md on a local node: Ada offers 40 YES at 0.62, Ben buys them, the operator settles. Ada and Ben
 * are accounts of the node; anywhere else they would sign with wallets of their own, and nothing below would change.
 */
import { readFileSync } from "node:fs";
import { JsonRpcProvider, type JsonRpcSigner } from "ethers";
import { matchOrders, readMarket } from "@nostra/sdk/actions";
import { connect } from "@nostra/sdk/contracts";
import { getDeployment, registerDeployment, type Deployment } from "@nostra/sdk/deployments";
import { createBook, submitOrder } from "@nostra/sdk/matcher";
import {
  buildOrder,
  hashOrder,
  orderDomain,
  orderFromJson,
  orderToJson,
  signOrder,
  type Hex,
} from "@nostra/sdk/order";
import { verifyOrder } from "@nostra/sdk/verify";
import { formatCollateral, formatShares } from "@nostra/sdk/units";

async function trade(questionId: Hex): Promise<void> {
  registerDeployment(JSON.parse(readFileSync("deployments/localhost.json", "utf8")) as Deployment);
  const { chainId, contracts } = getDeployment("localhost");
  const provider = new JsonRpcProvider(process.env["LOCALHOST_RPC_URL"] ?? "http://127.0.0.1:8545");
  const [operator, ada, ben] = await Promise.all([0, 4, 5].map((i) => provider.getSigner(i)));
  const market = await readMarket(connect("localhost", provider), questionId);
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });

  /** What a maker sends to a venue: an order, signed, as JSON. */
  const sign = async (maker: JsonRpcSigner, side: "BUY" | "SELL"): Promise<string> => {
    const nonce = await connect("localhost", provider).exchange.nonces(maker.address);
    const terms = { tokenId: market.yes, side, price: "0.62", size: "40", nonce };
    const order = buildOrder({ ...terms, maker: maker.address });
    return JSON.stringify(orderToJson(await signOrder(order, maker, domain)));
  };

  /** What the venue does with it: parsed, verified, put into the book. */
  const book = createBook(market);
  const receive = (json: string) => {
    const order = orderFromJson(json);
    const verdict = verifyOrder(order, domain);
    if (!verdict.ok) throw new Error(`the order does not verify: ${verdict.reason}`);
    return submitOrder(book, { hash: hashOrder(order, domain), order });
  };

  receive(await sign(ada!, "SELL"));
  const { plans } = receive(await sign(ben!, "BUY"));
  if (plans[0] === undefined) throw new Error("the two orders do not cross");
  const settlement = matchOrders(connect("localhost", operator!), plans[0]);
  const { transactionHash, gasUsed, fills } = await (await settlement.send()).wait();

  console.log(`settled in ${transactionHash}, ${gasUsed} gas`);
  for (const { args } of fills) {
    const pays = args.side === 0n;
    const [gave, got] = pays
      ? [`${formatCollateral(args.making)} USDC`, `${formatShares(args.taking)} YES`]
      : [`${formatShares(args.making)} YES`, `${formatCollateral(args.taking)} USDC`];
    console.log(`${args.maker} gave ${gave} and received ${got}`);
  }
  provider.destroy();
}

trade(process.argv[2] as Hex).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
