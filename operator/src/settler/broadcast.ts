import type { Rpc } from "../rpc";
import type { Hex } from "./types";

/**
 * What a node said to a transaction. None of it decides anything: the watcher does, by receipts and nonces. It only tells
 * whether somebody should look.
 * - `taken`: it has it, or had it;
 * - `outbid`: it keeps another with this nonce, or the nonce is spent: ours, most likely;
 * - `poor`: the lane cannot pay the gas;
 * - `unknown`: anything else, a time-out after it was taken included.
 */
export type Reception = "taken" | "outbid" | "poor" | "unknown";

/** Nodes say these in text only, each in its own words. */
const SAYINGS: readonly (readonly [RegExp, Reception])[] = [
  [/already known|already imported|known transaction|already in mempool/i, "taken"],
  [/nonce too low|replacement|underpriced|already exists with (the )?same nonce/i, "outbid"],
  [/insufficient funds|enough funds|insufficient balance/i, "poor"],
];

/** Sends signed bytes. Never throws, for not knowing is no reason to stop: the bytes are stored and will be sent again. */
export async function broadcast(
  rpc: Rpc,
  raw: Hex,
): Promise<{ readonly reception: Reception; readonly message: string }> {
  try {
    await rpc.send("eth_sendRawTransaction", [raw]);
    return { reception: "taken", message: "" };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const reception = SAYINGS.find(([saying]) => saying.test(message))?.[1] ?? "unknown";
    return { reception, message };
  }
}
