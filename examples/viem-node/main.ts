/**
 * Trading with viem: its accounts sign the orders, its clients read and send. The SDK checks, matches and makes calldata;
 * no object of ethers is seen here. Ada splits collateral into pairs and offers YES, Ben buys, an operator settles, Ada
 * withdraws every order she signed and redeems.
 */
import {
  createPublicClient,
  createWalletClient,
  custom,
  defineChain,
  http,
  parseEventLogs,
  type Account,
  type Hex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import {
  approveCollateral,
  approveOutcomeTokens,
  approveSplit,
  finalizeResolution,
  incrementNonce,
  matchOrders,
  proposeResolution,
  redeemPositions,
  splitPosition,
} from "@nostra/sdk/actions";
import {
  collateralAbi,
  conditionalTokensAbi,
  connect,
  ctfExchangeAbi,
  marketFactoryAbi,
} from "@nostra/sdk/contracts";
import { toNostraError } from "@nostra/sdk/errors";
import { createBook, submitOrder } from "@nostra/sdk/matcher";
import { createLimitOrder, createMarketOrder, hashOrder, orderDomain } from "@nostra/sdk/order";
import { formatCollateral, formatShares, parseCollateral } from "@nostra/sdk/units";
import type { Stage } from "../connect";

/** What of a PreparedTx a viem client needs. */
interface Call {
  readonly action: string;
  readonly to: Hex;
  readonly data: Hex;
}

export async function main(stage: Stage): Promise<void> {
  const { deployment, rpcUrl, say } = stage;
  const { ctfExchange, conditionalTokens, collateral, marketFactory } = deployment.contracts;

  // 1. viem's side: one chain, one client to read, one wallet client per account.
  const chain = defineChain({
    id: deployment.chainId,
    name: stage.network,
    nativeCurrency: { name: "gas money", symbol: "GAS", decimals: 18 },
    rpcUrls: { default: { http: rpcUrl === undefined ? [] : [rpcUrl] } },
  });
  const transport =
    rpcUrl === undefined
      ? custom({ request: ({ method, params }) => stage.provider.send(method, params ?? []) })
      : http(rpcUrl);
  const reader = createPublicClient({ chain, transport, pollingInterval: rpcUrl ? 1_000 : 10 });
  const ada = privateKeyToAccount(stage.keyOf("trader"));
  const adaClient = createWalletClient({ account: ada, chain, transport });

  // 2. The SDK's side: bound to nothing, it encodes. `send` hands the calldata to viem and waits for the receipt.
  const nostra = connect(deployment, null);
  const send = async (account: Account, { action, to, data }: Call) => {
    try {
      const wallet = createWalletClient({ account, chain, transport });
      const hash = await wallet.sendTransaction({ to, data });
      const receipt = await reader.waitForTransactionReceipt({ hash });
      if (receipt.status !== "success") throw new Error(`${action} was mined but failed: ${hash}`);
      return receipt;
    } catch (thrown) {
      throw toNostraError(action, thrown);
    }
  };

  // 3. The market, read with viem and the ABI that the SDK exports.
  const questionId = await stage.openMarket("Will it snow in Lisbon tomorrow?");
  const { conditionId, token0, token1, endTime } = await reader
    .readContract({
      address: marketFactory,
      abi: marketFactoryAbi,
      functionName: "getMarket",
      args: [questionId],
    })
    .catch((thrown: unknown) => {
      throw toNostraError("getMarket", thrown);
    });
  const market = { questionId, conditionId, yes: token0, no: token1 };
  say(`market: ${questionId}`);

  // 4. Ada turns 100 USDC into 100 YES and 100 NO.
  const amount = parseCollateral("100");
  if (stage.sandbox === undefined) {
    // The sandbox has done this for its accounts.
    for (const approval of [approveSplit, approveOutcomeTokens]) await send(ada, approval(nostra));
  }
  await send(ada, splitPosition(nostra, { conditionId, amount }));
  say(`split: Ada holds ${formatShares(await tokensOf(ada.address, market.yes))} YES`);

  // 5. Ada's WalletClient signs an offer: 100 YES at 0.62. Without a connection, the nonce is given.
  const domain = orderDomain({ chainId: deployment.chainId, exchange: ctfExchange });
  const offer = await createLimitOrder(
    {
      tokenId: market.yes,
      side: "SELL",
      price: "0.62",
      size: "100",
      nonce: await nonceOf(ada.address),
    },
    adaClient,
    domain,
  );
  const book = createBook(market);
  submitOrder(book, { hash: hashOrder(offer, domain), order: offer });
  say("limit order: Ada offers 100 YES at 0.62");

  // 6. Ben, a local account, buys for 24.80 USDC, and an operator settles it.
  if (stage.hasKeyOf("counterparty")) {
    const ben = privateKeyToAccount(stage.keyOf("counterparty"));
    if (stage.sandbox === undefined) await send(ben, approveCollateral(nostra));
    const order = await createMarketOrder(
      {
        tokenId: market.yes,
        side: "BUY",
        amount: "24.80",
        cap: "0.62",
        nonce: await nonceOf(ben.address),
      },
      ben,
      domain,
    );
    const { plans } = submitOrder(
      book,
      { hash: hashOrder(order, domain), order },
      { kind: "market" },
    );
    const operator = privateKeyToAccount(stage.keyOf("operator"));
    for (const plan of plans) {
      const { logs } = await send(operator, matchOrders(nostra, plan));
      const fills = parseEventLogs({ abi: ctfExchangeAbi, eventName: "OrderFilled", logs });
      for (const { args } of fills) {
        const isBuy = args.side === 0;
        const cash = `${formatCollateral(isBuy ? args.making : args.taking)} USDC`;
        const shares = `${formatShares(isBuy ? args.taking : args.making)} YES`;
        const name = args.maker === ada.address ? "Ada" : "Ben";
        const [gave, got] = isBuy ? [cash, shares] : [shares, cash];
        say(`match: ${name} gave ${gave} and received ${got}`);
      }
    }
  } else {
    say("match: left out, it takes another account: COUNTERPARTY_PRIVATE_KEY");
  }

  // 7. One transaction ends every order Ada ever signed.
  await send(ada, incrementNonce(nostra));
  say(`cancel: Ada's nonce is now ${await nonceOf(ada.address)}, her old orders are dead`);

  // 8. The result, where time can be moved; and the money.
  if (stage.sandbox === undefined) {
    say("redeem: npm run nostra -- redeem, when the market is resolved");
    return;
  }
  const resolver = privateKeyToAccount(stage.keyOf("resolver"));
  await stage.sandbox.setTime(BigInt(endTime));
  await send(resolver, proposeResolution(nostra, { questionId, result: "NO" }));
  await stage.sandbox.setTime((await stage.sandbox.now()) + 7n * 86_400n);
  await send(resolver, finalizeResolution(nostra, { questionId }));
  const { logs } = await send(ada, redeemPositions(nostra, { conditionId }));
  const [redeemed] = parseEventLogs({
    abi: conditionalTokensAbi,
    eventName: "PayoutRedemption",
    logs,
  });
  const balance = await reader.readContract({
    address: collateral,
    abi: collateralAbi,
    functionName: "balanceOf",
    args: [ada.address],
  });
  const payout = formatCollateral(redeemed?.args.payout ?? 0n);
  say(`redeem: ${payout} USDC; Ada now has ${formatCollateral(balance)} USDC`);

  async function nonceOf(maker: Hex): Promise<bigint> {
    return reader.readContract({
      address: ctfExchange,
      abi: ctfExchangeAbi,
      functionName: "nonces",
      args: [maker],
    });
  }

  async function tokensOf(account: Hex, tokenId: bigint): Promise<bigint> {
    return reader.readContract({
      address: conditionalTokens,
      abi: conditionalTokensAbi,
      functionName: "balanceOf",
      args: [account, tokenId],
    });
  }
}
