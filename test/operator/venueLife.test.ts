import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { WebSocket } from "ws";
import { program } from "#cli/program";
import {
  cancelMarket,
  proposeResolution,
  redeemPositions,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import { createClient, type Client } from "@nostra/sdk/client";
import {
  buildOrder,
  orderDomain,
  signOrder,
  type Address,
  type SignedOrder,
} from "@nostra/sdk/order";
import { connectStream, type StreamTrade } from "@nostra/sdk/stream";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import type { Wallet } from "ethers";
import { DEFAULT_LIMITS, scaleLimits } from "../../operator/src/http";
import { silentLog } from "../../operator/src/log";
import { finalizedTag } from "../../operator/src/rpc";
import type { StoreOptions } from "../../operator/src/store";
import { startVenue, type Venue, type VenueOptions } from "../../operator/src/startVenue";
import { runInProcess, succeeded } from "../helpers/cli";
import { createPostgresDatabase } from "./helpers/createPostgresDatabase";

/*
a venue, all parts together
├── a market's life: created on chain, traded over HTTP, settled, told by stream, resolved by the monitor, redeemed
│   ├── the trade ends CONFIRMED, with a proof of both signed orders and the logs
│   ├── positions have the average price paid, and PnL after redeeming
│   └── anybody can replay the log of its book
├── the README's example of trading at a venue runs
├── an order that expires leaves by the chain's time, and those of a silent account by its switch
├── an ended market's book is closed; a cancelled one takes no orders
└── after a stop and a start the same orders stand in the book, which keeps its tick, and says so when another is asked for;
    nobody may take them before their makers have had time
*/

const DAY = 86_400n;
const README = path.resolve(__dirname, "../../README.md");
const AsyncFunction = (async () => undefined).constructor as new (
  ...text: string[]
) => (...values: unknown[]) => Promise<unknown>;

function lives(title: string, open: () => Promise<StoreOptions & { drop(): unknown }>): void {
  describe(`venue, ${title}`, () => {
    let sandbox: Sandbox;
    let venue: Venue;
    let database: Awaited<ReturnType<typeof open>>;
    let ada: Wallet;
    let ben: Wallet;
    let cho: Wallet;

    async function start(others: Partial<VenueOptions> = {}): Promise<Venue> {
      return startVenue({
        deployment: sandbox.deployment,
        nodes: [sandbox.provider],
        operator: sandbox.operator as never,
        finalizer: sandbox.accounts[3] as Wallet,
        finality: finalizedTag,
        store: { url: database.url, directory: database.directory },
        http: {
          port: 0,
          host: "127.0.0.1",
          secret: "a secret of tests, long enough for it",
          domains: ["venue.test"],
          secureCookies: false,
          limits: scaleLimits(DEFAULT_LIMITS, 100),
        },
        pollMs: 50,
        verifyThreads: 0,
        log: silentLog,
        ...others,
      });
    }

    before(async () => {
      database = await open();
      sandbox = await createSandbox({ accounts: 4 });
      [ada, ben, cho] = sandbox.accounts as [Wallet, Wallet, Wallet];
      venue = await start();
    });
    after(async () => {
      await venue.stop();
      sandbox.close();
      await database.drop();
    });

    const until = async (what: string, isSo: () => unknown): Promise<void> => {
      for (let i = 0; i < 2000; i++) {
        if (await isSo()) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`waited in vain: ${what}`);
    };

    async function newMarket(): Promise<MarketIds> {
      const market = await sandbox.createMarket({
        endTimeSeconds: (await sandbox.now()) + 30n * DAY,
      });
      await until("the market is open", () => venue.engine.book(market.conditionId) !== undefined);
      return market;
    }

    interface Terms {
      readonly by: Wallet;
      readonly tokenId: bigint;
      readonly side?: "BUY" | "SELL";
      readonly price: string;
      readonly size: string;
      readonly expiration?: bigint;
    }

    async function sign({ by, side = "BUY", expiration, ...terms }: Terms): Promise<SignedOrder> {
      const { chainId, contracts } = sandbox.deployment;
      const order = buildOrder({
        ...{ ...terms, side, maker: by.address, nonce: 0n, expiration: expiration ?? 0 },
      });
      return signOrder(order, by, orderDomain({ chainId, exchange: contracts.ctfExchange }));
    }

    const clientOf = (signer: Wallet): Client => createClient({ url: venue.url, signer });

    it("lives through a market: trade, settlement, stream, resolution, redemption, replay", async () => {
      const market = await newMarket();
      const [asAda, asBen] = [clientOf(ada), clientOf(ben)];
      const told: StreamTrade[] = [];
      const stream = connectStream({ url: venue.url, WebSocket: WebSocket as never });
      const book = stream.book(market.conditionId);
      stream.trades(market.conditionId, (trade) => told.push(trade));
      await until("the book is followed", () => book.state === "synced");

      const resting = await asAda.placeOrder(
        await sign({ by: ada, tokenId: market.yes, price: "0.60", size: "50" }),
      );
      expect(resting).to.include({ status: "PENDING_MATCH", isNew: true });
      const taking = await asBen.placeOrder(
        await sign({ by: ben, tokenId: market.no, price: "0.45", size: "30" }),
      );
      await until("the trade is final", () => told.some(({ state }) => state === "CONFIRMED"));
      const states = told.map(({ state }) => state).filter((state, i, all) => state !== all[i - 1]);
      expect(states[0]).to.equal("MATCHED");
      expect(states.at(-1)).to.equal("CONFIRMED");

      // Ben wanted NO at 0.45; Ada's 0.60 for YES left 0.40 to pay.
      const trades = [];
      for await (const trade of asAda.trades({ market: market.conditionId })) trades.push(trade);
      expect(trades).to.have.length(1);
      expect(trades[0]).to.include({ state: "CONFIRMED", price: 600_000, shares: "30000000" });
      expect(await asBen.order(taking.orderHash)).to.include({ status: "FILLED" });
      expect(await asAda.order(resting.orderHash)).to.include({ status: "PARTIALLY_FILLED" });

      const proof = await asAda.tradeProof(trades[0]!.id);
      expect(proof.orders.map(({ hash }) => hash)).to.have.members([
        resting.orderHash,
        taking.orderHash,
      ]);
      expect(proof.transaction).to.include({ hash: trades[0]!.txHash, isFinal: true });
      expect(proof.logs.map(({ name }) => name)).to.include("OrdersMatched");

      await asBen.signIn({ domain: "venue.test" });
      const [position] = await asBen.positions();
      expect(position).to.include({ outcome: "NO", shares: "30000000", averagePrice: 400_000 });

      const rest = await asAda.orderBook(market.conditionId);
      expect(rest.bids).to.deep.equal([[600_000, "20000000"]]);
      await asAda.signIn({ domain: "venue.test" });
      const [cancelled] = (await asAda.cancelOrders([resting.orderHash])).results;
      expect(cancelled).to.include({ result: "CANCELLED" });

      const log = `${venue.url}/api/markets/${market.conditionId}/log`;
      const said = succeeded(await runInProcess(program, ["replay", log]));
      expect(said).to.match(/^4 lines agree with the rules; 0 orders rest in the book/);

      await sandbox.setTime((await sandbox.now()) + 31n * DAY);
      const resolver = sandbox.connect(sandbox.resolvers[0]);
      const { questionId } = market;
      await (await proposeResolution(resolver, { questionId, result: "NO" }).send()).wait();
      await sandbox.setTime((await sandbox.now()) + 8n * DAY);
      await until("the monitor finalizes", () => {
        return venue.markets.byCondition(market.conditionId)?.state === "FINALIZED";
      });
      await (await redeemPositions(sandbox.connect(ben), market).send()).wait();
      await until("the redemption is seen", async () => {
        const [last] = await clientPositions(asBen);
        return last?.shares === "0" || last === undefined;
      });
      const portfolio = await asBen.portfolio();
      expect(portfolio.realized).to.equal("18000000");
      stream.close();
    });

    const clientPositions = (client: Client) => client.positions();

    it("runs the README's example of trading at a venue", async () => {
      const { conditionId: market, yes: tokenId } = await newMarket();
      const order = await sign({ by: cho, tokenId, price: "0.20", size: "10" });
      const [, example = ""] = [
        ...readFileSync(README, "utf8").matchAll(/```ts\n([\s\S]*?)```/g),
      ].map(([, text]) => text as string);
      const body = example
        .replace(/^import .*$/gm, "")
        .replaceAll("http://127.0.0.1:3000", venue.url)
        .concat("\nreturn stream;");
      const printed: unknown[][] = [];
      const told = { log: (...values: unknown[]) => printed.push(values) };
      const given = {
        createClient,
        connectStream,
        WebSocket,
        wallet: cho,
        order,
        market,
        console: told,
      };
      const run = new AsyncFunction(...Object.keys(given), body);
      const stream = (await run(...Object.values(given))) as { close(): void };
      await until("the book is printed", () => printed.length > 0);
      expect(printed.at(-1)).to.deep.equal([{ bids: [[200_000, "10000000"]], asks: [] }]);
      stream.close();
    });

    it("takes out what expires by the chain's time, and the orders of an account that fell silent", async () => {
      const market = await newMarket();
      const expiration = (await sandbox.now()) + 60n;
      const terms = { tokenId: market.yes, price: "0.10", size: "10" };
      const asCho = clientOf(cho);
      const dying = await asCho.placeOrder(await sign({ by: cho, ...terms, expiration }));
      const asAda = clientOf(ada);
      const lost = await asAda.placeOrder(await sign({ by: ada, ...terms }));
      await asAda.signIn({ domain: "venue.test" });
      await asAda.heartbeat(5);

      await sandbox.setTime(expiration);
      const statusOf = async (hash: typeof dying.orderHash) => (await asCho.order(hash)).status;
      await until("it expires", async () => (await statusOf(dying.orderHash)) === "EXPIRED");
      await until("she is lost", async () => (await statusOf(lost.orderHash)) === "CANCELLED");
      expect(await asCho.order(lost.orderHash)).to.include({ reason: "HEARTBEAT" });
    });

    it("closes the book of an ended market, and takes no orders for one that is cancelled", async () => {
      const [ending, ended] = [await newMarket(), await newMarket()];
      const terms = { by: cho, price: "0.10", size: "10" };
      const asCho = clientOf(cho);
      const left = await asCho.placeOrder(await sign({ ...terms, tokenId: ending.yes }));
      const { questionId } = ended;
      await (await cancelMarket(sandbox.connect(sandbox.admin), { questionId }).send()).wait();
      await until("it is known", () => {
        return venue.markets.byCondition(ended.conditionId)?.state === "CANCELLED";
      });
      const refused = asCho.placeOrder(await sign({ ...terms, tokenId: ended.yes }));
      await expect(refused).to.be.rejectedWith(/takes no orders any more/);

      await sandbox.setTime((await sandbox.now()) + 31n * DAY);
      await until("the book is closed", async () => {
        return (await asCho.order(left.orderHash)).status === "CANCELLED";
      });
      expect(await asCho.order(left.orderHash)).to.include({ reason: "MARKET_ENDED" });
    });

    it("has the same orders in the book after a stop and a start", async () => {
      const market = await newMarket();
      const split = { conditionId: market.conditionId, amount: 50_000_000n };
      await (await splitPosition(sandbox.connect(cho), split).send()).wait();
      const orders = await Promise.all([
        sign({ by: ada, tokenId: market.yes, price: "0.30", size: "10" }),
        sign({ by: ben, tokenId: market.yes, price: "0.30", size: "20" }),
        sign({ by: cho, tokenId: market.yes, side: "SELL", price: "0.50", size: "15" }),
      ]);
      for (const order of orders) await clientOf(ada).placeOrder(order);
      await venue.engine.idle();
      const before = await clientOf(ada).orderBook(market.conditionId);
      await venue.stop();
      const warned: Record<string, unknown>[] = [];
      const warn = (details: Record<string, unknown>): void => void warned.push(details);
      venue = await start({
        defaultTerms: { tick: "0.001", minSize: "1" },
        log: { ...silentLog, warn: warn as never },
        warmUpSeconds: 3,
      });
      const taking = await sign({ by: ben, tokenId: market.yes, price: "0.55", size: "5" });
      const impatient = createClient({ url: venue.url, signer: ben, retries: 0 });
      await expect(impatient.placeOrder(taking)).to.be.rejectedWith(
        /only post-only orders and cancels/,
      );
      expect(warned).to.deep.include({
        ...{ conditionId: market.conditionId, tick: "0.010000", asked: "0.001000" },
      });
      const after = await clientOf(ada).orderBook(market.conditionId);
      expect(after).to.deep.equal(before);
      const queue = venue.engine
        .book(market.conditionId)
        ?.bids()
        .map(({ order }) => order.maker);
      expect(queue).to.deep.equal([ada.address, ben.address] as Address[]);
      // It waits as long as it is told to.
      expect(await clientOf(ben).placeOrder(taking)).to.include({ isNew: true });
    });
  });
}

lives("on the embedded database", async () => {
  const directory = mkdtempSync(path.join(tmpdir(), "nostra-life-"));
  return { directory, drop: () => rmSync(directory, { recursive: true }) };
});
if (process.env["DATABASE_URL"] !== undefined && process.env["DATABASE_URL"] !== "") {
  lives("on PostgreSQL", createPostgresDatabase);
} else {
  describe("venue, on PostgreSQL", () => it.skip("skipped: DATABASE_URL is not set"));
}
