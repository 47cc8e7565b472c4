import type { PGlite, Results } from "@electric-sql/pglite";
import type { PostgresPool, PostgresPoolClient, PostgresQueryResult } from "kysely";

/**
 * One embedded PostgreSQL session behind the face of a pool. There is a single session, so a client that is lent out holds
 * everybody else up until it is given back, first come first served.
 */
export class PglitePool implements PostgresPool {
  readonly #database: PGlite;
  #tail: Promise<void> = Promise.resolve();

  constructor(database: PGlite) {
    this.#database = database;
  }

  async connect(): Promise<PostgresPoolClient> {
    let giveBack = (): void => undefined;
    const before = this.#tail;
    this.#tail = new Promise((resolve) => {
      giveBack = resolve;
    });
    await before;
    const query = async (text: string, values: readonly unknown[]): Promise<unknown> => {
      const result: Results = await this.#database.query(text, [...values]);
      const command = (text.trimStart().match(/^[a-z]+/i)?.[0] ?? "").toUpperCase();
      return { command, rows: result.rows, rowCount: result.affectedRows ?? result.rows.length };
    };
    return { query: query as never, release: giveBack } satisfies {
      query: never;
      release: () => void;
    } as PostgresPoolClient;
  }

  async end(): Promise<void> {
    await this.#tail;
    await this.#database.close();
  }
}

export type { PostgresQueryResult };
