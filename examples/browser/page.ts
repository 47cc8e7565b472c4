/**
 * Builds and signs an order in the page: with an injected wallet (EIP-1193, found by EIP-6963), or in practice with a chain
 * that runs inside the page. A session is what the two have in common; below it nothing knows which one it is.
 */
import { BrowserProvider, type Eip1193Provider, type Wallet } from "ethers";
import {
  matchOrders,
  readBalances,
  readMarket,
  type MarketDetails,
  type PreparedTx,
} from "@nostra/sdk/actions";
import { connect, type Connection } from "@nostra/sdk/contracts";
import {
  getDeployment,
  listDeployments,
  registerDeployment,
  type Deployment,
} from "@nostra/sdk/deployments";
import {
  ContractRevertError,
  InexactAmountError,
  InputError,
  NostraError,
  TickError,
  isNostraError,
  toNostraError,
} from "@nostra/sdk/errors";
import { decodeLogs } from "@nostra/sdk/events";
import { createBook, quoteOf, submitOrder, type OrderBook } from "@nostra/sdk/matcher";
import {
  buildOrder,
  createLimitOrder,
  domainOf,
  estimateOrder,
  hashOrder,
  orderToJson,
  Side,
  type Address,
  type Hex,
  type Order,
  type SignedOrder,
} from "@nostra/sdk/order";
import { checkOrder } from "@nostra/sdk/preflight";
import { toSigner, type TypedDataSigner } from "@nostra/sdk/signer";
import { formatCollateral, formatPrice, formatShares } from "@nostra/sdk/units";

const TICK = "0.01";
const TICK_UNITS = 10_000n;

interface Session {
  /** Whose wallet it is, for people. */
  readonly label: string;
  readonly network: string;
  readonly account: Address;
  readonly signer: TypedDataSigner;
  readonly connection: Connection;
  readonly market: MarketDetails;
  readonly question: string;
  /** In practice only: the venue, which settles what the order meets. */
  readonly venue?: {
    readonly book: OrderBook;
    /** @returns what became of the order, in words. */
    post(order: SignedOrder): Promise<string>;
  };
}

/** A wallet that announced itself, as EIP-6963 has it. */
interface AnnouncedWallet {
  readonly info: { readonly uuid: string; readonly name: string };
  readonly provider: Eip1193Provider;
}

// A session with a wallet

async function openWallet(wallet: Eip1193Provider, name: string): Promise<Session> {
  const [account] = (await wallet.request({ method: "eth_requestAccounts" })) as [string];
  const provider = new BrowserProvider(wallet);
  const { chainId } = await provider.getNetwork();
  const deployment = await deploymentOf(chainId);
  const connection = connect(deployment, provider);

  // Everything an order needs of a wallet is this function.
  const signer = toSigner(
    async (typedData) =>
      (await wallet.request({
        method: "eth_signTypedData_v4",
        params: [account, JSON.stringify(typedData)],
      })) as string,
    { address: account },
  );
  const market = await chooseMarket(connection);
  return {
    ...{ label: name, network: deployment.network, account: await addressOf(signer) },
    ...{ signer, connection, market, question: await readQuestion(connection, market) },
  };
}

/** Beside the deployments that the SDK carries, one that lies next to the page. */
async function deploymentOf(chainId: bigint): Promise<Deployment> {
  const answer = await fetch("./deployment.json").catch(() => undefined);
  if (answer?.ok) registerDeployment((await answer.json()) as Deployment);
  const known = listDeployments();
  if (!known.some((one) => BigInt(one.chainId) === chainId)) {
    const names = known.map((one) => `${one.network} (${one.chainId})`).join(", ");
    throw new Error(
      `Your wallet is on chain ${chainId}, where this page knows no contracts. ` +
        (names === "" ? "You can practise instead." : `Switch it to ${names}, or practise.`),
    );
  }
  return getDeployment(chainId);
}

