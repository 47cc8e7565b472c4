import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Address } from "@nostra/sdk/order";
import { verifyMessage } from "ethers";
import type { Clock } from "../../clock";
import { readSignInMessage } from "./readSignInMessage";
import { unauthorized } from "./refusals";
import { deriveKey } from "./seal";
import type { UsedNonces } from "./UsedNonces";

export const NONCE_SECONDS = 300;

/** What a sign-in message must be for. */
export interface SignInTarget {
  readonly chainId: number;
  /** Hosts, with their port, of the pages that may ask wallets to sign in here. */
  readonly domains: readonly string[];
}

/**
 * Signs accounts in by EIP-4361 messages. Nonces are not stored when they are given out: each carries its end and the
 * venue's seal, and is stored when it is spent. So asking for nonces fills nothing.
 */
export class SignIn {
  readonly #clock: Clock;
  readonly #nonces: UsedNonces;
  readonly #key: Buffer;
  readonly #target: SignInTarget;

  constructor(clock: Clock, nonces: UsedNonces, secret: string, target: SignInTarget) {
    this.#clock = clock;
    this.#nonces = nonces;
    this.#key = deriveKey(secret, "sign-in-nonces");
    this.#target = target;
  }

  nonce(): { readonly nonce: string; readonly expiresAt: number } {
    const expiresAt = this.#clock.nowMs() + NONCE_SECONDS * 1000;
    const body = randomBytes(12).toString("hex") + expiresAt.toString(16).padStart(12, "0");
    return { nonce: body + this.#sealOf(body), expiresAt };
  }

  /** @returns who signed. @throws OperatorError with status 401 and what is wrong with the message. */
  async verify(text: string, signature: string): Promise<Address> {
    const refuse = (field: string, expected: string): Error =>
      unauthorized("SIGN_IN_REFUSED", `the sign-in message has a wrong ${field}`, {
        field,
        expected,
      });
    const message = readSignInMessage(text);
    if (message === undefined) throw refuse("form", "an EIP-4361 message");
    const { chainId, domains } = this.#target;
    if (!domains.includes(message.domain)) throw refuse("domain", domains.join(", "));
    if (message.chainId !== chainId) throw refuse("chainId", `${chainId}`);
    const nonceEndMs = this.#readNonce(message.nonce);
    if (nonceEndMs === undefined) throw refuse("nonce", "one that the venue gave out lately");

    const { address, nonce, expirationMs = Infinity, notBeforeMs = -Infinity } = message;
    const nowMs = this.#clock.nowMs();
    const isInTime = nowMs < expirationMs && nowMs >= notBeforeMs;
    if (!isInTime || signerOf(text, signature) !== address) {
      throw refuse("signature or time", "signed by its address, and not over");
    }
    if (!(await this.#nonces.spend(`siwe:${nonce}`, nonceEndMs))) {
      throw refuse("nonce", "one that was not used before");
    }
    return address;
  }

  #readNonce(nonce: string): number | undefined {
    const [, body, given] = /^([0-9a-f]{36})([0-9a-f]{32})$/.exec(nonce) ?? [];
    if (body === undefined || given === undefined) return undefined;
    if (!timingSafeEqual(Buffer.from(given), Buffer.from(this.#sealOf(body)))) return undefined;
    const endMs = Number.parseInt(body.slice(24), 16);
    return endMs > this.#clock.nowMs() ? endMs : undefined;
  }

  #sealOf(body: string): string {
    return createHmac("sha256", this.#key).update(body).digest("hex").slice(0, 32);
  }
}

/** Who signed a text with a key; undefined when the signature is none. */
function signerOf(text: string, signature: string): string | undefined {
  try {
    return verifyMessage(text, signature);
  } catch {
    return undefined;
  }
}
