import { readFileSync, writeFileSync } from "node:fs";
import { parseAddress } from "../../ids/address.js";
import { buildOrder } from "../../order/buildOrder.js";
import { hashOrder } from "../../order/hashOrder.js";
import type { SignedOrder } from "../../order/Order.js";
import { orderDomain, type OrderDomain } from "../../order/orderDomain.js";
import { orderFromJson } from "../../order/orderFromJson.js";
import { orderToJson } from "../../order/orderToJson.js";
import type { ExpirationInput } from "../../order/parseExpiration.js";
import { readNonceOf } from "../../order/requireFreshOrder.js";
import { signOrder } from "../../order/signOrder.js";
import { fastSigner } from "../../signer/fastSigner.js";
import { verifyOrderOnChain, type ChainVerifyFailure } from "../../verify/verifyOrderOnChain.js";
import { verifyOrder, type VerifyFailure } from "../../verify/verifyOrder.js";
import {
  JSON_OUTPUT,
  type Command,
  type Options,
  type OptionTable,
  type World,
} from "../command.js";
import { CommandError } from "../CommandError.js";
import { RPC } from "../connectNetwork.js";
import { KEY, keyFrom } from "../keyFrom.js";
import { openView } from "../session.js";
import { TARGET, targetOf } from "../target.js";
import { isoOf, timeAfter } from "../values.js";

/*
Orders as files. All four commands read and write one form, the JSON of orderToJson; an order nobody signed yet has the empty
signature "0x". Without --rpc or --on-chain nothing is asked of a node.
*/

const UNSIGNED = "0x";

const INPUT = { name: "file", help: "the order's JSON; - for standard input" };

const OUT: OptionTable = {
  out: { value: "file", help: "where to write the order (standard output); never over a file" },
};

const ON_CHAIN: OptionTable = {
  ...RPC,
  "on-chain": { help: "ask the chain too; --rpc says it as well" },
};

export const orderBuildCommand: Command = {
  name: "order build",
  summary: "make an unsigned order out of a price and a size",
  options: {
    maker: { value: "address", help: "the account that trades", required: true },
    side: { value: "buy|sell", help: "of the outcome token", required: true },
    "token-id": { value: "id", help: "the outcome token, as decimal text", required: true },
    price: { value: "number", help: "collateral per share, such as 0.55", required: true },
    size: { value: "number", help: "shares, such as 100", required: true },
    tick: { value: "number", help: "the market's price grid, such as 0.01 (any six decimals)" },
    snap: { help: "round a cost that is no whole unit in the maker's favour; else it is refused" },
    expiration: {
      value: "time",
      help: "Unix seconds, 2027-01-31T12:00:00Z, +2h by this machine's clock, or never (+1d)",
    },
    nonce: { value: "number", help: "the maker's nonce in the exchange; --on-chain reads it" },
    "fee-rate-bps": { value: "number", help: "the fee rate agreed to, in basis points (0)" },
    taker: { value: "address", help: "the only account that may be on the other side (anyone)" },
    signer: { value: "address", help: "the key that signs for the maker, as its delegate" },
    "maker-is-contract": { help: "the maker is a contract whose owners sign (EIP-1271)" },
    salt: { value: "number", help: "makes equal orders different (256 random bits)" },
    ...OUT,
    ...TARGET,
    ...ON_CHAIN,
  },
  notes: "No key is needed. The network is needed only to read the nonce.",
  run: async (options, world) => {
    const order = buildOrder({
      maker: options.required("maker"),
      side: sideOption(options),
      tokenId: options.required("token-id"),
      price: options.required("price"),
      size: options.required("size"),
      tick: options.text("tick"),
      snap: options.flag("snap") ? "favorable" : undefined,
      expiration: expirationOption(options),
      nonce: await nonceOption(options, world),
      feeRateBps: options.text("fee-rate-bps"),
      taker: options.text("taker"),
      signer: options.text("signer"),
      makerIsContract: options.flag("maker-is-contract"),
      salt: options.text("salt"),
    });
    writeOrder({ ...order, signature: UNSIGNED }, options, world);
  },
};

export const orderSignCommand: Command = {
  name: "order sign",
  summary: "sign an order with the key in the environment",
  input: INPUT,
  options: { ...KEY, ...OUT, ...TARGET },
  notes:
    "The key is read from PRIVATE_KEY, or from the variable that --key-env names; it never stands on the command line.",
  run: async (options, world) => {
    const order = readOrder(options, world);
    const domain = domainOption(options, world);
    const signed = await signOrder(order, fastSigner(keyFrom(options, world.env)), domain);
    writeOrder(signed, options, world);
  },
};

export const orderHashCommand: Command = {
  name: "order hash",
  summary: "print an order's EIP-712 hash, its id in the exchange",
  input: INPUT,
  options: { ...TARGET, ...JSON_OUTPUT },
  notes: "Needs neither a key nor a node.",
  run: async (options, world) => {
    const order = readOrder(options, world);
    const hash = hashOrder(order, domainOption(options, world));
    world.say(hash);
    world.note({ hash });
  },
};

