import { NostraError } from "./NostraError.js";

/** The exchange a signature was meant for. */
export interface SignatureScope {
  readonly chainId: bigint;
  readonly verifyingContract: string;
}

/**
 * What was signed does not prove the order: another key signed, or another message, perhaps for another chain or exchange.
 * The order was not sent. `details.reason` is there when the chain was asked: see verifyOrderOnChain.
 */
export class SignatureMismatchError extends NostraError {
  /** The order's signer. */
  readonly expected: string;
  /** The account that the signature really names; null when it names none. */
  readonly recovered: string | null;

  constructor(
    expected: string,
    recovered: string | null,
    { chainId, verifyingContract }: SignatureScope,
    reason?: string,
  ) {
    super("SIGNATURE_MISMATCH", describe(expected, recovered, reason), {
      details: {
        ...{ expected, recovered, chainId, verifyingContract },
        ...(reason === undefined ? {} : { reason }),
      },
    });
    this.expected = expected;
    this.recovered = recovered;
  }
}

function describe(expected: string, recovered: string | null, reason: string | undefined): string {
  if (reason !== undefined) return `The exchange refuses the signature for ${expected} (${reason})`;
  if (recovered === null) return `The signature for ${expected} is not one the exchange accepts`;
  return `The signature is of ${recovered}; expected ${expected}`;
}
