import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { CommandError, oneLine } from "./CommandError";
import { NETWORKS, type Environment, type Network } from "./networks";

/*
How every command is written: its options as data, from which both the parsing and the help come, and a function that gets
checked values. A refusal is a CommandError: one line on stderr, status 1.
*/

export interface Option {
  /** What stands for the value in the help; an option without it is a switch. */
  readonly value?: string;
  readonly help: string;
  readonly required?: boolean;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Who may run it, and what else a person should know. */
  readonly notes?: string;
  run(options: Options, world: World): Promise<void>;
}

/** Where a command reads and writes. */
export interface World {
  readonly env: Environment;
  /** The folder with `deployments` and `ignition`. */
  readonly folder: string;
  say(line: string): void;
}

/** The options every command has. */
const COMMON: Readonly<Record<string, Option>> = {
  network: {
    value: "name",
    help: `one of ${NETWORKS.map(({ name }) => name).join(", ")}`,
    required: true,
  },
  "dry-run": { help: "show what would be sent and what it would cost; send nothing" },
  "key-env": {
    value: "VARIABLE",
    help: "environment variable of the signing key (PRIVATE_KEY)",
  },
  from: {
    value: "address",
    help: "an account of the local node; with --dry-run any account, such as a multisig",
  },
  folder: { value: "path", help: "where deployments/ and ignition/ are (here)" },
  help: { help: "this text" },
};

/** The options given, read by name. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  constructor(values: Readonly<Record<string, string | boolean | undefined>>) {
    this.#values = values;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === "") throw new CommandError(`--${name} is missing`);
    return value;
  }

  get network(): Network {
    const name = this.required("network");
    const found = NETWORKS.find((network) => network.name === name);
    if (found === undefined) {
      const known = NETWORKS.map((network) => network.name).join(", ");
      throw new CommandError(`--network ${name} is not known; known are ${known}`);
    }
    return found;
  }

  get dryRun(): boolean {
    return this.flag("dry-run");
  }
}

/** Runs one command line; gives its exit status. */
export async function runCommandLine(
  program: string,
  commands: readonly Command[],
  argv: readonly string[],
  io: { env: Environment; say(line: string): void; complain(line: string): void },
): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === "--help" || name === "help") {
      io.say(programHelp(program, commands));
      return name === undefined ? 1 : 0;
    }
    const command = commands.find((one) => one.name === name);
    if (command === undefined) {
      throw new CommandError(`there is no command ${name}; ${program} --help lists them`);
    }
    const options = parse(command, rest);
    if (options.flag("help")) {
      io.say(commandHelp(program, command));
      return 0;
    }
    requireAll(command, options);
    const folder = path.resolve(options.text("folder") ?? process.cwd());
    loadEnvironmentFile(folder, io.env);
    await command.run(options, { env: io.env, folder, say: (line) => io.say(line) });
    return 0;
  } catch (thrown) {
    io.complain(`error: ${oneLine(thrown)}`);
    if (io.env["NOSTRA_DEBUG"]) io.complain(String((thrown as Error).stack));
    return 1;
  }
}

function parse(command: Command, argv: readonly string[]): Options {
  const options = { ...COMMON, ...command.options };
  const config: ParseArgsConfig["options"] = Object.fromEntries(
    Object.entries(options).map(([name, { value }]) => [
      name,
      { type: value === undefined ? "boolean" : "string" },
    ]),
  );
  try {
    const { values } = parseArgs({ args: [...argv], options: config, strict: true });
    return new Options(values as Record<string, string | boolean | undefined>);
  } catch (thrown) {
    const [sentence] = oneLine(thrown).split(". To specify");
    throw new CommandError(`${sentence}; ${command.name} --help lists the options`);
  }
}

function requireAll(command: Command, options: Options): void {
  for (const [name, { required }] of Object.entries({ ...COMMON, ...command.options })) {
    if (required === true) options.required(name);
  }
}

/** `.env` beside the deployments, if there is one; what the environment already has stays. */
function loadEnvironmentFile(folder: string, env: Environment): void {
  const file = path.join(folder, ".env");
  if (env === process.env && existsSync(file)) process.loadEnvFile(file);
}

function programHelp(program: string, commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  return [
    `${program} <command> --network <name> [options]`,
    "",
    ...lines,
    "",
    `${program} <command> --help lists the options of one.`,
  ].join("\n");
}

function commandHelp(program: string, command: Command): string {
  const entries = Object.entries({ ...command.options, ...COMMON }).map(([name, option]) => ({
    left: option.value === undefined ? `--${name}` : `--${name} <${option.value}>`,
    right: option.required ? `${option.help} (required)` : option.help,
  }));
  const width = Math.max(...entries.map(({ left }) => left.length));
  return [
    `${program} ${command.name}: ${command.summary}`,
    "",
    ...entries.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`),
    ...(command.notes === undefined ? [] : ["", command.notes]),
  ].join("\n");
}
