import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ethers } from "hardhat";
import {
  type ExchangeFixture,
  type SignedOrder,
  changesOf,
  delegateTo,
  exchangeFixture,
  statusOf,
  tokens,
} from "../../helpers/exchange";

/*
 * given a batch of three matches, and an attacker who spoils the middle one after it was matched off chain
 * ├── by raising its nonce
 * ├── by taking its balance away
 * ├── by taking its allowance or approval back
 * └── by a trap in its ERC-1155 hook
 *     ├── that refuses in words, answers wrong, or burns all its gas
 *     └── that refuses, or answers, with a huge blob
 * then, with the attacker as maker and as taker, in a swap and in a mint or merge
 *     ├── the two other matches settle (GF-1)
 *     ├── the one MatchFailed names exactly the attacker's order (GF-2)
 *     ├── its victim's order is as it was, and can be matched again (GF-3)
 *     └── what the attack costs the operator in gas is bounded (GF-4)
 */
describe("CTFExchange: griefing", () => {
  const GAS_LIMIT = 900_000n;
  const FILLED = { isFilledOrCancelled: true, remaining: 0n };
  const UNSEEN = { isFilledOrCancelled: false, remaining: 0n };

  /** Where HostileReceiver's traps are in its list. */
  const TRAPS = {
    "refuses in words": [1, 0],
    "burns all its gas": [2, 0],
    "refuses with a blob of 20,000 bytes": [3, 20_000],
    "refuses with a blob of 100,000 bytes": [3, 100_000],
    "refuses without a word": [3, 0],
    "answers something else": [5, 0],
  } as const;

  /** Each kind of match, by the sides of taker and maker; all are over 100 tokens at 0.50. */
  const KINDS = {
    "taker buys": { taker: "buy", maker: "sell", token: "yes" },
    "taker sells": { taker: "sell", maker: "buy", token: "yes" },
    mint: { taker: "buy", maker: "buy", token: "no" },
    merge: { taker: "sell", maker: "sell", token: "no" },
  } as const;
  type Kind = keyof typeof KINDS;
  type Role = "maker" | "taker";
  type Attack = (f: ExchangeFixture) => Promise<unknown>;

  const matchOf = (takerOrder: SignedOrder, makerOrder: SignedOrder, gasLimit = GAS_LIMIT) => ({
    ...{ takerOrder, makerOrders: [makerOrder], gasLimit },
    takerFillAmount: takerOrder.makerAmount,
    makerFillAmounts: [makerOrder.makerAmount],
  });

  /** The attacker is Carol, her victim Dave; the bystanders are Alice and Bob. */
  function ordersOf(f: ExchangeFixture, kind: Kind, role: Role) {
    const { taker, maker, token } = KINDS[kind];
    const [takerAccount, makerAccount] = role === "taker" ? [f.carol, f.dave] : [f.dave, f.carol];
    const takerOrder = f[taker]({ maker: takerAccount });
    const makerOrder = f[maker]({ maker: makerAccount, tokenId: f[token] });
    return role === "taker"
      ? { takerOrder, makerOrder, guilty: takerOrder, innocent: makerOrder }
      : { takerOrder, makerOrder, guilty: makerOrder, innocent: takerOrder };
  }

  async function expectAttackFails(
    kind: Kind,
    role: Role,
    attack: Attack,
    expected: { error: string; said?: string },
  ): Promise<bigint> {
    const f = await loadFixture(exchangeFixture);
    const { takerOrder, makerOrder, guilty, innocent } = ordersOf(f, kind, role);
    const bystanders = [0, 1].map(() => [f.buy({ maker: f.alice }), f.sell({ maker: f.bob })]);
    const [first, last] = bystanders as [SignedOrder, SignedOrder][];
    await attack(f);

    let gasUsed = 0n;
    let reasons: string[] = [];
    const changes = await changesOf(f, { carol: f.carol, dave: f.dave }, async () => {
      const sent = await f.exchange
        .connect(f.operator)
        .matchOrdersBatch(
          [matchOf(...first!), matchOf(takerOrder, makerOrder), matchOf(...last!)],
          { gasLimit: 4_000_000n },
        );
      const receipt = await sent.wait();
      gasUsed = receipt?.gasUsed ?? 0n;
      const failures = (receipt?.logs ?? [])
        .map((log) => f.exchange.interface.parseLog(log))
        .filter((event) => event?.name === "MatchFailed")
        .map((event) => event?.args.toArray() as [string, bigint, string]);
      expect(failures.map(([hash, index]) => [hash, index])).to.deep.equal([[takerOrder.hash, 1n]]);
      reasons = failures.map(([, , reason]) => reason);
    });

    const reason = reasons[0] ?? "0x";
    // The first word of every such error is the order to blame, so it is there even when the reason was cut.
    expect(f.exchange.interface.getError(ethers.dataSlice(reason, 0, 4))?.name).to.equal(
      expected.error,
    );
    expect(ethers.dataSlice(reason, 4, 36), "the order to blame").to.equal(guilty.hash);
    expect(ethers.dataLength(reason)).to.be.at.most(1024);
    for (const order of [...first!, ...last!]) {
      expect(await statusOf(f.exchange, order)).to.deep.equal(FILLED);
    }
    expect(changes).to.deep.equal({});
    for (const order of [guilty, innocent]) {
      expect(await statusOf(f.exchange, order)).to.deep.equal(UNSEEN);
    }

    // The victim's order, untouched, meets somebody honest.
    const { taker, maker, token } = KINDS[kind];
    if (role === "maker") {
      await f.match(innocent, [f[maker]({ maker: f.erin, tokenId: f[token] })]);
    } else {
      await f.match(f[taker]({ maker: f.erin }), [innocent]);
    }
    expect(await statusOf(f.exchange, innocent)).to.deep.equal(FILLED);
    return gasUsed;
  }

  for (const kind of Object.keys(KINDS) as Kind[]) {
    for (const role of ["maker", "taker"] as const) {
      const part = KINDS[kind][role];
      const title = `${kind}, the attacker is the ${role}`;

      it(`GF-1 a raised nonce fails its own match only: ${title}`, async () => {
        await expectAttackFails(kind, role, (f) => f.exchange.connect(f.carol).incrementNonce(), {
          error: "InvalidNonce",
        });
      });

      it(`GF-1 a cancelled order fails its own match only: ${title}`, async () => {
        const f = await loadFixture(exchangeFixture);
        const { takerOrder, makerOrder, guilty } = ordersOf(f, kind, role);
        await f.exchange.connect(f.carol).cancelOrder(guilty);
        await expect(
          f.exchange
            .connect(f.operator)
            .matchOrdersBatch([
              matchOf(f.buy({ maker: f.alice }), f.sell({ maker: f.bob })),
              matchOf(takerOrder, makerOrder),
            ]),
        )
          .to.emit(f.exchange, "MatchFailed")
          .withArgs(
            takerOrder.hash,
            1n,
            f.exchange.interface.encodeErrorResult("OrderFilledOrCancelled", [guilty.hash]),
          )
          .and.to.emit(f.exchange, "OrdersMatched");
      });

      it(`GF-1 a drained balance fails its own match only: ${title}`, async () => {
        await expectAttackFails(
          kind,
          role,
          async (f) => {
            if (part === "buy") {
              const all = await f.usdc.balanceOf(f.carol);
              await f.usdc.connect(f.carol).transfer(f.stranger, all);
            } else {
              const id = role === "maker" ? f[KINDS[kind].token] : f.yes;
              const all = await f.ctf.balanceOf(f.carol, id);
              await f.ctf.connect(f.carol).safeTransferFrom(f.carol, f.stranger, id, all, "0x");
            }
          },
          { error: part === "buy" ? "CollateralTransferFailed" : "OutcomeTransferFailed" },
        );
      });

      it(`GF-1 a revoked allowance fails its own match only: ${title}`, async () => {
        await expectAttackFails(
          kind,
          role,
          async (f) => {
            if (part === "buy") await f.usdc.connect(f.carol).approve(f.exchange, 0n);
            else await f.ctf.connect(f.carol).setApprovalForAll(f.exchange, false);
          },
          { error: part === "buy" ? "CollateralTransferFailed" : "OutcomeTransferFailed" },
        );
      });

      // Only who receives an outcome token can set a trap.
      if (part !== "buy") continue;
      for (const [name, [trap, size]] of Object.entries(TRAPS)) {
        it(`GF-1 a hook that ${name} fails its own match only: ${title}`, async () => {
          const gasUsed = await expectAttackFails(
            kind,
            role,
            async (f) => {
              await delegateTo(f.carol, await ethers.deployContract("HostileReceiver"));
              const hooked = await ethers.getContractAt("HostileReceiver", f.carol.address);
              await hooked.setTrap(trap, size);
            },
            { error: "OutcomeTransferFailed" },
          );
          expect(gasUsed, "GF-4 gas of the whole batch").to.be.below(1_400_000n);
        });
      }
    }
  }

  for (const size of [32, 20_000, 60_000]) {
    it(`GF-4 a hook that answers yes with ${size} bytes is taken at its word`, async () => {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.carol, await ethers.deployContract("HostileReceiver"));
      const hooked = await ethers.getContractAt("HostileReceiver", f.carol.address);
      await hooked.setTrap(4, size);
      const bid = f.buy({ maker: f.carol });
      const sent = await f.match(bid, [f.sell({ maker: f.dave })]);
      expect((await sent.wait())?.gasUsed).to.be.below(600_000n);
      expect(await statusOf(f.exchange, bid)).to.deep.equal(FILLED);
    });
  }

  it("GF-4 a hook cannot make an honest maker's order look guilty by burning gas", async () => {
    const f = await loadFixture(exchangeFixture);
    await delegateTo(f.carol, await ethers.deployContract("HostileReceiver"));
    const hooked = await ethers.getContractAt("HostileReceiver", f.carol.address);
    await hooked.setTrap(2, 0);
    const bids = [f.alice, f.carol, f.bob].map((maker) => f.buy({ maker }));
    const ask = f.sell({ maker: f.dave, size: tokens(300) });
    for (const gasLimit of [400_000n, 500_000n, 600_000n, 700_000n, 900_000n, 1_200_000n]) {
      const one = {
        ...{ takerOrder: ask, makerOrders: bids, gasLimit },
        takerFillAmount: ask.makerAmount,
        makerFillAmounts: bids.map(({ makerAmount }) => makerAmount),
      };
      const sent = await f.exchange.connect(f.operator).matchOrdersBatch([one]);
      const receipt = await sent.wait();
      const event = f.exchange.interface.parseLog(receipt!.logs[0]!);
      expect(event?.name).to.equal("MatchFailed");
      const reason = f.exchange.interface.parseError(event?.args[2] as string);
      if (reason?.name === "InsufficientGas") continue;
      expect(reason?.name).to.equal("OutcomeTransferFailed");
      expect(reason?.args[0]).to.equal(bids[1]?.hash);
    }
  });

  it("GF-4 in the same match, only the order with the trap is named, wherever it stands", async () => {
    for (const place of [0, 1, 2]) {
      const f = await loadFixture(exchangeFixture);
      await delegateTo(f.carol, await ethers.deployContract("HostileReceiver"));
      const hooked = await ethers.getContractAt("HostileReceiver", f.carol.address);
      await hooked.setTrap(1, 0);
      const makers = [f.alice, f.bob];
      makers.splice(place, 0, f.carol);
      const bids = makers.map((maker) => f.buy({ maker, tokenId: f.no }));
      const bid = f.buy({ maker: f.dave, size: tokens(300) });
      const sent = await f.exchange.connect(f.operator).matchOrdersBatch([
        {
          ...{ takerOrder: bid, makerOrders: bids, gasLimit: 2_000_000n },
          takerFillAmount: bid.makerAmount,
          makerFillAmounts: bids.map(({ makerAmount }) => makerAmount),
        },
      ]);
      const receipt = await sent.wait();
      const event = f.exchange.interface.parseLog(receipt!.logs[0]!);
      const reason = f.exchange.interface.parseError(event?.args[2] as string);
      expect(reason?.name).to.equal("OutcomeTransferFailed");
      expect(reason?.args[0]).to.equal(bids[place]?.hash);
    }
  });
});
