import type { Interface } from "ethers";
import { revertTo, snapshot } from "./chain";
import { SCENARIOS, type Scenario } from "./scenarios";
import { World, WrongMoves } from "./world";

/** Of the text of an error's first four bytes, with 0x. */
const SELECTOR_LENGTH = 10;

/** One scenario's figure, or why there is none. */
export type Measured =
  | { readonly scenario: Scenario; readonly gas: number }
  | { readonly scenario: Scenario; readonly gas: null; readonly failure: string };

export interface MeasureOptions {
  /** All unless told. */
  readonly scenarios?: readonly Scenario[];
  readonly onProgress?: (done: number, total: number, id: string) => void;
}

/** Measures on the chain in this process, each scenario from the same state, and leaves the chain as it was. */
export async function measure(options: MeasureOptions = {}): Promise<Measured[]> {
  const scenarios = options.scenarios ?? SCENARIOS;
  const untouched = await snapshot();
  try {
    options.onProgress?.(0, scenarios.length, "setting up");
    const world = await World.create();
    const measured: Measured[] = [];
    for (const scenario of scenarios) {
      options.onProgress?.(measured.length, scenarios.length, scenario.id);
      const start = await snapshot();
      measured.push(await measureOne(scenario, world));
      await revertTo(start);
    }
    options.onProgress?.(scenarios.length, scenarios.length, "done");
    return measured;
  } finally {
    await revertTo(untouched);
  }
}

async function measureOne(scenario: Scenario, world: World): Promise<Measured> {
  try {
    const { gas } = await scenario.run(world, world.orders(scenario.id));
    return { scenario, gas };
  } catch (thrown) {
    return { scenario, gas: null, failure: describe(thrown, world.exchange.abi) };
  }
}

/** The name of the contract's error when there is one. */
function describe(thrown: unknown, abi: Interface): string {
  if (thrown instanceof WrongMoves) return thrown.message;
  const { data, message } = thrown as { data?: unknown; message?: string };
  const bytes = typeof data === "string" ? data : (data as { data?: unknown } | undefined)?.data;
  const named = typeof bytes === "string" && bytes.length >= SELECTOR_LENGTH;
  const error = named ? abi.parseError(bytes) : null;
  return error === null ? (message ?? String(thrown)) : `reverted with ${error.name}`;
}
