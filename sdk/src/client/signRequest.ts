import { toHex } from "../ids/bytes.js";

/** A key of a venue for programs, with the secret that was told when it was made. */
export interface ApiKey {
  readonly id: string;
  readonly secret: string;
}

/** What is signed of a request. */
export interface RequestToSign {
  /** Milliseconds since 1970, as the venue's clock has it. */
  readonly timestampMs: number;
  readonly method: string;
  /** With its query, as it is sent. */
  readonly path: string;
  /** As it is sent; "" for none. */
  readonly body: string;
}

const NONCE_BYTES = 16;

/** The headers by which a key proves a request: HMAC-SHA256 over its time, nonce, method, path and body. */
export async function signRequest(
  { id, secret }: ApiKey,
  { timestampMs, method, path, body }: RequestToSign,
): Promise<Record<string, string>> {
  const random = globalThis.crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const nonce = toHex(random).slice(2);
  const encoder = new TextEncoder();
  const { subtle } = globalThis.crypto;
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const text = [timestampMs, nonce, method, path, body].join("\n");
  const signature = await subtle.sign("HMAC", key, encoder.encode(text));
  return {
    "NOSTRA-KEY": id,
    "NOSTRA-TIMESTAMP": `${timestampMs}`,
    "NOSTRA-NONCE": nonce,
    "NOSTRA-SIGNATURE": toHex(new Uint8Array(signature)).slice(2),
  };
}
