import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  type HostileFixture,
  NO_ORDER,
  type SignedOrder,
  delegateTo,
  exchangeFixture,
  expectRefusal,
  expectUnchanged,
  hostileFixture,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given a match whose orders are all valid
 * ├── when an account lacks balance, allowance or approval .... refused, naming its order (TC-1)
 * │   └── in every kind, as maker and as taker
 * ├── when an account's ERC-1155 hook refuses ................. refused, naming its order (TC-2)
 * │   └── also when the sender has exactly what it gives
 * ├── when a hook re-enters a match ........................... refused by the guard, naming its order (TC-3)
 * │   └── when a hook cancels or raises its own nonce ......... the match goes on
 * ├── when the collateral returns false ....................... refused, nothing half done (TC-6)
 * ├── when the collateral keeps a fee of its own .............. refused as soon as pairs are minted (TC-6)
 * ├── when the collateral's issuer froze an account ........... refused (TC-7)
 * │   ├── that receives, or that pays the exchange ............ naming its order
 * │   │   └── also when the payer has, or allows, exactly what it pays
 * │   └── that pays another account, with balance and allowance naming the receiver's order
 * └── when the fee receiver cannot take a fee ................. refused, naming no order
 */
describe("CTFExchange: failing tokens", () => {
  const PLAIN_REASONS = new ethers.Interface([
    "error Error(string)",
    "error ERC20InsufficientBalance(address,uint256,uint256)",
    "error ERC20InsufficientAllowance(address,uint256,uint256)",
    "error ReentrancyGuardReentrantCall()",
    "error TokensUnwelcome(uint256)",
    "error Blocklisted(address)",
  ]);
  const reason = (name: string, ...args: unknown[]) => PLAIN_REASONS.encodeErrorResult(name, args);
  const FALSE = ZeroHash;

  /** Each kind of match, with the maker's part. All are over 100 tokens at 0.50. */
  const KINDS = {
    "taker buys": { taker: "buy", maker: "sell", token: "yes" },
    "taker sells": { taker: "sell", maker: "buy", token: "yes" },
    mint: { taker: "buy", maker: "buy", token: "no" },
    merge: { taker: "sell", maker: "sell", token: "no" },
  } as const;
  type Kind = keyof typeof KINDS;
  const kinds = Object.keys(KINDS) as Kind[];

  type Fixture = ExchangeFixture | HostileFixture;

  function ordersOf(f: Fixture, kind: Kind, feeRateBps = 0n) {
    const { taker, maker, token } = KINDS[kind];
    return {
      takerOrder: f[taker]({ maker: f.taker, feeRateBps }),
      makerOrder: f[maker]({ maker: f.alice, tokenId: f[token], feeRateBps }),
    };
  }

  describe("TC-1 an account that cannot pay", () => {
    for (const kind of kinds) {
      for (const role of ["maker", "taker"] as const) {
        const part = KINDS[kind][role];
        const faults = part === "buy" ? ["balance", "allowance"] : ["tokens", "approval"];
        for (const fault of faults) {
          it(`is named: ${kind}, the ${role} lacks ${fault}`, async () => {
            const f = await loadFixture(exchangeFixture);
            const { takerOrder, makerOrder } = ordersOf(f, kind);
            const [order, payer] = role === "maker" ? [makerOrder, f.alice] : [takerOrder, f.taker];
            const counterparty = role === "maker" ? f.taker : f.alice;
            const to = kind.startsWith("taker")
              ? counterparty.address
              : await f.exchange.getAddress();
            const why = await spoilPayer(f, order, payer, fault);
            const args =
              part === "buy"
                ? [order.hash, payer.address, to, tokens(50), why]
                : [order.hash, payer.address, to, order.tokenId, tokens(100), why];
            await expectRefusal(
              f,
              () => f.match(takerOrder, [makerOrder]),
              part === "buy" ? "CollateralTransferFailed" : "OutcomeTransferFailed",
              args,
            );
          });
        }
      }
    }

    /** Leaves the payer one unit short of what its order gives. Returns what the token will say. */
    async function spoilPayer(
      f: ExchangeFixture,
      { makerAmount, tokenId }: SignedOrder,
      payer: typeof f.alice,
      fault: string,
    ): Promise<string> {
      const short = makerAmount - 1n;
      const sink = f.stranger.address;
      if (fault === "balance") {
        const surplus = (await f.usdc.balanceOf(payer)) - short;
        await f.usdc.connect(payer).transfer(sink, surplus);
        return reason("ERC20InsufficientBalance", payer.address, short, makerAmount);
      }
      if (fault === "allowance") {
        await f.usdc.connect(payer).approve(f.exchange, short);
        const exchange = await f.exchange.getAddress();
        return reason("ERC20InsufficientAllowance", exchange, short, makerAmount);
      }
      if (fault === "tokens") {
        const surplus = (await f.ctf.balanceOf(payer, tokenId)) - short;
        await f.ctf.connect(payer).safeTransferFrom(payer, sink, tokenId, surplus, "0x");
        return reason("Error", "SafeMath: subtraction overflow");
      }
      await f.ctf.connect(payer).setApprovalForAll(f.exchange, false);
      return reason("Error", "ERC1155: need operator approval for 3rd party transfers.");
    }

    it("is named alone among many makers", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(300) });
      const makers = [f.alice, f.bob, f.carol].map((maker) => f.sell({ maker }));
      await f.ctf.connect(f.bob).setApprovalForAll(f.exchange, false);
      await expectRefusal(f, () => f.match(bid, makers), "OutcomeTransferFailed", [
        makers[1]?.hash,
        f.bob.address,
        f.taker.address,
        f.yes,
        tokens(100),
        reason("Error", "ERC1155: need operator approval for 3rd party transfers."),
      ]);
    });

    it("is named when it is the fee that it cannot pay", async () => {
      const f = await loadFixture(exchangeFixture);
      const { takerOrder, makerOrder } = ordersOf(f, "taker buys", 100n);
      await f.ctf.connect(f.alice).setApprovalForAll(f.exchange, false);
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
        makerOrder.hash,
        f.alice.address,
        f.feeReceiver.address,
        f.yes,
        tokens(1),
        reason("Error", "ERC1155: need operator approval for 3rd party transfers."),
      ]);
    });

    it("is named when only the makers' fees are beyond its allowance", async () => {
      const f = await loadFixture(exchangeFixture);
      const { takerOrder, makerOrder } = ordersOf(f, "taker buys", 100n);
      await f.usdc.connect(f.taker).approve(f.exchange, tokens(50) - 1n);
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "CollateralTransferFailed", [
        takerOrder.hash,
        f.taker.address,
        f.feeReceiver.address,
        500_000n,
        reason("ERC20InsufficientAllowance", await f.exchange.getAddress(), 499_999n, 500_000n),
      ]);
    });

    it("is named when only the makers' fees in tokens are beyond its balance", async () => {
      const f = await loadFixture(exchangeFixture);
      const { takerOrder, makerOrder } = ordersOf(f, "taker sells", 100n);
      const spare = (await f.ctf.balanceOf(f.taker, f.yes)) - tokens(100) + 1n;
      await f.ctf.connect(f.taker).safeTransferFrom(f.taker, f.donor, f.yes, spare, "0x");
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
        takerOrder.hash,
        f.taker.address,
        f.feeReceiver.address,
        f.yes,
        tokens(1),
        reason("Error", "SafeMath: subtraction overflow"),
      ]);
    });

    it("is named for little gas, however much memory the match uses", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(1000) });
      const makers = Array.from({ length: 10 }, () => f.sell({ maker: f.alice }));
      await f.usdc.connect(f.taker).approve(f.exchange, 0n);
      const fills = makers.map(({ makerAmount }) => makerAmount);
      const settle = f.exchange.connect(f.operator).matchOrders.staticCall;
      await expect(settle(bid, makers, bid.makerAmount, fills, { gasLimit: 1_500_000n }))
        .to.be.revertedWithCustomError(f.exchange, "CollateralTransferFailed")
        .withArgs(
          bid.hash,
          f.taker.address,
          f.alice.address,
          tokens(50),
          reason("ERC20InsufficientAllowance", await f.exchange.getAddress(), 0n, tokens(50)),
        );
    });

    it("leaves the other orders as they were: they settle without it", async () => {
      const f = await loadFixture(exchangeFixture);
      const bid = f.buy({ maker: f.taker, size: tokens(200) });
      const [good, bad] = [f.sell({ maker: f.alice }), f.sell({ maker: f.bob })];
      await f.ctf.connect(f.bob).setApprovalForAll(f.exchange, false);
      await expect(f.match(bid, [good, bad])).to.be.revertedWithCustomError(
        f.exchange,
        "OutcomeTransferFailed",
      );
      await f.match(bid, [good]);
      expect((await statusOf(f.exchange, good)).isFilledOrCancelled).to.equal(true);
    });
  });

  describe("TC-2 an account whose hook refuses tokens", () => {
    for (const [kind, role, fromExchange] of [
      ["taker buys", "taker", false],
      ["taker sells", "maker", false],
      ["mint", "maker", true],
      ["mint", "taker", true],
    ] as const) {
      it(`is named: ${kind}, the ${role}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const [receiver, sender] = role === "maker" ? [f.alice, f.taker] : [f.taker, f.alice];
        await delegateTo(receiver, await ethers.deployContract("HookedAccount"));
        const hooked = await ethers.getContractAt("HookedAccount", receiver.address);
        await hooked.setRefusing(true);
        const { takerOrder, makerOrder } = ordersOf(f, kind);
        const order = role === "maker" ? makerOrder : takerOrder;
        const from = fromExchange ? await f.exchange.getAddress() : sender.address;
        await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
          order.hash,
          from,
          receiver.address,
          order.tokenId,
          tokens(100),
          reason("TokensUnwelcome", order.tokenId),
        ]);
      });
    }

    it("is named though the other has not a token more than it gives", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.taker, await ethers.deployContract("HookedAccount"));
      const hooked = await ethers.getContractAt("HookedAccount", f.taker.address);
      await hooked.setRefusing(true);
      const { takerOrder, makerOrder } = ordersOf(f, "taker buys");
      const surplus = (await f.ctf.balanceOf(f.alice, f.yes)) - tokens(100);
      await f.ctf.connect(f.alice).safeTransferFrom(f.alice, f.stranger, f.yes, surplus, "0x");
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
        takerOrder.hash,
        f.alice.address,
        f.taker.address,
        f.yes,
        tokens(100),
        reason("TokensUnwelcome", f.yes),
      ]);
    });

    it("is named by the order that it can no longer pay, when its hook spent the money", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.alice, await ethers.deployContract("HookedAccount"));
      const hooked = await ethers.getContractAt("HookedAccount", f.alice.address);
      const ask = f.sell({ maker: f.taker, size: tokens(200) });
      const bids = [f.buy({ maker: f.alice }), f.buy({ maker: f.alice })];
      // Paid for the first, she receives its tokens and gives the rest of her money away.
      const rest = (await f.usdc.balanceOf(f.alice)) - tokens(50);
      const { interface: abi } = f.usdc;
      const giveAway = abi.encodeFunctionData("transfer", [f.stranger.address, rest]);
      await hooked.setCallback(f.usdc, giveAway);
      await expectRefusal(f, () => f.match(ask, bids), "CollateralTransferFailed", [
        bids[1]?.hash,
        f.alice.address,
        f.taker.address,
        tokens(50),
        reason("ERC20InsufficientBalance", f.alice.address, 0n, tokens(50)),
      ]);
    });
  });

  describe("TC-3 a hook that calls back", () => {
    it("cannot re-enter a match, though its account is an operator: the guard refuses", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.alice, await ethers.deployContract("HookedAccount"));
      const hooked = await ethers.getContractAt("HookedAccount", f.alice.address);
      await f.exchange.addOperator(f.alice);
      const [bid, ask] = [f.buy({ maker: f.bob }), f.sell({ maker: f.carol })];
      const inner = f.exchange.interface.encodeFunctionData("matchOrders", [
        bid,
        [ask],
        bid.makerAmount,
        [ask.makerAmount],
      ]);
      await hooked.setCallback(f.exchange, inner);
      for (const kind of ["taker sells", "mint"] as const) {
        const { takerOrder, makerOrder } = ordersOf(f, kind);
        const from = kind === "mint" ? await f.exchange.getAddress() : f.taker.address;
        await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
          makerOrder.hash,
          from,
          f.alice.address,
          makerOrder.tokenId,
          tokens(100),
          reason("ReentrancyGuardReentrantCall"),
        ]);
      }
    });

    it("cannot re-enter through an operator contract, nor as the fee receiver", async () => {
      const f = await loadFixture(exchangeFixture);
      const vault = await ethers.deployContract("HookedAccount");
      const operatorContract = await ethers.deployContract("HookedAccount");
      await f.exchange.setFeeReceiver(vault);
      await f.exchange.addOperator(operatorContract);
      const [bid, ask] = [f.buy({ maker: f.bob }), f.sell({ maker: f.carol })];
      const inner = f.exchange.interface.encodeFunctionData("matchOrders", [
        bid,
        [ask],
        bid.makerAmount,
        [ask.makerAmount],
      ]);
      // The operator contract can settle the match by itself ...
      const exchange = await f.exchange.getAddress();
      await operatorContract.execute.staticCall(exchange, inner);
      const execute = operatorContract.interface.encodeFunctionData("execute", [exchange, inner]);
      await vault.setCallback(operatorContract, execute);
      // ... but not while another match runs.
      const { takerOrder, makerOrder } = ordersOf(f, "taker buys", 100n);
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
        NO_ORDER,
        f.alice.address,
        await vault.getAddress(),
        f.yes,
        tokens(1),
        reason("ReentrancyGuardReentrantCall"),
      ]);
    });

    it("may cancel what is left of its own order, and the match goes on", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.alice, await ethers.deployContract("HookedAccount"));
      const hooked = await ethers.getContractAt("HookedAccount", f.alice.address);
      const bid = f.buy({ maker: f.alice });
      await hooked.setCallback(
        f.exchange,
        f.exchange.interface.encodeFunctionData("cancelOrder", [bid]),
      );
      await f.match(f.sell({ maker: f.taker }), [bid], [tokens(20)]);
      expect(await statusOf(f.exchange, bid)).to.deep.equal({
        isFilledOrCancelled: true,
        remaining: tokens(30),
      });
    });

    it("may raise its own nonce, and the match goes on", async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.alice, await ethers.deployContract("HookedAccount"));
      const hooked = await ethers.getContractAt("HookedAccount", f.alice.address);
      await hooked.setCallback(
        f.exchange,
        f.exchange.interface.encodeFunctionData("incrementNonce"),
      );
      await f.match(f.sell({ maker: f.taker }), [f.buy({ maker: f.alice })]);
      expect(await f.exchange.nonces(f.alice)).to.equal(1n);
    });
  });

  describe("TC-6 collateral that misbehaves", () => {
    for (const kind of ["taker buys", "taker sells", "mint"] as const) {
      it(`is refused when it returns false: ${kind}`, async () => {
        const f = await loadFixture(hostileFixture);
        await f.usdc.setSilent(true);
        const { takerOrder, makerOrder } = ordersOf(f, kind);
        const exchange = await f.exchange.getAddress();
        const [order, from, to] = {
          "taker buys": [makerOrder, f.taker.address, f.alice.address] as const,
          "taker sells": [takerOrder, f.alice.address, f.taker.address] as const,
          mint: [makerOrder, f.alice.address, exchange] as const,
        }[kind];
        await expectRefusal(
          f,
          () => f.match(takerOrder, [makerOrder]),
          "CollateralTransferFailed",
          [order.hash, from, to, tokens(50), FALSE],
        );
      });
    }

    it("is refused in a merge when it returns false: ConditionalTokens does not let it pass", async () => {
      const f = await loadFixture(hostileFixture);
      await f.usdc.setSilent(true);
      const { takerOrder, makerOrder } = ordersOf(f, "merge");
      await expectUnchanged(f, async () => {
        await expect(f.match(takerOrder, [makerOrder])).to.be.revertedWith(
          "could not send collateral tokens",
        );
      });
    });

    it("is refused when it keeps a fee and pairs are minted: what is missing is not made up", async () => {
      const f = await loadFixture(hostileFixture);
      await f.usdc.setTransferFeeBps(100n);
      const { takerOrder, makerOrder } = ordersOf(f, "mint");
      await expectUnchanged(f, async () => {
        await expect(f.match(takerOrder, [makerOrder]))
          .to.be.revertedWithCustomError(f.usdc, "ERC20InsufficientBalance")
          .withArgs(await f.exchange.getAddress(), tokens(99), tokens(100));
      });
    });

    it("is refused when it keeps a fee and pairs are merged", async () => {
      const f = await loadFixture(hostileFixture);
      await f.usdc.setTransferFeeBps(100n);
      const { takerOrder, makerOrder } = ordersOf(f, "merge");
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "CollateralTransferFailed", [
        takerOrder.hash,
        await f.exchange.getAddress(),
        f.taker.address,
        tokens(50),
        reason("ERC20InsufficientBalance", await f.exchange.getAddress(), tokens(49), tokens(50)),
      ]);
    });
  });

  describe("TC-7 an account that the collateral's issuer froze", () => {
    for (const [kind, role, party] of [
      ["taker buys", "maker", "receiving"],
      ["taker sells", "taker", "receiving"],
      ["mint", "maker", "paying the exchange"],
      ["mint", "taker", "paying the exchange"],
      ["merge", "maker", "receiving"],
      ["merge", "taker", "receiving"],
    ] as const) {
      it(`is named: ${kind}, the ${role}, ${party}`, async () => {
        const f = await loadFixture(hostileFixture);
        const { takerOrder, makerOrder } = ordersOf(f, kind);
        const [order, frozen, other] =
          role === "maker" ? [makerOrder, f.alice, f.taker] : [takerOrder, f.taker, f.alice];
        await f.usdc.setBlocklisted(frozen, true);
        const exchange = await f.exchange.getAddress();
        const [from, to] = {
          "taker buys": [other.address, frozen.address],
          "taker sells": [other.address, frozen.address],
          mint: [frozen.address, exchange],
          merge: [exchange, frozen.address],
        }[kind] as [string, string];
        await expectRefusal(
          f,
          () => f.match(takerOrder, [makerOrder]),
          "CollateralTransferFailed",
          [order.hash, from, to, tokens(50), reason("Blocklisted", frozen.address)],
        );
      });
    }

    for (const exact of ["balance", "allowance"] as const) {
      it(`is named though the payer's ${exact} is not a unit more than it pays`, async () => {
        const f = await loadFixture(hostileFixture);
        const { takerOrder, makerOrder } = ordersOf(f, "taker buys");
        await f.usdc.setBlocklisted(f.alice, true);
        if (exact === "balance") {
          const surplus = (await f.usdc.balanceOf(f.taker)) - tokens(50);
          await f.usdc.connect(f.taker).transfer(f.stranger, surplus);
        } else {
          await f.usdc.connect(f.taker).approve(f.exchange, tokens(50));
        }
        await expectRefusal(
          f,
          () => f.match(takerOrder, [makerOrder]),
          "CollateralTransferFailed",
          [
            makerOrder.hash,
            f.taker.address,
            f.alice.address,
            tokens(50),
            reason("Blocklisted", f.alice.address),
          ],
        );
      });
    }

    for (const [kind, role] of [
      ["taker buys", "taker"],
      ["taker sells", "maker"],
    ] as const) {
      it(`is not told from its receiver when it pays an account: ${kind}, the ${role}, with balance and allowance`, async () => {
        const f = await loadFixture(hostileFixture);
        const { takerOrder, makerOrder } = ordersOf(f, kind);
        const [receiversOrder, frozen, receiver] =
          role === "maker" ? [takerOrder, f.alice, f.taker] : [makerOrder, f.taker, f.alice];
        await f.usdc.setBlocklisted(frozen, true);
        // The rule looks at balance and allowance only; `reason` is what tells who was frozen.
        await expectRefusal(
          f,
          () => f.match(takerOrder, [makerOrder]),
          "CollateralTransferFailed",
          [
            receiversOrder.hash,
            frozen.address,
            receiver.address,
            tokens(50),
            reason("Blocklisted", frozen.address),
          ],
        );
      });
    }
  });

  describe("a fee receiver that cannot take a fee", () => {
    it("is told by naming no order: its hook refuses a fee kept from a payment", async () => {
      const f = await loadFixture(exchangeFixture);
      const vault = await ethers.deployContract("HookedAccount");
      await f.exchange.setFeeReceiver(vault);
      await vault.setRefusing(true);
      const { takerOrder, makerOrder } = ordersOf(f, "taker buys", 100n);
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
        NO_ORDER,
        f.alice.address,
        await vault.getAddress(),
        f.yes,
        tokens(1),
        reason("TokensUnwelcome", f.yes),
      ]);
    });

    it("is told by naming no order: its hook refuses a fee paid from minted pairs", async () => {
      const f = await loadFixture(exchangeFixture);
      const vault = await ethers.deployContract("HookedAccount");
      await f.exchange.setFeeReceiver(vault);
      await vault.setRefusing(true);
      const { takerOrder, makerOrder } = ordersOf(f, "mint", 100n);
      await expectRefusal(f, () => f.match(takerOrder, [makerOrder]), "OutcomeTransferFailed", [
        NO_ORDER,
        await f.exchange.getAddress(),
        await vault.getAddress(),
        f.no,
        tokens(1),
        reason("TokensUnwelcome", f.no),
      ]);
    });

    for (const kind of ["taker sells", "merge"] as const) {
      it(`is told by naming no order: the collateral froze it, ${kind}`, async () => {
        const f = await loadFixture(hostileFixture);
        await f.usdc.setBlocklisted(f.feeReceiver, true);
        const { takerOrder, makerOrder } = ordersOf(f, kind, 100n);
        const [from, fee] =
          kind === "merge"
            ? [await f.exchange.getAddress(), tokens(1)]
            : [f.alice.address, tokens(1) / 2n];
        await expectRefusal(
          f,
          () => f.match(takerOrder, [makerOrder]),
          "CollateralTransferFailed",
          [
            NO_ORDER,
            from,
            f.feeReceiver.address,
            fee,
            reason("Blocklisted", f.feeReceiver.address),
          ],
        );
      });
    }

    it("stops no match without a fee", async () => {
      const f = await loadFixture(exchangeFixture);
      const vault = await ethers.deployContract("HookedAccount");
      await f.exchange.setFeeReceiver(vault);
      await vault.setRefusing(true);
      for (const kind of kinds) {
        const { takerOrder, makerOrder } = ordersOf(f, kind);
        await f.match(takerOrder, [makerOrder]);
      }
    });
  });

  it("refuses to mint a pair registered by hand whose ids are not the condition's, and keeps nothing", async () => {
    const f = await loadFixture(exchangeFixture);
    await f.exchange.registerToken(11n, 22n, f.market.conditionId);
    const bid = f.buy({ maker: f.taker, tokenId: 11n });
    const other = f.buy({ maker: f.alice, tokenId: 22n });
    await expectRefusal(f, () => f.match(bid, [other]), "OutcomeTransferFailed", [
      other.hash,
      await f.exchange.getAddress(),
      f.alice.address,
      22n,
      tokens(100),
      reason("Error", "SafeMath: subtraction overflow"),
    ]);
  });
});
