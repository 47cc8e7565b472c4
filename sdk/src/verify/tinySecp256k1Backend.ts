import type { CurveBackend, Parity } from "./CurveBackend.js";

/** What is used of the package `tiny-secp256k1` 2: libsecp256k1 as WebAssembly, for Node and browsers. */
export interface TinySecp256k1 {
  recover(
    digest: Uint8Array,
    signature: Uint8Array,
    recoveryId: 0 | 1 | 2 | 3,
    compressed?: boolean,
  ): Uint8Array | null;
  signRecoverable(
    digest: Uint8Array,
    secretKey: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recoveryId: number };
}

/** The backend of a module the caller has installed: `tinySecp256k1Backend(await import("tiny-secp256k1"))`. */
export function tinySecp256k1Backend(module: TinySecp256k1): CurveBackend {
  return {
    name: "tiny-secp256k1",
    recover(digest, rs, parity) {
      try {
        return module.recover(digest, rs, parity, false) ?? undefined;
      } catch {
        // It throws when r or s is zero or not below the curve's order.
        return undefined;
      }
    },
    sign(digest, secretKey) {
      const { signature, recoveryId } = module.signRecoverable(digest, secretKey);
      return { rs: signature, parity: (recoveryId & 1) as Parity };
    },
  };
}
