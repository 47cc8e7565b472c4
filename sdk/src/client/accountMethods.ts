import { InputError } from "../errors/InputError.js";
import type { Address } from "../order/Order.js";
import { addressOf, signText, type ClientSigner } from "./ClientSigner.js";
import { paged, type Paged } from "./pages.js";
import type { Requester } from "./Requester.js";
import type {
  ClientSession,
  KeyInfo,
  KeyScope,
  OrderStatus,
  Portfolio,
  VenueBalance,
  VenueOrder,
  VenuePosition,
  VenueTrade,
} from "./types.js";

/** Signing in, and what an account may ask about itself. */
export interface AccountMethods {
  /** Signs in with the signer's wallet. Tokens are kept, refreshed when they are over, and returned. */
  signIn(options?: SignInOptions): Promise<ClientSession>;
  /** Ends the session. */
  signOut(): Promise<void>;
  /** The tokens as they stand, for the stream or to go on later; null when not signed in. */
  session(): ClientSession | null;
  me(): Promise<{
    readonly account: Address;
    readonly by: "session" | "key";
    readonly scopes: readonly KeyScope[];
  }>;
  /** A key for a program. Its secret is told this once. Needs a session. */
  createKey(scopes: readonly KeyScope[]): Promise<KeyInfo & { readonly secret: string }>;
  keys(): Promise<readonly KeyInfo[]>;
  revokeKey(id: string): Promise<void>;
  ownOrders(query?: {
    readonly market?: string;
    readonly status?: OrderStatus;
    readonly limit?: number;
  }): Paged<VenueOrder>;
  ownTrades(query?: { readonly limit?: number }): Paged<VenueTrade>;
  /** @param asset "0" for collateral, or a token id. Default "0". */
  balance(asset?: string | bigint): Promise<VenueBalance>;
  positions(): Promise<readonly VenuePosition[]>;
  portfolio(): Promise<Portfolio>;
}

/** What a sign-in message says. */
export interface SignInOptions {
  /** Host of the page that asks. Default: the venue's. */
  readonly domain?: string;
  /** Default: the venue's origin. */
  readonly uri?: string;
  readonly statement?: string;
}

interface Page {
  readonly cursor: string | null;
}

export function accountMethods(http: Requester, signer: ClientSigner | undefined): AccountMethods {
  return {
    signIn: async (options = {}) => {
      if (signer === undefined)
        throw new InputError("signer", undefined, "a wallet to sign in with");
      const address = await addressOf(signer);
      const asStranger = { asSelf: false };
      const { nonce, chainId, serverTimeMs } = await http.ask<{
        nonce: string;
        chainId: number;
        serverTimeMs: number;
      }>("GET", "/api/auth/nonce", asStranger);
      const { domain = http.host, uri = http.origin, statement = "Sign in to Nostra." } = options;
      const message = [
        `${domain} wants you to sign in with your Ethereum account:`,
        address,
        "",
        statement,
        "",
        `URI: ${uri}`,
        "Version: 1",
        `Chain ID: ${chainId}`,
        `Nonce: ${nonce}`,
        `Issued At: ${new Date(serverTimeMs).toISOString()}`,
      ].join("\n");
      const signature = await signText(signer, message);
      http.session = await http.post<ClientSession>(
        "/api/auth/verify",
        { message, signature },
        asStranger,
      );
      return http.session;
    },
    signOut: async () => {
      await http.post("/api/auth/logout");
      http.session = null;
    },
    session: () => http.session,
    me: () => http.get("/api/auth/me"),
    createKey: (scopes) => http.post("/api/auth/keys", { scopes }),
    keys: async () => (await http.get<{ keys: KeyInfo[] }>("/api/auth/keys")).keys,
    revokeKey: async (id) => {
      await http.ask("DELETE", `/api/auth/keys/${encodeURIComponent(id)}`);
    },
    ownOrders: (query = {}) =>
      paged(async (cursor) => {
        const path = "/api/user/orders";
        const page = await http.get<Page & { orders: VenueOrder[] }>(path, { ...query, cursor });
        return { items: page.orders, cursor: page.cursor };
      }),
    ownTrades: (query = {}) =>
      paged(async (cursor) => {
        const path = "/api/user/trades";
        const page = await http.get<Page & { trades: VenueTrade[] }>(path, { ...query, cursor });
        return { items: page.trades, cursor: page.cursor };
      }),
    balance: (asset = "0") => http.get("/api/user/balance", { asset: asset.toString() }),
    positions: async () => {
      const all: VenuePosition[] = [];
      const pages = paged(async (cursor) => {
        const page = await http.get<{
          readonly positions: readonly VenuePosition[];
          readonly cursor?: string | null;
        }>("/api/user/positions", { cursor });
        return { items: page.positions, cursor: page.cursor ?? null };
      });
      for await (const position of pages) all.push(position);
      return all;
    },
    portfolio: () => http.get("/api/user/portfolio"),
  };
}
