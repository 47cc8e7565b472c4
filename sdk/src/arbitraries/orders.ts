import fc from "fast-check";
import { MAX_FEE_RATE_BPS } from "../order/buildOrder.js";
import {
  type Address,
  type Hex,
  type Order,
  Side,
  type SignedOrder,
  SignatureType,
} from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";
import { checksumAddress, ZERO_ADDRESS } from "../ids/address.js";
import { toHex } from "../ids/bytes.js";
import { fastSigner } from "../signer/fastSigner.js";
import { MAX_AMOUNT } from "../units/constants.js";

/** What the orders should have in common; what is not given is anything the exchange may see. */
export interface OrderShape {
  readonly tokenId?: bigint | undefined;
  readonly side?: Side | undefined;
  readonly nonce?: bigint | undefined;
  readonly feeRateBps?: bigint | undefined;
}

const MAX_WORD = 2n ** 256n - 1n;
/** Past the year 2500: dead on no chain of today. */
const FAR_SECOND = 2n ** 34n;

/**
 * Any order that is well formed: every field within what the exchange takes, amounts small and of up to 2^120 - 1 units, with
 * the edges often. The maker signs itself. Whether it can settle is another question.
 */
export function anOrder(shape: OrderShape = {}): fc.Arbitrary<Order> {
  return anAddress().chain((maker) => orderOf(maker, shape));
}

/** The same, signed by a key of its own for a domain. */
export function aSignedOrder(
  domain: OrderDomain,
  shape: OrderShape = {},
): fc.Arbitrary<SignedOrder> {
  return aPrivateKey().chain((key) => {
    const signer = fastSigner(key);
    return orderOf(signer.address, shape).map((order) => signer.signOrder(order, domain));
  });
}

function orderOf(maker: Address, shape: OrderShape): fc.Arbitrary<Order> {
  return fc.record({
    salt: fc.bigInt({ min: 0n, max: MAX_WORD }),
    maker: fc.constant(maker),
    signer: fc.constant(maker),
    taker: fc.oneof(
      { weight: 4, arbitrary: fc.constant(ZERO_ADDRESS) },
      { weight: 1, arbitrary: anAddress() },
    ),
    tokenId: given(shape.tokenId, fc.bigInt({ min: 1n, max: MAX_WORD })),
    makerAmount: anAmount(),
    takerAmount: anAmount(),
    expiration: fc.oneof(fc.constant(0n), fc.bigInt({ min: FAR_SECOND, max: 2n * FAR_SECOND })),
    nonce: given(shape.nonce, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
    feeRateBps: given(shape.feeRateBps, fc.bigInt({ min: 0n, max: MAX_FEE_RATE_BPS })),
    side: given(shape.side, fc.constantFrom(Side.BUY, Side.SELL)),
    signatureType: fc.constant(SignatureType.EOA),
  });
}

function given<T>(value: T | undefined, otherwise: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return value === undefined ? otherwise : fc.constant(value);
}

function anAmount(): fc.Arbitrary<bigint> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.bigInt({ min: 1n, max: 10n ** 12n }) },
    { weight: 1, arbitrary: fc.bigInt({ min: 1n, max: MAX_AMOUNT }) },
    { weight: 1, arbitrary: fc.constantFrom(1n, 2n, MAX_AMOUNT - 1n, MAX_AMOUNT) },
  );
}

/** Not the zero address, which is nobody. */
function anAddress(): fc.Arbitrary<Address> {
  return fc
    .uint8Array({ minLength: 20, maxLength: 20 })
    .filter((bytes) => bytes.some((byte) => byte !== 0))
    .map((bytes) => checksumAddress(toHex(bytes)));
}

function aPrivateKey(): fc.Arbitrary<Hex> {
  return fc
    .bigInt({ min: 1n, max: 2n ** 255n })
    .map((key): Hex => `0x${key.toString(16).padStart(64, "0")}`);
}
