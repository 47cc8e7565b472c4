import type { Measured } from "./measure";
import type { Peer } from "./record";
import type { Budget } from "./scenarios";

/** One line for each scenario: Nostra, the peers, and the budget where there is one. */
export function table(measured: readonly Measured[], peers: readonly Peer[]): string {
  const rows = measured.map((one) => row(one, measured, peers));
  const head = [
    "scenario",
    "Nostra",
    ...peers.flatMap(({ name }) => [name, "diff"]),
    "budget",
    "met",
  ];
  const all = [head, ...rows];
  const widths = head.map((_, k) => Math.max(...all.map((cells) => cells[k]?.length ?? 0)));
  const lines = all.map((cells) =>
    cells
      .map((cell, k) => (k === 0 ? cell.padEnd(widths[k] ?? 0) : cell.padStart(widths[k] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function row(one: Measured, measured: readonly Measured[], peers: readonly Peer[]): string[] {
  const { id, budget } = one.scenario;
  const cells = [id, one.gas === null ? "failed" : thousands(one.gas)];
  for (const peer of peers) {
    const theirs = peer.gas[id];
    cells.push(theirs === undefined ? "" : thousands(theirs), difference(one.gas, theirs));
  }
  const limit = budget === undefined ? undefined : limitOf(budget, measured);
  if (limit === undefined) return [...cells, "", ""];
  const met = one.gas !== null && one.gas <= limit;
  return [...cells, thousands(limit), met ? "yes" : `no, +${thousands((one.gas ?? 0) - limit)}`];
}

/** Undefined when the budget stands on a scenario that was not measured. */
export function limitOf(budget: Budget, measured: readonly Measured[]): number | undefined {
  if (typeof budget === "number") return budget;
  const base = measured.find(({ scenario }) => scenario.id === budget.over)?.gas ?? null;
  return base === null ? undefined : base + budget.by;
}

function difference(ours: number | null, theirs: number | undefined): string {
  if (ours === null || theirs === undefined) return "";
  const percent = (100 * (ours - theirs)) / theirs;
  return `${percent > 0 ? "+" : ""}${percent.toFixed(1)}%`;
}

function thousands(value: number): string {
  return value.toLocaleString("en-US");
}
