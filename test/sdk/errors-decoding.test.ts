import { interfaces } from "@nostra/sdk/contracts";
import {
  ContractRevertError,
  decodeRevert,
  InputError,
  SigningRejectedError,
  toNostraError,
  TransportError,
  UnknownContractError,
} from "@nostra/sdk/errors";
import { expect } from "chai";
import { AbiCoder, type ErrorFragment, type Interface, makeError, type ParamType } from "ethers";

type Hex = `0x${string}`;

const CONTRACTS = [
  "ctfExchange",
  "marketFactory",
  "resolutionOracle",
  "positionRedeemer",
  "matchInspector",
  "mockUsdc",
] as const;
const HASH: Hex = `0x${"ab".repeat(32)}`;

/** A value of the parameter's type, different for each place in the list. */
function sampleOf({ baseType, arrayChildren }: ParamType, place: number): unknown {
  const digit = (place + 1).toString(16);
  if (baseType === "array" && arrayChildren !== null) {
    return [sampleOf(arrayChildren, place), sampleOf(arrayChildren, place + 1)];
  }
  if (baseType === "address") return `0x${digit.repeat(40)}`;
  if (baseType === "bytes32") return `0x${digit.repeat(64)}`;
  if (baseType === "bytes") return `0xdeadbeef${digit.repeat(8)}`;
  if (baseType === "string") return `text ${place}`;
  if (baseType === "uint8") return BigInt(place + 1);
  if (baseType === "uint256") return 2n ** 200n + BigInt(place);
  throw new Error(`no sample of ${baseType}`);
}

function errorsOf(contract: Interface): ErrorFragment[] {
  const found: ErrorFragment[] = [];
  contract.forEachError((fragment) => found.push(fragment));
  return found;
}

function encode(contract: Interface, name: string, values: readonly unknown[]): Hex {
  return contract.encodeErrorResult(name, values) as Hex;
}

function expectDecoded(error: unknown): ContractRevertError {
  if (!(error instanceof ContractRevertError)) throw error;
  return error;
}

describe("sdk/errors: decoding of reverts", () => {
  for (const contractName of CONTRACTS) {
    for (const fragment of errorsOf(interfaces[contractName])) {
      it(`${contractName}: ${fragment.name} is decoded with its ${fragment.inputs.length} values by name`, () => {
        const values = fragment.inputs.map(sampleOf);
        const data = encode(interfaces[contractName], fragment.name, values);
        const error = expectDecoded(decodeRevert(data));
        const args = Object.fromEntries(
          fragment.inputs.map((input, i) => [input.name, values[i]] as const),
        );
        expect(error.revertName).to.equal(fragment.name);
        expect(error.args).to.deep.equal(args);
        expect(error.data).to.equal(data);
        expect(error.code).to.equal("CONTRACT_REVERT");
        expect(error.details).to.deep.equal({ revertName: fragment.name, args, data });
        expect(error.message.startsWith(`${fragment.name}(`)).to.equal(true);
        const blamed = fragment.inputs.findIndex((input) => input.name === "orderHash");
        expect(error.orderHash).to.equal(blamed === -1 ? undefined : values[blamed]);
      });
    }
  }

  it("no two errors of different shape have one selector, and every value of every error has a name", () => {
    const shapes = new Map<string, string>();
    for (const contract of Object.values<Interface>(interfaces)) {
      for (const fragment of errorsOf(contract)) {
        const shape = fragment.format("full");
        expect(shapes.get(fragment.selector) ?? shape, fragment.selector).to.equal(shape);
        shapes.set(fragment.selector, shape);
        for (const input of fragment.inputs) expect(input.name, shape).to.not.equal("");
      }
    }
    expect(shapes.size).to.be.greaterThan(60);
  });

  it("Error(string) is decoded with its message", () => {
    const data = `0x08c379a0${AbiCoder.defaultAbiCoder().encode(["string"], ["no luck"]).slice(2)}`;
    const error = expectDecoded(decodeRevert(data as Hex));
    expect([error.revertName, error.args]).to.deep.equal(["Error", { message: "no luck" }]);
  });

  it("Panic(uint256) is decoded with its code", () => {
    const data = `0x4e487b71${AbiCoder.defaultAbiCoder().encode(["uint256"], [0x12n]).slice(2)}`;
    const error = expectDecoded(decodeRevert(data as Hex));
    expect([error.revertName, error.args]).to.deep.equal(["Panic", { code: 0x12n }]);
  });

  it("SD-6: data that no contract declares is kept as it came", () => {
    for (const data of ["0x12345678", `0x12345678${"00".repeat(40)}`, "0x12", "0x"] as const) {
      const cause = new Error("the original");
      const error = decodeRevert(data, cause);
      expect(error).to.be.instanceOf(UnknownContractError);
      expect(error.code).to.equal("UNKNOWN_CONTRACT_ERROR");
      expect(error.data).to.equal(data);
      expect(error.details).to.deep.equal({ data });
      expect(error.cause).to.equal(cause);
    }
    expect(decodeRevert("0x").message).to.equal("the call was refused without data");
  });

  it("a known selector before bytes that do not fit it is kept as it came too", () => {
    const cut = encode(interfaces.ctfExchange, "InvalidNonce", [HASH, 1n, 2n]).slice(0, -64) as Hex;
    for (const data of [cut, "0x08c379a0", "0x08c379a0ff", "0x4e487b71"] as const) {
      const error = decodeRevert(data);
      expect(error, data).to.be.instanceOf(UnknownContractError);
      expect(error.data).to.equal(data);
    }
  });

  it("the reason of a failed token call is decoded once more, into the cause", () => {
    const account = `0x${"1".repeat(40)}`;
    const reason = encode(interfaces.mockUsdc, "ERC20InsufficientBalance", [account, 3n, 5n]);
    const data = encode(interfaces.ctfExchange, "CollateralTransferFailed", [
      HASH,
      account,
      account,
      5n,
      reason,
    ]);
    const original = new Error("from the provider");
    const error = expectDecoded(decodeRevert(data, original));
    expect(error.orderHash).to.equal(HASH);
    const inner = expectDecoded(error.cause);
    expect(inner.revertName).to.equal("ERC20InsufficientBalance");
    expect(inner.args).to.deep.equal({ sender: account, balance: 3n, needed: 5n });
    expect(inner.cause, "what the provider threw is at the end of the chain").to.equal(original);
  });

  it("the reason of an outcome transfer is decoded too, text, unknown bytes and none alike", () => {
    const account = `0x${"1".repeat(40)}`;
    const withReason = (reason: Hex): ContractRevertError =>
      expectDecoded(
        decodeRevert(
          encode(interfaces.ctfExchange, "OutcomeTransferFailed", [
            HASH,
            account,
            account,
            7n,
            5n,
            reason,
          ]),
        ),
      );
    const text =
      `0x08c379a0${AbiCoder.defaultAbiCoder().encode(["string"], ["refused"]).slice(2)}` as Hex;
    expect(expectDecoded(withReason(text).cause).args).to.deep.equal({ message: "refused" });
    for (const reason of ["0x", "0x0badf00d"] as const) {
      const { cause } = withReason(reason);
      expect(cause).to.be.instanceOf(UnknownContractError);
      expect((cause as UnknownContractError).data).to.equal(reason);
    }
  });

  it("a list among the values is a plain array, empty or not", () => {
    for (const payouts of [[], [1n, 2n, 3n]]) {
      const data = encode(interfaces.resolutionOracle, "InvalidPayouts", [payouts]);
      const { args } = expectDecoded(decodeRevert(data));
      expect(args).to.deep.equal({ payouts });
      expect(Array.isArray(args["payouts"])).to.equal(true);
    }
  });
});

