import type { Clock } from "../clock";
import { FencedError } from "../errors";
import type { Log } from "../log";
import { LEASE_MS, renewLease, type Lease } from "./lease";
import type { Store } from "./openStore";

export interface KeepLeaseParams {
  readonly store: Pick<Store, "db">;
  readonly lease: Lease;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly log: Log;
  /** Another process has taken the lease: this one must stop. Called once. */
  readonly onLost: (fault: FencedError) => void;
  /** Called after each renewal: whether the database took the write. */
  readonly writes?: { readonly succeeded: () => void; readonly failed: () => void };
  /** Default: a third of a lease. */
  readonly everyMs?: number;
  /** Default: LEASE_MS. */
  readonly leaseMs?: number;
}

export interface KeptLease {
  /**
   * False once another process may have the lease: one has taken it, or it was not renewed for as long as it lasts. In the second
   * case the process goes on trying. A database that was away for a while costs no restart, and every write checks the fence.
   */
  isHeld(): boolean;
  /** Ends the renewing; resolves when the last one is through. */
  stop(): Promise<void>;
}

/**
 * Renews a lease that was taken just now, until stopped or lost. Ages go by the monotonic clock, and count from before the renewal
 * was sent: the database cannot have dated it earlier. A process that was frozen finds out when it wakes.
 */
export function keepLease(params: KeepLeaseParams): KeptLease {
  const { store, lease, clock, log, onLost, writes } = params;
  const { everyMs = Number(LEASE_MS) / 3, leaseMs = Number(LEASE_MS) } = params;
  let heldFromMs = clock.monotonicMs();
  let isLost = false;
  let isReported = false;
  let renewing: Promise<void> | null = null;

  const isHeld = (): boolean => !isLost && clock.monotonicMs() - heldFromMs < leaseMs;

  const renew = async (): Promise<void> => {
    const sentMs = clock.monotonicMs();
    try {
      await renewLease(store.db, lease);
      heldFromMs = sentMs;
      writes?.succeeded();
      if (isReported) log.warn({ lease: lease.name }, "the lease is held again: nobody took it");
      isReported = false;
    } catch (err) {
      if (err instanceof FencedError) {
        isLost = true;
        clearInterval(timer);
        onLost(err);
        return;
      }
      writes?.failed();
      log.warn({ err, lease: lease.name }, "the lease was not renewed; it is tried again");
      if (isHeld() || isReported) return;
      isReported = true;
      const silentMs = Math.round(clock.monotonicMs() - heldFromMs);
      log.error(
        { lease: lease.name, silentMs },
        "the lease was not renewed for as long as it lasts: this process is not ready until it is",
      );
    }
  };
  // One at a time: a renewal that hangs is bounded by the time-outs of the connection.
  const timer = setInterval(() => {
    renewing ??= renew().finally(() => (renewing = null));
  }, everyMs);
  return {
    isHeld,
    stop: async () => {
      clearInterval(timer);
      await renewing;
    },
  };
}