export const orderVerifyCommand: Command = {
  name: "order verify",
  summary: "tell whether an order's signature proves that its maker wants it",
  input: INPUT,
  options: { ...TARGET, ...ON_CHAIN, ...JSON_OUTPUT },
  notes: `Without a node it knows what a maker's own key signed. Delegates, contract wallets and orders approved on chain need
--on-chain. Whether the order is expired is told beside it; funds, fills and nonce are the chain's to say.`,
  run: async (options, world) => {
    const order = readOrder(options, world);
    const domain = domainOption(options, world);
    const hash = hashOrder(order, domain);
    const expired = order.expiration !== 0n && order.expiration <= nowSeconds();
    const verdict = asksChain(options)
      ? await verifyOrderOnChain(order, (await openView(options, world)).connection)
      : verifyOrder(order, domain);
    world.note({ ...verdict, hash, expired });
    if (!verdict.ok) {
      throw new CommandError(`not valid, ${verdict.reason}: ${explain(verdict.reason, order)}`);
    }
    const by = "proof" in verdict && verdict.proof === "APPROVAL" ? "approved" : "signed";
    world.say(`valid: ${by} by ${order.signer} for chain ${domain.chainId}`);
    world.say(`hash   ${hash}`);
    if (expired) world.say(`but it expired at ${isoOf(order.expiration)}`);
  },
};

function explain(reason: VerifyFailure | ChainVerifyFailure, order: SignedOrder): string {
  if (order.signature === UNSIGNED && reason === "SIGNATURE_LENGTH") return "it is not signed";
  const texts: Readonly<Record<typeof reason, string>> = {
    NOT_SIGNER: `it was not signed by ${order.signer}, or another order, chain or exchange was`,
    NOT_MAKER: "its signer is not its maker",
    SIGNATURE_TYPE_DELEGATE: `${order.signer} signed it for the maker, and only the chain knows whether it may: add --on-chain`,
    SIGNATURE_TYPE_EIP1271: "its maker is a contract, which only the chain can ask: add --on-chain",
    SIGNATURE_TYPE_UNKNOWN: "there is no such kind of signature",
    SIGNATURE_LENGTH: "the signature has not 65 bytes",
    SIGNATURE_V: "the signature's v is neither 27 nor 28",
    SIGNATURE_HIGH_S: "the signature's s is in the upper half, which the exchange refuses",
    SIGNATURE_INVALID: "the signature names no account",
    SIGNER_NOT_AUTHORIZED: `the maker does not let ${order.signer} sign for it now`,
    CONTRACT_REFUSED: "the maker is no contract, or did not confirm the signature",
  };
  return texts[reason];
}

function sideOption(options: Options): "BUY" | "SELL" {
  const side = options.required("side").toUpperCase();
  if (side === "BUY" || side === "SELL") return side;
  throw new CommandError(`--side ${options.required("side")} is neither buy nor sell`);
}

function expirationOption(options: Options): ExpirationInput | undefined {
  const text = options.text("expiration");
  if (text === undefined) return undefined;
  return text === "never" ? 0n : timeAfter(nowSeconds(), text, "expiration");
}

async function nonceOption(options: Options, world: World): Promise<string | bigint> {
  const given = options.text("nonce");
  if (given !== undefined) return given;
  if (!asksChain(options)) {
    throw new CommandError("--nonce is missing: give it, or let --on-chain read the maker's");
  }
  const { connection } = await openView(options, world);
  return readNonceOf(parseAddress(options.required("maker"), "maker"), connection);
}

function asksChain(options: Options): boolean {
  return options.flag("on-chain") || options.text("rpc") !== undefined;
}

function domainOption(options: Options, world: World): OrderDomain {
  const { chainId, contracts } = targetOf(options, world).deployment;
  return orderDomain({ chainId, exchange: contracts.ctfExchange });
}

function readOrder(options: Options, world: World): SignedOrder {
  const { input } = options;
  let text: string;
  try {
    text = input === "-" ? world.readInput() : readFileSync(input, "utf8");
  } catch (cause) {
    throw new CommandError(`${input} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return orderFromJson(text);
}

function writeOrder(order: SignedOrder, options: Options, world: World): void {
  const text = JSON.stringify(orderToJson(order), null, 2);
  const file = options.text("out");
  if (file === undefined) {
    world.say(text);
    return;
  }
  try {
    writeFileSync(file, `${text}\n`, { flag: "wx" });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
    const why = exists ? "it is there already" : (cause as Error).message;
    throw new CommandError(`--out ${file}: ${why}`, { cause });
  }
}

function nowSeconds(): bigint {
  return BigInt(Math.floor(Date.now() / 1000));
}
