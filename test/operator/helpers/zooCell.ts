import { interfaces } from "@nostra/sdk/contracts";
import { silentLog } from "../../../operator/src/log";
import { SETTLER_DEFAULTS } from "../../../operator/src/settler/options";
import type { Store } from "../../../operator/src/store";
import { ProfiledNode, type NodeProfile } from "./nodeProfiles";
import { clock, expectExactlyOnce, rigOf, type Signed, type Venue } from "./settling";
import { Hostile, orderOf, termsOf, writeMatch, type Animal, type Cage, type Kind } from "./zoo";

/** One experiment: a node, an account that deceives, its role and how the orders match. */
export interface Cell {
  readonly profile: NodeProfile;
  readonly animal: Animal;
  readonly role: "maker" | "taker";
  readonly kind: Kind;
  /** With innocent matches from the beginning; or alone at first, so that its first settlement carries nothing else. */
  readonly company: "crowd" | "alone";
}

/** What a cell showed. */
export interface Finding {
  /** Promises that were broken. None when all held. */
  readonly broken: readonly string[];
  /** Gas that the operator paid and that settled nothing. */
  readonly gasLost: bigint;
  /** Gas of all its transactions. */
  readonly gasUsed: bigint;
  /** How many transactions carried the hostile match that was sent most often. */
  readonly attempts: number;
  readonly settlements: number;
}

export const INNOCENTS = 10;
/** Settlements in which every match that shares no account with a suspect must be settled, counted from when it waits. */
export const INNOCENT_BATCHES = 2;
export const MAX_ATTEMPTS = 3;
/** Blocks after which every match must have ended. */
const MAX_BLOCKS = 60;
/** Time between two blocks. Long, so that a rest between attempts ends within the blocks above. */
const BLOCK_MS = 12_000;

const UNFINISHED = ["MATCHED", "MINED", "RETRYING"];

