import { Contract, ZeroHash, isError } from "ethers";
import { interfaces } from "@nostra/sdk/contracts";
import { IndexSet, collectionId, conditionId } from "@nostra/sdk/ids";
import type { Address } from "@nostra/sdk/order";
import type { Chain } from "#cli/connectNetwork";
import { CommandError } from "#cli/CommandError";
import type { Existing, Parameters } from "./parameters";

/** Holds that the contracts of others, which the parameters name, are there and are what they are said to be. */
export async function checkExisting(chain: Chain, parameters: Parameters): Promise<void> {
  const { conditionalTokens, collateral } = parameters;
  if (conditionalTokens !== null) {
    await requireCode(chain, "conditionalTokens", conditionalTokens);
    await requireAnswers(chain, "conditionalTokens", conditionalTokens, conditionalTokensAnswers);
  }
  if (collateral !== null) {
    await requireCode(chain, "collateral", collateral);
    await requireAnswers(chain, "collateral", collateral, collateralAnswers);
  }
}

/** Holds that the admin of a main network is a contract, such as a multisig, and not one person's key. */
export async function checkAdmin(
  chain: Chain,
  { admin, file }: Parameters,
  { allowKey }: { allowKey: boolean },
): Promise<void> {
  if (!chain.network.main || allowKey || admin.kind !== "account") return;
  if ((await chain.provider.getCode(admin.address)) === "0x") {
    throw new CommandError(
      `${file}: admin ${admin.address} has no code on ${chain.network.name}: a multisig is expected, or --allow-key-admin`,
    );
  }
}

async function requireCode(chain: Chain, field: string, { address }: Existing): Promise<void> {
  if ((await chain.provider.getCode(address)) === "0x") {
    throw new CommandError(`${field} ${address} has no code on ${chain.network.name}`);
  }
}

/** Answers a contract must give: what was asked, what is expected, what came. */
type Answers = (
  chain: Chain,
  address: Address,
) => Promise<readonly (readonly [asked: string, expected: unknown, came: unknown])[]>;

async function requireAnswers(
  chain: Chain,
  field: string,
  { address }: Existing,
  answersOf: Answers,
): Promise<void> {
  let answers: Awaited<ReturnType<Answers>>;
  try {
    answers = await answersOf(chain, address);
  } catch (cause) {
    if (!isError(cause, "CALL_EXCEPTION") && !isError(cause, "BAD_DATA")) throw cause;
    const what = field === "collateral" ? "an ERC-20 token" : "ConditionalTokens";
    throw new CommandError(`${field} ${address} does not answer as ${what} does`, { cause });
  }
  for (const [asked, expected, came] of answers) {
    if (came !== expected) {
      throw new CommandError(
        `${field} ${address}: ${asked} is ${String(came)}, expected is ${String(expected)}`,
      );
    }
  }
}

const collateralAnswers: Answers = async (chain, address) => {
  const token = new Contract(address, interfaces.collateral, chain.provider);
  const supply: unknown = await token.getFunction("totalSupply")();
  return [
    ["decimals()", 6n, await token.getFunction("decimals")()],
    ["the type of totalSupply()", "bigint", typeof supply],
  ];
};

/** Pure and view functions with an answer known beforehand: the ids of a question nobody asked. */
const conditionalTokensAnswers: Answers = async (chain, address) => {
  const tokens = new Contract(address, interfaces.conditionalTokens, chain.provider);
  const oracle: Address = "0x000000000000000000000000000000000000dEaD";
  const condition = conditionId(oracle, ZeroHash);
  const call = (method: string, ...args: unknown[]): Promise<unknown> =>
    tokens.getFunction(method)(...args) as Promise<unknown>;
  return [
    ["getConditionId(...)", condition, await call("getConditionId", oracle, ZeroHash, 2)],
    [
      "getCollectionId(...)",
      collectionId(condition, IndexSet.YES),
      await call("getCollectionId", ZeroHash, condition, 1),
    ],
    ["getOutcomeSlotCount(...)", 0n, await call("getOutcomeSlotCount", condition)],
  ];
};
