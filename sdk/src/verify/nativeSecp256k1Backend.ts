import type { CurveBackend, Parity } from "./CurveBackend.js";

/** What is used of the package `secp256k1` 5: libsecp256k1 as a native module for Node. */
export interface NativeSecp256k1 {
  ecdsaRecover(
    signature: Uint8Array,
    recoveryId: number,
    digest: Uint8Array,
    compressed?: boolean,
  ): Uint8Array;
  ecdsaSign(
    digest: Uint8Array,
    secretKey: Uint8Array,
  ): { readonly signature: Uint8Array; readonly recid: number };
}

/**
 * The backend of a module the caller has installed: `nativeSecp256k1Backend((await import("secp256k1")).default)`. It comes
 * with binaries for common platforms; elsewhere the package silently falls back to slow JavaScript.
 */
export function nativeSecp256k1Backend(module: NativeSecp256k1): CurveBackend {
  return {
    name: "secp256k1",
    recover(digest, rs, parity) {
      try {
        return module.ecdsaRecover(rs, parity, digest, false);
      } catch {
        // It throws when r or s is zero or not below the curve's order, and when there is no such point.
        return undefined;
      }
    },
    sign(digest, secretKey) {
      const { signature, recid } = module.ecdsaSign(digest, secretKey);
      return { rs: signature, parity: (recid & 1) as Parity };
    },
  };
}
