import { loadFixture } from "@nomicfoundation/hardhat-network-helpers";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/signers";
import { expect } from "chai";
import type { BaseContract } from "ethers";
import { ethers } from "hardhat";
import {
  type MarketFixture,
  Role,
  marketFixture,
  uncalledFunctions,
  unprovokedErrors,
} from "../helpers/market";

// Administered: ResolutionOracle, MarketFactory and CTFExchange alike
// ├── at deployment: the deployer is the admin, and no offer stands
// ├── offerAdmin
// │   ├── when the admin offers: the other may accept, and the admin stays admin till then
// │   ├── when the admin offers again: the first can no longer accept
// │   ├── when the admin offers to zero: nobody can accept
// │   └── when anyone else offers: NotAdmin
// ├── acceptAdmin
// │   ├── when the one it was offered to accepts: it is the only admin, and the offer is gone
// │   └── when anyone else accepts: NotPendingAdmin
// └── roles
//     ├── when the admin grants: held from now on; again: RoleAlreadyHeld; to zero: ZeroAddress
//     ├── when the admin revokes: no longer held; again: RoleNotHeld
//     ├── when a holder renounces: no longer held; not held: RoleNotHeld
//     └── when anyone else grants or revokes: NotAdmin

type Signer = HardhatEthersSigner;

interface Subject {
  name: "ResolutionOracle" | "MarketFactory" | "CTFExchange";
  role: keyof typeof Role;
  contract: (system: MarketFixture) => BaseContract;
  grant: (system: MarketFixture, caller: Signer, account: string) => Promise<unknown>;
  revoke: (system: MarketFixture, caller: Signer, account: string) => Promise<unknown>;
}

const SUBJECTS: Subject[] = [
  {
    name: "ResolutionOracle",
    role: "RESOLVER",
    contract: ({ oracle }) => oracle,
    grant: ({ oracle }, caller, account) => oracle.connect(caller).addResolver(account),
    revoke: ({ oracle }, caller, account) => oracle.connect(caller).removeResolver(account),
  },
  {
    name: "MarketFactory",
    role: "CREATOR",
    contract: ({ factory }) => factory,
    grant: ({ factory }, caller, account) => factory.connect(caller).addCreator(account),
    revoke: ({ factory }, caller, account) => factory.connect(caller).removeCreator(account),
  },
  {
    name: "MarketFactory",
    role: "PAUSER",
    contract: ({ factory }) => factory,
    grant: ({ factory }, caller, account) => factory.connect(caller).addPauser(account),
    revoke: ({ factory }, caller, account) => factory.connect(caller).removePauser(account),
  },
  {
    name: "CTFExchange",
    role: "OPERATOR",
    contract: ({ exchange }) => exchange,
    grant: ({ exchange }, caller, account) => exchange.connect(caller).addOperator(account),
    revoke: ({ exchange }, caller, account) => exchange.connect(caller).removeOperator(account),
  },
  {
    name: "CTFExchange",
    role: "REGISTRAR",
    contract: ({ exchange }) => exchange,
    grant: ({ exchange }, caller, account) => exchange.connect(caller).addRegistrar(account),
    revoke: ({ exchange }, caller, account) => exchange.connect(caller).removeRegistrar(account),
  },
  {
    name: "CTFExchange",
    role: "PAUSER",
    contract: ({ exchange }) => exchange,
    grant: ({ exchange }, caller, account) => exchange.connect(caller).addPauser(account),
    revoke: ({ exchange }, caller, account) => exchange.connect(caller).removePauser(account),
  },
];

