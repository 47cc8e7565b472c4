import { InputError } from "../errors/InputError.js";
import { JsonError } from "../errors/JsonError.js";
import { withoutContent } from "../errors/withoutContent.js";
import { parseAddress } from "../ids/address.js";
import { findDuplicateField } from "./findDuplicateField.js";
import { Side, SignatureType, type Hex, type SignedOrder } from "./Order.js";
import { parseUint256 } from "./parseUint256.js";
import { MAX_SIGNATURE_BYTES, SIGNATURE_BYTES, tryParseSignature } from "./signatureBytes.js";

const ENVELOPE_FIELDS = ["order", "signature"] as const;

const ORDER_FIELDS = [
  "salt",
  "maker",
  "signer",
  "taker",
  "tokenId",
  "makerAmount",
  "takerAmount",
  "expiration",
  "nonce",
  "feeRateBps",
  "side",
  "signatureType",
] as const;

/** A signed order takes under 1,200 characters; far longer text is not worth reading. */
const LONGEST_TEXT = 16_384;

/**
 * Reads a signed order from JSON text or from the value it parses to. Strict: exactly the fields of OrderJson, each once;
 * uint256 as canonical decimal text, never a number; addresses with a right checksum or none; a signature of a length that
 * its kind can have, or empty for an order that its maker approved on chain. Whether the signature proves the order is for verifyOrder, whether its amounts can trade for the exchange.
 * @throws JsonError when the shape is wrong. @throws InputError naming the field, such as "order.makerAmount".
 */
export function orderFromJson(json: unknown): SignedOrder {
  const envelope = readFields(typeof json === "string" ? parseJson(json) : json, ENVELOPE_FIELDS);
  const order = readFields(envelope.order, ORDER_FIELDS, "order");
  const signatureType = readOneOf("order.signatureType", order.signatureType, SignatureType);
  return {
    salt: readUint256("order.salt", order.salt),
    maker: parseAddress(order.maker as string, "order.maker"),
    signer: parseAddress(order.signer as string, "order.signer"),
    taker: parseAddress(order.taker as string, "order.taker"),
    tokenId: readUint256("order.tokenId", order.tokenId),
    makerAmount: readUint256("order.makerAmount", order.makerAmount),
    takerAmount: readUint256("order.takerAmount", order.takerAmount),
    expiration: readUint256("order.expiration", order.expiration),
    nonce: readUint256("order.nonce", order.nonce),
    feeRateBps: readUint256("order.feeRateBps", order.feeRateBps),
    side: readOneOf("order.side", order.side, Side),
    signatureType,
    signature: readSignature(envelope.signature, signatureType),
  };
}

function parseJson(text: string): unknown {
  if (text.length > LONGEST_TEXT) {
    throw new JsonError(
      "INVALID_JSON",
      "json",
      withoutContent(text),
      `at most ${LONGEST_TEXT} characters`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new JsonError("INVALID_JSON", "json", withoutContent(text), "JSON text");
  }
  const duplicate = findDuplicateField(text);
  if (duplicate !== undefined) {
    throw new JsonError("DUPLICATE_FIELD", duplicate, "given twice", "each field once");
  }
  return value;
}

function readFields<Field extends string>(
  value: unknown,
  fields: readonly Field[],
  path = "",
): Record<Field, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new JsonError("INVALID_JSON", path || "json", withoutContent(value), "an object");
  }
  const pathOf = (field: string): string => (path === "" ? field : `${path}.${field}`);
  for (const key of Object.keys(value)) {
    if (!(fields as readonly string[]).includes(key)) {
      throw new JsonError("UNKNOWN_FIELD", pathOf(key), "unknown", `only ${fields.join(", ")}`);
    }
  }
  for (const field of fields) {
    if (!Object.hasOwn(value, field)) {
      throw new JsonError("MISSING_FIELD", pathOf(field), undefined, "a value");
    }
  }
  return value as Record<Field, unknown>;
}

function readUint256(field: string, value: unknown): bigint {
  if (typeof value !== "string") {
    throw new InputError(field, value, "a uint256 as decimal text; JSON numbers lose digits");
  }
  return parseUint256(field, value);
}

function readOneOf<Value extends number>(
  field: string,
  value: unknown,
  kinds: Readonly<Record<string, Value>>,
): Value {
  const known = Object.values(kinds).find((kind) => kind === value);
  if (known === undefined) {
    throw new InputError(field, value, `one of ${Object.values(kinds).join(", ")}`);
  }
  return known;
}

function readSignature(value: unknown, signatureType: SignatureType): Hex {
  const bytes = tryParseSignature(value as string);
  const isOfContract = signatureType === SignatureType.EIP1271;
  if (bytes === undefined || !(isOfContract || [0, SIGNATURE_BYTES].includes(bytes.length))) {
    const length = isOfContract ? `at most ${MAX_SIGNATURE_BYTES}` : `${SIGNATURE_BYTES}`;
    throw new InputError("signature", value, `${length} bytes as 0x-prefixed hex, or "0x"`);
  }
  return (value as string).toLowerCase() as Hex;
}
