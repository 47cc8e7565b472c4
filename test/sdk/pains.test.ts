import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { approveCollateral, approveOutcomeTokens } from "@nostra/sdk/actions";
import { createClient, type Fetch } from "@nostra/sdk/client";
import {
  InexactAmountError,
  type InputError,
  SignatureMismatchError,
  SigningRejectedError,
  TickError,
} from "@nostra/sdk/errors";
import {
  buildOrder,
  createLimitOrder,
  createMarketOrder,
  hashOrder,
  orderDomain,
  orderFromJson,
  orderToJson,
  signOrder,
  type Order,
} from "@nostra/sdk/order";
import { checkOrder } from "@nostra/sdk/preflight";
import { fastSigner } from "@nostra/sdk/signer";
import { connectStream, hashLevels, LocalBook } from "@nostra/sdk/stream";
import { createSandbox } from "@nostra/sdk/testing";
import { verifyOrder } from "@nostra/sdk/verify";
import { expect } from "chai";
import { Wallet } from "ethers";
import { Wallet as EthersV5Wallet } from "ethers-v5";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import { run, thrownBy } from "../helpers/sandbox";

/*
What users of other SDKs of this field complain of most, and that it cannot happen here; one test each. Stale nonces (5) and
fee surprises (14) need a chain: see orderOnChain.test.ts. Types as a user's compiler reads them (10) and the weight of the
package (16) are looked at whole by npm run check:package. Streams that lose messages (15) are in clientStream.test.ts at length.
*/
const KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
const MAKER = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
const OTHER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const DOMAIN = orderDomain({
  chainId: 137,
  exchange: "0xdFE02Eb6733538f8Ea35D585af8DE5958AD99E40",
});
const wallet = fastSigner(KEY);
const TERMS = { tokenId: 1n, side: "BUY", price: "0.55", size: "10", nonce: 0n } as const;
const create = (changes: object = {}) => createLimitOrder({ ...TERMS, ...changes }, wallet, DOMAIN);