/** Settles hostile and innocent matches together, and looks at what was promised. */
export async function runCell(
  venue: Venue,
  store: Store,
  cage: Cage,
  cell: Cell,
  gasOfInnocent: bigint,
): Promise<Finding> {
  const { animal, profile } = cell;
  await venue.rpc.send("evm_setAutomine", [true]);
  const hostile = await Hostile.arm(venue, cage, animal);
  await venue.rpc.send("evm_setAutomine", [false]);

  const innocents: string[] = [];
  const innocentPair = async (i: number): Promise<string> => {
    const [seller, buyer] = [venue.traders[i % 5]!, venue.traders[(i + 1) % 5]!];
    const maker = await orderOf(venue, seller, { side: "SELL", outcome: "YES", shares: 10n });
    const taker = await orderOf(venue, buyer, { side: "BUY", outcome: "YES", shares: 10n });
    return writeMatch(venue, store, { taker, makers: [maker], shares: 1n, kind: "COMPLEMENTARY" });
  };
  const hostiles: HostileMatch[] = [];
  const isAlone = cell.company === "alone";
  const fill = async (from: number, to: number): Promise<void> => {
    for (let i = from; i < to; i += 1) innocents.push(await innocentPair(i));
  };
  if (!isAlone) await fill(0, INNOCENTS / 2);
  for (const victimIndex of isAlone ? [5] : [5, 6]) {
    hostiles.push(await pairWithHostile(venue, store, hostile, cell, victimIndex));
  }
  if (!isAlone) await fill(INNOCENTS / 2, INNOCENTS);

  const rpc = new ProfiledNode(profile, venue.rpc);
  const { settler, engine } = rigOf(venue, store, { rpc, log: silentLog });
  await settler.open();
  const broken: string[] = [];
  const states = async (): Promise<Map<string, string>> => {
    const rows = await store.db.selectFrom("match").select(["id", "state"]).execute();
    return new Map(rows.map(({ id, state }) => [id, state]));
  };
  const settlementsSoFar = (): Promise<readonly { state: string }[]> =>
    store.db.selectFrom("settlement").select("state").where("purpose", "=", "match").execute();
  let innocentsSince = 0;
  let innocentsSettledAt: number | undefined;
  const later: { id: string; since: number; settledAt?: number }[] = [];
  const retraded = new Set<string>();
  let ended = false;
  for (let block = 0; block < MAX_BLOCKS && !ended; block += 1) {
    await settler.step();
    const now = await states();
    const settlements = await settlementsSoFar();
    const sent = settlements.length;
    const isSettled = (id: string): boolean => ["MINED", "CONFIRMED"].includes(now.get(id) ?? "");
    // The settlement that is out carries what was gathered before: what it settles is seen when it is mined.
    const mined = settlements.filter(({ state }) => state !== "SENT").length;
    if (innocents.length > 0 && innocents.every(isSettled)) innocentsSettledAt ??= mined;
    for (const one of later) if (isSettled(one.id)) one.settledAt ??= mined;
    if (innocents.length === 0) {
      // What waits now is gathered for the settlement after the one that is out.
      innocentsSince = sent;
      await fill(0, INNOCENTS);
    }
    for (const { id, victim, victimIndex } of hostiles) {
      if (now.get(id) !== "FAILED" || retraded.has(id)) continue;
      retraded.add(id);
      const released = engine.commands.find((one) => one.op === "release" && one.matchId === id);
      if (released?.op !== "release") broken.push("released without a command to the engine");
      else if (released.guilty.includes(victim.hash)) broken.push("the innocent order was blamed");
      later.push({ id: await tradeAgain(venue, store, victim, victimIndex), since: sent });
    }
    const isOpen = [...now.values()].some((state) => UNFINISHED.includes(state));
    const isOut = settlements.some(({ state }) => state === "SENT" || state === "MINED");
    ended =
      block > 0 && !isOpen && !isOut && later.every(({ settledAt }) => settledAt !== undefined);
    if (ended) break;

    if ((await venue.pending()).length > 0) await hostile.surround();
    await venue.rpc.send("hardhat_setCoinbase", [`0x${"0".repeat(39)}${block % 2}`]);
    await venue.mine();
    await hostile.withdraw();
    clock.ms += BLOCK_MS;
  }

  const final = await states();
  if (innocentsSettledAt === undefined) broken.push("innocent matches never settled");
  else if (innocentsSettledAt - innocentsSince > INNOCENT_BATCHES) {
    broken.push(
      `innocent matches settled after ${innocentsSettledAt - innocentsSince} settlements`,
    );
  }
  for (const { since, settledAt } of later) {
    if (settledAt === undefined) broken.push("the released innocent did not trade again");
    else if (settledAt - since > INNOCENT_BATCHES) {
      broken.push(`the released innocent traded again after ${settledAt - since} settlements`);
    }
  }
  const left = hostiles.filter(({ id }) => UNFINISHED.includes(final.get(id) ?? ""));
  if (left.length > 0) broken.push(`${left.length} hostile matches never ended`);
  const { attempts, gasLost, gasUsed } = await costOf(
    venue,
    store,
    hostiles.map(({ takerSalt }) => takerSalt),
    gasOfInnocent,
  );
  // A cell lasts less than an hour. Its two hostile matches are of one account.
  const bound = SETTLER_DEFAULTS.fruitlessGasPerHour;
  if (gasLost > bound) broken.push(`one account cost ${gasLost} gas, above ${bound} an hour`);
  if (attempts > MAX_ATTEMPTS) broken.push(`a hostile match was sent ${attempts} times`);
  if (ended) {
    try {
      await expectExactlyOnce(venue, store);
    } catch (thrown) {
      broken.push(`not exactly once: ${String(thrown).slice(0, 200)}`);
    }
  }
  const settlements = (await settlementsSoFar()).length;
  await settler.stop();
  return { broken, gasLost, gasUsed, attempts, settlements };
}

interface HostileMatch {
  readonly id: string;
  readonly victim: Signed;
  readonly victimIndex: number;
  readonly takerSalt: string;
}

