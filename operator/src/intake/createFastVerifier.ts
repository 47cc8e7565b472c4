import {
  createVerifier,
  nativeSecp256k1Backend,
  tinySecp256k1Backend,
  type CurveBackend,
  type NativeSecp256k1,
  type OrderVerifier,
  type TinySecp256k1,
} from "@nostra/sdk/verify";
import type { OrderDomain, SignedOrder } from "@nostra/sdk/order";

import type { Keccak256 } from "../fastKeccak";

/** Whether a signature proves its order here, or why not, and the order's hash. */
export type Verdict = ReturnType<OrderVerifier>;

/** Judges the signatures of orders, by the rules of createVerifier. */
export interface SignatureVerifier {
  /** @throws InputError, or rejects with it, when a field of the order cannot be hashed. */
  verify(order: SignedOrder): Verdict | Promise<Verdict>;
  /** What does the arithmetic of the curve. */
  readonly backend: string;
}

/** One that answers at once, by work of the thread that asks. */
export interface FastVerifier extends SignatureVerifier {
  readonly verify: OrderVerifier;
}

/** The fastest verifier that works here: native code, else WebAssembly, else JavaScript. All give the same answers. */
export function createFastVerifier(domain: OrderDomain, keccak256?: Keccak256): FastVerifier {
  const candidates: readonly (() => CurveBackend)[] = [
    () => nativeSecp256k1Backend(loadNative()),
    () => tinySecp256k1Backend(load<TinySecp256k1>("tiny-secp256k1")),
  ];
  for (const make of candidates) {
    try {
      const backend = make();
      return { verify: createVerifier(domain, { backend, keccak256 }), backend: backend.name };
    } catch {
      // Not installed, or not for this machine; the next one is.
    }
  }
  return { verify: createVerifier(domain, { keccak256 }), backend: "javascript" };
}

/** The package's own index falls back to slow JavaScript without a word; its bindings say when they are missing. */
function loadNative(): NativeSecp256k1 {
  load("secp256k1/bindings");
  return load<NativeSecp256k1>("secp256k1");
}

function load<Module>(name: string): Module {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return require(name) as Module;
}
