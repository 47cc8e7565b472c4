import { readFileSync } from "node:fs";
import path from "node:path";
import { inspect } from "node:util";
import { InputError, SigningRejectedError } from "@nostra/sdk/errors";
import { buildOrder, ORDER_TYPES, orderDomain, signOrder, type Order } from "@nostra/sdk/order";
import {
  fastSigner,
  toSigner,
  type OrderTypedDataJson,
  type TypedDataSigner,
} from "@nostra/sdk/signer";
import { expect } from "chai";
import { BrowserProvider, Wallet, ZeroAddress } from "ethers";
import { Wallet as EthersV5Wallet, providers } from "ethers-v5";
import fc from "fast-check";
import { ethers, network } from "hardhat";
import { createWalletClient, custom, http } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";

const { Web3Provider: EthersV5Provider } = providers;

const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const ALICE = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const DOMAIN = orderDomain({
  chainId: 31337n,
  exchange: "0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40",
});
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

interface OrderVector {
  name: string;
  domain: { name: string; version: string; chainId: number; verifyingContract: `0x${string}` };
  order: Record<string, string | number>;
  signature: string;
  testPrivateKey?: string;
}

const { vectors } = JSON.parse(
  readFileSync(path.join(__dirname, "../vectors/orders.json"), "utf8"),
) as { vectors: OrderVector[] };

const ADDRESSES = ["maker", "signer", "taker"];

function orderOf({ order }: OrderVector): Order {
  const read = ([field, value]: [string, string | number]) =>
    [
      field,
      typeof value === "number" || ADDRESSES.includes(field) ? value : BigInt(value),
    ] as const;
  return Object.fromEntries(Object.entries(order).map(read)) as unknown as Order;
}

function order(salt = 1n): Order {
  return buildOrder({
    maker: ALICE,
    tokenId: 1n,
    side: "SELL",
    price: "0.5",
    size: "10",
    nonce: 0n,
    expiration: 0,
    salt,
  });
}

function errorOf(act: () => unknown): InputError {
  try {
    act();
  } catch (error) {
    expect(error).to.be.instanceOf(InputError);
    return error as InputError;
  }
  throw new Error("nothing was thrown");
}

