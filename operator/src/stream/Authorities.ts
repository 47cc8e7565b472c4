import type { Clock } from "../clock";
import type { Log } from "../log";
import type { Store } from "../store";
import type { Authority, Connection } from "./Connection";

/** A session or key that proves nothing any more. */
export interface Ended {
  readonly kind: Authority["kind"];
  readonly id: string;
}

/** Ids that one look at the database asks about. With more open, a look takes the next ones. */
const MAX_IDS_PER_LOOK = 1_000;

/**
 * Which connections each session and key has opened, and that they end with it: when this process ends it, when its time is
 * over, and, by looks at the database, when something else ended it.
 *
 * Always true: a look is under way at most once; a database that fails ends nothing and is asked again by the next look.
 */
export class Authorities {
  readonly #db: Store["db"];
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onEnd: (connection: Connection, why: string) => void;
  readonly #connections = new Map<string, Set<Connection>>();
  #round: string[] = [];
  #isLooking = false;
  #isFailing = false;

  constructor(
    { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
    onEnd: (connection: Connection, why: string) => void,
  ) {
    this.#db = store.db;
    this.#clock = clock;
    this.#log = log;
    this.#onEnd = onEnd;
  }

  set(connection: Connection, authority: Authority): void {
    this.drop(connection);
    connection.authority = authority;
    const name = nameOf(authority);
    const opened = this.#connections.get(name);
    if (opened === undefined) this.#connections.set(name, new Set([connection]));
    else opened.add(connection);
  }

  drop(connection: Connection): void {
    if (connection.authority === null) return;
    const name = nameOf(connection.authority);
    connection.authority = null;
    const opened = this.#connections.get(name);
    opened?.delete(connection);
    if (opened?.size === 0) this.#connections.delete(name);
  }

  end(ended: Ended): void {
    const why = ended.kind === "session" ? "SESSION_ENDED" : "KEY_REVOKED";
    this.#endAll(nameOf(ended), why);
  }

  /** Ends whose time is over, and asks the database which of the others have ended. */
  async look(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    for (const opened of [...this.#connections.values()]) {
      for (const connection of [...opened]) {
        const untilMs = connection.authority?.untilMs ?? 0;
        if (untilMs !== 0 && untilMs <= nowMs) this.#onEnd(connection, "TOKEN_EXPIRED");
      }
    }
    if (this.#isLooking || this.#connections.size === 0) return;
    this.#isLooking = true;
    try {
      await this.#ask(nowMs);
      this.#isFailing = false;
    } catch (thrown) {
      const { code, name } = thrown as { code?: string; name?: string };
      if (!this.#isFailing) {
        this.#log.warn(
          { code: code ?? name },
          "stream: could not check sessions and keys; it tries again",
        );
      }
      this.#isFailing = true;
    } finally {
      this.#isLooking = false;
    }
  }

  async #ask(nowMs: number): Promise<void> {
    if (this.#round.length === 0) this.#round = [...this.#connections.keys()];
    const names = this.#round.splice(0, MAX_IDS_PER_LOOK);
    const idsOf = (kind: string): string[] =>
      names
        .filter((name) => name.startsWith(`${kind}:`))
        .map((name) => name.slice(kind.length + 1));
    const [sessions, keys] = [idsOf("session"), idsOf("key")];
    const live = new Set<string>();
    if (sessions.length > 0) {
      const rows = await this.#db
        .selectFrom("session")
        .select("id")
        .where("id", "in", sessions)
        .where("revoked", "=", false)
        .where("expires_at_ms", ">", BigInt(nowMs))
        .execute();
      for (const { id } of rows) live.add(`session:${id}`);
    }
    if (keys.length > 0) {
      const rows = await this.#db
        .selectFrom("api_key")
        .select("id")
        .where("id", "in", keys)
        .where("revoked_at_ms", "is", null)
        .execute();
      for (const { id } of rows) live.add(`key:${id}`);
    }
    for (const name of names) {
      if (live.has(name)) continue;
      this.#endAll(name, name.startsWith("session:") ? "SESSION_ENDED" : "KEY_REVOKED");
    }
  }

  #endAll(name: string, why: string): void {
    for (const connection of [...(this.#connections.get(name) ?? [])]) this.#onEnd(connection, why);
  }
}

function nameOf({ kind, id }: Ended): string {
  return `${kind}:${id}`;
}
