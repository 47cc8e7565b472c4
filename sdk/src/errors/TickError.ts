import { InputError } from "./InputError.js";

/** What a TickError carries besides its message. */
export interface TickErrorDetails {
  readonly [key: string]: unknown;
  readonly field: string;
  readonly value: unknown;
  readonly expected: string;
  readonly tick: string;
  /** The valid prices next to the one given, ascending: two, or one at the edge of the grid. */
  readonly nearest: readonly string[];
}

/** A price is not a multiple of the market's tick. Nothing was snapped: `nearest` names what would be valid. */
export class TickError extends InputError {
  override readonly details: TickErrorDetails;

  constructor(field: string, value: unknown, tick: string, nearest: readonly string[]) {
    const expected = `a multiple of the tick ${tick}, such as ${nearest.join(" or ")}`;
    super(field, value, expected, "OFF_TICK");
    this.details = { field, value, expected, tick, nearest };
  }
}