describe("sdk: pains of other SDKs", () => {
  it("pain 1: no amount is rounded: a size that has no exact cost is refused with both neighbours", async () => {
    const inexact = (await thrownBy(() =>
      create({ price: "0.333", size: "0.0001" }),
    )) as InexactAmountError;
    expect(inexact).to.be.instanceOf(InexactAmountError);
    expect(inexact.details.nearest).to.deep.equal(["0.001"]);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 1, max: 10_000_000 }),
        async (cents, hundredths) => {
          const price = `0.${String(cents).padStart(2, "0")}`;
          const size = (hundredths / 100).toFixed(2);
          const { makerAmount, takerAmount } = buildOrder({ ...TERMS, maker: MAKER, price, size });
          expect(takerAmount).to.equal(BigInt(hundredths) * 10_000n);
          expect(makerAmount).to.equal(BigInt(hundredths) * BigInt(cents) * 100n);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("pain 1: no market order is signed beyond its cap or below its floor", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 1n, max: 1_000_000n }),
        fc.bigInt({ min: 1n, max: 10n ** 12n }),
        async (limit, given) => {
          const common = { tokenId: 1n, nonce: 0n };
          const buy = await createMarketOrder(
            { ...common, side: "BUY", amount: given, cap: limit },
            wallet,
            DOMAIN,
          );
          expect(buy.makerAmount * 1_000_000n <= limit * buy.takerAmount).to.equal(true);
          const sell = await createMarketOrder(
            { ...common, side: "SELL", size: given, floor: limit },
            wallet,
            DOMAIN,
          );
          expect(sell.takerAmount * 1_000_000n >= limit * sell.makerAmount).to.equal(true);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("pain 2: no price is snapped: one off the tick is refused with both neighbours", async () => {
    const offTick = (await thrownBy(() => create({ price: "0.555", tick: "0.01" }))) as TickError;
    expect(offTick).to.be.instanceOf(TickError);
    expect(offTick.details.nearest).to.deep.equal(["0.55", "0.56"]);
  });

  it("pain 3: nobody types a signature type, and a signature that proves nothing is never handed out", async () => {
    const thrown = await thrownBy(() => create({ signatureType: 1 }));
    expect((thrown as InputError).field).to.equal("signatureType");
    const order = buildOrder({ ...TERMS, maker: MAKER });
    const lying = {
      address: MAKER,
      signTypedData: () => new Wallet(`0x${"11".repeat(32)}`).signMessage("an order"),
    };
    const mismatch = await thrownBy(() => signOrder(order, lying, DOMAIN));
    expect(mismatch).to.be.instanceOf(SignatureMismatchError);
    expect((mismatch as SignatureMismatchError).details).to.include({
      expected: MAKER,
      chainId: 137n,
      verifyingContract: DOMAIN.verifyingContract,
    });
  });

  it("pain 4: what an order lacks is named before it is sent, with the transaction that repairs it", async () => {
    const sandbox = await createSandbox({ accounts: 1 });
    const [ada] = sandbox.accounts as [Wallet];
    const market = await sandbox.createMarket();
    const connection = sandbox.connect(ada);
    await run(approveCollateral(connection, { amount: 1n }));
    await run(approveOutcomeTokens(connection, { approved: false }));
    const terms = { tokenId: market.yes, price: "0.55", size: "10" } as const;

    const buy = await createLimitOrder({ ...terms, side: "BUY" }, ada, connection);
    const [allowance] = (await checkOrder(connection, buy)).findings;
    expect(allowance?.code).to.equal("INSUFFICIENT_ALLOWANCE");
    expect(allowance?.values).to.include({ asset: "COLLATERAL", have: 1n, need: 5_500_000n });
    expect(allowance?.values).to.include({ spender: sandbox.deployment.contracts.ctfExchange });
    await run(allowance!.fix[0]!);
    expect((await checkOrder(connection, buy)).ok).to.equal(true);
    const twice = await checkOrder(connection, { ...buy, salt: 1n }, { openOrders: [buy] });
    expect(twice.findings.at(-1)?.values, "reserved by the other").to.include({
      need: 11_000_000n,
      reserved: 5_500_000n,
    });

    const sell = await createLimitOrder({ ...terms, side: "SELL" }, ada, connection);
    const { findings } = await checkOrder(connection, sell);
    expect(findings.map(({ code }) => code)).to.deep.equal([
      "INSUFFICIENT_BALANCE",
      "INSUFFICIENT_ALLOWANCE",
    ]);
    expect(findings[1]?.fix.map(({ action }) => action)).to.deep.equal(["approveOutcomeTokens"]);
    sandbox.close();
  });

  it("pain 6: a salt has 256 random bits and passes through JSON whole", () => {
    const salts = new Set<bigint>();
    for (let i = 0; i < 10_000; i++) {
      const order = { ...buildOrder({ ...TERMS, maker: MAKER }), signature: "0x" } as const;
      expect(orderFromJson(JSON.parse(JSON.stringify(orderToJson(order)))).salt).to.equal(
        order.salt,
      );
      salts.add(order.salt);
    }
    expect(salts.size).to.equal(10_000);
    expect([...salts].some((salt) => salt > 2n ** 250n)).to.equal(true);
  });

  it("pain 7: ethers 6, ethers 5 and viem sign the same, without a word about which", async () => {
    const order = buildOrder({ ...TERMS, maker: MAKER });
    const wallets = [wallet, new Wallet(KEY), new EthersV5Wallet(KEY), privateKeyToAccount(KEY)];
    const signed = await Promise.all(wallets.map((each) => signOrder(order, each, DOMAIN)));
    expect(new Set(signed.map(({ signature }) => signature)).size).to.equal(1);
  });

  it("pain 8: the case of an address never decides", async () => {
    const lower = MAKER.toLowerCase();
    const signed = await create({ maker: lower });
    expect(signed.maker).to.equal(MAKER);
    expect(verifyOrder({ ...signed, maker: lower as Order["maker"] }, DOMAIN).ok).to.equal(true);
  });

  it("pain 9: a signed order goes through JSON without a patch of BigInt", async () => {
    const signed = await create();
    expect(orderFromJson(JSON.stringify(orderToJson(signed)))).to.deep.equal(signed);
    expect("toJSON" in BigInt.prototype).to.equal(false);
  });

  it("pain 10: every subpath has declarations of the module kind that it is loaded as", () => {
    const sdk = path.join(__dirname, "../../sdk");
    const read = (file: string) => JSON.parse(readFileSync(path.join(sdk, file), "utf8")) as object;
    const { exports: subpaths } = read("package.json") as { exports: Record<string, object> };
    for (const [subpath, conditions] of Object.entries(subpaths)) {
      if (subpath === "./package.json") continue;
      expect(Object.keys(conditions), subpath).to.deep.equal(["import", "require"]);
      for (const [kind, entry] of Object.entries(conditions)) {
        const folder = kind === "import" ? "dist/esm" : "dist/cjs";
        const type = kind === "import" ? "module" : "commonjs";
        expect(read(`${folder}/package.json`)).to.include({ type });
        expect(Object.keys(entry as object)[0], "types are asked for first").to.equal("types");
        for (const file of Object.values(entry as Record<string, string>)) {
          expect(file.startsWith(`./${folder}/`), `${subpath} ${kind}`).to.equal(true);
          expect(existsSync(path.join(sdk, file)), file).to.equal(true);
        }
      }
    }
  });

  it("pain 11: errors are thrown, carry a code, and show no key", async () => {
    for (const act of [
      () => create({ price: 0.5 }),
      () => create({ maker: OTHER, makerIsContract: 1 }),
      () => fastSigner(`${KEY}00`),
      () => signOrder(buildOrder({ ...TERMS, maker: MAKER }), KEY as never, DOMAIN),
    ]) {
      const thrown = (await thrownBy(act)) as InputError;
      expect(thrown.code).to.be.a("string");
      expect(`${thrown.message} ${JSON.stringify(thrown.details)}`).to.not.include(
        KEY.slice(2, 20),
      );
    }
    const declined = { address: MAKER, signTypedData: () => Promise.reject({ code: 4001 }) };
    const order = buildOrder({ ...TERMS, maker: MAKER });
    expect(await thrownBy(() => signOrder(order, declined, DOMAIN))).to.be.instanceOf(
      SigningRejectedError,
    );
  });

  it("pain 12: nothing is tried again blindly: an order that may have arrived is asked for by its hash", async () => {
    const order = await create();
    const orderHash = hashOrder(order, DOMAIN);
    const asked: string[] = [];
    /** A venue that takes the order in and whose answer is lost; then one that never got it. */
    const venue = (isTaken: boolean): Fetch => {
      let posts = 0;
      return async (url, { method }) => {
        asked.push(`${method} ${new URL(url).pathname}`);
        if (method === "POST" && posts++ === 0) throw new Error("socket hang up");
        const found = { conditionId: "0xc", status: "OPEN", orderHash, input: 7, isNew: true };
        const missing = { error: { code: "ORDER_NOT_FOUND", message: "none", details: {} } };
        const isThere = isTaken || method === "POST";
        return {
          status: isThere ? 200 : 404,
          headers: { get: () => null },
          text: async () => JSON.stringify(isThere ? found : missing),
        };
      };
    };
    const clientOf = (fetch: Fetch) =>
      createClient({ url: "https://venue.test", fetch, domain: DOMAIN });
    const taken = await clientOf(venue(true)).placeOrder(order);
    expect(taken).to.include({ orderHash, isNew: false, status: "OPEN" });
    expect(asked.splice(0)).to.deep.equal(["POST /api/orders", `GET /api/orders/${orderHash}`]);
    const lost = await clientOf(venue(false)).placeOrder(order);
    expect(lost).to.include({ orderHash, isNew: true });
    expect(asked).to.deep.equal([
      "POST /api/orders",
      `GET /api/orders/${orderHash}`,
      "POST /api/orders",
    ]);
  });

  it("pain 13, SD-7: milliseconds are not taken for seconds, nor a past moment for a future one", async () => {
    const later = Date.now() + 3_600_000;
    for (const expiration of [later, BigInt(later), new Date(0), 1, new Date("never")]) {
      expect(((await thrownBy(() => create({ expiration }))) as InputError).field).to.equal(
        "expiration",
      );
    }
    expect((await create({ expiration: new Date(later) })).expiration).to.equal(
      BigInt(Math.floor(later / 1_000)),
    );
  });

  it("pain 16: the package runs nothing at install and brings two dependencies", () => {
    const manifest = JSON.parse(
      readFileSync(path.join(__dirname, "../../sdk/package.json"), "utf8"),
    ) as { dependencies: object; scripts: Record<string, string> };
    expect(Object.keys(manifest.dependencies)).to.deep.equal(["@noble/curves", "@noble/hashes"]);
    for (const name of ["preinstall", "install", "postinstall", "prepare"]) {
      expect(manifest.scripts).to.not.have.property(name);
    }
  });

  it("pain 15: a book that missed a change is never shown as the venue's", () => {
    const book = new LocalBook({ sequence: 1, bids: [[500_000, "1"]], asks: [] });
    expect(book.apply({ from: 2, to: 3, bids: [[500_000, "0"]], asks: [] })).to.equal("gap");
    expect([book.sequence, book.best().bid]).to.deep.equal([1, [500_000, "1"]]);
    const told = hashLevels({ bids: [[500_000, "2"]], asks: [] });
    expect(book.hash(), "and one that went wrong otherwise has another hash").to.not.equal(told);
  });

  it("pain 17: the host, fetch and WebSocket are the user's to choose", async () => {
    const asked: string[] = [];
    const fetch: Fetch = async (url) => {
      asked.push(url);
      return { status: 200, headers: { get: () => null }, text: async () => "{}" };
    };
    await createClient({ url: "https://proxy.test/venue", fetch }).market("m");
    class Socket {
      onopen = null;
      onmessage = null;
      onclose = null;
      onerror = null;
      constructor(url: string) {
        asked.push(url);
      }
      send(): void {}
      close(): void {}
    }
    connectStream({ url: "https://proxy.test/venue", WebSocket: Socket }).close();
    expect(asked).to.deep.equal([
      "https://proxy.test/venue/api/markets/m",
      "wss://proxy.test/venue/ws",
    ]);
  });
});
