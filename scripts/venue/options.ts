import { parseArgs } from "node:util";

export const HELP = `Runs a venue: a chain in this process, the contracts, a database in memory, the operator, and traders that
replay recorded trades as signed orders over HTTP. Rounds of markets live and end: trade, resolve, redeem.

  npm start                        run until Ctrl-C
  npm start -- --port 4000         listen there (default 3000)
  npm start -- --speed 5           recorded trades a second (default 1)
  npm start -- --trades 40         end a round's trading after so many (default: all 397)
  npm start -- --rounds 1          end after so many rounds (default: never)
  npm start -- --help              this text

Nothing is written and no network is used but this machine's own. Exit status 1 when a round's sums are off.`;

export interface VenueRunOptions {
  readonly port: number;
  readonly tradesPerSecond: number;
  readonly trades: number;
  readonly rounds: number;
  readonly help: boolean;
}

/** @throws Error naming the option that is out of place. */
export function readVenueOptions(args: readonly string[]): VenueRunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: "string", default: process.env["PORT"] ?? "3000" },
      speed: { type: "string", default: "1" },
      trades: { type: "string", default: "100000" },
      rounds: { type: "string", default: "1000000" },
      help: { type: "boolean", default: false },
    },
  });
  return {
    port: number("port", values.port, 0, 65_535),
    tradesPerSecond: number("speed", values.speed, 0.01, 1_000),
    trades: number("trades", values.trades, 1, 100_000),
    rounds: number("rounds", values.rounds, 1, 1_000_000),
    help: values.help,
  };
}

function number(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= least && value <= most)) {
    throw new Error(`--${name} takes a number from ${least} to ${most}, not "${text}"`);
  }
  return value;
}
