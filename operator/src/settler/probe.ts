import { ContractRevertError } from "@nostra/sdk/errors";
import { classifyCallError } from "../callErrors";
import type { Log } from "../log";
import type { Rpc } from "../rpc";
import { quantity, type Head } from "./chain";
import { encodeMatch } from "./encodeMatches";
import { ordersOf } from "./readMatches";
import type { Fees, Hex, StoredMatch } from "./types";

/** What a question changes of a transaction or of its block. */
export type ProbedVariable = "price" | "gas" | "number" | "time" | "beneficiary or random word";

/** Whether a match is answered alike under all circumstances that the node lets us choose. */
export type Probed =
  | { readonly kind: "consistent" }
  | {
      readonly kind: "differs";
      /** What was changed when the answer differed first. */
      readonly variable: ProbedVariable;
      /** The order that the exchange named where the match failed; null when it named none. */
      readonly orderHash: Hex | null;
    };

export interface ProberParams {
  readonly rpc: Rpc;
  readonly log: Log;
  readonly operator: string;
  readonly exchange: string;
}

/** The circumstances of the transaction that would carry the match. */
export interface Circumstances {
  readonly head: Head;
  readonly fees: Fees;
  /** The gas limit that the match would have. */
  readonly gasLimit: bigint;
}

/** The most questions for one match. The first question of a lane is one more: whether the node takes overrides. */
export const MAX_QUESTIONS = 7;

type Answer =
  | { readonly kind: "passes" }
  | { readonly kind: "fails"; readonly orderHash: Hex | null }
  | { readonly kind: "unknown" };

interface Question {
  readonly variable: ProbedVariable;
  readonly call?: Readonly<Record<string, string>>;
  readonly block?: Readonly<Record<string, string>>;
}

/** Two beneficiaries and two random words, which differ in every property that code is likely to look at: their lowest bits. */
const BENEFICIARIES = [1n, 2n].map((n) => `0x${n.toString(16).padStart(40, "0")}`);
const RANDOM_WORDS = [1n, 2n].map((n) => `0x${n.toString(16).padStart(64, "0")}`);

/** An address that nobody has, and code for it that returns the block's number and its beneficiary. */
const SCRATCH = "0x00000000000000000000000000004e6f73747261";
const LOOK = "0x436000524160205260406000f3";

/**
 * Asks about a match at another price, with less gas and, where the node takes overrides, in other blocks. An account that
 * behaves in questions and not in transactions is often found so. Best effort: what an account can tell from a transaction and
 * not from a question stays hidden, and the bounds on attempts and gas hold without it.
 */
export class Prober {
  readonly #params: ProberParams;
  #hasOverrides: Promise<boolean> | undefined;

  constructor(params: ProberParams) {
    this.#params = params;
  }

  /** Never throws. A question that the node does not answer says nothing. */
  async probe(match: StoredMatch, circumstances: Circumstances): Promise<Probed> {
    const data = encodeMatch(match);
    const members = new Set<string>(ordersOf(match).map(({ hash }) => hash));
    const first = await this.#ask(data, members, {});
    if (first.kind === "unknown") return { kind: "consistent" };
    for (const question of await this.#questions(circumstances)) {
      const answer = await this.#ask(data, members, question);
      if (answer.kind === "unknown" || answer.kind === first.kind) continue;
      const failed = answer.kind === "fails" ? answer : first;
      const orderHash = failed.kind === "fails" ? failed.orderHash : null;
      const { variable } = question;
      const what = { matchId: match.id, variable, orderHash };
      this.#params.log.info(what, "a match is answered differently in a question and in another");
      return { kind: "differs", variable, orderHash };
    }
    return { kind: "consistent" };
  }

  async #questions({ head, fees, gasLimit }: Circumstances): Promise<readonly Question[]> {
    const price = {
      maxFeePerGas: quantity(fees.maxFeePerGas),
      maxPriorityFeePerGas: quantity(fees.maxPriorityFeePerGas),
      // A node checks that the account can pay for all the gas: without a limit, for its own.
      gas: quantity(gasLimit),
    };
    const plain: Question[] = [
      { variable: "gas", call: { gas: quantity(gasLimit) } },
      { variable: "price", call: price },
    ];
    if (!(await this.#takesOverrides(head))) return plain;
    const [number, time] = [quantity(head.number + 1n), quantity(head.timestamp + 1n)];
    return [
      ...plain,
      { variable: "number", block: { number } },
      { variable: "time", block: { time } },
      ...BENEFICIARIES.map((feeRecipient, i): Question => {
        const block = { feeRecipient, prevRandao: RANDOM_WORDS[i] as string };
        return { variable: "beneficiary or random word", block };
      }),
    ];
  }

  async #ask(
    data: Hex,
    members: ReadonlySet<string>,
    { call = {}, block }: Omit<Question, "variable">,
  ): Promise<Answer> {
    const { rpc, operator, exchange } = this.#params;
    const asked = { from: operator, to: exchange, data, ...call };
    const overrides = block === undefined ? [] : [{}, block];
    try {
      await rpc.send("eth_call", [asked, "latest", ...overrides]);
      return { kind: "passes" };
    } catch (thrown) {
      const { kind, error } = classifyCallError("matchOrders", thrown);
      if (kind === "transport") return { kind: "unknown" };
      const named = error instanceof ContractRevertError ? error.orderHash : undefined;
      const isMember = named !== undefined && members.has(named.toLowerCase());
      return { kind: "fails", orderHash: isMember ? (named.toLowerCase() as Hex) : null };
    }
  }

  /** Some nodes refuse overrides, and some ignore them: so the question is one whose answer shows them. Asked once. */
  #takesOverrides(head: Head): Promise<boolean> {
    this.#hasOverrides ??= this.#tryOverrides(head);
    return this.#hasOverrides;
  }

  async #tryOverrides(head: Head): Promise<boolean> {
    const { rpc, log } = this.#params;
    const [number, feeRecipient] = [head.number + 2n, BENEFICIARIES[0] as string];
    const block = { number: quantity(number), feeRecipient };
    const expected = `0x${[number, BigInt(feeRecipient)].map(wordOf).join("")}`;
    let seen: unknown;
    try {
      seen = await rpc.send("eth_call", [
        ...[{ to: SCRATCH, data: "0x" }, "latest", { [SCRATCH]: { code: LOOK } }, block],
      ]);
    } catch (thrown) {
      seen = thrown instanceof Error ? thrown.message.slice(0, 200) : "no answer";
    }
    const isTaken = seen === expected;
    if (!isTaken) {
      log.info({ seen }, "the node takes no block overrides: contract wallets are probed without");
    }
    return isTaken;
  }
}

function wordOf(value: bigint): string {
  return value.toString(16).padStart(64, "0");
}
