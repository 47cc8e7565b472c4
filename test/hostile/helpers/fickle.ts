import { interfaces } from "@nostra/sdk/contracts";
import {
  createOrderHasher,
  orderDomain,
  SignatureType,
  type Address,
  type SignedOrder,
} from "@nostra/sdk/order";
import hre from "hardhat";
import type { Rpc } from "../../../operator/src/rpc";
import type { Store } from "../../../operator/src/store";
import type { Signed, Venue } from "../../operator/helpers/settling";

export interface Behaviour {
  readonly confirmsOnlyUnpaid?: boolean;
  readonly keptOfSignature?: bigint;
  readonly hookGas?: bigint;
}

/** As geth answers: a question without a gas price is asked at a price of zero. Hardhat asks at the present price. */
export function likeGeth(inner: Rpc): Rpc {
  return {
    send: (method, params) => {
      const isQuestion = method === "eth_estimateGas" || method === "eth_call";
      const [call, ...rest] = params;
      return inner.send(
        method,
        isQuestion ? [{ gasPrice: "0x0", ...(call as object) }, ...rest] : params,
      );
    },
  };
}

/** A contract wallet with money, that lets the exchange move it. */
export async function deployFickle(venue: Venue, behaviour: Behaviour): Promise<Address> {
  await venue.rpc.send("evm_setAutomine", [true]);
  const factory = await hre.ethers.getContractFactory("FickleWallet");
  const account = (await (await factory.deploy()).getAddress()) as Address;
  const { interface: wallet } = factory;
  const { collateral, ctfExchange, conditionalTokens } = venue.deployment.contracts;
  const [signer] = await hre.ethers.getSigners();
  const from = (signer as { address: string }).address;
  const run = (to: string, data: string): Promise<unknown> =>
    venue.rpc.send("eth_sendTransaction", [{ from, to, data, gas: "0xf4240" }]);
  const as = (to: string, data: string): Promise<unknown> =>
    run(account, wallet.encodeFunctionData("execute", [to, data]));
  const most = 2n ** 256n - 1n;
  const { mockUsdc, collateral: erc20, conditionalTokens: tokens } = interfaces;
  await run(collateral, mockUsdc.encodeFunctionData("mint", [account, 10n ** 12n]));
  await as(collateral, erc20.encodeFunctionData("approve", [ctfExchange, most]));
  await as(conditionalTokens, tokens.encodeFunctionData("setApprovalForAll", [ctfExchange, true]));
  const { confirmsOnlyUnpaid = false, keptOfSignature = 0n, hookGas = 0n } = behaviour;
  const values = [confirmsOnlyUnpaid, keptOfSignature, hookGas];
  await run(account, wallet.encodeFunctionData("set", values));
  await venue.rpc.send("evm_setAutomine", [false]);
  return account;
}

let salt = 1_000_000n;

/** An order of a contract wallet for so many shares at 0.50. */
export function orderOf(
  venue: Venue,
  maker: Address,
  side: "BUY" | "SELL",
  shares: bigint,
): Signed {
  const { chainId, contracts } = venue.deployment;
  const [money, tokens] = [shares * 500_000n, shares * 1_000_000n];
  salt += 1n;
  const order = {
    ...{ salt, maker, signer: maker, taker: "0x0000000000000000000000000000000000000000" },
    ...{ tokenId: venue.market.yes, side: side === "BUY" ? 0 : 1 },
    ...(side === "BUY"
      ? { makerAmount: money, takerAmount: tokens }
      : { makerAmount: tokens, takerAmount: money }),
    ...{ expiration: 0n, nonce: 0n, feeRateBps: 0n },
    ...{ signatureType: SignatureType.EIP1271, signature: "0x00" },
  } as SignedOrder;
  const domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
  return { hash: createOrderHasher(domain)(order), order };
}

/** A match of one taker order with many makers, each for so many shares. */
export async function manyMakers(
  venue: Venue,
  store: Store,
  makers: readonly Signed[],
  taker: Signed,
  shares: bigint,
): Promise<string> {
  const [first, ...others] = makers as [Signed, ...Signed[]];
  const id = await venue.match(store, first, taker, shares);
  const { db } = store;
  const row = await db
    .selectFrom("orders")
    .selectAll()
    .where("hash", "=", first.hash)
    .executeTakeFirstOrThrow();
  const [money, tokens] = [shares * 500_000n, shares * 1_000_000n];
  const isBuying = first.order.side === 0;
  const [making, taking] = isBuying ? [money, tokens] : [tokens, money];
  for (const [index, { hash, order }] of others.entries()) {
    const { maker, signer, signature } = order;
    await db
      .insertInto("orders")
      .values({
        ...row,
        hash,
        input: BigInt(100_000 + index) + row.input * 1_000n,
        salt: order.salt.toString(),
        maker,
        signer,
        signature,
      })
      .execute();
    await db
      .insertInto("match_maker")
      .values({
        ...{ match_id: id, index: index + 1, order_hash: hash, kind: "COMPLEMENTARY" },
        ...{ making: making.toString(), taking: taking.toString(), price: 500_000 },
      })
      .execute();
  }
  const count = BigInt(makers.length);
  const given = (taking * count).toString();
  await db
    .updateTable("match")
    .set({
      ...{ taker_fill_amount: given, making: given, consumed: given },
      ...{ taking: (making * count).toString(), shares: (tokens * count).toString() },
    })
    .where("id", "=", id)
    .execute();
  return id;
}
