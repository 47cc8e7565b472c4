import { isError, type BlockTag, type Provider } from "ethers";
import { MARKET_STATUSES, type MarketStatus } from "../actions/readMarket.js";
import type { OrderStatus } from "../actions/orders.js";
import type { Connection } from "../contracts/connect.js";
import { ChainMismatchError } from "../errors/ChainMismatchError.js";
import { ContractRevertError } from "../errors/ContractRevertError.js";
import { InputError } from "../errors/InputError.js";
import { TransportError, toNostraError } from "../errors/toNostraError.js";
import { Side, SignatureType, type Hex, type SignedOrder } from "../order/Order.js";

/** An order with its hash. */
export interface HashedOrder {
  readonly order: SignedOrder;
  readonly hash: Hex;
}

/** All that the chain knows about an order at one block. */
export interface OrderState {
  readonly block: { readonly number: number; readonly timestampSeconds: bigint };
  /** The maker's. */
  readonly nonce: bigint;
  readonly paused: boolean;
  readonly isRegistered: boolean;
  /** The order's, then those of the other open orders. */
  readonly statuses: readonly OrderStatus[];
  /** True when the maker approved the order on chain. */
  readonly isApproved: boolean;
  /** From when on the signer may no longer sign for the maker; asked of a DELEGATE order only. */
  readonly signerExpirationSeconds: bigint;
  /** What the maker, a contract, says of the signature; asked of an EIP1271 order only. */
  readonly isConfirmed: boolean;
  /** What the maker has of what it gives, and lets the exchange move of it. */
  readonly balance: bigint;
  readonly allowance: bigint;
  /** False when the maker is a contract that refuses the token it buys. */
  readonly takesTokens: boolean;
  /** Null when no market of the factory has the order's token. */
  readonly market: OrderMarket | null;
}

export interface OrderMarket {
  readonly questionId: Hex;
  readonly status: MarketStatus;
  readonly endTimeSeconds: bigint;
  readonly payouts: readonly [yes: bigint, no: bigint];
}

const ZERO_WORD = `0x${"0".repeat(64)}`;

/** An approved operator may move all there is. */
const EVERYTHING = 2n ** 256n - 1n;

/**
 * Of the OUTCOME_TRANSFER_GAS (200,000) that the exchange lets a transfer use, a swap of a maker's first tokens of a kind leaves
 * its hook 160,736; a mint leaves more. A node takes what the call costs before it runs off the limit: 22,720 for a question
 * without zero bytes in its id and addresses, 12 less for each. So a hook that answers here has 160,280, or a little
 * more, and answers there too.
 */
const HOOK_GAS = 183_000n;

/** How often a chain may move on while it is read. */
const MOST_TRIES = 5;

/**
 * Reads everything at the latest block, in three rounds of calls. A node may keep no state but the latest: when it has moved
 * on meanwhile and a read failed, all is read again.
 */
export async function readOrderState(
  connection: Connection,
  order: HashedOrder,
  others: readonly HashedOrder[],
): Promise<OrderState> {
  const provider = requireProvider(connection);
  const { chainId } = connection.deployment;
  let block = await readBlock(provider, chainId);
  for (let tries = 1; ; tries++) {
    try {
      return await readAt(block, connection, provider, order, others);
    } catch (thrown) {
      const error = toNostraError("checkOrder", thrown);
      if (!(error instanceof TransportError) || tries === MOST_TRIES) throw error;
      const latest = await readBlock(provider, chainId);
      if (latest.number === block.number) throw error;
      block = latest;
    }
  }
}

async function readAt(
  block: OrderState["block"],
  connection: Connection,
  provider: Provider,
  { order, hash }: HashedOrder,
  others: readonly HashedOrder[],
): Promise<OrderState> {
  const { exchange } = connection;
  const at = { blockTag: block.number };
  const [nonce, paused, conditionId, statuses, isApproved, signature, funds, takesTokens] =
    await Promise.all([
      exchange.nonces(order.maker, at),
      exchange.paused(at),
      exchange.getConditionId(order.tokenId, at),
      exchange.getOrderStatuses([hash, ...others.map((other) => other.hash)], at),
      exchange.isOrderApproved(hash, at),
      readSignature(connection, order, hash, at),
      readFunds(connection, order, at),
      order.side === Side.BUY ? readTakesTokens(connection, provider, order, at) : true,
    ]);
  const isRegistered = conditionId !== ZERO_WORD;
  return {
    ...{ block, nonce, paused, isRegistered, isApproved, takesTokens },
    statuses,
    ...signature,
    ...funds,
    market: isRegistered ? await readMarketOf(connection, conditionId, at) : null,
  };
}

interface At {
  readonly blockTag: BlockTag;
}

function requireProvider({ runner }: Connection): Provider {
  if (!runner?.provider) {
    throw new InputError("connection.runner", runner, "a provider, or a signer with one");
  }
  return runner.provider;
}

