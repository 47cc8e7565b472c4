import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Deployment } from "@nostra/sdk/deployments";
import type { Address, Hex } from "@nostra/sdk/order";
import { createSandbox } from "@nostra/sdk/testing";
import type { Venue } from "./orders";
import { createPostgresDatabase } from "../../test/operator/helpers/createPostgresDatabase";

/** A chain with contracts, markets and people, which a process can ask over HTTP. */
export interface World {
  readonly deployment: Deployment;
  readonly node: string;
  readonly operatorKey: Hex;
  readonly conditionIds: readonly Hex[];
  readonly venue: Venue;
  close(): void;
}

const COLLATERAL = 10n ** 15n;

export async function createWorld(makers: number, markets: number): Promise<World> {
  const sandbox = await createSandbox({ accounts: makers, collateral: COLLATERAL });
  const created = [];
  for (let i = 0; i < markets; i++) {
    created.push(await sandbox.createMarket({ question: `Will number ${i} be?` }));
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString()) as {
        id: number;
        method: string;
        params: unknown[];
      };
      sandbox.provider
        .send(method, params)
        .then(
          (result: unknown) => ({ result }),
          (thrown: Error) => ({ error: { code: -32000, message: thrown.message } }),
        )
        .then((answer) => response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer })));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { deployment } = sandbox;
  return {
    deployment,
    node: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operatorKey: sandbox.operator.privateKey as Hex,
    conditionIds: created.map(({ conditionId }) => conditionId),
    venue: {
      chainId: deployment.chainId,
      exchange: deployment.contracts.ctfExchange as Address,
      markets: created.map(({ yes, no }) => ({ yes: yes.toString(), no: no.toString() })),
      keys: sandbox.accounts.map(({ privateKey }) => privateKey as Hex),
    },
    close: () => {
      server.close();
      server.closeAllConnections();
      sandbox.close();
    },
  };
}

/** A place for a database, and how to be rid of it. */
export interface Place {
  readonly store: { readonly url?: string; readonly directory?: string };
  drop(): Promise<void>;
}

/** A database of its own: on the server of DATABASE_URL, or embedded, in a directory. */
export async function createPlace(kind: "postgres" | "pglite"): Promise<Place> {
  if (kind === "pglite") {
    const directory = mkdtempSync(path.join(tmpdir(), "nostra-bench-"));
    const drop = async (): Promise<void> => rmSync(directory, { recursive: true, force: true });
    return { store: { directory: path.join(directory, "data") }, drop };
  }
  const { url, drop } = await createPostgresDatabase();
  return { store: { url }, drop };
}