describe("sdk/errors: toNostraError", () => {
  const data = encode(interfaces.ctfExchange, "ZeroFill", [HASH]);

  /** How providers and wallets wrap the data of a revert. */
  const SHAPES: Readonly<Record<string, object>> = {
    "data (ethers)": { code: "CALL_EXCEPTION", data },
    "data.data (hardhat in process)": { data: { message: "reverted", txHash: HASH, data } },
    "error.data (JSON-RPC)": { error: { code: 3, message: "execution reverted", data } },
    "error.data.data": { error: { code: -32603, data: { data } } },
    "info.error.data (ethers, wrapped)": {
      code: "UNKNOWN_ERROR",
      data: null,
      info: { error: { code: 3, data } },
    },
    "info.error.data.data": { info: { error: { data: { message: "x", data } } } },
    "error.error.error.data": { error: { error: { error: { data } } } },
    "cause.data (viem, wrapped)": { cause: { data } },
    "cause.raw (viem, decoded)": { cause: { data: { errorName: "NotOperator" }, raw: data } },
    "cause.cause.data.data": { cause: { message: "x", cause: { data: { data } } } },
    "eight levels down": {
      error: { error: { error: { error: { error: { error: { data } } } } } },
    },
  };

  for (const [where, shape] of Object.entries(SHAPES)) {
    it(`finds revert data at ${where}`, () => {
      const thrown = Object.assign(new Error("it failed"), shape);
      const error = expectDecoded(toNostraError("matchOrders", thrown));
      expect(error.revertName).to.equal("ZeroFill");
      expect(error.orderHash).to.equal(HASH);
      expect(error.cause).to.equal(thrown);
    });
  }

  it("the calldata of the request is not taken for revert data", () => {
    const thrown = Object.assign(new Error("502"), {
      code: "SERVER_ERROR",
      info: { payload: { method: "eth_call", params: [{ data }] } },
      transaction: { data },
    });
    expect(toNostraError("matchOrders", thrown)).to.be.instanceOf(TransportError);
  });

  it("an error that contains itself ends as a TransportError", () => {
    const loop: Record<string, unknown> = {};
    loop["error"] = loop;
    expect(toNostraError("matchOrders", loop)).to.be.instanceOf(TransportError);
  });

  it("a declined signature is told apart from a failure", () => {
    const thrown = makeError("declined", "ACTION_REJECTED", {
      action: "sendTransaction",
      reason: "rejected",
    });
    const error = toNostraError("splitPosition", thrown);
    expect(error).to.be.instanceOf(SigningRejectedError);
    expect([error.code, error.details]).to.deep.equal([
      "SIGNING_REJECTED",
      { action: "splitPosition" },
    ]);
    expect(error.cause).to.equal(thrown);
  });

  it("what is no revert is a TransportError with the original as its cause", () => {
    for (const thrown of [new Error("ECONNREFUSED"), "text", undefined, null, 7]) {
      const error = toNostraError("splitPosition", thrown);
      expect(error).to.be.instanceOf(TransportError);
      expect([error.code, error.details]).to.deep.equal(["TRANSPORT", { action: "splitPosition" }]);
      expect(error.cause).to.equal(thrown);
    }
  });

  it("a Nostra error passes through as it is", () => {
    const error = new InputError("field", 1, "2");
    expect(toNostraError("anything", error)).to.equal(error);
  });
});
