/**
 * Trading with ethers 6: Ada bids for YES, Ben buys NO at market, an operator settles, Ada cancels what is left and redeems.
 * Nobody needs to hold a token: a buyer of YES and a buyer of NO together pay for new pairs.
 */
import type { Wallet } from "ethers";
import {
  cancelOrder,
  finalizeResolution,
  matchOrders,
  planApprovals,
  proposeResolution,
  readBalances,
  readMarket,
  readOrderStatuses,
  redeemPositions,
  type MarketDetails,
  type PreparedTx,
} from "@nostra/sdk/actions";
import { connect } from "@nostra/sdk/contracts";
import { toNostraError } from "@nostra/sdk/errors";
import { createBook, submitOrder, type MatchOptions } from "@nostra/sdk/matcher";
import {
  createLimitOrder,
  createMarketOrder,
  domainOf,
  estimateOrder,
  hashOrder,
  orderFromJson,
  orderToJson,
  type Address,
  type SignedOrder,
} from "@nostra/sdk/order";
import { formatCollateral, formatShares } from "@nostra/sdk/units";
import { verifyOrder } from "@nostra/sdk/verify";
import type { Stage } from "../connect";

export async function main(stage: Stage): Promise<void> {
  const { deployment, say } = stage;

  // 1. The market.
  const questionId = await stage.openMarket("Will it rain in Lisbon tomorrow?");
  const ada = stage.walletOf("trader");
  const adaConnection = connect(deployment, ada);
  const market = await readMarket(adaConnection, questionId).catch((thrown: unknown) => {
    throw toNostraError("readMarket", thrown);
  });
  say(`market: ${questionId} is ${market.status}`);
  if (market.status === "RESOLVED" || market.status === "CANCELLED") {
    return redeem(stage, market, ada);
  }

  // 2. Once per account: let the exchange take what orders sell. Nothing is sent when all is allowed already.
  await approve(stage, ada);

  // 3. A limit order. The nonce is read, the salt is random, and the signature is checked before it is returned.
  const bid = await createLimitOrder(
    { tokenId: market.yes, side: "BUY", price: "0.60", size: "100" },
    ada,
    adaConnection,
  );
  const domain = domainOf(adaConnection);
  const bidHash = hashOrder(bid, domain);
  const { gives, net } = estimateOrder(bid);
  say(`limit order: Ada gives ${formatCollateral(gives)} USDC for ${formatShares(net)} YES`);

  // What a venue does with the JSON it receives: parse, verify, let it arrive at the book.
  const book = createBook(market);
  const post = (json: string, options?: MatchOptions) => {
    const order = orderFromJson(json);
    const verdict = verifyOrder(order, domain);
    if (!verdict.ok) throw new Error(`the order does not verify: ${verdict.reason}`);
    return submitOrder(book, { hash: hashOrder(order, domain), order }, options);
  };
  post(toJson(bid));

  // 4. A market order for 20 USDC, at 0.40 per NO at most; and its settlement, by an operator of the exchange.
  if (stage.hasKeyOf("counterparty")) {
    const ben = stage.walletOf("counterparty");
    await approve(stage, ben);
    const order = await createMarketOrder(
      { tokenId: market.no, side: "BUY", amount: "20", cap: "0.40" },
      ben,
      connect(deployment, ben),
    );
    const { plans } = post(toJson(order), { kind: "market" });
    for (const plan of plans) {
      const operator = connect(deployment, stage.walletOf("operator"));
      const { fills } = await done(matchOrders(operator, plan));
      const names: Record<string, string> = { [ada.address]: "Ada", [ben.address]: "Ben" };
      for (const { args } of fills) {
        const outcome = args.tokenId === market.yes ? "YES" : "NO";
        const [gave, got] = [formatCollateral(args.making), formatShares(args.taking)];
        say(`match: ${names[args.maker]} gave ${gave} USDC and received ${got} ${outcome}`);
      }
    }
  } else {
    say("match: left out, it takes another account: COUNTERPARTY_PRIVATE_KEY");
  }

  // 5. Ada takes back the rest of her bid. The book forgets it; the exchange refuses it from now on.
  book.cancel(bidHash);
  await done(cancelOrder(adaConnection, bid));
  const [status] = await readOrderStatuses(adaConnection, [bidHash]);
  say(`cancel: the rest of the bid is ${status?.isFilledOrCancelled ? "dead" : "alive"}`);

  // 6. The result. In the sandbox a day passes, and a week for disputes; elsewhere that takes its time.
  if (stage.sandbox === undefined) {
    say("redeem: run this again with the same MARKET when it is resolved");
    return;
  }
  const { setTime } = stage.sandbox;
  const resolver = connect(deployment, stage.walletOf("resolver"));
  await setTime(market.endTimeSeconds);
  const proposal = await done(proposeResolution(resolver, { questionId, result: "YES" }));
  await setTime(proposal.disputeDeadlineSeconds);
  await done(finalizeResolution(resolver, { questionId }));
  await redeem(stage, market, ada);
}

/** Turns the winning tokens into collateral. */
async function redeem(stage: Stage, market: MarketDetails, wallet: Wallet): Promise<void> {
  const connection = connect(stage.deployment, wallet);
  const { conditionId } = market;
  const { payout } = await done(redeemPositions(connection, { conditionId }));
  const accounts = [wallet.address as Address];
  const [balances] = await readBalances(connection, { accounts, market });
  const held = formatCollateral(balances?.collateral ?? 0n);
  stage.say(`redeem: ${formatCollateral(payout)} USDC; Ada now has ${held} USDC`);
}

async function approve(stage: Stage, wallet: Wallet): Promise<void> {
  const connection = connect(stage.deployment, wallet);
  for (const approval of await planApprovals(connection, wallet.address as Address)) {
    stage.say(`approve: ${approval.action}`);
    await done(approval);
  }
}

/** Sends a transaction and waits for what it yields. */
async function done<T>(prepared: PreparedTx<T>): Promise<T> {
  return (await prepared.send()).wait();
}

function toJson(order: SignedOrder): string {
  return JSON.stringify(orderToJson(order));
}
