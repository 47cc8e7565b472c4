import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { Role, exchangeFixture, expectRefusal } from "../../helpers/exchange";

/*
 * given the admin
 * ├── when it grants or takes back a role
 * │   ├── the account holds it, or no longer
 * │   ├── held already, or not held ................ refused: RoleAlreadyHeld, RoleNotHeld
 * │   └── the account is zero ...................... refused: ZeroAddress
 * ├── when it offers its place
 * │   ├── it stays the admin until the other accepts, and is none after
 * │   ├── to another, or to nobody ................. the earlier offer is void
 * │   └── nobody but the one it is offered to can accept: refused: NotPendingAdmin
 * └── there is never no admin
 * given any other account
 * ├── when it uses the admin's powers .............. refused: NotAdmin (AC-2)
 * └── when it renounces a role
 *     ├── that it holds ............................ it no longer does
 *     └── that it does not hold .................... refused: RoleNotHeld
 */
describe("CTFExchange: admin and roles", () => {
  const ROLES = [
    { name: "OPERATOR", role: Role.OPERATOR, add: "addOperator", remove: "removeOperator" },
    { name: "REGISTRAR", role: Role.REGISTRAR, add: "addRegistrar", remove: "removeRegistrar" },
    { name: "PAUSER", role: Role.PAUSER, add: "addPauser", remove: "removePauser" },
  ] as const;

  for (const { name, role, add, remove } of ROLES) {
    describe(name, () => {
      it("is granted and taken back by the admin, and touches no other role", async () => {
        const f = await loadFixture(exchangeFixture);
        const held = () =>
          Promise.all(ROLES.map((each) => f.exchange.hasRole(each.role, f.stranger)));
        await expect(f.exchange[add](f.stranger))
          .to.emit(f.exchange, "RoleGranted")
          .withArgs(role, f.stranger.address);
        expect(await held()).to.deep.equal(ROLES.map((each) => each.role === role));
        await expect(f.exchange[remove](f.stranger))
          .to.emit(f.exchange, "RoleRevoked")
          .withArgs(role, f.stranger.address);
        expect(await held()).to.deep.equal([false, false, false]);
      });

      it("is one of several that an account can hold at once", async () => {
        const f = await loadFixture(exchangeFixture);
        for (const each of ROLES) await f.exchange[each.add](f.stranger);
        await f.exchange[remove](f.stranger);
        for (const each of ROLES) {
          expect(await f.exchange.hasRole(each.role, f.stranger)).to.equal(each.role !== role);
        }
      });

      it("is refused when held already", async () => {
        const f = await loadFixture(exchangeFixture);
        await f.exchange[add](f.stranger);
        await expectRefusal(f, () => f.exchange[add](f.stranger), "RoleAlreadyHeld", [
          role,
          f.stranger.address,
        ]);
      });

      it("cannot be taken back when not held", async () => {
        const f = await loadFixture(exchangeFixture);
        await expectRefusal(f, () => f.exchange[remove](f.stranger), "RoleNotHeld", [
          role,
          f.stranger.address,
        ]);
      });

      it("is refused to the zero address", async () => {
        const f = await loadFixture(exchangeFixture);
        await expectRefusal(f, () => f.exchange[add](ZeroAddress), "ZeroAddress");
      });

      it("is renounced by its holder", async () => {
        const f = await loadFixture(exchangeFixture);
        await f.exchange[add](f.stranger);
        await expect(f.exchange.connect(f.stranger).renounceRole(role))
          .to.emit(f.exchange, "RoleRevoked")
          .withArgs(role, f.stranger.address);
        expect(await f.exchange.hasRole(role, f.stranger)).to.equal(false);
      });

      it("cannot be renounced by who does not hold it", async () => {
        const f = await loadFixture(exchangeFixture);
        await expectRefusal(
          f,
          () => f.exchange.connect(f.stranger).renounceRole(role),
          "RoleNotHeld",
          [role, f.stranger.address],
        );
      });
    });
  }

  it("AC-1 lets an operator settle only as long as it holds the role", async () => {
    const f = await loadFixture(exchangeFixture);
    const [bid, ask] = [f.buy({ maker: f.taker }), f.sell({ maker: f.alice })];
    await f.exchange.removeOperator(f.operator);
    await expectRefusal(f, () => f.match(bid, [ask]), "NotOperator", [f.operator.address]);
    await f.exchange.addOperator(f.operator);
    await f.match(bid, [ask]);
  });

  for (const actor of ["stranger", "admin", "registrar", "pauser", "taker", "alice"] as const) {
    it(`AC-1 refuses a match sent by the ${actor}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const [bid, ask] = [f.buy({ maker: f.taker }), f.sell({ maker: f.alice })];
      await expectRefusal(
        f,
        () => f.exchange.connect(f[actor]).matchOrders(bid, [ask], 1n, [1n]),
        "NotOperator",
        [f[actor].address],
      );
    });
  }

  for (const actor of ["stranger", "operator", "registrar", "pauser"] as const) {
    it(`AC-2 refuses every power of the admin to the ${actor}`, async () => {
      const f = await loadFixture(exchangeFixture);
      const caller = f[actor];
      const exchange = f.exchange.connect(caller);
      const powers = [
        ...ROLES.flatMap(({ add, remove }) => [
          () => exchange[add](f.stranger),
          () => exchange[remove](f.operator),
        ]),
        () => exchange.setFeeReceiver(f.stranger),
        () => exchange.registerToken(11n, 22n, f.market.conditionId),
        () => exchange.unpause(),
        () => exchange.offerAdmin(f.stranger),
      ];
      for (const power of powers) await expectRefusal(f, power, "NotAdmin", [caller.address]);
    });
  }

  describe("the admin's place", () => {
    it("belongs to the deployer first", async () => {
      const f = await loadFixture(exchangeFixture);
      expect(await f.exchange.admin()).to.equal(f.admin.address);
      expect(await f.exchange.pendingAdmin()).to.equal(ZeroAddress);
      await expect(f.exchange.deploymentTransaction())
        .to.emit(f.exchange, "AdminChanged")
        .withArgs(ZeroAddress, f.admin.address);
    });

    it("changes hands in two steps", async () => {
      const f = await loadFixture(exchangeFixture);
      await expect(f.exchange.offerAdmin(f.stranger))
        .to.emit(f.exchange, "AdminOffered")
        .withArgs(f.admin.address, f.stranger.address);
      expect(await f.exchange.admin(), "admin while offered").to.equal(f.admin.address);
      expect(await f.exchange.pendingAdmin()).to.equal(f.stranger.address);

      await expect(f.exchange.connect(f.stranger).acceptAdmin())
        .to.emit(f.exchange, "AdminChanged")
        .withArgs(f.admin.address, f.stranger.address);
      expect(await f.exchange.admin()).to.equal(f.stranger.address);
      expect(await f.exchange.pendingAdmin()).to.equal(ZeroAddress);
      await expectRefusal(f, () => f.exchange.addOperator(f.donor), "NotAdmin", [f.admin.address]);
      await f.exchange.connect(f.stranger).addOperator(f.donor);
    });

    it("keeps its powers while the offer stands, and gives the other none", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.offerAdmin(f.stranger);
      await f.exchange.addOperator(f.donor);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.stranger).addOperator(f.alice),
        "NotAdmin",
        [f.stranger.address],
      );
    });

    it("cannot be taken by anyone it was not offered to, the admin included", async () => {
      const f = await loadFixture(exchangeFixture);
      const accept = (by: typeof f.admin) => () => f.exchange.connect(by).acceptAdmin();
      await expectRefusal(f, accept(f.stranger), "NotPendingAdmin", [f.stranger.address]);
      await expectRefusal(f, accept(f.admin), "NotPendingAdmin", [f.admin.address]);
      await f.exchange.offerAdmin(f.stranger);
      await expectRefusal(f, accept(f.operator), "NotPendingAdmin", [f.operator.address]);
      await expectRefusal(f, accept(f.admin), "NotPendingAdmin", [f.admin.address]);
    });

    it("cannot be taken by an account whose offer was replaced", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.offerAdmin(f.stranger);
      await f.exchange.offerAdmin(f.donor);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.stranger).acceptAdmin(),
        "NotPendingAdmin",
        [f.stranger.address],
      );
      await f.exchange.connect(f.donor).acceptAdmin();
    });

    it("cannot be taken after the offer was withdrawn, and there is still an admin", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.offerAdmin(f.stranger);
      await expect(f.exchange.offerAdmin(ZeroAddress))
        .to.emit(f.exchange, "AdminOffered")
        .withArgs(f.admin.address, ZeroAddress);
      await expectRefusal(
        f,
        () => f.exchange.connect(f.stranger).acceptAdmin(),
        "NotPendingAdmin",
        [f.stranger.address],
      );
      expect(await f.exchange.admin()).to.equal(f.admin.address);
    });

    it("cannot be taken twice with one offer", async () => {
      const f = await loadFixture(exchangeFixture);
      await f.exchange.offerAdmin(f.stranger);
      const accept = () => f.exchange.connect(f.stranger).acceptAdmin();
      await accept();
      await expectRefusal(f, accept, "NotPendingAdmin", [f.stranger.address]);
    });
  });
});
