import { parentPort, workerData } from "node:worker_threads";
import type { OrderDomain, SignedOrder } from "@nostra/sdk/order";
import { createFastKeccak } from "../fastKeccak";
import { createFastVerifier, type FastVerifier, type Verdict } from "./createFastVerifier";

/*
 * A thread of VerifierThreads. It is told the domain; then it is sent lists of orders, one after the other, and answers each with a
 * list of verdicts. Its first list is empty and nobody asked for it: it says that the thread is ready.
 */

/** Null for an order that cannot be verified: who asked finds out why, by verifying it. */
export type ThreadVerdict = Verdict | null;

async function serve(): Promise<void> {
  if (parentPort === null) throw new Error("this is the code of a worker thread");
  const port = parentPort;
  const verifier = createFastVerifier(workerData as OrderDomain, await createFastKeccak());
  port.on("message", (orders: readonly SignedOrder[]) => {
    port.postMessage(orders.map((order) => judge(verifier, order)));
  });
  port.postMessage([] satisfies ThreadVerdict[]);
}

function judge({ verify }: FastVerifier, order: SignedOrder): ThreadVerdict {
  try {
    return verify(order);
  } catch {
    return null;
  }
}

void serve();
