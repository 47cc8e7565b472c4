import { ChainMismatchError } from "../errors/ChainMismatchError.js";
import { StaleNonceError } from "../errors/StaleNonceError.js";
import { TransportError } from "../errors/TransportError.js";
import type { Address, Order } from "./Order.js";
import type { OrderConnection } from "./OrderConnection.js";

/**
 * Refuses an order whose nonce is not its maker's nonce in the exchange now; before posting it, say, long after it was
 * signed.
 * @throws StaleNonceError with both nonces. @throws ChainMismatchError when the node is on another chain than the
 * deployment. @throws TransportError when it did not answer.
 */
export async function requireFreshOrder(order: Order, connection: OrderConnection): Promise<void> {
  const currentNonce = await readNonceOf(order.maker, connection);
  if (order.nonce !== currentNonce) {
    throw new StaleNonceError(order.maker, order.nonce, currentNonce);
  }
}

/** The nonce an order of `maker` must have now, from a node that is on the right chain. */
export async function readNonceOf(maker: Address, connection: OrderConnection): Promise<bigint> {
  const { deployment, exchange, runner } = connection;
  const expected = BigInt(deployment.chainId);
  // Asked for together; on a wrong chain the nonce may fail for want of a contract, which is not what is wrong.
  const asked = exchange.nonces(maker);
  asked.catch(() => undefined);
  const network = await answerOf(runner?.provider?.getNetwork());
  if (network !== undefined && network.chainId !== expected) {
    throw new ChainMismatchError(expected, network.chainId);
  }
  return answerOf(asked);
}

async function answerOf<T>(asked: T | Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (thrown) {
    throw new TransportError("readNonce", thrown);
  }
}
