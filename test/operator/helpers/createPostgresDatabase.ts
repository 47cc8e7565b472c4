import { randomBytes } from "node:crypto";
import { Client } from "pg";

/** A database of its own on the server that DATABASE_URL names, dropped when the run ends. */
export async function createPostgresDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const server = new URL(process.env["DATABASE_URL"] as string);
  const name = `nostra_test_${randomBytes(6).toString("hex")}`;
  const ask = async (statement: string): Promise<void> => {
    const client = new Client({ connectionString: server.toString() });
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  await ask(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.toString(), drop: () => ask(`drop database if exists ${name} with (force)`) };
}