async function readBlock(provider: Provider, chainId: number): Promise<OrderState["block"]> {
  const asked = Promise.all([provider.getNetwork(), provider.getBlock("latest")]);
  const [network, block] = await asked.catch((thrown: unknown) => {
    throw new TransportError("checkOrder", thrown);
  });
  if (network.chainId !== BigInt(chainId)) {
    throw new ChainMismatchError(BigInt(chainId), network.chainId);
  }
  if (block === null) throw new TransportError("checkOrder", "the node knows no latest block");
  return { number: block.number, timestampSeconds: BigInt(block.timestamp) };
}

/** What of an order's signature only the chain can tell. */
async function readSignature(
  { exchange }: Connection,
  order: SignedOrder,
  hash: Hex,
  at: At,
): Promise<Pick<OrderState, "signerExpirationSeconds" | "isConfirmed">> {
  const { maker, signer, signatureType } = order;
  const [signerExpirationSeconds, isConfirmed] = await Promise.all([
    signatureType === SignatureType.DELEGATE ? exchange.signerExpiration(maker, signer, at) : 0n,
    signatureType === SignatureType.EIP1271
      ? exchange.validateOrderSignature(hash, order, at).then(
          () => true,
          (thrown: unknown) => {
            if (isRevert(thrown, "InvalidSignature")) return false;
            throw thrown;
          },
        )
      : false,
  ]);
  return { signerExpirationSeconds, isConfirmed };
}

async function readFunds(
  { collateral, conditionalTokens, deployment }: Connection,
  { maker, side, tokenId }: SignedOrder,
  at: At,
): Promise<Pick<OrderState, "balance" | "allowance">> {
  const { ctfExchange } = deployment.contracts;
  const [balance, allowed] = await (side === Side.BUY
    ? Promise.all([collateral.balanceOf(maker, at), collateral.allowance(maker, ctfExchange, at)])
    : Promise.all([
        conditionalTokens.balanceOf(maker, tokenId, at),
        conditionalTokens.isApprovedForAll(maker, ctfExchange, at),
      ]));
  const allowance = typeof allowed === "bigint" ? allowed : allowed ? EVERYTHING : 0n;
  return { balance, allowance };
}

/** Asks the maker's hook as ConditionalTokens would when the exchange sends what a mint made. */
async function readTakesTokens(
  { deployment, exchange }: Connection,
  provider: Provider,
  { maker, tokenId }: SignedOrder,
  { blockTag }: At,
): Promise<boolean> {
  const { ctfExchange, conditionalTokens } = deployment.contracts;
  // The exchange has the same hook, so its ABI has it too.
  const hook = "onERC1155Received";
  const { selector } = exchange.interface.getFunction(hook);
  const question = [ctfExchange, ctfExchange, tokenId, 1n, "0x"] as const;
  const data = exchange.interface.encodeFunctionData(hook, [...question]);
  const call = { to: maker, from: conditionalTokens, data, blockTag, gasLimit: HOOK_GAS };
  const [code, answer] = await Promise.all([
    provider.getCode(maker, blockTag),
    provider.call(call).catch((thrown: unknown) => {
      const isRefusal =
        isError(thrown, "CALL_EXCEPTION") ||
        isFailedRun(thrown) ||
        !(toNostraError("checkOrder", thrown) instanceof TransportError);
      if (isRefusal) return "0x";
      throw thrown;
    }),
  ]);
  const isYes = answer.length >= ZERO_WORD.length && answer.startsWith(selector);
  return code === "0x" || isYes;
}

/** How nodes tell of code that failed otherwise than by reverting: in words, without data. */
const FAILED_RUN =
  /out of gas|invalid opcode|bad instruction|bad jump|invalid jump|stack (under|over)flow|out of bounds/i;

/** True for what a node answers when the code it ran failed, as ethers hands it on; no connection fails in these words. */
function isFailedRun(thrown: unknown): boolean {
  const { message, error, info } = (thrown ?? {}) as Record<"message" | "error" | "info", unknown>;
  if (typeof message === "string" && FAILED_RUN.test(message)) return true;
  return (error !== undefined && isFailedRun(error)) || (info !== undefined && isFailedRun(info));
}

async function readMarketOf(
  { factory }: Connection,
  conditionId: string,
  at: At,
): Promise<OrderMarket | null> {
  try {
    const market = await factory.getMarketByCondition(conditionId, at);
    return {
      questionId: market.questionId as Hex,
      status: MARKET_STATUSES[Number(market.status)] ?? "NONE",
      endTimeSeconds: market.endTime,
      payouts: [market.payouts[0], market.payouts[1]],
    };
  } catch (thrown) {
    // Pairs may be registered by hand, without a market.
    if (isRevert(thrown, "UnknownCondition")) return null;
    throw thrown;
  }
}

function isRevert(thrown: unknown, revertName: string): boolean {
  const error = toNostraError("checkOrder", thrown);
  return error instanceof ContractRevertError && error.revertName === revertName;
}
