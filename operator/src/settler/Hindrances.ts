import type { Alarm, Severity } from "../alerts";

/** What keeps a lane from settling, in words. Each is alarmed once, until it is over. */
export class Hindrances {
  readonly #alarm: Alarm;
  readonly #lane: string;
  readonly #present = new Map<string, string>();

  constructor(alarm: Alarm, lane: string) {
    this.#alarm = alarm;
    this.#lane = lane;
  }

  /** @param text What to tell a person who asks why nothing settles. */
  raise(
    type: string,
    severity: Severity,
    data: Readonly<Record<string, unknown>>,
    text = type,
  ): void {
    const isNew = !this.#present.has(type);
    this.#present.set(type, text);
    if (isNew) this.#alarm({ type, severity, data: { lane: this.#lane, ...data } });
  }

  calm(type: string): void {
    this.#present.delete(type);
  }

  /** The first of these that is there, in words. */
  first(types: readonly string[]): string | null {
    const type = types.find((one) => this.#present.has(one));
    return type === undefined ? null : (this.#present.get(type) ?? type);
  }
}
