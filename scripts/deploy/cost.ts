import { AbiCoder, Interface, getBytes } from "ethers";
import { readArtifact } from "./artifacts";
import type { Step } from "./steps";

/*
What a deployment will use, before anything is sent. A node cannot be asked: most steps need the ones before them. What a
deployment costs follows from the bytes it puts on chain; the two allowances below were measured and a test holds them.
*/

const TRANSACTION_GAS = 21_000;
const CREATE_GAS = 32_000;
const GAS_PER_CODE_BYTE = 200;
const GAS_PER_INIT_WORD = 2;
/** The most any constructor here uses beside the code it leaves behind. */
const CONSTRUCTOR_GAS = 250_000;
/** The most any link, role or offer uses. */
const CALL_GAS = 85_000;

/** Gas units a step will use at most. */
export function estimateStep(step: Step): bigint {
  if (step.kind === "call") return BigInt(CALL_GAS);
  const { bytecode, deployedBytecode, abi } = readArtifact(step.id);
  const argumentBytes = new Interface(abi).deploy.inputs.length * 32;
  const extra = step.kind === "timelock" ? encodedLength(step.args) - argumentBytes : 0;
  const code = getBytes(bytecode);
  const init = code.length + argumentBytes + extra;
  const zeros = code.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0);
  const data = (code.length - zeros + argumentBytes + extra) * 16 + zeros * 4;
  return BigInt(
    TRANSACTION_GAS +
      CREATE_GAS +
      data +
      Math.ceil(init / 32) * GAS_PER_INIT_WORD +
      getBytes(deployedBytecode).length * GAS_PER_CODE_BYTE +
      CONSTRUCTOR_GAS,
  );
}

function encodedLength(args: readonly unknown[]): number {
  const types = ["uint256", "address[]", "address[]", "address"];
  return getBytes(AbiCoder.defaultAbiCoder().encode(types, [...args])).length;
}
