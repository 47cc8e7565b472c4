import {
  approveCollateral,
  approveSplit,
  authorizeSigner,
  mergePositions,
  splitPosition,
} from "@nostra/sdk/actions";
import { connect } from "@nostra/sdk/contracts";
import { InputError, TickError } from "@nostra/sdk/errors";
import { buildOrder, createMarketOrder, estimateOrder, orderDomain } from "@nostra/sdk/order";
import { fastSigner } from "@nostra/sdk/signer";
import { limitAmounts, parseCollateral, parsePrice, parseShares } from "@nostra/sdk/units";
import { expect } from "chai";
import { expectInputError, thrownBy } from "../helpers/sandbox";

/*
 * given a value that a person or a program got wrong, at whatever call takes such a value
 * └── it ends in a typed error that names the field, before anything is signed or sent
 */
const MAKER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const CONTRACT = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const WORD = `0x${"12".repeat(32)}` as const;
const DOMAIN = orderDomain({ chainId: 137, exchange: CONTRACT });
const TERMS = { maker: MAKER, tokenId: 1n, side: "BUY", nonce: 0n } as const;

const connection = connect(
  {
    ...{ network: "offline", chainId: 137, startBlock: 0 },
    contracts: {
      ...{ conditionalTokens: CONTRACT, collateral: CONTRACT, resolutionOracle: CONTRACT },
      ...{ marketFactory: CONTRACT, ctfExchange: CONTRACT },
      ...{ positionRedeemer: CONTRACT, matchInspector: CONTRACT },
    },
  },
  null,
);

describe("sdk: what is no amount and no price", () => {
  const NO_AMOUNT: readonly unknown[] = [1.5, 0.1, 1, NaN, Infinity, -1, -1n, "", " ", "-1", "1e3"];

  const build = (changes: object): unknown =>
    buildOrder({ ...TERMS, price: "0.5", size: "10", ...changes } as never);
  const pairs = (amount: bigint) => ({ conditionId: WORD, amount });
  const order = { ...buildOrder({ ...TERMS, price: "0.5", size: "10" }) };
  const wallet = fastSigner(`0x${"42".repeat(32)}`);
  const spend = { tokenId: 1n, side: "BUY", nonce: 0n, cap: "0.5" } as const;

  /** Every call that takes an amount, and the name it has there. */
  const TAKES_AMOUNT: readonly (readonly [field: string, call: (amount: never) => unknown])[] = [
    ["collateral", (amount) => parseCollateral(amount)],
    ["shares", (amount) => parseShares(amount)],
    ["size", (size) => limitAmounts({ side: "BUY", price: "0.5", size })],
    ["size", (size) => build({ size })],
    ["price", (price) => build({ price })],
    ["makerAmount", (makerAmount) => buildOrder({ ...TERMS, makerAmount, takerAmount: 9n })],
    ["amount", (amount) => createMarketOrder({ ...spend, amount }, wallet, DOMAIN)],
    ["fill", (fill) => estimateOrder(order, { fill })],
    ["amount", (amount) => approveCollateral(connection, { amount })],
    ["amount", (amount) => approveSplit(connection, { amount })],
    ["amount", (amount) => splitPosition(connection, pairs(amount))],
    ["amount", (amount) => mergePositions(connection, pairs(amount))],
  ];

  it("SD-1: a float, NaN, a negative or an empty amount is refused wherever an amount is taken, naming the field", async () => {
    for (const [field, call] of TAKES_AMOUNT) {
      for (const value of NO_AMOUNT) {
        const error = await expectInputError(() => call(value as never), field).catch(
          (cause: Error) => {
            throw new Error(`${String(call)} of ${String(value)}: ${cause.message}`, { cause });
          },
        );
        expect(error.value).to.deep.equal(value);
        expect(error.expected).to.not.equal("");
      }
    }
  });

  it("SD-2: a price of 0, above 1 or off the tick is refused; off the tick with its neighbours", async () => {
    for (const price of ["0", 0n, "1.000001", 1_000_001n, "2", "0.555"]) {
      for (const act of [
        () => parsePrice(price, "0.01"),
        () => build({ price, tick: "0.01" }),
        () => build({ price, tick: "0.01", snap: "favorable" }),
      ]) {
        const error = await expectInputError(act, "price");
        expect(error instanceof TickError, String(price)).to.equal(price === "0.555");
        if (error instanceof TickError) {
          expect(error.details.nearest).to.deep.equal(["0.55", "0.56"]);
        }
      }
    }
  });

  it("an argument that a contract's method cannot take is named, with its type", async () => {
    const signer = "nobody" as never;
    const error = (await thrownBy(() =>
      authorizeSigner(connection, { signer, expirationSeconds: 1n }),
    )) as InputError;
    expect(error).to.be.instanceOf(InputError);
    expect(error).to.include({
      field: "signer",
      value: "nobody",
      expected: "a value of type address",
    });
    await expectInputError(
      () => splitPosition(connection, { conditionId: "0x12", amount: 1n }),
      "conditionId",
    );
  });
});
