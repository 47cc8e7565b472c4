import { SandboxProvider, createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { interfaces } from "@nostra/sdk/contracts";
import { InputError, NostraError } from "@nostra/sdk/errors";
import { expect } from "chai";
import { Wallet, type TransactionReceipt } from "ethers";
import hre from "hardhat";
import { thrownBy } from "../helpers/sandbox";

// SandboxChain
// ├── given the transactions of a whole deployment and of trading: receipts, logs and state as Hardhat's chain has them
// ├── given a call, a transaction, a nonce, a price, a limit a node would refuse: refused as a node does
// ├── given a state that is no longer there: refused, naming the block
// ├── snapshots: go back to the state, the blocks and the clock, inner ones first
// ├── time: set, moved, never back
// └── logs: by address, topic, range, block hash

describe("sdk/testing: the sandbox's chain", () => {
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await createSandbox({ accounts: 2 });
  });

  after(() => sandbox.close());

  const send = (method: string, ...params: unknown[]): Promise<unknown> =>
    sandbox.provider.send(method, params);

  it("gives what Hardhat's chain gives for the same transactions, to the unit of gas", async function () {
    this.timeout(60_000);
    const { provider, accounts, admin, operator, resolvers, feeReceiver } = sandbox;
    await hre.network.provider.send("hardhat_reset", []);
    for (const { address } of [admin, operator, ...resolvers, feeReceiver, ...accounts]) {
      await hre.network.provider.send("hardhat_setBalance", [address, "0x21e19e0c9bab2400000"]);
    }
    await sandbox.createMarket();
    const last = await provider.getBlockNumber();
    let compared = 0;
    for (let number = 1; number <= last; number++) {
      const block = (await send("eth_getBlockByNumber", `0x${number.toString(16)}`, true)) as {
        timestamp: string;
        transactions: Record<"hash" | "from" | "to" | "input" | "value" | "gas", string>[];
      };
      for (const { hash, from, to, input, value, gas } of block.transactions) {
        await hre.network.provider.send("hardhat_impersonateAccount", [from]);
        const time = Math.max(Number(block.timestamp), (await latestSecond()) + 1);
        await hre.network.provider.send("evm_setNextBlockTimestamp", [time]);
        const twin = (await hre.network.provider.send("eth_sendTransaction", [
          { from, ...(to !== null && { to }), data: input, value, gas },
        ])) as string;
        const ours = await provider.getTransactionReceipt(hash);
        const theirs = await hre.ethers.provider.getTransactionReceipt(twin);
        // All but the data of events, where the seconds of the two chains stand.
        expect(told(ours), `block ${number}`).to.deep.equal(told(theirs));
        compared++;
      }
    }
    expect(compared, "transactions").to.be.greaterThan(20);
    for (const address of Object.values(sandbox.deployment.contracts)) {
      expect(await provider.getCode(address)).to.equal(await hre.ethers.provider.getCode(address));
    }
  });

  async function latestSecond(): Promise<number> {
    return (await hre.ethers.provider.getBlock("latest"))?.timestamp ?? 0;
  }

  function told(receipt: TransactionReceipt | null): object {
    if (receipt === null) throw new Error("no receipt");
    const { from, to, contractAddress, status, gasUsed, logs } = receipt;
    return {
      ...{ from, to, contractAddress, status, gasUsed },
      logs: logs.map(({ address, topics, index }) => ({ address, topics, index })),
    };
  }

  it("refuses what a node refuses, and changes nothing", async () => {
    const { provider, accounts, deployment } = sandbox;
    const ada = accounts[0]!;
    const stranger = Wallet.createRandom().connect(provider);
    const before = await provider.getBlockNumber();
    const nonce = await ada.getNonce();
    const gasPrice = 2_000_000_000n;
    const terms = { to: ada.address, gasLimit: 21_000n, gasPrice, chainId: 31_337, type: 0 };
    const refusals: [string, () => Promise<unknown>][] = [
      ["nonce too low", () => raw(ada, { ...terms, nonce: nonce - 1 })],
      ["nonce too high", () => raw(ada, { ...terms, nonce: nonce + 1 })],
      ["insufficient funds", () => raw(stranger, { ...terms, nonce: 0 })],
      ["underpriced", () => raw(ada, { ...terms, nonce, gasPrice: 1n })],
      ["block gas limit", () => raw(ada, { ...terms, nonce, gasLimit: 60_000_001n })],
      ["INTRINSIC_GAS_TOO_LOW", () => raw(ada, { ...terms, nonce, gasLimit: 20_999n })],
      ["not a transaction", () => raw(ada, { ...terms, nonce, chainId: 1 })],
      ["not a transaction", () => send("eth_sendRawTransaction", "0x1234")],
      [
        "unknown account",
        () => send("eth_sendTransaction", { from: stranger.address, to: ada.address }),
      ],
      ["does not know eth_mining", () => send("eth_mining")],
      ["does not know toString", () => send("toString")],
      [
        "execution reverted",
        () => send("eth_call", { to: deployment.contracts.ctfExchange, data: "0x12345678" }),
      ],
    ];
    for (const [message, act] of refusals) {
      expect(((await thrownBy(act)) as Error).message).to.contain(message);
    }
    expect(await provider.getBlockNumber()).to.equal(before);
    expect(await ada.getNonce()).to.equal(nonce);
  });

  async function raw(wallet: Wallet | ReturnType<typeof Wallet.createRandom>, fields: object) {
    return send("eth_sendRawTransaction", await wallet.signTransaction(fields));
  }

  it("refuses a state that is no longer there, naming the block it has", async () => {
    const { provider, accounts } = sandbox;
    const latest = await provider.getBlockNumber();
    for (const method of ["eth_getBalance", "eth_getTransactionCount", "eth_getCode"]) {
      const error = await thrownBy(() => send(method, accounts[0]!.address, "0x1"));
      expect((error as Error).message).to.contain(`block, ${latest}, not that of block 1`);
    }
    expect(await provider.getBalance(accounts[0]!.address, latest)).to.be.greaterThan(0n);
  });

  it("lets a contract ask, whose word is no transaction", async () => {
    const { ctfExchange, collateral } = sandbox.deployment.contracts;
    const data = interfaces.collateral.encodeFunctionData("balanceOf", [ctfExchange]);
    const answer = await send("eth_call", { from: ctfExchange, to: collateral, data }, "latest");
    expect(BigInt(answer as string)).to.equal(0n);
  });

  it("gives an account the code and the gas money it is told", async () => {
    const [account] = sandbox.accounts;
    const { address } = Wallet.createRandom();
    await send("hardhat_setCode", address, "0x602a60005260206000f3");
    await send("hardhat_setStorageAt", address, "0x3", `0x${"05".padStart(64, "0")}`);
    expect(BigInt((await send("eth_getStorageAt", address, "0x3")) as string)).to.equal(5n);
    await send("hardhat_setBalance", address, "0x7");
    expect(BigInt(await account!.call({ to: address }))).to.equal(42n);
    expect(await sandbox.provider.getBalance(address)).to.equal(7n);
  });

  it("snapshots bring back state, blocks and clock, and end those made after them", async () => {
    const { provider, accounts } = sandbox;
    const ada = accounts[0]!.address as `0x${string}`;
    const { collateral } = sandbox.connect(accounts[0]!);
    const look = async () => [
      await collateral.balanceOf(ada),
      await provider.getBlockNumber(),
      await sandbox.now(),
    ];
    const before = await look();
    const outer = await send("evm_snapshot");
    await sandbox.mint(ada, 5n);
    const between = await look();
    const inner = await send("evm_snapshot");
    await sandbox.mint(ada, 7n);
    await sandbox.setTime((await sandbox.now()) + 1_000_000n);
    expect(await send("evm_revert", inner)).to.equal(true);
    expect(await look()).to.deep.equal(between);
    await sandbox.mint(ada, 7n);
    expect(await send("evm_revert", outer)).to.equal(true);
    expect(await look()).to.deep.equal(before);
    expect(await send("evm_revert", inner), "an inner one that is gone").to.equal(false);
  });

  it("the clock is set and moved forward, never back", async () => {
    const now = await sandbox.now();
    await sandbox.setTime(now + 100n);
    expect(await sandbox.now()).to.equal(now + 100n);
    await send("evm_increaseTime", 1_000);
    await send("evm_mine");
    expect((await sandbox.now()) >= now + 1_100n).to.equal(true);
    const error = await thrownBy(() => sandbox.setTime(now));
    expect((error as Error).message).to.contain(`or later, not ${now}`);
  });

  it("finds logs by address, topic, range and block", async () => {
    const { provider, accounts } = sandbox;
    const [ada, ben] = accounts.map(({ address }) => address as `0x${string}`);
    await sandbox.mint(ada!, 1n);
    await sandbox.mint(ben!, 2n);
    const number = await provider.getBlockNumber();
    const { collateral, ctfExchange } = sandbox.deployment.contracts;
    const transfers = interfaces.mockUsdc.encodeFilterTopics("Transfer", [null, [ada!, ben!]]);
    const find = async (filter: object) => (await provider.getLogs(filter)).length;
    const range = { fromBlock: number - 1, toBlock: number };
    expect(await find({ ...range, address: collateral, topics: transfers })).to.equal(2);
    expect(
      await find({
        ...range,
        topics: interfaces.mockUsdc.encodeFilterTopics("Transfer", [null, ada!]),
      }),
    ).to.equal(1);
    expect(await find({ ...range, address: ctfExchange })).to.equal(0);
    expect(await find({ fromBlock: number, toBlock: number })).to.equal(1);
    const blockHash = (await provider.getBlock(number))!.hash!;
    expect(await find({ blockHash })).to.equal(1);
    expect(await find({ address: [ctfExchange, collateral] }), "the latest block").to.equal(1);
  });

  it("an empty list of a filter means any, a topic too many none, a block that is not there a refusal", async () => {
    const [ada] = sandbox.accounts;
    await sandbox.mint(ada!.address as `0x${string}`, 3n);
    const count = async (filter: object) => ((await send("eth_getLogs", filter)) as []).length;
    expect(await count({})).to.equal(1);
    expect(await count({ address: [], topics: [[]] })).to.equal(1);
    expect(await count({ topics: [null, null, null] })).to.equal(1);
    expect(await count({ topics: [null, null, null, null] })).to.equal(0);
    await expectRefusal("unknown block", () => count({ blockHash: `0x${"12".repeat(32)}` }));
    expect(await count({ fromBlock: "0x2", toBlock: "0x1" })).to.equal(0);
  });

  it("receipts tell the price that was paid, whatever the transaction offered", async () => {
    const { provider, accounts } = sandbox;
    const [ada, ben] = accounts;
    for (const offer of [
      { type: 0, gasPrice: 10_000_000_000n },
      { type: 2, maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 7_000_000_000n },
      { type: 2, maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 0n },
      { type: 2, maxFeePerGas: 1_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n },
    ]) {
      const before = await provider.getBalance(ada!.address);
      const sent = await ada!.sendTransaction({ to: ben!.address, value: 5n, ...offer });
      const receipt = await sent.wait();
      const paid = before - (await provider.getBalance(ada!.address)) - 5n;
      expect(receipt!.fee, JSON.stringify(offer, String)).to.equal(paid);
      const told = await provider.getTransaction(sent.hash);
      expect(told!.chainId).to.equal(31_337n);
      expect(told!.maxFeePerGas ?? undefined).to.equal(offer.maxFeePerGas);
    }
  });

  it("listeners hear events", async () => {
    const { collateral } = sandbox.connect(sandbox.accounts[0]!);
    const [, ben] = sandbox.accounts;
    let hear: (value: bigint) => void;
    const heard = new Promise<bigint>((resolve) => (hear = resolve));
    await collateral.on(collateral.getEvent("Transfer"), (_from, _to, value) => hear(value));
    // Listening begins with the first poll.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await sandbox.mint(ben!.address as `0x${string}`, 77n);
    expect(await heard).to.equal(77n);
    await collateral.removeAllListeners();
  });

  it("what cannot be minted is refused with the reason", async () => {
    const [, ben] = sandbox.accounts;
    const error = await thrownBy(() =>
      sandbox.mint(ben!.address as `0x${string}`, 2n ** 256n - 1n),
    );
    expect(error).to.be.instanceOf(NostraError);
    await expectRefusal("whole number of seconds", () => send("evm_increaseTime", 1.5));
    await sandbox.mint(ben!.address as `0x${string}`, 1n);
    for (const startTimeSeconds of [1.5, -1, NaN]) {
      expect(await thrownBy(() => createSandbox({ startTimeSeconds }))).to.be.instanceOf(
        InputError,
      );
    }
  });

  it("block tags name one block, and calls take no overrides", async () => {
    const { provider, accounts, deployment } = sandbox;
    const latest = (await provider.getBlock("latest"))!;
    const { address } = accounts[0]!;
    const balance = await provider.getBalance(address);
    for (const tag of ["latest", "pending", "safe", latest.hash!, { blockHash: latest.hash! }]) {
      expect(BigInt((await send("eth_getBalance", address, tag)) as string)).to.equal(balance);
    }
    const call = { to: deployment.contracts.collateral, data: "0x18160ddd" };
    for (const tag of [`0x${"12".repeat(32)}`, { blockNumber: "0x5" }, "0xffffff", "earliest"]) {
      await expectRefusal("keeps the state of the latest block", () => send("eth_call", call, tag));
    }
    await expectRefusal("no block is called soon", () => send("eth_call", call, "soon"));
    await expectRefusal("no overrides", () => send("eth_call", call, "latest", {}));
  });

  it("calls and estimates pay for the transaction itself, and need what they send", async () => {
    const { collateral, ctfExchange } = sandbox.deployment.contracts;
    const call = { to: collateral, data: "0x18160ddd" };
    await expectRefusal("intrinsic gas", () => send("eth_call", { ...call, gas: "0x64" }));
    await expectRefusal("INTRINSIC_GAS", () => send("eth_estimateGas", { ...call, gas: "0x64" }));
    const [ada] = sandbox.accounts;
    const rich = { from: ada!.address, to: ctfExchange, value: `0x${(10n ** 30n).toString(16)}` };
    await expectRefusal("insufficient funds", () => send("eth_estimateGas", rich));
  });

  it("code sees the hash of the block before", async () => {
    const { address } = Wallet.createRandom();
    // BLOCKHASH(NUMBER - 1), returned.
    await send("hardhat_setCode", address, "0x600143034060005260206000f3");
    const latest = (await sandbox.provider.getBlock("latest"))!;
    expect(await send("eth_call", { to: address }, "latest")).to.equal(latest.parentHash);
  });

  it("a contract that destroyed itself is gone", async () => {
    const [ada] = sandbox.accounts;
    // Creation code that stores 7 at 1 and destroys itself.
    const sent = await ada!.sendTransaction({ data: "0x600760015533ff", gasLimit: 200_000n });
    const { contractAddress } = (await sent.wait())!;
    expect(await sandbox.provider.getCode(contractAddress!)).to.equal("0x");
    expect(await sandbox.provider.getStorage(contractAddress!, 1)).to.equal(`0x${"00".repeat(32)}`);
  });

  async function expectRefusal(says: string, act: () => Promise<unknown>): Promise<void> {
    const error = (await thrownBy(act)) as Error & { code?: unknown };
    expect(error.message).to.contain(says);
    expect(error.code, says).to.be.a("number");
  }

  it("is a provider of its own: two sandboxes share nothing", async () => {
    const other = await createSandbox({ accounts: 0 });
    expect(other.provider).to.be.instanceOf(SandboxProvider);
    await sandbox.mint(sandbox.admin.address as `0x${string}`, 9n);
    const { collateral } = other.connect(other.admin);
    expect(await collateral.balanceOf(other.admin.address)).to.equal(0n);
    other.close();
  });
});
