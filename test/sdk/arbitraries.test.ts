import {
  aPrice,
  aSignedOrder,
  aSize,
  aTick,
  anOrder,
  crossingTerms,
  limitTerms,
  type QuoteTerms,
} from "@nostra/sdk/arbitraries";
import { InputError } from "@nostra/sdk/errors";
import { binaryTokens, conditionId } from "@nostra/sdk/ids";
import { createBook, submitOrder } from "@nostra/sdk/matcher";
import {
  buildOrder,
  createOrderHasher,
  hashOrder,
  orderDomain,
  orderFromJson,
  orderToJson,
} from "@nostra/sdk/order";
import { fastSigner, type FastSigner } from "@nostra/sdk/signer";
import { goldenVectors } from "@nostra/sdk/testing";
import { limitAmounts, parsePrice, parseShares } from "@nostra/sdk/units";
import { verifyOrder } from "@nostra/sdk/verify";
import { expect } from "chai";
import fc from "fast-check";
import { runsOr, seedOr } from "../helpers/random";

const SEED = seedOr(20_261_121);
const RUNS = runsOr(300);
const DOMAIN = orderDomain({ chainId: 137, exchange: `0x${"ce".repeat(20)}` });
const MARKET = { yes: 11n, no: 22n };

describe(`sdk/arbitraries (NOSTRA_SEED=${SEED} NOSTRA_RUNS=${RUNS})`, () => {
  const check = <T>(arbitrary: fc.Arbitrary<T>, hold: (value: T) => void, runs = RUNS): void =>
    fc.assert(
      fc.property(arbitrary, (value) => {
        hold(value);
      }),
      { seed: SEED, numRuns: runs },
    );

  it("there is no price on a tick that is no part of 1, or all of it", () => {
    for (const tick of ["0.03", "1", "2", "0", "none"]) {
      expect(() => aPrice(tick), tick)
        .to.throw(InputError)
        .with.property("field", "tick");
    }
    check(aPrice("0.5"), (price) => expect(price).to.equal("0.5"), 5);
  });

  it("prices lie on their tick, sizes are shares, and limit terms are exact as they are", () => {
    check(
      fc.tuple(
        aTick().chain((tick) => fc.tuple(fc.constant(tick), aPrice(tick))),
        aSize(),
      ),
      ([[tick, price], size]) => {
        expect(parsePrice(price, tick) > 0n).to.equal(true);
        expect(parsePrice(price, tick) < 1_000_000n).to.equal(true);
        expect(parseShares(size) > 0n).to.equal(true);
      },
    );
    check(limitTerms(), (terms) => {
      const { makerAmount, takerAmount } = limitAmounts(terms);
      const [cost, shares] =
        terms.side === "BUY" ? [makerAmount, takerAmount] : [takerAmount, makerAmount];
      expect(shares).to.equal(parseShares(terms.size));
      expect(cost * 1_000_000n).to.equal(parsePrice(terms.price) * shares);
    });
  });

  it("orders are well formed: they hash, go through JSON, and keep the shape asked for", () => {
    const edges = new Set<bigint>();
    check(anOrder(), (order) => {
      const read = orderFromJson(JSON.stringify(orderToJson({ ...order, signature: "0x" })));
      expect(hashOrder(read, DOMAIN)).to.equal(hashOrder(order, DOMAIN));
      edges.add(order.makerAmount);
    });
    expect(edges.has(1n) && edges.has(2n ** 120n - 1n), "the edges are drawn").to.equal(true);
    const shape = { tokenId: 7n, side: 1, nonce: 3n, feeRateBps: 10n } as const;
    check(anOrder(shape), (order) => expect(order).to.deep.include(shape));
  });

  it("signed orders verify, and no longer when a field is another", () => {
    check(
      aSignedOrder(DOMAIN),
      (order) => {
        expect(verifyOrder(order, DOMAIN).ok).to.equal(true);
        expect(verifyOrder({ ...order, salt: order.salt ^ 1n }, DOMAIN).ok).to.equal(false);
      },
      40,
    );
  });

  it("crossing terms cross, each maker alone, in all three ways", () => {
    const kinds = new Set<string>();
    const [ada, ben] = ["42", "43"].map((byte) => fastSigner(`0x${byte.repeat(32)}`));
    const put = (
      book: ReturnType<typeof createBook>,
      wallet: FastSigner | undefined,
      { outcome, ...terms }: QuoteTerms,
    ) => {
      const tokenId = outcome === "YES" ? MARKET.yes : MARKET.no;
      const order = buildOrder({ ...terms, tokenId, maker: wallet!.address, nonce: 0n });
      const signed = { ...order, signature: "0x" } as const;
      return submitOrder(book, { hash: hashOrder(order, DOMAIN), order: signed });
    };
    check(crossingTerms(), ({ taker, makers }) => {
      for (const maker of makers) {
        const book = createBook(MARKET);
        expect(put(book, ada, maker).plans).to.have.length(0);
        expect(put(book, ben, taker).plans, JSON.stringify([taker, maker])).to.have.length(1);
        kinds.add(maker.outcome === taker.outcome ? "complementary" : `both ${taker.side}`);
      }
    });
    expect([...kinds].sort()).to.deep.equal(["both BUY", "both SELL", "complementary"]);
  });
});

describe("sdk/testing: goldenVectors", () => {
  const { orders, markets } = goldenVectors();

  it("six orders of another exchange, with the hashes and signatures recorded there", () => {
    expect(orders).to.have.length(6);
    for (const { name, domain, order, domainSeparator, hash, signature, privateKey } of orders) {
      const hasher = createOrderHasher(domain);
      expect(hasher.domainSeparator, name).to.equal(domainSeparator);
      expect(hashOrder(order, domain), name).to.equal(hash);
      // One is an order of nobody, all zero, that was signed all the same.
      if (privateKey === undefined || order.signer !== fastSigner(privateKey).address) continue;
      expect(fastSigner(privateKey).signOrder(order, domain).signature, name).to.equal(signature);
    }
    expect(orders.filter(({ privateKey }) => privateKey !== undefined)).to.have.length(3);
  });

  it("ten markets of Polygon, with the ids the chain gave them", () => {
    expect(markets).to.have.length(10);
    for (const market of markets) {
      expect(conditionId(market.oracle, market.questionId)).to.equal(market.conditionId);
      expect(binaryTokens(market.collateral, market.conditionId)).to.deep.equal({
        yes: market.yes,
        no: market.no,
      });
    }
  });
});
