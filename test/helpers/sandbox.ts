import type { PreparedTx } from "@nostra/sdk/actions";
import { ContractRevertError, InputError } from "@nostra/sdk/errors";
import { expect } from "chai";

/** Above what any transaction of these tests uses. Given, it saves an estimate of each, which costs more than the rest. */
export const GAS_LIMIT = 8_000_000n;

/** Sends a transaction and waits for what it yields. */
export async function run<T>(prepared: PreparedTx<T>): Promise<T> {
  return (await prepared.send({ gasLimit: GAS_LIMIT })).wait();
}

/** What an action threw, at once or later; fails when it threw nothing. */
export async function thrownBy(act: () => unknown): Promise<unknown> {
  try {
    await act();
  } catch (thrown) {
    return thrown;
  }
  throw new Error("nothing was thrown");
}

/** The decoded refusal of an action, which must carry this name and these values. */
export async function expectRevert(
  act: () => unknown,
  revertName: string,
  args: Readonly<Record<string, unknown>>,
): Promise<ContractRevertError> {
  const thrown = await thrownBy(act);
  if (!(thrown instanceof ContractRevertError)) throw thrown;
  expect({ name: thrown.revertName, args: thrown.args }).to.deep.equal({ name: revertName, args });
  return thrown;
}

/** Holds that a value is refused as input, under the name of its field. */
export async function expectInputError(act: () => unknown, field: string): Promise<InputError> {
  const thrown = await thrownBy(act);
  if (!(thrown instanceof InputError)) throw thrown;
  expect(thrown.field).to.equal(field);
  return thrown;
}
