import {
  approveOrder,
  authorizeSigner,
  cancelOrder,
  inspectMatch,
  matchOrdersBatch,
  revokeSigner,
  splitPosition,
  type MarketIds,
} from "@nostra/sdk/actions";
import { ContractRevertError } from "@nostra/sdk/errors";
import { createBook, matchOrder, type MatchPlan } from "@nostra/sdk/matcher";
import {
  buildOrder,
  hashOrder,
  orderDomain,
  signOrder,
  type Address,
  type OrderDomain,
  type SignedOrder,
} from "@nostra/sdk/order";
import { createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { expectInputError, expectRevert, run } from "../helpers/sandbox";

/*
 * given a sandbox with one market
 * ├── matchOrdersBatch ....... settles each match for itself, and tells which failed, why, and whose order is to blame
 * ├── inspectMatch ........... names every order that cannot settle, without sending anything
 * ├── approveOrder ........... makes an order valid without a signature
 * └── authorizeSigner ........ lets a key sign for the sender until revokeSigner or the second it expires
 */
describe("sdk/actions: batches, approvals, delegates", () => {
  let sandbox: Sandbox;
  let market: MarketIds;
  let domain: OrderDomain;
  let [ada, ben]: Wallet[] = [];

  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
    market = await sandbox.createMarket();
    const { chainId, contracts } = sandbox.deployment;
    domain = orderDomain({ chainId, exchange: contracts.ctfExchange });
    [ada, ben] = sandbox.accounts as Wallet[];
    const { conditionId } = market;
    await run(splitPosition(sandbox.connect(seller()), { conditionId, amount: 500_000_000n }));
  });

  after(() => sandbox.close());

  const seller = (): Wallet => ada as Wallet;
  const buyer = (): Wallet => ben as Wallet;

  async function orderOf(wallet: Wallet, side: "BUY" | "SELL"): Promise<SignedOrder> {
    const terms = { tokenId: market.yes, side, price: "0.50", size: "10", nonce: 0n };
    return signOrder(buildOrder({ ...terms, maker: wallet.address }), wallet, domain);
  }

  /** The match of a seller's order that rests and a buyer's that arrives. */
  async function plan(): Promise<{ plan: MatchPlan; maker: SignedOrder }> {
    const book = createBook(market);
    const maker = await orderOf(seller(), "SELL");
    book.add({ hash: hashOrder(maker, domain), order: maker });
    const order = await orderOf(buyer(), "BUY");
    const result = matchOrder(book, { hash: hashOrder(order, domain), order });
    if (result.status !== "matched") throw new Error(result.reason);
    return { plan: result.plan, maker };
  }

  it("matchOrdersBatch settles the sound matches and names the guilty order of the others", async () => {
    const [first, spoilt, last] = [await plan(), await plan(), await plan()];
    await run(cancelOrder(sandbox.connect(seller()), spoilt.maker));

    const matches = [first, spoilt, last].map((one) => ({ plan: one.plan, gasLimit: 500_000n }));
    const result = await run(matchOrdersBatch(sandbox.connect(sandbox.operator), matches));

    expect(result.fills.map(({ args }) => args.orderHash)).to.deep.equal(
      [first, last].flatMap((one) => [hashOrder(one.maker, domain), one.plan.takerHash]),
    );
    expect(result.failed).to.have.length(1);
    const [failed] = result.failed;
    expect(failed?.index).to.equal(1);
    expect(failed?.takerOrderHash).to.equal(spoilt.plan.takerHash);
    expect(failed?.error).to.be.instanceOf(ContractRevertError);
    const error = failed?.error as ContractRevertError;
    expect([error.revertName, error.orderHash]).to.deep.equal([
      "OrderFilledOrCancelled",
      hashOrder(spoilt.maker, domain),
    ]);
  });

  it("matchOrdersBatch of nothing is refused before anything is sent", async () => {
    await expectInputError(
      () => matchOrdersBatch(sandbox.connect(sandbox.operator), []),
      "matches",
    );
  });

  it("inspectMatch names every order that cannot settle now, and none of a match that can", async () => {
    const [sound, spoilt] = [await plan(), await plan()];
    const anyone = sandbox.connect(buyer());
    expect(await inspectMatch(anyone, sound.plan)).to.deep.equal([]);

    await run(cancelOrder(sandbox.connect(seller()), spoilt.maker));
    await run(cancelOrder(sandbox.connect(buyer()), spoilt.plan.taker));
    const problems = await inspectMatch(anyone, spoilt.plan);
    const told = problems.map(({ orderHash, error }) => [
      orderHash,
      error instanceof ContractRevertError ? error.revertName : error.code,
    ]);
    expect(told).to.deep.equal([
      [spoilt.plan.takerHash, "OrderFilledOrCancelled"],
      [hashOrder(spoilt.maker, domain), "OrderFilledOrCancelled"],
    ]);
  });

  it("approveOrder makes an order valid without a signature, for its maker alone", async () => {
    const order = await orderOf(seller(), "SELL");
    const unsigned: SignedOrder = { ...order, signature: "0x" };
    const { exchange } = sandbox.connect(sandbox.operator);
    const orderHash = hashOrder(order, domain);
    await expectRevert(() => approveOrder(sandbox.connect(buyer()), order).simulate(), "NotOwner", {
      orderHash,
      caller: buyer().address,
      maker: seller().address,
    });

    await run(approveOrder(sandbox.connect(seller()), order));
    await exchange.validateOrder(unsigned);
    expect(await exchange.isOrderApproved(orderHash)).to.equal(true);
  });

  it("authorizeSigner lets a key sign, and revokeSigner ends that", async () => {
    const signer = buyer().address as Address;
    const { exchange } = sandbox.connect(seller());
    const expirationSeconds = (await sandbox.now()) + 3_600n;
    await run(authorizeSigner(sandbox.connect(seller()), { signer, expirationSeconds }));
    expect(await exchange.signerExpiration(seller().address, signer)).to.equal(expirationSeconds);

    await run(revokeSigner(sandbox.connect(seller()), { signer }));
    expect(await exchange.signerExpiration(seller().address, signer)).to.equal(0n);
    await expectRevert(
      () => revokeSigner(sandbox.connect(seller()), { signer }).simulate(),
      "UnknownSigner",
      { maker: seller().address, signer },
    );
  });
});
