import type { AccountFields, StateManagerInterface } from "@ethereumjs/common";
import { OriginalStorageCache } from "@ethereumjs/statemanager";
import { Account, type Address, bytesToUnprefixedHex } from "@ethereumjs/util";
import { keccak_256 } from "@noble/hashes/sha3.js";

/**
 * The accounts, code and storage of a chain in memory. Every change notes how to undo it, so that a checkpoint costs
 * nothing and a revert costs what changed since: the machine makes a checkpoint at every call.
 */
export class JournaledState implements StateManagerInterface {
  readonly originalStorageCache: OriginalStorageCache;
  readonly #accounts = new Map<string, Account>();
  readonly #code = new Map<string, Uint8Array>();
  readonly #storage = new Map<string, Map<string, Uint8Array>>();
  readonly #undo: (() => void)[] = [];
  /** Lengths of the undo list at each open checkpoint. */
  readonly #checkpoints: number[] = [];

  constructor() {
    this.originalStorageCache = new OriginalStorageCache((address, key) =>
      this.getStorage(address, key),
    );
  }

  /** A copy: the machine writes into what it gets, and puts it back. */
  async getAccount(address: Address): Promise<Account | undefined> {
    const account = this.#accounts.get(address.toString());
    return account === undefined ? undefined : copyOf(account);
  }

  async putAccount(address: Address, account?: Account): Promise<void> {
    this.#set(this.#accounts, address.toString(), account && copyOf(account));
  }

  async deleteAccount(address: Address): Promise<void> {
    const account = address.toString();
    this.#set(this.#accounts, account, undefined);
    this.#set(this.#code, account, undefined);
    this.#set(this.#storage, account, undefined);
  }

  async modifyAccountFields(address: Address, fields: AccountFields): Promise<void> {
    const account = (await this.getAccount(address)) ?? new Account();
    account.nonce = fields.nonce ?? account.nonce;
    account.balance = fields.balance ?? account.balance;
    account.storageRoot = fields.storageRoot ?? account.storageRoot;
    account.codeHash = fields.codeHash ?? account.codeHash;
    await this.putAccount(address, account);
  }

  async getCode(address: Address): Promise<Uint8Array> {
    return this.#code.get(address.toString()) ?? new Uint8Array();
  }

  async getCodeSize(address: Address): Promise<number> {
    return (await this.getCode(address)).length;
  }

  async putCode(address: Address, code: Uint8Array): Promise<void> {
    this.#set(this.#code, address.toString(), code);
    await this.modifyAccountFields(address, { codeHash: keccak_256(code) });
  }

  async getStorage(address: Address, key: Uint8Array): Promise<Uint8Array> {
    return (
      this.#storage.get(address.toString())?.get(bytesToUnprefixedHex(key)) ?? new Uint8Array()
    );
  }

  async putStorage(address: Address, key: Uint8Array, value: Uint8Array): Promise<void> {
    const account = address.toString();
    let slots = this.#storage.get(account);
    if (slots === undefined) {
      slots = new Map();
      this.#set(this.#storage, account, slots);
    }
    this.#set(slots, bytesToUnprefixedHex(key), value.length === 0 ? undefined : value);
  }

  async clearStorage(address: Address): Promise<void> {
    this.#set(this.#storage, address.toString(), undefined);
  }

  async checkpoint(): Promise<void> {
    this.#checkpoints.push(this.#undo.length);
  }

  async commit(): Promise<void> {
    this.#checkpoints.pop();
    if (this.#checkpoints.length === 0) this.#undo.length = 0;
  }

  async revert(): Promise<void> {
    const length = this.#checkpoints.pop() ?? 0;
    while (this.#undo.length > length) this.#undo.pop()?.();
  }

  clearCaches(): void {}

  // A chain in memory has no use for roots and copies; nothing that is called here asks for them.
  getStateRoot(): Promise<Uint8Array> {
    throw new Error("JournaledState has no roots");
  }

  setStateRoot(): Promise<void> {
    throw new Error("JournaledState has no roots");
  }

  hasStateRoot(): Promise<boolean> {
    throw new Error("JournaledState has no roots");
  }

  shallowCopy(): JournaledState {
    throw new Error("JournaledState is not copied");
  }

  #set<V>(map: Map<string, V>, key: string, value: V | undefined): void {
    const before = map.get(key);
    this.#undo.push(() => {
      if (before === undefined) map.delete(key);
      else map.set(key, before);
    });
    if (value === undefined) map.delete(key);
    else map.set(key, value);
  }
}

function copyOf(account: Account): Account {
  return Object.assign(Object.create(Object.getPrototypeOf(account) as object) as Account, account);
}
