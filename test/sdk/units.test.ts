import { InexactAmountError, InputError, TickError } from "@nostra/sdk/errors";
import {
  calculatePrice,
  consumedUp,
  feeDown,
  formatCollateral,
  formatPrice,
  formatShares,
  limitAmounts,
  marketAmounts,
  parseCollateral,
  parsePrice,
  parseShares,
  priceOf,
  receivedUp,
  type DecimalInput,
} from "@nostra/sdk/units";
import { expect } from "chai";
import fc from "fast-check";

const MOST = 2n ** 120n - 1n;

function failureOf(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was thrown");
}

const NOT_DECIMAL: [string, unknown][] = [
  ["a number, which may be rounded already", 1.5],
  ["a whole number too", 1],
  ["nothing", undefined],
  ["empty text", ""],
  ["text in spaces", " 1 "],
  ["a plus sign", "+1"],
  ["a minus sign", "-1"],
  ["hex", "0x10"],
  ["an exponent", "1e3"],
  ["two points", "1.2.3"],
  ["a decimal comma", "1,5"],
  ["a missing whole part", ".5"],
  ["missing decimals", "5."],
  ["a surplus zero in front", "01"],
  ["a line break at the end", "1\n"],
  ["other digits", "١"],
  ["words", "NaN"],
  ["a seventh decimal", "0.1234567"],
  ["a seventh decimal of zero", "0.1234560"],
  ["a negative bigint", -1n],
  ["more than 2^120 - 1 units", MOST + 1n],
  ["the same as text", "1329227995784915872903807060280.344576"],
  ["endless digits", "1".repeat(100_000)],
];

