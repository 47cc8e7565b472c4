import { interfaces } from "@nostra/sdk/contracts";
import { decodeLogs } from "@nostra/sdk/events";
import { expect } from "chai";
import { getAddress, type Interface, type EventFragment, type ParamType } from "ethers";
import type { ChainLog } from "../../operator/src/indexer/chain";
import { decode } from "../../operator/src/indexer/decode";
import {
  encodeBatch,
  encodeMatch,
  gasLimitOf,
  gasLimitsIn,
} from "../../operator/src/settler/encodeMatches";
import { word } from "../../operator/src/abiWords";
import type { Address, Hex, MatchedOrder, StoredMatch } from "../../operator/src/settler/types";
import { Chance, runsOr, seedOr } from "../helpers/random";

/*
Words of the ABI read and written without the coder of ethers, held against it
├── every event of every contract, with random values
├── data and topics that were cut, lengthened or changed: the same value, or refused by both
├── the gas limits in a batch's calldata
└── the calldata of a match, and of a batch: random orders, makers and signatures, to the byte
*/

const SEED = seedOr(20261201);
const RUNS = runsOr(10);

const FRAGMENTS = Object.values<Interface>(interfaces).flatMap((contract) => {
  const found: { contract: Interface; fragment: EventFragment }[] = [];
  contract.forEachEvent((fragment) => found.push({ contract, fragment }));
  return found;
});

