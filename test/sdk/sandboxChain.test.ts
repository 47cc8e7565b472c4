import { SandboxProvider, createSandbox, type Sandbox } from "@nostra/sdk/testing";
import { interfaces } from "@nostra/sdk/contracts";
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
        // Only the market's creation time is not the same second.
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
      expect((error as Error).message).to.contain(`block, ${latest}, not that of 1`);
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

  it("is a provider of its own: two sandboxes share nothing", async () => {
    const other = await createSandbox({ accounts: 0 });
    expect(other.provider).to.be.instanceOf(SandboxProvider);
    await sandbox.mint(sandbox.admin.address as `0x${string}`, 9n);
    const { collateral } = other.connect(other.admin);
    expect(await collateral.balanceOf(other.admin.address)).to.equal(0n);
    other.close();
  });
});