describe("sdk/signer", () => {
  describe("fastSigner", () => {
    for (const vector of vectors.filter(({ testPrivateKey }) => testPrivateKey !== undefined)) {
      it(`and an ethers Wallet both make the published signature of ${vector.name}`, async () => {
        const key = vector.testPrivateKey ?? "";
        const domain = { ...vector.domain, chainId: BigInt(vector.domain.chainId) };
        const signed = orderOf(vector);
        for (const signer of [fastSigner(key), new Wallet(key)]) {
          const signature = await signer.signTypedData(domain, ORDER_TYPES, signed);
          expect(signature).to.equal(vector.signature);
        }
      });
    }

    it("knows its address", async () => {
      expect(fastSigner(KEY).address).to.equal(ALICE);
      expect(await fastSigner(KEY).getAddress()).to.equal(ALICE);
    });

    it("signs as ethers does, with low s and v 27 or 28, for any key and order", async () => {
      const key = fc
        .bigInt({ min: 1n, max: CURVE_ORDER - 1n })
        .map((secret) => `0x${secret.toString(16).padStart(64, "0")}`);
      await fc.assert(
        fc.asyncProperty(
          key,
          fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
          async (secret, salt) => {
            const signature = await fastSigner(secret).signTypedData(
              DOMAIN,
              ORDER_TYPES,
              order(salt),
            );
            expect(signature).to.equal(
              await new Wallet(secret).signTypedData(DOMAIN, ORDER_TYPES, order(salt)),
            );
            expect(BigInt(`0x${signature.slice(66, 130)}`) <= CURVE_ORDER / 2n).to.equal(true);
            expect(["1b", "1c"]).to.include(signature.slice(130));
          },
        ),
        { numRuns: 30 },
      );
    });

    it("shows its key nowhere", () => {
      const signer = fastSigner(KEY);
      const shown = [
        inspect(signer, { depth: null, showHidden: true }),
        JSON.stringify(signer),
        String(signer),
      ].join();
      expect(shown).to.include(ALICE);
      expect(shown.toLowerCase()).to.not.include(KEY.slice(2, 20));
    });

    for (const [what, key] of [
      ["text that is no hex", "ac0974-secret"],
      ["a key without 0x", KEY.slice(2)],
      ["31 bytes", KEY.slice(0, -2)],
      ["zero, which is no key", `0x${"00".repeat(32)}`],
      ["the curve's order, which is no key", `0x${CURVE_ORDER.toString(16)}`],
    ] as const) {
      it(`refuses ${what}, and does not repeat it`, () => {
        const error = errorOf(() => fastSigner(key));
        expect(error.field).to.equal("privateKey");
        const shown = `${inspect(error, { depth: null, showHidden: true })} ${JSON.stringify(error)}`;
        expect(shown).to.not.include(key);
      });
    }

    it("refuses to sign anything but an order", async () => {
      const types = { Order: [{ name: "salt", type: "uint256" }] };
      const error: unknown = await fastSigner(KEY)
        .signTypedData(DOMAIN, types, order())
        .catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(InputError);
      expect((error as InputError).field).to.equal("types");
    });
  });

  describe("toSigner", () => {
    const v5 = new EthersV5Wallet(KEY);
    const account = privateKeyToAccount(KEY);
    const transport = http("http://127.0.0.1:1");
    const request = createWalletClient({ account, chain: hardhat, transport });
    const nodeClient = createWalletClient({
      chain: hardhat,
      transport: custom({ request: ({ method, params }) => network.provider.send(method, params) }),
    });
    /** Passes everything on, as browser extensions and frameworks like to do. */
    const proxied = <T extends object>(wallet: T): T =>
      new Proxy(wallet, {
        get: (target, key) => {
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === "function"
            ? (...args: unknown[]) => value.apply(target, args)
            : value;
        },
      });
    const signJson = (typedData: OrderTypedDataJson): Promise<string> => {
      // As over a wire: what JSON cannot carry would be lost here.
      const { domain, types, message } = JSON.parse(
        JSON.stringify(typedData),
      ) as OrderTypedDataJson;
      const { Order } = types;
      return new Wallet(KEY).signTypedData(domain, { Order: [...Order] }, message);
    };

    /** Every kind of wallet, each with the key of Alice, who is also the first account of the test chain. */
    const WALLETS: Record<string, () => TypedDataSigner | Promise<TypedDataSigner>> = {
      "a fastSigner": () => toSigner(fastSigner(KEY)),
      "an ethers v6 Wallet": () => toSigner(new Wallet(KEY)),
      "an ethers v6 Signer of a node": async () => toSigner(await ethers.getSigner(ALICE)),
      "an ethers v6 Wallet behind a Proxy": () => toSigner(proxied(new Wallet(KEY))),
      "an ethers v6 wallet wrapped by hand": () =>
        toSigner({
          getAddress: () => Promise.resolve(ALICE),
          signTypedData: (...order: Parameters<Wallet["signTypedData"]>) =>
            new Wallet(KEY).signTypedData(...order),
        }),
      "an ethers v5 Wallet": () => toSigner(v5),
      "an ethers v5 Wallet behind a Proxy": () => toSigner(proxied(v5)),
      "an ethers v5 Signer of a node": () => {
        const provider = new EthersV5Provider({
          request: ({ method, params }) => network.provider.send(method, params as unknown[]),
        });
        return toSigner(provider.getSigner(ALICE));
      },
      "a viem local account": () => toSigner(account),
      "a viem local account behind a Proxy": () => toSigner(proxied(account)),
      "a viem WalletClient with a local account": () => toSigner(request),
      "a viem WalletClient with a local account behind a Proxy": () => toSigner(proxied(request)),
      "a viem WalletClient with an account of its node": () =>
        toSigner(
          createWalletClient({ account: ALICE, chain: hardhat, transport: custom(nodeClient) }),
        ),
      "a viem WalletClient without account, told whose": () =>
        toSigner(nodeClient, { address: ALICE.toLowerCase() }),
      "an object with address and signTypedData": () =>
        toSigner({ address: ALICE, signTypedData: (data: never) => account.signTypedData(data) }),
      "a function of plain JSON": () => toSigner(signJson, { address: ALICE }),
    };

    for (const [what, make] of Object.entries(WALLETS)) {
      it(`takes ${what}`, async () => {
        const signer = await make();
        expect(await signer.getAddress()).to.equal(ALICE);
        expect(await signOrder(order(), signer, DOMAIN)).to.deep.equal(
          await signOrder(order(), fastSigner(KEY), DOMAIN),
        );
      });
    }

    it("is not needed: signOrder takes each of them as it is", async () => {
      const expected = await signOrder(order(), fastSigner(KEY), DOMAIN);
      for (const wallet of [new Wallet(KEY), v5, account, request]) {
        expect(await signOrder(order(), wallet, DOMAIN)).to.deep.equal(expected);
      }
    });

    it("hears a user's no from each of them", async () => {
      const declined = Object.assign(new Error("User denied"), { code: 4001 });
      const say = () => Promise.reject(declined);
      const provider = { request: say };
      for (const wallet of [
        { getAddress: () => Promise.resolve(ALICE), signTypedData: say },
        await new BrowserProvider({ request: declineAfterAccounts(say) }).getSigner(ALICE),
        new EthersV5Provider(provider).getSigner(ALICE),
        createWalletClient({ account: ALICE, chain: hardhat, transport: custom(provider) }),
        { address: ALICE, signTypedData: say },
        toSigner(say, { address: ALICE }),
      ]) {
        const caught: unknown = await signOrder(order(), wallet, DOMAIN).catch((e: unknown) => e);
        expect(caught).to.be.instanceOf(SigningRejectedError);
      }
    });

    it("needs an address where the wallet has none, and no other than the wallet's own", () => {
      for (const act of [
        () => toSigner(signJson),
        () => toSigner(nodeClient),
        () => toSigner(signJson, { address: "alice" }),
        () => toSigner(account, { address: ZeroAddress }),
        () => toSigner(request, { address: ZeroAddress }),
      ]) {
        expect(errorOf(act).field).to.equal("address");
      }
    });

    for (const [what, value] of [
      ["nothing", undefined],
      ["null", null],
      ["a private key, which belongs in fastSigner", KEY],
      ["a wallet that cannot sign typed data", { getAddress: () => ALICE }],
      ["a wallet that does not know its address", { signTypedData: () => "0x" }],
    ] as const) {
      it(`refuses ${what}, and does not repeat it`, () => {
        const error = errorOf(() => toSigner(value as never));
        expect(error.field).to.equal("signer");
        expect(inspect(error, { depth: null })).to.not.include(KEY);
      });
    }
  });
});

/** A browser's wallet that shows its accounts, and whose user declines whatever else. */
function declineAfterAccounts(decline: () => Promise<never>) {
  return ({ method }: { method: string }): Promise<unknown> => {
    if (method === "eth_requestAccounts" || method === "eth_accounts")
      return Promise.resolve([ALICE]);
    return method === "eth_chainId" ? Promise.resolve("0x7a69") : decline();
  };
}