describe(`words of the ABI (seed ${SEED})`, () => {
  const chance = new Chance(SEED);
  const hex = (bytes: number): string =>
    `0x${Array.from({ length: bytes }, () => chance.below(256).toString(16).padStart(2, "0")).join("")}`;

  function valueOf({ baseType, type, arrayChildren }: ParamType): unknown {
    if (baseType === "array") {
      return Array.from({ length: chance.below(5) }, () => valueOf(arrayChildren!));
    }
    if (type === "address") return hex(20);
    if (type === "bool") return chance.below(2) === 1;
    if (type === "string") return hex(chance.below(40));
    if (type === "bytes") return hex(chance.below(80));
    const bytes = /^bytes(\d+)$/.exec(type)?.[1];
    if (bytes !== undefined) return hex(Number(bytes));
    const bits = Number(/^uint(\d+)$/.exec(type)![1]);
    return chance.bigint(0n, (1n << BigInt(bits)) - 1n);
  }

  function logOf({ contract, fragment }: (typeof FRAGMENTS)[number]): ChainLog {
    const { topics, data } = contract.encodeEventLog(fragment, fragment.inputs.map(valueOf));
    return {
      ...{ blockHash: hex(32), blockNumber: 7n, logIndex: 3, txHash: hex(32), address: hex(20) },
      ...{ topics, data },
    };
  }

  const withEthers = (log: ChainLog): unknown =>
    decodeLogs([
      {
        ...{ address: log.address, topics: log.topics, data: log.data, index: log.logIndex },
        ...{ blockNumber: Number(log.blockNumber), transactionHash: log.txHash },
      },
    ])[0];
  const byWords = (log: ChainLog): unknown => decode(log, 0n).event;

  it("every event is read as ethers reads it", () => {
    for (let run = 0; run < RUNS; run++) {
      for (const known of FRAGMENTS) {
        const log = logOf(known);
        const expected = withEthers(log);
        expect(expected, known.fragment.name).not.to.equal(undefined);
        expect(byWords(log)).to.deep.equal(expected);
      }
    }
  });

  it("what was cut, lengthened or changed is read alike, or by neither", () => {
    // Texts that are not UTF-8 are read by the indexer alone, on purpose.
    const known = FRAGMENTS.filter(({ fragment }) =>
      fragment.inputs.every(({ type }) => type !== "string"),
    );
    const change = (data: string): string => {
      const place = 2 + chance.below(Math.max(1, data.length - 2));
      const kind = chance.below(5);
      if (kind === 0) return data.slice(0, place);
      if (kind === 1) return `${data}${hex(chance.below(70)).slice(2)}`;
      if (kind === 2) return `${data.slice(0, place)}f${data.slice(place + 1)}`;
      if (kind === 3) return data.toUpperCase().replace("0X", "0x");
      return `${data.slice(0, place)}z${data.slice(place + 1)}`;
    };
    let [same, refused] = [0, 0];
    for (let run = 0; run < RUNS; run++) {
      for (const one of known) {
        const log = logOf(one);
        const topics = [...log.topics];
        if (chance.below(3) === 0 && topics.length > 1) {
          const place = 1 + chance.below(topics.length - 1);
          const digit = 2 + chance.below(64);
          topics[place] = `${topics[place]!.slice(0, digit)}f${topics[place]!.slice(digit + 1)}`;
        }
        if (chance.below(8) === 0) topics.pop();
        const changed = { ...log, topics, data: change(log.data) };
        const expected = withEthers(changed);
        expect(byWords(changed), JSON.stringify({ topics, data: changed.data })).to.deep.equal(
          expected,
        );
        if (expected === undefined) refused += 1;
        else same += 1;
      }
    }
    expect(same).to.be.greaterThan(RUNS);
    expect(refused).to.be.greaterThan(RUNS);
  });

  it("the gas limits of a batch are those that ethers reads", () => {
    const exchange = interfaces.ctfExchange;
    const { inputs } = exchange.getFunction("matchOrdersBatch")!;
    const tupleOf = (param: ParamType): unknown =>
      param.baseType === "tuple"
        ? param.components!.map(tupleOf)
        : param.baseType === "array"
          ? Array.from({ length: chance.below(4) }, () => tupleOf(param.arrayChildren!))
          : valueOf(param);
    for (let run = 0; run < RUNS; run++) {
      const matches = Array.from({ length: 1 + chance.below(6) }, () =>
        tupleOf(inputs[0]!.arrayChildren!),
      );
      const calldata = exchange.encodeFunctionData("matchOrdersBatch", [matches]) as `0x${string}`;
      const [parsed] = exchange.parseTransaction({ data: calldata })!.args;
      const expected = (parsed as { gasLimit: bigint }[]).map(({ gasLimit }) => gasLimit);
      expect(gasLimitsIn(calldata, 1n)).to.deep.equal(expected);
    }
    expect(gasLimitsIn("0x12345678", 5n)).to.deep.equal([5n]);
  });

  it("a match and a batch are written as ethers writes them", () => {
    const exchange = interfaces.ctfExchange;
    const uint = (): bigint => chance.bigint(0n, (1n << BigInt(1 + chance.below(256))) - 1n);
    const address = (): Address => getAddress(hex(20)) as Address;
    const orderOf = (): MatchedOrder => ({
      ...{ hash: hex(32) as Hex, outcome: "YES" },
      order: {
        ...{ salt: uint(), maker: address(), signer: address(), taker: address() },
        ...{ tokenId: uint(), makerAmount: uint(), takerAmount: uint(), expiration: uint() },
        ...{ nonce: uint(), feeRateBps: uint(), side: chance.below(2) as 0 | 1 },
        signatureType: chance.below(3) as 0 | 1 | 2,
        signature: hex(chance.below(200)) as Hex,
      },
    });
    const matchOf = (): StoredMatch =>
      ({
        ...{ taker: orderOf(), takerFillAmount: uint() },
        makers: Array.from({ length: chance.below(5) }, () => ({
          ...orderOf(),
          ...{ kind: "MINT", making: uint() },
        })),
      }) as unknown as StoredMatch;
    const argumentsOf = (match: StoredMatch): unknown[] => [
      match.taker.order,
      match.makers.map(({ order }) => order),
      match.takerFillAmount,
      match.makers.map(({ making }) => making),
    ];
    for (let run = 0; run < RUNS; run++) {
      const match = matchOf();
      const expected = exchange.encodeFunctionData("matchOrders", argumentsOf(match));
      expect(encodeMatch(match)).to.equal(expected);
      const batch = Array.from({ length: chance.below(6) }, () => ({
        ...{ match: matchOf(), gas: chance.bigint(0n, 30_000_000n) },
      }));
      const members = batch.map((one) => [...argumentsOf(one.match), gasLimitOf(one)]);
      expect(encodeBatch(batch)).to.equal(
        exchange.encodeFunctionData("matchOrdersBatch", [members]),
      );
    }
  });

  it("a value that no word can hold is refused, not cut", () => {
    expect(() => word(-1n)).to.throw(RangeError, "-1");
    expect(() => word(1n << 256n)).to.throw(RangeError, "256-bit");
    expect(word((1n << 256n) - 1n)).to.equal("f".repeat(64));
  });
});
