import { formatCollateral } from "@nostra/sdk/units";

/** What the demo prints: headings, tables, progress and checks. */

export function heading(text: string): void {
  console.log(`\n${text}\n${"-".repeat(text.length)}`);
}

export function say(text: string): void {
  console.log(text);
}

/** Prints rows under a header; columns of numbers to the right, all others to the left. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const numeric = header.map((_, column) =>
    rows.every((row) => /^-?[\d,.]+\+?$/.test(row[column] ?? "")),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numeric[column] ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd();
  console.log(`  ${line(header)}`);
  console.log(`  ${widths.map((width) => "-".repeat(width)).join("  ")}`);
  for (const row of rows) console.log(`  ${line(row)}`);
}

/** Units with six decimals as text with two, thousands apart; what is cut off is shown by a trailing "+". */
export function amount(units: bigint): string {
  const cent = 10_000n;
  const magnitude = units < 0n ? -units : units;
  const whole = (magnitude / 1_000_000n).toString().replace(/\B(?=(\d{3})+$)/g, ",");
  const cents = ((magnitude % 1_000_000n) / cent).toString().padStart(2, "0");
  const exact = magnitude % cent === 0n;
  return `${units < 0n ? "-" : ""}${whole}.${cents}${exact ? "" : "+"}`;
}

/** All six decimals. */
export function exactAmount(units: bigint): string {
  return units < 0n ? `-${formatCollateral(-units)}` : formatCollateral(units);
}

export function count(value: number | bigint): string {
  return value.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Shows how far a long step is: one line that rewrites itself on a terminal, every tenth otherwise. */
export class Progress {
  readonly #label: string;
  readonly #total: number;
  readonly #startMs = performance.now();
  #done = 0;
  #shownTenth = 0;

  constructor(label: string, total: number) {
    this.#label = label;
    this.#total = total;
  }

  step(): void {
    this.#done += 1;
    const tenth = Math.floor((this.#done * 10) / this.#total);
    if (process.stdout.isTTY) process.stdout.write(`\r  ${this.#line()}`);
    else if (tenth > this.#shownTenth && tenth % 2 === 0) console.log(`  ${this.#line()}`);
    this.#shownTenth = tenth;
    if (this.#done === this.#total && process.stdout.isTTY) process.stdout.write("\n");
  }

  #line(): string {
    const seconds = ((performance.now() - this.#startMs) / 1000).toFixed(1);
    return `${this.#label}: ${this.#done}/${this.#total}, ${seconds} s`;
  }
}

/** The books: sums that must agree. Collected over the whole run, shown at the end, and the exit status hangs on them. */
export class Books {
  readonly #lines: { readonly title: string; readonly ok: boolean; readonly detail: string }[] = [];

  check(title: string, ok: boolean, detail: string): void {
    this.#lines.push({ title, ok, detail });
  }

  checkEqual(title: string, actual: bigint, expected: bigint, show = exactAmount): void {
    const ok = actual === expected;
    this.check(title, ok, ok ? show(actual) : `${show(actual)}, expected ${show(expected)}`);
  }

  print(): void {
    table(
      ["", "sum", "value"],
      this.#lines.map(({ title, ok, detail }) => [ok ? "ok" : "OFF", title, detail]),
    );
  }

  get failures(): number {
    return this.#lines.filter((line) => !line.ok).length;
  }
}