describe("sdk/units", () => {
  describe("parseCollateral and parseShares", () => {
    for (const [name, parse, field] of [
      ["parseCollateral", parseCollateral, "collateral"],
      ["parseShares", parseShares, "shares"],
    ] as const) {
      it(`${name} reads decimals into units of 1e-6`, () => {
        expect(parse("12.5")).to.equal(12_500_000n);
        expect(parse("0")).to.equal(0n);
        expect(parse("0.000001")).to.equal(1n);
        expect(parse("1329227995784915872903807060280.344575")).to.equal(MOST);
      });

      it(`${name} takes a bigint as units already`, () => {
        expect(parse(12_500_000n)).to.equal(12_500_000n);
      });

      for (const [what, value] of NOT_DECIMAL) {
        it(`${name} refuses ${what}, and names the field`, () => {
          const error = failureOf(() => parse(value as DecimalInput));
          expect(error.code).to.equal("INVALID_INPUT");
          // Text is repeated up to 80 characters.
          const isLong = typeof value === "string" && value.length > 80;
          const echoed = isLong ? `${value.slice(0, 80)}...` : value;
          expect(error.details).to.include({ field, value: echoed });
          expect(failureOf(() => parse(value as DecimalInput, "stake")).field).to.equal("stake");
        });
      }
    }

    it("formatting and parsing are inverse for every amount", () => {
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: MOST }), (units) => {
          expect(parseCollateral(formatCollateral(units))).to.equal(units);
          expect(parseShares(formatShares(units))).to.equal(units);
        }),
      );
    });

    it("formats the shortest exact text, differences with their sign", () => {
      expect(formatCollateral(1_500_000n)).to.equal("1.5");
      expect(formatCollateral(100_000_000n)).to.equal("100");
      expect(formatShares(-1n)).to.equal("-0.000001");
      expect(failureOf(() => formatShares(1 as unknown as bigint)).field).to.equal("shares");
    });
  });

  describe("parsePrice", () => {
    it("reads collateral per share in units of 1e-6, 1 included", () => {
      expect(parsePrice("0.55")).to.equal(550_000n);
      expect(parsePrice("0.000001")).to.equal(1n);
      expect(parsePrice("1")).to.equal(1_000_000n);
      expect(parsePrice(550_000n, "0.01")).to.equal(550_000n);
    });

    for (const tick of ["0.1", "0.01", "0.001", "0.0001"]) {
      it(`takes the prices on the tick ${tick} and their complements`, () => {
        expect(parsePrice(tick, tick)).to.equal(parsePrice(tick));
        const complement = formatPrice(1_000_000n - parsePrice(tick));
        expect(parsePrice(complement, tick)).to.equal(1_000_000n - parsePrice(tick));
      });
    }

    it("refuses a price off the tick and names both neighbours", () => {
      const error = failureOf(() => parsePrice("0.555", "0.01"));
      expect(error).to.be.instanceOf(TickError);
      expect(error.code).to.equal("OFF_TICK");
      expect(error.details).to.deep.include({
        field: "price",
        value: "0.555",
        tick: "0.01",
        nearest: ["0.55", "0.56"],
      });
    });

    it("names one neighbour below the lowest tick, because zero is no price", () => {
      expect(failureOf(() => parsePrice("0.004", "0.01")).details.nearest).to.deep.equal(["0.01"]);
      expect(failureOf(() => parsePrice("0.995", "0.01")).details.nearest).to.deep.equal([
        "0.99",
        "1",
      ]);
    });

    for (const [what, value] of [
      ...NOT_DECIMAL,
      ["zero, which is no price", "0"],
      ["more than 1, which the exchange refuses", "1.000001"],
    ]) {
      it(`refuses ${String(what)}`, () => {
        expect(failureOf(() => parsePrice(value as DecimalInput))).to.include({ field: "price" });
      });
    }

    for (const tick of ["0", "0.03", "2", "0.0000001", 0.01]) {
      it(`refuses the tick ${tick}, which is no part of 1`, () => {
        expect(failureOf(() => parsePrice("0.5", tick as DecimalInput)).field).to.equal("tick");
      });
    }
  });

  describe("limitAmounts", () => {
    it("BUY gives price * size, SELL receives it", () => {
      expect(limitAmounts({ side: "BUY", price: "0.55", size: "100" })).to.deep.equal({
        makerAmount: 55_000_000n,
        takerAmount: 100_000_000n,
      });
      expect(limitAmounts({ side: 1, price: "0.55", size: "100" })).to.deep.equal({
        makerAmount: 100_000_000n,
        takerAmount: 55_000_000n,
      });
    });

    it("keeps sums and products that binary fractions lose", () => {
      const size = parseShares("0.01") + parseShares("0.06");
      expect(limitAmounts({ side: "BUY", price: "0.1", size }).takerAmount).to.equal(70_000n);
    });

    it("refuses a cost that is no whole unit and names both exact sizes", () => {
      const error = failureOf(() =>
        limitAmounts({ side: "BUY", price: "0.333", size: "10.000001" }),
      );
      expect(error).to.be.instanceOf(InexactAmountError);
      expect(error.code).to.equal("INEXACT_AMOUNT");
      expect(error.details).to.deep.include({
        field: "size",
        value: "10.000001",
        price: "0.333",
        nearest: ["10", "10.001"],
      });
    });

    it("names one exact size when the other would be zero", () => {
      const error = failureOf(() => limitAmounts({ side: "SELL", price: "0.333", size: 1n }));
      expect(error.details.nearest).to.deep.equal(["0.001"]);
    });

    it("snap favorable lets BUY pay the unit below and SELL ask the unit above", () => {
      const terms = { price: "0.333", size: "10.000001", snap: "favorable" } as const;
      expect(limitAmounts({ side: "BUY", ...terms })).to.deep.equal({
        makerAmount: 3_330_000n,
        takerAmount: 10_000_001n,
      });
      expect(limitAmounts({ side: "SELL", ...terms })).to.deep.equal({
        makerAmount: 10_000_001n,
        takerAmount: 3_330_001n,
      });
    });

    for (const [what, terms, field] of [
      ["a size of zero", { size: "0" }, "size"],
      ["a size as number", { size: 10 }, "size"],
      ["a price as number", { price: 0.5 }, "price"],
      ["a side it does not know", { side: "buy" }, "side"],
      ["a snap it does not know", { snap: "up" }, "snap"],
      ["a BUY snapped to a cost of zero", { size: 1n, price: "0.4", snap: "favorable" }, "size"],
      [
        "an off-tick price, snap or not",
        { price: "0.555", tick: "0.01", snap: "favorable" },
        "price",
      ],
    ] as const) {
      it(`refuses ${what}`, () => {
        const all: object = { side: "BUY", price: "0.5", size: "10", ...(terms as object) };
        const act = () => limitAmounts(all as Parameters<typeof limitAmounts>[0]);
        expect(failureOf(act).field).to.equal(field);
      });
    }

    it("SD-3: agrees with a rational model: exact or refused, and never a worse limit with snap", () => {
      const price = fc.bigInt({ min: 1n, max: 1_000_000n });
      const size = fc.oneof(
        fc.bigInt({ min: 1n, max: MOST }),
        fc.bigInt({ min: 1n, max: 10n ** 6n }).map((n) => n * 10_000n),
      );
      fc.assert(
        fc.property(fc.constantFrom("BUY", "SELL"), price, size, (side, p, s) => {
          const exact = (p * s) % 1_000_000n === 0n;
          if (exact) {
            const amounts = limitAmounts({ side, price: p, size: s });
            const { numerator, denominator } = priceOf({ side, ...amounts });
            expect(numerator * 1_000_000n).to.equal(p * denominator);
            expect(denominator).to.equal(s);
          } else {
            const { nearest } = failureOf(() => limitAmounts({ side, price: p, size: s }))
              .details as { nearest: string[] };
            for (const near of nearest) limitAmounts({ side, price: p, size: near });
            expect(nearest.some((near) => parseShares(near) !== s)).to.equal(true);
          }
          if (side === "BUY" && p * s < 1_000_000n) return;
          const snapped = priceOf({
            side,
            ...limitAmounts({ side, price: p, size: s, snap: "favorable" }),
          });
          const difference = snapped.numerator * 1_000_000n - p * snapped.denominator;
          const gain = side === "BUY" ? -difference : difference;
          expect(
            gain >= 0n && gain < 1_000_000n,
            "less than a unit, in the maker's favour",
          ).to.equal(true);
        }),
        { numRuns: 1_000 },
      );
    });
  });

  describe("marketAmounts", () => {
    it("BUY asks for at least amount / cap, SELL for at least size * floor", () => {
      expect(marketAmounts({ side: "BUY", amount: "10", cap: "0.3" })).to.deep.equal({
        makerAmount: 10_000_000n,
        takerAmount: 33_333_334n,
      });
      expect(marketAmounts({ side: "SELL", size: "0.000003", floor: "0.5" })).to.deep.equal({
        makerAmount: 3n,
        takerAmount: 2n,
      });
    });

    it("SD-3: never exceeds its cap nor goes below its floor, and is tight to the unit", () => {
      const price = fc.bigInt({ min: 1n, max: 1_000_000n });
      fc.assert(
        fc.property(price, fc.bigInt({ min: 1n, max: 2n ** 100n }), (p, units) => {
          const buy = marketAmounts({ side: "BUY", amount: units, cap: p });
          expect(buy.makerAmount * 1_000_000n <= p * buy.takerAmount).to.equal(true);
          expect(buy.makerAmount * 1_000_000n > p * (buy.takerAmount - 1n)).to.equal(true);
          const sell = marketAmounts({ side: "SELL", size: units, floor: p });
          expect(sell.takerAmount * 1_000_000n >= p * sell.makerAmount).to.equal(true);
          expect((sell.takerAmount - 1n) * 1_000_000n < p * sell.makerAmount).to.equal(true);
        }),
        { numRuns: 500 },
      );
    });

    for (const [what, terms, field] of [
      ["an amount of zero", { side: "BUY", amount: "0", cap: "0.5" }, "amount"],
      ["a missing cap", { side: "BUY", amount: "1" }, "cap"],
      ["an off-tick cap", { side: "BUY", amount: "1", cap: "0.555", tick: "0.01" }, "cap"],
      ["more shares than an order holds", { side: "BUY", amount: MOST, cap: 1n }, "amount"],
      ["a size of zero", { side: "SELL", size: "0", floor: "0.5" }, "size"],
      ["a floor of zero", { side: "SELL", size: "1", floor: "0" }, "floor"],
      ["a side it does not know", { side: 2, size: "1", floor: "0.5" }, "side"],
    ] as const) {
      it(`refuses ${what}`, () => {
        const act = () => marketAmounts(terms as Parameters<typeof marketAmounts>[0]);
        expect(failureOf(act).field).to.equal(field);
      });
    }
  });

  describe("priceOf, formatPrice and calculatePrice", () => {
    const third = { side: "BUY", makerAmount: 1n, takerAmount: 3n } as const;

    it("gives the exact fraction by side", () => {
      expect(priceOf(third)).to.deep.equal({ numerator: 1n, denominator: 3n });
      expect(priceOf({ side: "SELL", makerAmount: 3n, takerAmount: 1n })).to.deep.equal({
        numerator: 1n,
        denominator: 3n,
      });
    });

    it("shows prices rounded down", () => {
      expect(formatPrice(priceOf(third), 2)).to.equal("0.33");
      expect(formatPrice({ numerator: 2n, denominator: 3n }, 2)).to.equal("0.66");
      expect(formatPrice(550_000n)).to.equal("0.550000");
      expect(formatPrice(999_999n, 0)).to.equal("0");
      expect(calculatePrice({ side: 1, makerAmount: 3n, takerAmount: 2n })).to.equal("0.666666");
      expect(calculatePrice({ side: 0, makerAmount: 55n, takerAmount: 100n })).to.equal("0.55");
      expect(calculatePrice({ side: 0, makerAmount: 10n, takerAmount: 10n })).to.equal("1");
    });

    it("refuses an order without shares, negative prices and odd decimals", () => {
      expect(failureOf(() => priceOf({ ...third, takerAmount: 0n })).field).to.equal("takerAmount");
      expect(failureOf(() => formatPrice(-1n)).field).to.equal("price");
      for (const decimals of [-1, 1.5, 19]) {
        expect(failureOf(() => formatPrice(1n, decimals)).field).to.equal("decimals");
      }
    });
  });

  describe("the exchange's arithmetic", () => {
    it("rounds what is received and consumed up, and the fee down", () => {
      expect(receivedUp(1n, 3n, 10n)).to.equal(4n);
      expect(receivedUp(3n, 3n, 10n)).to.equal(10n);
      expect(consumedUp(1n, 10n, 3n)).to.equal(4n);
      expect(feeDown(100n, 199n)).to.equal(1n);
      expect(feeDown(1_000n, 9n)).to.equal(0n);
    });
  });
});
