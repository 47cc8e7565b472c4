import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { Signature, TypedDataEncoder, ZeroHash } from "ethers";
import { ethers } from "hardhat";
import type { NestedWallet, SigningWallet } from "../../../typechain-types";
import {
  type ExchangeFixture,
  ORDER_TYPES,
  type SignedOrder,
  changesOf,
  delegateTo,
  exchangeFixture,
  expectRefusal,
  keyOf,
  signDigest,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given an order of kind EIP1271, whose maker is a contract owned by Bob
 * ├── when the contract confirms the signature ............... it settles, as maker and taker (WA-1)
 * │   └── an ERC-7739 wallet too, with its nested typed data . and only for this wallet (WA-5)
 * ├── when it says no, fails, or answers anything but the one word for yes
 * │   └── ................................................... refused: InvalidSignature (WA-2)
 * ├── when it burns all its gas, or fails with a huge blob ... the same, with the gas bounded (WA-3)
 * │   └── when less than that gas is left .................... refused: InsufficientGas (WA-3)
 * ├── when the maker has no code ............................. refused: InvalidSignature (WA-4)
 * └── when the signer is not the maker ....................... refused: InvalidSignature (WA-4)
 *
 * given an account with EIP-7702 code that signs as EOA ....... it settles, code or not (SG-9)
 */
describe("CTFExchange: wallets", () => {
  const EIP1271 = 2;
  const SIGNATURE_GAS = 400_000n;
  const FILLED = { isFilledOrCancelled: true, remaining: 0n };
  type Wallet = SigningWallet | NestedWallet;

  /** A wallet of Bob with a hundred dollars and tokens, all of which the exchange may move. */
  async function fund<W extends Wallet>(f: ExchangeFixture, wallet: W): Promise<W> {
    await f.usdc.mint(wallet, tokens(100));
    const move = f.ctf.connect(f.donor);
    await move.safeTransferFrom(f.donor, wallet, f.yes, tokens(100), "0x");
    const exchange = await f.exchange.getAddress();
    for (const [target, data] of [
      [f.usdc, f.usdc.interface.encodeFunctionData("approve", [exchange, tokens(100)])],
      [f.ctf, f.ctf.interface.encodeFunctionData("setApprovalForAll", [exchange, true])],
    ] as const) {
      await wallet.execute(target, data);
    }
    return wallet;
  }

  async function walletFixture() {
    const f = await loadFixture(exchangeFixture);
    const wallet = await fund(f, await ethers.deployContract("SigningWallet", [f.bob]));
    return { ...f, wallet };
  }

  /** An order of the wallet that its owner, unless told, signs as plain ECDSA over the hash. */
  async function orderOf(
    f: ExchangeFixture,
    wallet: Wallet,
    side: "buy" | "sell",
    signer = f.bob,
  ): Promise<SignedOrder> {
    const maker = await wallet.getAddress();
    const draft = f[side]({ maker: f.alice, signatureType: EIP1271 });
    return f.sign({ ...draft, maker, signer: maker }, signer);
  }

  async function expectInvalid(f: ExchangeFixture, order: SignedOrder): Promise<void> {
    const other = f[order.side === 0 ? "sell" : "buy"]({ maker: f.erin });
    for (const call of [
      () => f.exchange.validateOrder(order),
      () => f.exchange.validateOrderSignature(order.hash, order),
      () => f.match(order, [other]),
      () => f.match(other, [order]),
    ]) {
      const args = [order.hash, order.maker, order.signer];
      await expectRefusal(f, call, "InvalidSignature", args);
    }
  }

  async function expectSettles(
    f: ExchangeFixture,
    wallet: Wallet,
    order: SignedOrder,
    role: "maker" | "taker",
  ): Promise<void> {
    const isBuy = order.side === 0;
    const other = f[isBuy ? "sell" : "buy"]({ maker: f.erin });
    const changes = await changesOf(f, { wallet, erin: f.erin, bob: f.bob }, () =>
      role === "taker" ? f.match(order, [other]) : f.match(other, [order]),
    );
    const bought = { usdc: -tokens(50), yes: tokens(100) };
    const sold = { usdc: tokens(50), yes: -tokens(100) };
    expect(changes).to.deep.equal(
      isBuy ? { wallet: bought, erin: sold } : { wallet: sold, erin: bought },
    );
    expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
  }

  for (const role of ["maker", "taker"] as const) {
    for (const side of ["buy", "sell"] as const) {
      it(`WA-1 settle what they confirm: ${side}, as ${role}`, async () => {
        const f = await loadFixture(walletFixture);
        const order = await orderOf(f, f.wallet, side);
        await f.exchange.validateOrder(order);
        await f.exchange.validateOrderSignature(order.hash, order);
        await expectSettles(f, f.wallet, order, role);
      });
    }
  }

  it("WA-1 may answer with more bytes than the word for yes", async () => {
    const f = await loadFixture(walletFixture);
    await f.wallet.setMode(8);
    const order = { ...(await orderOf(f, f.wallet, "sell")), signature: "0x1234" };
    await expectSettles(f, f.wallet, order, "maker");
  });

  it("WA-2 are refused what another key than the owner's signed", async () => {
    const f = await loadFixture(walletFixture);
    await expectInvalid(f, await orderOf(f, f.wallet, "sell", f.carol));
  });

  it("WA-2 are refused the 64-byte form when they do not take it themselves", async () => {
    const f = await loadFixture(walletFixture);
    const order = await orderOf(f, f.wallet, "sell");
    const signature = Signature.from(order.signature).compactSerialized;
    await expectInvalid(f, { ...order, signature });
    await expectInvalid(f, { ...order, signature: "0x" });
  });

  for (const [name, mode] of Object.entries({
    "say no": 1,
    "answer zero": 2,
    fail: 3,
    "answer four bytes": 4,
    "answer nothing": 5,
    "answer yes with dirt behind it": 6,
    "answer yes at the wrong end of the word": 7,
    "fail with the word for yes": 11,
    "answer one, for true": 12,
  })) {
    it(`WA-2 are refused when they ${name}`, async () => {
      const f = await loadFixture(walletFixture);
      await f.wallet.setMode(mode);
      await expectInvalid(f, await orderOf(f, f.wallet, "sell"));
    });
  }

  for (const [name, mode] of Object.entries({ "burn all gas": 9, "fail with a huge blob": 10 })) {
    it(`WA-3 are refused, with the gas bounded, when they ${name}`, async () => {
      const f = await loadFixture(walletFixture);
      await f.wallet.setMode(mode);
      const order = await orderOf(f, f.wallet, "sell");
      await expectInvalid(f, order);

      const [trapped, good] = [0, 1].map(() => f.buy({ maker: f.erin })) as [
        SignedOrder,
        SignedOrder,
      ];
      const ask = f.sell({ maker: f.alice });
      const matches = [
        [trapped, order],
        [good, ask],
      ].map(([takerOrder, makerOrder]) => ({
        ...{ takerOrder: takerOrder!, makerOrders: [makerOrder!], gasLimit: 900_000n },
        takerFillAmount: takerOrder!.makerAmount,
        makerFillAmounts: [makerOrder!.makerAmount],
      }));
      const sent = await f.exchange.connect(f.operator).matchOrdersBatch(matches);
      const args = [order.hash, order.maker, order.maker];
      await expect(sent)
        .to.emit(f.exchange, "MatchFailed")
        .withArgs(
          trapped.hash,
          0n,
          f.exchange.interface.encodeErrorResult("InvalidSignature", args),
        );
      expect((await sent.wait())?.gasUsed).to.be.below(SIGNATURE_GAS + 400_000n);
      expect(await statusOf(f.exchange, good)).to.deep.equal(FILLED);
    });
  }

  it("WA-3 are not blamed when less gas is left than they may use", async () => {
    const f = await loadFixture(walletFixture);
    const order = await orderOf(f, f.wallet, "sell");
    const seen = new Set<string>();
    for (let gasLimit = 100_000n; gasLimit <= 700_000n; gasLimit += 20_000n) {
      try {
        await f.exchange.validateOrder.staticCall(order, { gasLimit });
        seen.add("valid");
      } catch (error) {
        const { data = "0x" } = error as { data?: string };
        seen.add(f.exchange.interface.parseError(data)?.name ?? "other");
      }
    }
    expect([...seen]).to.deep.equal(["InsufficientGas", "valid"]);
    const call = () => f.exchange.validateOrder.staticCall(order, { gasLimit: 300_000n });
    await expectRefusal(f, call, "InsufficientGas", [SIGNATURE_GAS]);
  });

  it("WA-4 must have code", async () => {
    const f = await loadFixture(walletFixture);
    await expectInvalid(f, f.sell({ maker: f.alice, signatureType: EIP1271 }));
    const nobody = ethers.getAddress(`0x${"12".repeat(20)}`);
    const order = f.sell({ maker: f.alice, signatureType: EIP1271 });
    await expectInvalid(f, f.sign({ ...order, maker: nobody, signer: nobody }, f.bob));
  });

  it("WA-4 are refused for precompiled contracts as makers", async () => {
    const f = await loadFixture(walletFixture);
    for (const precompile of [1, 2, 3, 4, 9]) {
      const maker = ethers.zeroPadValue(ethers.toBeHex(precompile), 20);
      const order = f.sell({ maker: f.alice, signatureType: EIP1271 });
      await expectInvalid(f, f.sign({ ...order, maker, signer: maker }, f.bob));
    }
  });

  it("WA-4 must be named as signer too: their owner's name is refused", async () => {
    const f = await loadFixture(walletFixture);
    const order = await orderOf(f, f.wallet, "sell");
    await expectInvalid(f, f.sign({ ...order, signer: f.bob.address }, f.bob));
  });

  it("WA-4 cannot lend their yes to another maker", async () => {
    const f = await loadFixture(walletFixture);
    const signer = await f.wallet.getAddress();
    const draft = f.sell({ maker: f.alice, signatureType: EIP1271 });
    await expectInvalid(f, f.sign({ ...draft, signer }, f.bob));
  });

  it("WA-4 of kind EOA are refused: a contract has no key", async () => {
    const f = await loadFixture(walletFixture);
    const order = await orderOf(f, f.wallet, "sell");
    await expectInvalid(f, f.sign({ ...order, signatureType: 0 }, f.bob));
  });

  it("WA-4 may authorise a session key, which then signs for them", async () => {
    const f = await loadFixture(walletFixture);
    const maker = await f.wallet.getAddress();
    const data = f.exchange.interface.encodeFunctionData("authorizeSigner", [
      f.carol.address,
      2n ** 256n - 1n,
    ]);
    await f.wallet.execute(f.exchange, data);
    const draft = f.sell({ maker: f.alice, signatureType: 1 });
    const order = f.sign({ ...draft, maker, signer: f.carol.address }, f.carol);
    await expectSettles(f, f.wallet, order, "taker");
  });

  describe("of ERC-7739", () => {
    const TYPE = TypedDataEncoder.from(ORDER_TYPES).encodeType("Order");

    async function nestedFixture() {
      const f = await loadFixture(exchangeFixture);
      const wallet = await fund(f, await ethers.deployContract("NestedWallet", [f.bob]));
      const twin = await fund(f, await ethers.deployContract("NestedWallet", [f.bob]));
      return { ...f, wallet, twin };
    }

    /** What ERC-7739 has the owner sign: the order within TypedDataSign of this wallet, in the exchange's domain. */
    async function nest(
      f: ExchangeFixture,
      wallet: NestedWallet,
      order: SignedOrder,
    ): Promise<SignedOrder> {
      const types = {
        ...ORDER_TYPES,
        TypedDataSign: [
          { name: "contents", type: "Order" },
          { name: "name", type: "string" },
          { name: "version", type: "string" },
          { name: "chainId", type: "uint256" },
          { name: "verifyingContract", type: "address" },
          { name: "salt", type: "bytes32" },
        ],
      };
      const digest = TypedDataEncoder.hash(f.domain, types, {
        contents: order,
        ...{ name: "Nested Wallet", version: "7", chainId: 31337n, salt: ZeroHash },
        verifyingContract: await wallet.getAddress(),
      });
      const signature = ethers.concat([
        signDigest(digest, f.bob),
        TypedDataEncoder.hashDomain(f.domain),
        TypedDataEncoder.hashStruct("Order", ORDER_TYPES, order),
        ethers.toUtf8Bytes(TYPE),
        ethers.toBeHex(TYPE.length, 2),
      ]);
      return { ...order, signature };
    }

    for (const role of ["maker", "taker"] as const) {
      for (const side of ["buy", "sell"] as const) {
        it(`WA-5 settle nested typed data: ${side}, as ${role}`, async () => {
          const f = await loadFixture(nestedFixture);
          const order = await nest(f, f.wallet, await orderOf(f, f.wallet, side));
          await f.exchange.validateOrder(order);
          await expectSettles(f, f.wallet, order, role);
        });
      }
    }

    it("WA-5 are refused the owner's plain signature of the hash", async () => {
      const f = await loadFixture(nestedFixture);
      await expectInvalid(f, await orderOf(f, f.wallet, "sell"));
    });

    it("WA-5 are refused what was signed for another wallet of the same owner", async () => {
      const f = await loadFixture(nestedFixture);
      const order = await orderOf(f, f.wallet, "sell");
      await expectInvalid(f, await nest(f, f.twin, order));
    });

    it("WA-5 are refused what was signed for another order", async () => {
      const f = await loadFixture(nestedFixture);
      const [one, other] = [await orderOf(f, f.wallet, "sell"), await orderOf(f, f.wallet, "sell")];
      const { signature } = await nest(f, f.wallet, one);
      await expectInvalid(f, { ...other, signature });
    });
  });

  describe("of accounts with EIP-7702 code", () => {
    it("SG-9 settle what the key signs as EOA, before, with and after the code", async () => {
      const f = await loadFixture(exchangeFixture);
      const settles = async () => {
        const order = f.buy({ maker: f.alice, size: tokens(10) });
        await f.match(f.sell({ maker: f.erin, size: tokens(10) }), [order]);
        expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
      };
      await settles();
      await delegateTo(f.alice, await ethers.deployContract("HostileReceiver"));
      await settles();
      await delegateTo(f.alice, await ethers.deployContract("SigningWallet", [f.bob]));
      await settles();
    });

    it("SG-9 of kind EIP1271 settle what the code confirms, here the wallet of Bob", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.alice, await ethers.deployContract("SigningWallet", [f.bob]));
      const order = f.sign(f.sell({ maker: f.alice, signatureType: EIP1271 }), f.bob);
      await f.match(f.buy({ maker: f.erin }), [order]);
      expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
      await expectInvalid(f, f.sell({ maker: f.alice, signatureType: EIP1271 }));
    });

    it("SG-7 are refused the 64-byte form as any other", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.alice, await ethers.deployContract("HostileReceiver"));
      const order = f.sell({ maker: f.alice });
      const signature = keyOf(f.alice).sign(order.hash).compactSerialized;
      expect(ethers.dataLength(signature)).to.equal(64);
      await expectInvalid(f, { ...order, signature });
    });
  });
});