for (const subject of SUBJECTS) {
  describe(`Administered: ${subject.name} and its role ${subject.role}`, function () {
    const role = Role[subject.role];

    async function load() {
      const system = await loadFixture(marketFixture);
      const deployed = subject.contract(system);
      const contract = await ethers.getContractAt("IAdministered", await deployed.getAddress());
      const { admin, heir, stranger, alice, bob } = system;
      const people = [admin, heir, stranger, alice, bob];

      const state = async () => ({
        admin: await contract.admin(),
        pendingAdmin: await contract.pendingAdmin(),
        roles: await Promise.all(
          people.map((person) =>
            Promise.all(Object.values(Role).map((each) => contract.hasRole(each, person))),
          ),
        ),
      });
      const refused = async (call: () => Promise<unknown>, error: string, values: unknown[]) => {
        const before = await state();
        const refusal = expect(call(), error).to.be.revertedWithCustomError(contract, error);
        await (values.length === 0 ? refusal : refusal.withArgs(...values));
        expect(await state(), `state after ${error}`).to.deep.equal(before);
      };
      return { ...system, system, deployed, contract, state, refused };
    }

    it("makes the deployer the admin, with no offer standing", async function () {
      const { deployed, contract, admin } = await load();

      expect(await contract.admin()).to.equal(admin.address);
      expect(await contract.pendingAdmin()).to.equal(ethers.ZeroAddress);
      await expect(deployed.deploymentTransaction())
        .to.emit(contract, "AdminChanged")
        .withArgs(ethers.ZeroAddress, admin.address);
    });

    it("keeps the admin in place until the offer is accepted", async function () {
      const { contract, admin, heir } = await load();

      await expect(contract.offerAdmin(heir))
        .to.emit(contract, "AdminOffered")
        .withArgs(admin.address, heir.address);

      expect(await contract.admin()).to.equal(admin.address);
      expect(await contract.pendingAdmin()).to.equal(heir.address);
    });

    it("hands the place over when the offer is accepted, and the old admin has no power left", async function () {
      const { system, contract, admin, heir, alice, refused } = await load();
      await contract.offerAdmin(heir);

      await expect(contract.connect(heir).acceptAdmin())
        .to.emit(contract, "AdminChanged")
        .withArgs(admin.address, heir.address);

      expect(await contract.admin()).to.equal(heir.address);
      expect(await contract.pendingAdmin()).to.equal(ethers.ZeroAddress);
      await refused(() => contract.offerAdmin(admin), "NotAdmin", [admin.address]);
      await refused(() => subject.grant(system, admin, alice.address), "NotAdmin", [admin.address]);
      await subject.grant(system, heir, alice.address);
      expect(await contract.hasRole(role, alice)).to.equal(true);
    });

    it("takes an offer only once", async function () {
      const { contract, heir, refused } = await load();
      await contract.offerAdmin(heir);
      await contract.connect(heir).acceptAdmin();

      await refused(() => contract.connect(heir).acceptAdmin(), "NotPendingAdmin", [heir.address]);
    });

    it("refuses acceptance by anyone but the one it was offered to", async function () {
      const { contract, admin, heir, stranger, refused } = await load();

      await refused(() => contract.connect(stranger).acceptAdmin(), "NotPendingAdmin", [
        stranger.address,
      ]);
      await contract.offerAdmin(heir);
      await refused(() => contract.connect(stranger).acceptAdmin(), "NotPendingAdmin", [
        stranger.address,
      ]);
      await refused(() => contract.acceptAdmin(), "NotPendingAdmin", [admin.address]);
    });

    it("withdraws the offer when zero is offered, so there is never no admin", async function () {
      const { contract, admin, heir, refused } = await load();
      await contract.offerAdmin(heir);

      await expect(contract.offerAdmin(ethers.ZeroAddress))
        .to.emit(contract, "AdminOffered")
        .withArgs(admin.address, ethers.ZeroAddress);

      expect(await contract.admin()).to.equal(admin.address);
      await refused(() => contract.connect(heir).acceptAdmin(), "NotPendingAdmin", [heir.address]);
    });

    it("lets a second offer replace the first", async function () {
      const { contract, heir, alice, refused } = await load();
      await contract.offerAdmin(heir);
      await contract.offerAdmin(alice);

      await refused(() => contract.connect(heir).acceptAdmin(), "NotPendingAdmin", [heir.address]);
      await contract.connect(alice).acceptAdmin();

      expect(await contract.admin()).to.equal(alice.address);
    });

    it("refuses an offer by anyone but the admin, even the one it is offered to", async function () {
      const { contract, heir, stranger, refused } = await load();
      await contract.offerAdmin(heir);

      for (const caller of [heir, stranger]) {
        await refused(() => contract.connect(caller).offerAdmin(caller), "NotAdmin", [
          caller.address,
        ]);
      }
    });

    it("grants this role and no other", async function () {
      const { system, contract, admin, alice } = await load();

      await expect(subject.grant(system, admin, alice.address))
        .to.emit(contract, "RoleGranted")
        .withArgs(role, alice.address);

      for (const each of Object.values(Role)) {
        expect(await contract.hasRole(each, alice), `role ${each}`).to.equal(each === role);
      }
    });

    it("refuses to grant a role that is held", async function () {
      const { system, admin, alice, refused } = await load();
      await subject.grant(system, admin, alice.address);

      await refused(() => subject.grant(system, admin, alice.address), "RoleAlreadyHeld", [
        role,
        alice.address,
      ]);
    });

    it("refuses to grant a role to the zero address", async function () {
      const { system, admin, refused } = await load();

      await refused(() => subject.grant(system, admin, ethers.ZeroAddress), "ZeroAddress", []);
    });

    it("revokes a role", async function () {
      const { system, contract, admin, alice, bob } = await load();
      await subject.grant(system, admin, alice.address);
      await subject.grant(system, admin, bob.address);

      await expect(subject.revoke(system, admin, alice.address))
        .to.emit(contract, "RoleRevoked")
        .withArgs(role, alice.address);

      expect(await contract.hasRole(role, alice)).to.equal(false);
      expect(await contract.hasRole(role, bob), "another holder").to.equal(true);
    });

    it("refuses to revoke a role that is not held", async function () {
      const { system, admin, alice, refused } = await load();

      await refused(() => subject.revoke(system, admin, alice.address), "RoleNotHeld", [
        role,
        alice.address,
      ]);
    });

    it("lets a holder renounce the role, once", async function () {
      const { system, contract, admin, alice, refused } = await load();
      await subject.grant(system, admin, alice.address);

      await expect(contract.connect(alice).renounceRole(role))
        .to.emit(contract, "RoleRevoked")
        .withArgs(role, alice.address);

      expect(await contract.hasRole(role, alice)).to.equal(false);
      await refused(() => contract.connect(alice).renounceRole(role), "RoleNotHeld", [
        role,
        alice.address,
      ]);
    });

    it("refuses grants and revocations by anyone but the admin, even by a holder", async function () {
      const { system, admin, alice, stranger, refused } = await load();
      await subject.grant(system, admin, alice.address);

      for (const caller of [alice, stranger]) {
        await refused(() => subject.grant(system, caller, stranger.address), "NotAdmin", [
          caller.address,
        ]);
        await refused(() => subject.revoke(system, caller, alice.address), "NotAdmin", [
          caller.address,
        ]);
      }
    });
  });
}

describe("Administered: these tests", function () {
  it("provoke every error and call every function of IAdministered", async function () {
    const { interface: administered } = await ethers.getContractAt(
      "IAdministered",
      ethers.ZeroAddress,
    );

    expect(unprovokedErrors(administered, [__filename]), "errors").to.deep.equal([]);
    expect(uncalledFunctions(administered, [__filename]), "functions").to.deep.equal([]);
  });
});
