import { CANCEL_ORDERS_TYPES } from "@nostra/sdk/client";
import { orderDomain } from "@nostra/sdk/order";
import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";
import {
  createCancelDigest,
  createCancelRecovery,
} from "../../operator/src/http/auth/recoverCanceller";
import { Chance, seedOr } from "../helpers/random";

/*
A signed cancel's hash, held against the coder of ethers
├── random makers, hashes in any case, timestamps
├── recovers who signed
└── an invalid signature gives undefined, and no error
*/

const SEED = seedOr(20261202);

describe(`signed cancels (seed ${SEED})`, () => {
  const chance = new Chance(SEED);
  const hex = (bytes: number): string =>
    `0x${Array.from({ length: bytes }, () => chance.below(256).toString(16).padStart(2, "0")).join("")}`;
  const domain = orderDomain({ chainId: 137, exchange: `0x${"ab".repeat(20)}` });
  const cancelOf = (maker: string, count: number) => ({
    maker,
    orderHashes: Array.from({ length: count }, () =>
      chance.below(2) === 0 ? hex(32) : hex(32).toUpperCase().replace("0X", "0x"),
    ),
    timestamp: `${chance.below(2 ** 31)}`,
  });

  it("have the hash that ethers gives them", () => {
    const digestOf = createCancelDigest(domain);
    for (const count of [0, 1, 2, 3, 17, 1000]) {
      const cancel = cancelOf(hex(20), count);
      expect(digestOf(cancel)).to.equal(
        TypedDataEncoder.hash({ ...domain }, CANCEL_ORDERS_TYPES, cancel),
      );
    }
  });

  it("give the account that signed them, and undefined for an invalid signature", async () => {
    const recover = createCancelRecovery(domain);
    const wallet = Wallet.createRandom();
    const cancel = cancelOf(wallet.address, 3);
    const signature = await wallet.signTypedData({ ...domain }, CANCEL_ORDERS_TYPES, cancel);
    expect(recover(cancel, signature)).to.equal(wallet.address);
    expect(
      recover({ ...cancel, timestamp: `${BigInt(cancel.timestamp) + 1n}` }, signature),
    ).not.to.equal(wallet.address);
    for (const broken of ["0x", `0x${"00".repeat(65)}`, `0x${"ff".repeat(65)}`]) {
      expect(recover(cancel, broken)).to.equal(undefined);
    }
  });
});