/** The market of `?market=0x...`, else the newest. */
async function chooseMarket(connection: Connection): Promise<MarketDetails> {
  const asked = new URLSearchParams(location.search).get("market");
  if (asked !== null) {
    if (!/^0x[0-9a-f]{64}$/i.test(asked)) throw new Error("The address names no question id.");
    return readMarket(connection, asked as Hex).catch((thrown: unknown) => {
      throw toNostraError("readMarket", thrown);
    });
  }
  const count = await connection.factory.marketCount();
  if (count === 0n) throw new Error("There is no market yet on this network.");
  const [newest] = await connection.factory.getMarkets(count - 1n, 1n);
  return readMarket(connection, newest!.questionId as Hex);
}

/** The chain keeps only the hash of a market's texts; they are in the event of its creation. */
async function readQuestion(connection: Connection, market: MarketDetails): Promise<string> {
  const { factory, deployment } = connection;
  const created = factory.filters.MarketCreated(market.questionId);
  const logs = await factory.queryFilter(created, deployment.startBlock).catch(() => []);
  const [event] = decodeLogs(logs, deployment);
  return event?.name === "MarketCreated"
    ? event.args.question
    : `Market ${market.questionId.slice(0, 10)}…`;
}

// A session without one

async function openPractice(): Promise<Session> {
  const { createSandbox } = await import("@nostra/sdk/testing");
  const sandbox = await createSandbox({ accounts: 2, collateral: 1_000_000_000n });
  const [you, other] = sandbox.accounts as [Wallet, Wallet];
  const question = "Will it rain in Lisbon tomorrow?";
  const { questionId } = await sandbox.createMarket({ question });
  const connection = sandbox.connect(you);
  const market = await readMarket(connection, questionId);
  const domain = domainOf(connection);
  const book = createBook({ ...market, tick: TICK_UNITS });

  // The other trader stands ready on both sides: it buys the outcome that you do not.
  for (const [tokenId, price] of [
    [market.yes, "0.40"],
    [market.no, "0.55"],
  ] as const) {
    const terms = { tokenId, side: "BUY", price, size: "100" } as const;
    const order = await createLimitOrder(terms, other, sandbox.connect(other));
    submitOrder(book, { hash: hashOrder(order, domain), order });
  }
  const operator = sandbox.connect(sandbox.operator);
  const post = async (order: SignedOrder): Promise<string> => {
    const { plans, rested, remaining } = submitOrder(book, {
      hash: hashOrder(order, domain),
      order,
    });
    for (const plan of plans) await done(matchOrders(operator, plan));
    if (plans.length === 0) return "It meets nobody yet, and rests in the book.";
    const rest = `${amount(remaining, order, "gives")} of it ${rested ? "rests" : "is dropped"}`;
    return remaining === 0n ? "It was filled at once." : `It was filled in part; ${rest}.`;
  };
  return {
    ...{ label: "Practice", network: "a chain in this page", account: you.address as Address },
    ...{ signer: toSigner(you), connection, market, question, venue: { book, post } },
  };
}

async function done<T>(prepared: PreparedTx<T>): Promise<T> {
  return (await prepared.send()).wait();
}

// The order

type Terms = Record<"side" | "outcome" | "price" | "size", string>;

function readTerms(): Terms {
  return Object.fromEntries(new FormData(element<HTMLFormElement>("order"))) as Terms;
}

function toInput({ side, outcome, price, size }: Terms, { market }: Session) {
  const tokenId = outcome === "YES" ? market.yes : market.no;
  return { tokenId, side: side as "BUY" | "SELL", price, size, tick: TICK } as const;
}

/** What the form says now, before anything is signed; the same checks as when signing. */
function preview(session: Session): void {
  try {
    const input = toInput(readTerms(), session);
    showEstimate(buildOrder({ ...input, maker: session.account, nonce: 0n }), "gives", "receives");
    showFault();
  } catch (thrown) {
    write("gives", "–");
    write("receives", "–");
    showFault(thrown);
  }
}