async function pairWithHostile(
  venue: Venue,
  store: Store,
  hostile: Hostile,
  { animal, role, kind }: Cell,
  victimIndex: number,
): Promise<HostileMatch> {
  const wanted = animal.orders ?? 1;
  const makers = role === "maker" ? wanted : Math.min(wanted, 5);
  const one = termsOf(kind, role, 2n);
  const all = termsOf(kind, role, 2n * BigInt(makers) + 10n);
  const victimOwner = venue.traders[victimIndex]!;
  const makerOrders: Signed[] = [];
  for (let i = 0; i < makers; i += 1) {
    const terms = role === "maker" ? one.maker : { ...one.maker, shares: 12n };
    makerOrders.push(
      await (role === "maker" ? hostile.order(terms) : orderOf(venue, victimOwner, terms)),
    );
  }
  const taker = await (role === "taker"
    ? hostile.order(all.taker)
    : orderOf(venue, victimOwner, all.taker));
  const id = await writeMatch(venue, store, { taker, makers: makerOrders, shares: 2n, kind });
  const victim = role === "maker" ? taker : makerOrders[0]!;
  return { id, victim, victimIndex, takerSalt: taker.order.salt.toString() };
}

/** A match of what is left of an innocent order, with another innocent. */
async function tradeAgain(
  venue: Venue,
  store: Store,
  victim: Signed,
  victimIndex: number,
): Promise<string> {
  const side = victim.order.side === 0 ? "SELL" : "BUY";
  const outcome = victim.order.tokenId === venue.market.yes ? "YES" : "NO";
  const other = venue.traders[victimIndex - 5]!;
  const taker = await orderOf(venue, other, { side, outcome, shares: 5n });
  const match = { taker, makers: [victim], shares: 1n, kind: "COMPLEMENTARY" as const };
  return writeMatch(venue, store, match);
}

interface Salted {
  readonly salt: bigint;
}

/** How often the hostile matches were sent at most, and what the transactions cost beyond what they settled. */
async function costOf(
  venue: Venue,
  store: Store,
  takers: readonly string[],
  gasOfInnocent: bigint,
): Promise<{ attempts: number; gasLost: bigint; gasUsed: bigint }> {
  const rows = await store.db
    .selectFrom("tx_attempt")
    .innerJoin("settlement", "settlement.id", "tx_attempt.settlement_id")
    .select(["tx_attempt.hash", "settlement.calldata", "settlement.id"])
    .where("settlement.purpose", "=", "match")
    .execute();
  const times = new Map<string, Set<string>>();
  let gasLost = 0n;
  let gasUsed = 0n;
  for (const { hash, calldata, id } of rows) {
    const parsed = interfaces.ctfExchange.parseTransaction({ data: calldata });
    const members =
      parsed?.name === "matchOrdersBatch"
        ? (parsed.args[0] as { takerOrder: Salted }[]).map(({ takerOrder }) => takerOrder)
        : [parsed?.args[0] as Salted];
    for (const { salt } of members) {
      const taker = salt.toString();
      if (!takers.includes(taker)) continue;
      times.set(taker, (times.get(taker) ?? new Set()).add(id.toString()));
    }
    const receipt = (await venue.rpc.send("eth_getTransactionReceipt", [hash])) as {
      gasUsed: string;
      logs: { topics: string[]; data: string }[];
    } | null;
    if (receipt === null) continue;
    gasUsed += BigInt(receipt.gasUsed);
    const settledGas = receipt.logs
      .map((log) => interfaces.ctfExchange.parseLog(log))
      .filter((log) => log?.name === "OrdersMatched")
      .reduce((sum, log) => sum + gasOfInnocent * BigInt(log!.args["makerOrderHashes"].length), 0n);
    const lost = BigInt(receipt.gasUsed) - settledGas;
    const failed = receipt.logs.some(
      (log) => interfaces.ctfExchange.parseLog(log)?.name === "MatchFailed",
    );
    if ((failed || settledGas === 0n) && lost > 0n) gasLost += lost;
  }
  const attempts = Math.max(0, ...[...times.values()].map(({ size }) => size));
  return { attempts, gasLost, gasUsed };
}
