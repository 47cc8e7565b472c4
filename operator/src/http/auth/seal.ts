import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import { OperatorError } from "../../errors";

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** A key for one purpose, from the venue's secret. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "nostra", purpose, 32));
}

/** AES-256-GCM; `context` is bound to it, so that a sealed text put into another row does not open. */
export function seal(key: Buffer, text: string, context: string): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
}

/** @throws OperatorError when the text was sealed with another key, for another context, or was changed. */
export function unseal(key: Buffer, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES))
      .setAAD(Buffer.from(context))
      .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
    const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString("utf8");
  } catch {
    throw new OperatorError("UNSEALABLE", "a stored secret does not open with the venue's key", {
      status: 500,
    });
  }
}
