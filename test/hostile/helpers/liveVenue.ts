import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createClient, type Client } from "@nostra/sdk/client";
import { splitPosition, type MarketIds } from "@nostra/sdk/actions";
import { buildOrder, orderDomain, signOrder, type SignedOrder } from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import type { Wallet } from "ethers";
import { DEFAULT_LIMITS, scaleLimits } from "../../../operator/src/http";
import { silentLog } from "../../../operator/src/log";
import { finalAtDepth, type Rpc } from "../../../operator/src/rpc";
import { startVenue, type Venue, type VenueOptions } from "../../../operator/src/startVenue";
import { createPostgresDatabase } from "../../operator/helpers/createPostgresDatabase";

export const DAY = 86_400n;

interface Terms {
  readonly by: Wallet;
  readonly tokenId: bigint;
  readonly side?: "BUY" | "SELL";
  readonly price: string;
  readonly size: string;
}

/** A venue on a chain in this process, with a database that outlives it. Blocks are mined with every transaction. */
export class LiveVenue {
  readonly sandbox: Sandbox;
  readonly #database: { url?: string; directory?: string; drop(): unknown };
  readonly #options: Partial<VenueOptions>;
  #venue: Venue | null = null;
  #salt = 0;

  private constructor(
    sandbox: Sandbox,
    database: { url?: string; directory?: string; drop(): unknown },
    options: Partial<VenueOptions>,
  ) {
    this.sandbox = sandbox;
    this.#database = database;
    this.#options = options;
  }

  static async open(
    kind: "pglite" | "postgres",
    options: Partial<VenueOptions> = {},
  ): Promise<LiveVenue> {
    const sandbox = await createSandbox({ accounts: 4 });
    return new LiveVenue(sandbox, await openDatabase(kind), options);
  }

  get venue(): Venue {
    if (this.#venue === null) throw new Error("the venue is not running");
    return this.#venue;
  }

  async start(others: Partial<VenueOptions> = {}): Promise<Venue> {
    const { url, directory } = this.#database;
    this.#venue = await startVenue({
      deployment: this.sandbox.deployment,
      nodes: [this.sandbox.provider as Rpc],
      operator: this.sandbox.operator as never,
      finalizer: this.sandbox.accounts[3] as Wallet,
      finality: finalAtDepth(0n),
      store: { url, directory },
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
      reconcileEveryMs: 0,
      settler: { coolDownMs: 1 },
      log: silentLog,
      ...this.#options,
      ...others,
    });
    return this.#venue;
  }

  async stop(): Promise<void> {
    await this.#venue?.stop();
    this.#venue = null;
  }

  async close(): Promise<void> {
    await this.stop();
    this.sandbox.close();
    await this.#database.drop();
  }

  account(index: number): Wallet {
    return this.sandbox.accounts[index] as Wallet;
  }

  clientOf(signer: Wallet): Client {
    return createClient({ url: this.venue.url, signer });
  }

  async newMarket(days = 30n): Promise<MarketIds> {
    const now = await this.sandbox.now();
    const market = await this.sandbox.createMarket({ endTimeSeconds: now + days * DAY });
    await until("the market is open", () => {
      return this.venue.engine.book(market.conditionId) !== undefined;
    });
    return market;
  }

  /** Gives an account pairs of a market. */
  async split(by: Wallet, { conditionId }: MarketIds, shares: bigint): Promise<void> {
    const params = { conditionId, amount: shares };
    const tx = splitPosition(this.sandbox.connect(by), params as never);
    await (await tx.send()).wait();
  }

  async sign({ by, side = "BUY", ...terms }: Terms): Promise<SignedOrder> {
    const { chainId, contracts } = this.sandbox.deployment;
    const salt = BigInt(++this.#salt);
    const order = buildOrder({ ...terms, side, maker: by.address, nonce: 0n, salt } as never);
    return signOrder(order, by, orderDomain({ chainId, exchange: contracts.ctfExchange }));
  }

  async place(terms: Terms): Promise<string> {
    const placed = await this.clientOf(terms.by).placeOrder(await this.sign(terms));
    return placed.orderHash;
  }

  async mine(blocks = 1): Promise<void> {
    for (let i = 0; i < blocks; i++) await this.sandbox.setTime((await this.sandbox.now()) + 1n);
  }
}

async function openDatabase(
  kind: "pglite" | "postgres",
): Promise<{ url?: string; directory?: string; drop(): unknown }> {
  if (kind === "postgres") return createPostgresDatabase();
  const directory = mkdtempSync(path.join(tmpdir(), "nostra-hostile-"));
  return { directory, drop: () => rmSync(directory, { recursive: true, force: true }) };
}

/** Waits for a condition. */
export async function until(what: string, isSo: () => unknown): Promise<void> {
  for (let i = 0; i < 3000; i++) {
    if (await isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain: ${what}`);
}

/** The same tests with both databases; those of PostgreSQL only when DATABASE_URL names a server. */
export function describeVenues(title: string, tests: (kind: "pglite" | "postgres") => void): void {
  describe(`${title}, on the embedded database`, () => tests("pglite"));
  const server = process.env["DATABASE_URL"];
  describe(`${title}, on PostgreSQL`, function () {
    if (server === undefined || server === "") {
      it.skip("skipped: DATABASE_URL is not set");
      return;
    }
    tests("postgres");
  });
}
