import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { Client } from "pg";

/** A statement on the server, beside the venue's database. */
async function ask(statement: string, values: unknown[] = []): Promise<void> {
  const client = new Client({ connectionString: process.env["DATABASE_URL"] });
  await client.connect();
  await client.query(statement, values).finally(() => client.end());
}

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

/** Ends every connection to a database, whatever is under way on it. */
export function cutConnections(url: string): Promise<void> {
  return ask("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
    nameOf(url),
  ]);
}

/** The database takes no writes, as a server that became a standby; or takes them again. */
export async function refuseWrites(url: string, refuses: boolean): Promise<void> {
  await ask(
    `alter database ${nameOf(url)} set default_transaction_read_only = ${refuses ? "on" : "off"}`,
  );
  await cutConnections(url);
}

/** A way to the server on which the connection breaks when told: after a commit has reached the server, before its answer comes back. */
export class CommitCutter {
  /** The same database, this way. */
  readonly url: string;
  /** Asked at every commit. */
  cuts: () => boolean = () => false;
  /** Commits whose answer was lost. */
  lost = 0;
  readonly #stop: () => Promise<void>;

  private constructor(url: string, stop: () => Promise<void>) {
    this.url = url;
    this.#stop = stop;
  }

  static async start(url: string): Promise<CommitCutter> {
    const { hostname, port } = new URL(url);
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(Number(port === "" ? 5432 : port), hostname);
      let isCut = false;
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on("error", () => undefined);
        socket.on("close", () => {
          sockets.delete(socket);
          client.destroy();
          if (!isCut) upstream.destroy();
        });
      }
      client.on("data", (chunk) => {
        const isCommit = chunk.includes("commit") || chunk.includes("store_effects");
        if (!isCut && isCommit && cutter.cuts()) {
          isCut = true;
          cutter.lost += 1;
          // The server gets all of it, and does it; nobody hears of that.
          upstream.once("data", () => {
            upstream.destroy();
            client.destroy();
          });
        }
        upstream.write(chunk);
      });
      upstream.on("data", (chunk) => {
        if (!isCut) client.write(chunk);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const own = new URL(url);
    own.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cutter = new CommitCutter(own.toString(), async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return cutter;
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}