async function sign(session: Session): Promise<void> {
  element("signed").hidden = true;
  say("note", session.venue ? "Signing…" : "Please confirm in your wallet…");
  const order = await createLimitOrder(
    toInput(readTerms(), session),
    session.signer,
    session.connection,
  );
  write("hash", hashOrder(order, domainOf(session.connection)));
  showEstimate(order, "signed-gives", "signed-receives");
  write("signed-until", when(order.expiration));
  write("json", JSON.stringify(orderToJson(order), null, 2));
  element("signed").hidden = false;
  const lack = await whatLacks(session, order);
  if (lack !== undefined) {
    say("note", `Signed. It cannot settle yet: ${lack}`);
    return;
  }
  const fate = session.venue ? await session.venue.post(order) : "A venue can settle it now.";
  say("good", `Signed. ${fate}`);
  await showMarket(session);
}

/** Why the order could not settle now, in words; undefined when it could. */
async function whatLacks(session: Session, order: SignedOrder): Promise<string | undefined> {
  const { connection, account, market } = session;
  const { findings } = await checkOrder(connection, order);
  const blocking = findings.filter(({ severity }) => severity === "BLOCKS");
  if (blocking.length === 0) return undefined;
  const sentences = blocking.map(({ message }) => message).join(" ");
  return sentences
    .replaceAll(account, "your account")
    .replaceAll(`of the token ${market.yes}`, "YES")
    .replaceAll(`of the token ${market.no}`, "NO");
}

// Errors, in words

function inWords(thrown: unknown): { kind: "note" | "bad"; text: string } {
  if (isNostraError(thrown, "SIGNING_REJECTED") || isDeclined(thrown)) {
    return { kind: "note", text: "You declined. Nothing was signed, and your order is as it was." };
  }
  if (thrown instanceof TickError || thrown instanceof InexactAmountError) {
    const { field, details } = thrown;
    return {
      kind: "bad",
      text: `This ${field} is not exact. Nearest: ${details.nearest.join(" or ")}.`,
    };
  }
  if (thrown instanceof InputError) {
    return { kind: "bad", text: `${capital(thrown.field)}: please enter ${thrown.expected}.` };
  }
  // A provider of ethers holds to the chain it began with, and says "changed" by itself when it asks and finds another.
  const { event } = ((thrown as Error | null)?.cause ?? {}) as { event?: unknown };
  if (isNostraError(thrown, "CHAIN_MISMATCH") || event === "changed") {
    return {
      kind: "bad",
      text: "Your wallet has changed to another chain. Please switch it back.",
    };
  }
  if (isNostraError(thrown, "SIGNATURE_MISMATCH")) {
    return { kind: "bad", text: "Your wallet signed something else, or with another account." };
  }
  if (isNostraError(thrown, "TRANSPORT")) {
    return { kind: "bad", text: "Your wallet or its node did not answer. Please try again." };
  }
  if (thrown instanceof ContractRevertError && thrown.revertName === "UnknownMarket") {
    return { kind: "bad", text: "There is no such market on this network." };
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return { kind: "bad", text: thrown instanceof NostraError ? `${thrown.code}: ${text}` : text };
}

/** EIP-1193's own code for a user's no; when connecting it comes straight from the wallet. */
function isDeclined(thrown: unknown): boolean {
  return (thrown as { code?: unknown } | null)?.code === 4001;
}

// The page

async function showMarket(session: Session): Promise<void> {
  const { connection, market, account, venue } = session;
  const [balances] = await readBalances(connection, { accounts: [account], market });
  write("who", `${capital(session.label)} · ${account.slice(0, 6)}…${account.slice(-4)}`);
  write("status", market.status);
  write("network", session.network);
  write("question", session.question);
  write("ends", when(market.endTimeSeconds));
  element("offers").hidden = venue === undefined;
  for (const outcome of ["YES", "NO"] as const) {
    const ask = venue ? quoteOf(venue.book, outcome).ask : null;
    const shown = ask === null ? "none" : `${formatPrice(ask, 2)} USDC`;
    write(`ask-${outcome.toLowerCase()}`, shown);
  }
  write("cash", `${formatCollateral(balances?.collateral ?? 0n)} USDC`);
  write("yes", formatShares(balances?.yes ?? 0n));
  write("no", formatShares(balances?.no ?? 0n));
}

function showEstimate(order: Order, givesId: string, receivesId: string): void {
  const { gives, net } = estimateOrder(order);
  write(givesId, amount(gives, order, "gives"));
  write(receivesId, amount(net, order, "receives"));
}

/** A BUY gives collateral and receives shares, a SELL the reverse. */
function amount(units: bigint, { side }: Order, way: "gives" | "receives"): string {
  return (side === Side.BUY) === (way === "gives")
    ? `${formatCollateral(units)} USDC`
    : `${formatShares(units)} shares`;
}

function showFault(thrown?: unknown): void {
  write("fault", thrown === undefined ? "" : inWords(thrown).text);
  const field = thrown instanceof InputError ? thrown.field : undefined;
  for (const id of ["price", "size"]) {
    const input = element<HTMLInputElement>(id);
    input.setAttribute("aria-invalid", String(id === field));
    if (id === field) input.setAttribute("aria-describedby", "fault");
    else input.removeAttribute("aria-describedby");
  }
}

/** Does something that takes a while: the button rests meanwhile, and an error is told in words. */
async function attempt(button: HTMLButtonElement, act: () => Promise<void>): Promise<void> {
  button.disabled = true;
  try {
    // The browser paints before the chain in the page takes the thread.
    await new Promise((resolve) => setTimeout(resolve));
    await act();
  } catch (thrown) {
    const { kind, text } = inWords(thrown);
    const field = thrown instanceof InputError ? document.getElementById(thrown.field) : null;
    // What is wrong with a field is said beside it already.
    say(kind, field === null ? text : "");
    field?.focus();
  } finally {
    button.disabled = false;
  }
}

async function begin(open: () => Promise<Session>): Promise<void> {
  const session = await open();
  await showMarket(session);
  preview(session);
  element("start").hidden = true;
  element("desk").hidden = false;
  say("note", "");
  const form = element<HTMLFormElement>("order");
  form.addEventListener("input", () => preview(session));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void attempt(element("sign"), () => sign(session));
  });
  element("price").focus();
}

