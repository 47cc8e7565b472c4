import type { Wallet } from "ethers";
import {
  createBinaryMarket,
  proposeResolution,
  readBalances,
  redeemPositions,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import { questionIdOf } from "@nostra/sdk/ids";
import { buildOrder, orderDomain, orderToJson, signOrder, type Address } from "@nostra/sdk/order";
import type { Sandbox } from "@nostra/sdk/testing";
import {
  openingEndowments,
  ordersOf,
  readMarketQuestions,
  readRecordedFlow,
  type Endowment,
  type FlowOrder,
  type RecordedTransaction,
} from "../demo/recordedFlow";

/** What the traders of a round did. */
export interface RoundReport {
  readonly orders: number;
  readonly refused: readonly string[];
  readonly redeemed: number;
  /** Collateral that left its accounts for positions and did not come back, in units: dust of redemptions. */
  readonly lockedUnits: bigint;
}

export interface RoundParams {
  readonly sandbox: Sandbox;
  readonly wallets: ReadonlyMap<string, Wallet>;
  /** The venue's address. */
  readonly url: string;
  readonly number: number;
  readonly trades: number;
  readonly tradesPerSecond: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
  /** Resolves when the venue trades these markets. */
  readonly opened: (markets: readonly MarketIds[]) => Promise<void>;
  /** Resolves when every match is on chain for good. */
  readonly settled: () => Promise<void>;
  /** Resolves when the venue knows that these markets have their results. */
  readonly finalized: (markets: readonly MarketIds[]) => Promise<void>;
}

const ONE_DAY = 86_400n;

/**
 * One round: the recorded markets are created anew, their recorded trades come as signed orders over HTTP, then time is moved on,
 * results are proposed, the venue's monitor finalizes them, and everybody redeems.
 * @returns null when it was told to stop before its end.
 */
export async function playRound(params: RoundParams): Promise<RoundReport | null> {
  const { sandbox, number, say, signal } = params;
  const flow = readRecordedFlow().slice(0, params.trades);
  const markets = await createMarkets(params, flow);
  await params.opened([...markets.values()]);
  if (signal.aborted) return null;
  say(`round ${number}: ${markets.size} markets, ${flow.length} recorded trades`);

  const endowments = new Map(
    openingEndowments(flow).map((one) => [`${one.market} ${one.wallet}`, one]),
  );
  let orders = 0;
  const refused: string[] = [];
  const startMs = performance.now();
  for (const [i, transaction] of flow.entries()) {
    if (signal.aborted) break;
    const market = markets.get(transaction.market) as MarketIds;
    const { makers, taker } = ordersOf(transaction);
    for (const order of [...makers, taker]) {
      const key = `${transaction.market} ${order.wallet}`;
      const endowment = endowments.get(key);
      endowments.delete(key);
      if (endowment !== undefined) await endow(params, endowment, market);
      const refusal = await place(params, order, market, order === taker);
      orders += 1;
      if (refusal !== null) refused.push(refusal);
    }
    const dueMs = startMs + ((i + 1) * 1000) / params.tradesPerSecond;
    await rest(dueMs - performance.now(), signal);
  }
  await params.settled();
  if (signal.aborted) return null;
  say(`round ${number}: ${orders} orders placed; trading ends`);

  const all = [...markets.values()];
  await sandbox.setTime((await sandbox.now()) + 31n * ONE_DAY);
  for (const [i, market] of all.entries()) {
    const resolver = sandbox.connect(sandbox.resolvers[0]);
    const result = i % 2 === 0 ? "YES" : "NO";
    await (
      await proposeResolution(resolver, { questionId: market.questionId, result }).send()
    ).wait();
  }
  say(`round ${number}: results proposed; the dispute window passes, and the monitor finalizes`);
  await sandbox.setTime((await sandbox.now()) + 8n * ONE_DAY);
  await params.finalized(all);
  if (signal.aborted) return null;

  const { redeemed, lockedUnits } = await redeem(params, all);
  await params.settled();
  say(`round ${number}: ${redeemed} redemptions; ${lockedUnits} units of dust stay locked`);
  return { orders, refused, redeemed, lockedUnits };
}

async function createMarkets(
  { sandbox, number }: RoundParams,
  flow: readonly RecordedTransaction[],
): Promise<Map<number, MarketIds>> {
  const admin = sandbox.connect(sandbox.admin);
  const traded = new Set(flow.map(({ market }) => market));
  const endTimeSeconds = (await sandbox.now()) + 30n * ONE_DAY;
  const markets = new Map<number, MarketIds>();
  for (const { market, ...texts } of readMarketQuestions().values()) {
    if (!traded.has(market)) continue;
    const prepared = createBinaryMarket(admin, {
      questionId: questionIdOf(`nostra venue: round ${number}, market ${market}`),
      ...texts,
      endTimeSeconds,
      resolutionTimeSeconds: endTimeSeconds + ONE_DAY,
    });
    markets.set(market, (await (await prepared.send()).wait()).market);
  }
  return markets;
}

/** Gives a wallet what it had before the record begins. */
async function endow(
  { sandbox, wallets }: RoundParams,
  { wallet: label, pairUnits, tradingCollateralUnits }: Endowment,
  { conditionId }: MarketIds,
): Promise<void> {
  const wallet = walletOf(wallets, label);
  await sandbox.mint(wallet.address as Address, pairUnits + tradingCollateralUnits);
  if (pairUnits === 0n) return;
  const split = splitPosition(sandbox.connect(wallet), { conditionId, amount: pairUnits });
  await (await split.send()).wait();
}

/** Signs an order as its wallet would and sends it. @returns why it was refused, or null. */
async function place(
  { sandbox, wallets, url }: RoundParams,
  { wallet: label, side, outcome, makerAmount, takerAmount }: FlowOrder,
  market: MarketIds,
  isTaker: boolean,
): Promise<string | null> {
  const wallet = walletOf(wallets, label);
  const tokenId = outcome === "YES" ? market.yes : market.no;
  const { chainId, contracts } = sandbox.deployment;
  const terms = { tokenId, side, makerAmount, takerAmount, nonce: 0n, expiration: 0 };
  const order = await signOrder(
    buildOrder({ ...terms, maker: wallet.address }),
    wallet,
    orderDomain({ chainId, exchange: contracts.ctfExchange }),
  );
  const options = isTaker ? { timeInForce: "FAK" } : {};
  const response = await fetch(`${url}/api/orders`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...orderToJson(order), options }),
  });
  const body = (await response.json()) as { error?: { code: string; message: string } };
  return response.ok ? null : `${response.status} ${body.error?.code}: ${body.error?.message}`;
}

/** Everybody redeems what they have. Winners are paid, losers' tokens are burnt. */
async function redeem(
  { sandbox, wallets }: RoundParams,
  markets: readonly MarketIds[],
): Promise<{ redeemed: number; lockedUnits: bigint }> {
  let redeemed = 0;
  for (const market of markets) {
    const holders = [...wallets.values()];
    const accounts = holders.map(({ address }) => address as Address);
    const balances = await readBalances(sandbox.connect(sandbox.admin), { accounts, market });
    for (const [i, { yes, no }] of balances.entries()) {
      if (yes + no === 0n) continue;
      const prepared = redeemPositions(sandbox.connect(holders[i] as Wallet), market);
      await (await prepared.send()).wait();
      redeemed += 1;
    }
  }
  const { collateral, deployment } = sandbox.connect(sandbox.admin);
  const lockedUnits = await collateral.balanceOf(deployment.contracts.conditionalTokens);
  return { redeemed, lockedUnits };
}

function walletOf(wallets: ReadonlyMap<string, Wallet>, label: string): Wallet {
  const wallet = wallets.get(label);
  if (wallet === undefined) throw new Error(`no wallet is called ${label}`);
  return wallet;
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0 || signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
