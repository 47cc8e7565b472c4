import { marketVectors, orderVectors } from "../generated/vectors.js";
import type { Address, Hex, Order, Side, SignatureType } from "../order/Order.js";
import type { OrderDomain } from "../order/orderDomain.js";

/** A signed order that an exchange of this kind has taken, with every hash on the way to its signature. */
export interface OrderVector {
  readonly name: string;
  /** Where it was recorded. */
  readonly source: string;
  readonly domain: OrderDomain;
  readonly order: Order;
  readonly domainSeparator: Hex;
  readonly structHash: Hex;
  /** What is signed, and what the exchange calls the order. */
  readonly hash: Hex;
  readonly signature: Hex;
  /** Whose key signed. */
  readonly signer: Address;
  /** That key, where it is a published test key. */
  readonly privateKey: Hex | undefined;
}

/** A binary market on Polygon, with the ids that ConditionalTokens gave it. */
export interface MarketVector {
  readonly oracle: Address;
  readonly questionId: Hex;
  readonly conditionId: Hex;
  readonly collateral: Address;
  /** Position ids of index sets 1 and 2. */
  readonly yes: bigint;
  readonly no: bigint;
}

/** What goldenVectors gives. */
export interface GoldenVectors {
  readonly orders: readonly OrderVector[];
  readonly markets: readonly MarketVector[];
}

/**
 * Orders and markets recorded from other implementations: what hashes orders, signs them or derives ids must give these, in any
 * language.
 */
export function goldenVectors(): GoldenVectors {
  return {
    orders: orderVectors.map(({ name, source, domain, order, ...vector }) => ({
      ...{ name, source },
      domain: { ...domain, chainId: BigInt(domain.chainId) },
      order: {
        ...{ salt: BigInt(order.salt), tokenId: BigInt(order.tokenId) },
        ...{ maker: order.maker, signer: order.signer, taker: order.taker },
        makerAmount: BigInt(order.makerAmount),
        takerAmount: BigInt(order.takerAmount),
        expiration: BigInt(order.expiration),
        nonce: BigInt(order.nonce),
        feeRateBps: BigInt(order.feeRateBps),
        side: order.side as Side,
        // The kinds of another exchange; the number is what is hashed.
        signatureType: order.signatureType as SignatureType,
      },
      domainSeparator: vector.domainSeparator,
      structHash: vector.structHash,
      hash: vector.hash,
      signature: vector.signature,
      signer: vector.signatureRecoversTo,
      privateKey: "testPrivateKey" in vector ? vector.testPrivateKey : undefined,
    })),
    markets: marketVectors.map(({ oracle, questionId, conditionId, collateral, outcomes }) => ({
      ...{ oracle, questionId, conditionId, collateral },
      yes: BigInt(outcomes[0].tokenId),
      no: BigInt(outcomes[1].tokenId),
    })),
  };
}
