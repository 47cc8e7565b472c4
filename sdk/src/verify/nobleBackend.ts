import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { CurveBackend, Parity } from "./CurveBackend.js";
import { signDigest } from "./signDigest.js";

/** Width of the library's table of multiples of the curve's base point, for known keys. Its default is 6. */
const BASE_TABLE_WIDTH = 8;
let baseTableIsWide = false;

/** Pure JavaScript, and always there. */
export const nobleBackend = {
  name: "@noble/curves",
  recover(digest: Uint8Array, rs: Uint8Array, parity: Parity): Uint8Array | undefined {
    try {
      const signature = secp256k1.Signature.fromBytes(rs, "compact").addRecoveryBit(parity);
      return signature.recoverPublicKey(digest).toBytes(false);
    } catch {
      return undefined;
    }
  },
  sign: signDigest,
} satisfies CurveBackend;

/** Once: asking again would throw the table away. */
export function widenBaseTable(): void {
  if (baseTableIsWide) return;
  secp256k1.Point.BASE.precompute(BASE_TABLE_WIDTH);
  baseTableIsWide = true;
}
