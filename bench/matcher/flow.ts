import { readFileSync } from "node:fs";
import path from "node:path";
import { CANCEL, LIMIT, type Workload } from "./workload";

/** Ticks in the price 1 of the recorded market. */
const TICKS = 1000;

interface Resting {
  readonly order: number;
  left: number;
}

/**
 * The recorded changes of levels (data/README.md) as orders: what a level gains is a new order, what it loses is cancelled from
 * its newest orders, and the part of one that stays is put back. Lots are thousandths of a share. No orders are taken from
 * the record to cross: a level that would is left out until it does not.
 */
export function readFlow(file = path.join(__dirname, "data/level-changes.csv")): Workload {
  const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
  const levels = new Map<string, Resting[]>();
  const operations: number[][] = [];
  const answers: number[] = [];
  let orders = 0;
  const rest = (side: number, tick: number, size: number, level: Resting[]): void => {
    level.push({ order: orders, left: size });
    operations.push([LIMIT, side, tick, size, orders++]);
    answers.push(0);
  };
  for (const row of rows) {
    const [, side = "", tick = "", total = ""] = row.split(",");
    const sideNumber = side === "bid" ? 0 : 1;
    const level = levels.get(`${side} ${tick}`) ?? [];
    levels.set(`${side} ${tick}`, level);
    let change = Number(total) - level.reduce((sum, { left }) => sum + left, 0);
    if (change > 0 && !crosses(levels, side, Number(tick))) {
      rest(sideNumber, Number(tick), change, level);
    }
    while (change < 0) {
      const last = level.pop();
      if (last === undefined) break;
      operations.push([CANCEL, sideNumber, 0, 0, last.order]);
      answers.push(last.left);
      change += last.left;
      if (change > 0) {
        rest(sideNumber, Number(tick), change, level);
        break;
      }
    }
  }
  const column = (at: number): number[] => operations.map((operation) => operation[at]!);
  return {
    kind: "rest",
    seed: 0,
    ops: operations.length,
    preload: 0,
    ticks: TICKS,
    count: operations.length,
    op: Uint8Array.from(column(0)),
    side: Uint8Array.from(column(1)),
    isNo: new Uint8Array(operations.length),
    tick: Uint16Array.from(column(2)),
    size: Uint32Array.from(column(3)),
    order: Uint32Array.from(column(4)),
    answer: Uint32Array.from(answers),
    orders,
    fills: 0,
  };
}

function crosses(
  levels: ReadonlyMap<string, readonly Resting[]>,
  side: string,
  tick: number,
): boolean {
  for (let other = 1; other < TICKS; other++) {
    const meets = side === "bid" ? other <= tick : other >= tick;
    const level = levels.get(`${side === "bid" ? "ask" : "bid"} ${other}`);
    if (meets && level !== undefined && level.length > 0) return true;
  }
  return false;
}
