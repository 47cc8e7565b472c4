/** One measurement of how a matcher grows. */
export interface Point {
  readonly name: string;
  readonly ticks: number;
  /** Resting when the measurement began. */
  readonly orders: number;
  readonly perSecond: number;
}

const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 80;
const RIGHT = 190;
const TOP = 40;
const BOTTOM = 50;
const COLORS: Readonly<Record<number, string>> = {
  100: "#1b6ca8",
  1000: "#d1772e",
  10000: "#3f8f4f",
};

/** Operations per second over resting orders, both by powers of ten; a line per matcher and number of ticks. */
export function drawGrowth(points: readonly Point[]): string {
  const x = (orders: number): number => scale(orders, 1e3, 1e6, LEFT, WIDTH - RIGHT);
  const y = (rate: number): number => scale(rate, 1e2, 1e8, HEIGHT - BOTTOM, TOP);
  const parts: string[] = [];
  for (let power = 2; power <= 8; power++) {
    const at = y(10 ** power).toFixed(1);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>`);
    parts.push(text(LEFT - 8, Number(at) + 4, label(10 ** power), "end"));
  }
  for (const orders of [1e3, 1e4, 1e5, 1e6]) {
    parts.push(text(x(orders), HEIGHT - BOTTOM + 18, label(orders), "middle"));
  }
  parts.push(text(LEFT, TOP - 18, "operations per CPU second", "start"));
  parts.push(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "resting orders", "middle"));

  const lines = new Map<string, Point[]>();
  for (const point of points) {
    const key = `${point.name}, ${label(point.ticks)} ticks`;
    lines.set(key, [...(lines.get(key) ?? []), point]);
  }
  let legend = TOP + 8;
  for (const [title, line] of lines) {
    const color = COLORS[line[0]!.ticks] ?? "#555";
    const dash = title.startsWith("nostra") ? "" : ' stroke-dasharray="4 3"';
    const path = line.map(
      ({ orders, perSecond }) => `${x(orders).toFixed(1)},${y(perSecond).toFixed(1)}`,
    );
    parts.push(
      `<polyline points="${path.join(" ")}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`,
    );
    const [from, to] = [WIDTH - RIGHT + 10, WIDTH - RIGHT + 34];
    parts.push(
      `<line x1="${from}" x2="${to}" y1="${legend}" y2="${legend}" stroke="${color}" stroke-width="2"${dash}/>`,
    );
    parts.push(text(to + 5, legend + 4, title, "start", 10));
    legend += 18;
  }
  const open = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif">`;
  return [
    open,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** By powers of ten. */
function scale(value: number, least: number, most: number, from: number, to: number): number {
  return from + ((Math.log10(value) - Math.log10(least)) / Math.log10(most / least)) * (to - from);
}

function text(x: number, y: number, content: string, anchor: string, size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" font-size="${size}" text-anchor="${anchor}" fill="#333">${content}</text>`;
}

function label(value: number): string {
  return value.toLocaleString("en");
}