function offer({ info, provider }: AnnouncedWallet): void {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = `Connect ${info.name}`;
  button.addEventListener("click", () => {
    say("note", `Please confirm in ${info.name}…`);
    void attempt(button, () => begin(() => openWallet(provider, info.name)));
  });
  element("wallets").append(button);
  write("wallets-hint", "Your wallet signs; it is asked for nothing else.");
}

function findWallets(): void {
  const known = new Set<string>();
  window.addEventListener("eip6963:announceProvider", (event) => {
    const { detail } = event as CustomEvent<AnnouncedWallet>;
    if (known.has(detail.info.uuid)) return;
    known.add(detail.info.uuid);
    offer(detail);
  });
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  // Wallets that announce themselves do so at once; one that does not is at window.ethereum.
  const { ethereum } = window as { ethereum?: Eip1193Provider };
  if (known.size > 0) return;
  if (ethereum === undefined) write("wallets-hint", "There is no wallet in this browser.");
  else offer({ info: { uuid: "injected", name: "your wallet" }, provider: ethereum });
}

function say(kind: "note" | "good" | "bad", text: string): void {
  element("message").dataset["kind"] = kind;
  write("message", text);
}

function when(seconds: bigint): string {
  if (seconds === 0n) return "never";
  return new Date(Number(seconds) * 1_000).toLocaleString("en-GB", {
    dateStyle: "medium",
    timeStyle: "short",
  });
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function write(id: string, text: string): void {
  element(id).textContent = text;
}

function element<T extends HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as T;
}

async function addressOf(signer: TypedDataSigner): Promise<Address> {
  return (await signer.getAddress()) as Address;
}

const practise = element<HTMLButtonElement>("practise");
practise.addEventListener("click", () => {
  say("note", "Starting a chain in this page…");
  void attempt(practise, () => begin(openPractice));
});
findWallets();
