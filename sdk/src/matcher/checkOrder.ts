import { InputError } from "../errors/InputError.js";
import { Side, type Hex, type Order } from "../order/Order.js";
import { MAX_AMOUNT } from "../units/constants.js";
import { MatcherError } from "./MatcherError.js";
import { isOnTick } from "./priority.js";
import type { IncomingOrder, Market } from "./types.js";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const ORDER_HASH = /^0x[0-9a-f]{64}$/;

/**
 * Refuses an order that this market's book cannot hold or match. Only what matching relies on is looked at: signature,
 * nonce, fee and funds are the business of whoever lets orders in.
 * @returns what is left of the order, in units of what it gives.
 */
export function checkOrder(market: Market, incoming: IncomingOrder): bigint {
  const { hash, order } = incoming;
  checkHash(hash);
  if (typeof order !== "object" || order === null) throw new InputError("order", order, "an order");
  const remaining = incoming.remaining ?? order.makerAmount;
  checkAddress("order.maker", order.maker);
  checkAddress("order.taker", order.taker);
  checkBigint("order.tokenId", order.tokenId);
  checkBigint("order.makerAmount", order.makerAmount);
  checkBigint("order.takerAmount", order.takerAmount);
  checkBigint("order.expiration", order.expiration);
  checkBigint("remaining", remaining);

  if (order.tokenId !== market.yes && order.tokenId !== market.no) {
    throw new MatcherError("UNKNOWN_TOKEN", "The order's token is not of this market", {
      hash,
      tokenId: order.tokenId,
      yes: market.yes,
      no: market.no,
    });
  }
  if (order.side !== Side.BUY && order.side !== Side.SELL) {
    throw new MatcherError("INVALID_SIDE", "The order's side is neither BUY nor SELL", {
      hash,
      side: order.side,
    });
  }
  const { makerAmount, takerAmount } = order;
  if (!isAmount(makerAmount) || !isAmount(takerAmount)) {
    throw new MatcherError("INVALID_AMOUNT", "An amount of the order is out of range", {
      hash,
      makerAmount,
      takerAmount,
      maxAmount: MAX_AMOUNT,
    });
  }
  const isBuy = order.side === Side.BUY;
  if (isBuy ? makerAmount > takerAmount : takerAmount > makerAmount) {
    throw new MatcherError("PRICE_ABOVE_ONE", "The order's price is above 1", {
      hash,
      makerAmount,
      takerAmount,
      side: order.side,
    });
  }
  if (remaining <= 0n || remaining > makerAmount) {
    throw new MatcherError("INVALID_REMAINING", "What is left of the order is out of range", {
      hash,
      remaining,
      makerAmount,
    });
  }
  checkSize(market, hash, isBuy ? takerAmount : makerAmount);
  if (market.offTick === "refuse") checkOnTick(market, hash, order);
  return remaining;
}

/** Refuses an order signed for fewer or more shares than the market takes. */
function checkSize({ minSize, maxSize }: Market, hash: Hex, size: bigint): void {
  if (minSize !== undefined && size < minSize) {
    throw new MatcherError(
      "SIZE_TOO_SMALL",
      "The order is for fewer shares than the market takes",
      {
        hash,
        size,
        minSize,
      },
    );
  }
  if (maxSize !== undefined && size > maxSize) {
    throw new MatcherError("SIZE_TOO_LARGE", "The order is for more shares than the market takes", {
      hash,
      size,
      maxSize,
    });
  }
}

function checkOnTick(market: Market, hash: Hex, order: Order): void {
  const { makerAmount, takerAmount, side } = order;
  if (!isOnTick(market, order)) {
    throw new MatcherError("OFF_TICK", "The order's price is between ticks", {
      hash,
      makerAmount,
      takerAmount,
      side,
      tick: market.tick,
    });
  }
}

/** Hashes are keys of the book, so one order must have one spelling. */
function checkHash(hash: Hex): void {
  if (typeof hash !== "string" || !ORDER_HASH.test(hash)) {
    throw new InputError("hash", hash, "32 bytes as 0x-prefixed lower-case hex");
  }
}

function checkAddress(field: string, value: unknown): void {
  if (typeof value !== "string" || !ADDRESS.test(value)) {
    throw new InputError(field, value, "20 bytes as 0x-prefixed hex");
  }
}

export function checkBigint(field: string, value: unknown): void {
  if (typeof value !== "bigint") throw new InputError(field, value, "a bigint");
}

function isAmount(value: bigint): boolean {
  return value > 0n && value <= MAX_AMOUNT;
}
