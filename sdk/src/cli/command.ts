import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";
import { CommandError, oneLine } from "./CommandError.js";
import type { Environment } from "./networks.js";
import { redactorFor } from "./redact.js";
import { VERSION } from "./version.js";

/*
How every command is written: its options as data, from which both the parsing and the help come, and a function that gets
checked values. A refusal is a CommandError: one line on stderr, status 1.
*/

export interface Option {
  /** What stands for the value in the help; an option without it is a switch. */
  readonly value?: string;
  readonly help: string;
  readonly required?: boolean;
  /** One letter that stands for it: `-h`. */
  readonly short?: string;
}

export type OptionTable = Readonly<Record<string, Option>>;

export interface Command {
  /** One word or two: "redeem", "market create". */
  readonly name: string;
  /** One word it answers to as well, for scripts that say it in one. */
  readonly alias?: string;
  readonly summary: string;
  readonly options: OptionTable;
  /** The one argument without a name, if the command takes one; it must be given then. */
  readonly input?: { readonly name: string; readonly help: string };
  /** Who may run it, and what else a person should know. */
  readonly notes?: string;
  run(options: Options, world: World): Promise<void>;
}

export interface Program {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
  /** It works in a checkout of the repository, whose folder has the deployments; else on those the SDK brings. */
  readonly inCheckout: boolean;
}

/** What a program reads from and writes to. */
export interface Io {
  readonly env: Environment;
  /** All of standard input; the process's own if not given. */
  readInput?(): string;
  say(line: string): void;
  complain(line: string): void;
}

/** Where a command reads and writes. */
export interface World {
  readonly env: Environment;
  /** The folder with `.env`, and in a checkout with `deployments` and `ignition`. */
  readonly folder: string;
  readonly inCheckout: boolean;
  readInput(): string;
  /** For people. With --json it goes to stderr. */
  say(line: string): void;
  /** For programs: with --json everything noted is printed at the end as one object. */
  note(fields: Readonly<Record<string, unknown>>): void;
}

const COMMON: OptionTable = {
  help: { help: "this text", short: "h" },
  version: { help: "the version of @nostra/sdk" },
};
const FOLDER: OptionTable = {
  folder: { value: "path", help: "where deployments/ and ignition/ are (here)" },
};

/** The option of commands that note what they have to say. */
export const JSON_OUTPUT: OptionTable = {
  json: { help: "print the result as one JSON object; what else is said goes to stderr" },
};

/** The options given, read by name. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;
  readonly #input: string | undefined;

  constructor(values: Readonly<Record<string, string | boolean | undefined>>, input?: string) {
    this.#values = values;
    this.#input = input;
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

  /** The argument without a name, of a command that takes one. */
  get input(): string {
    return this.#input ?? "";
  }

  get dryRun(): boolean {
    return this.flag("dry-run");
  }
}

/** Runs one command line; gives its exit status: 0 when it did what it was asked, 1 when it refused or found a fault. */
export async function runCommandLine(
  program: Program,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  let redact = redactorFor(io.env, argv);
  const complain = (line: string): void => io.complain(redact(line));
  const noted: Record<string, unknown> = {};
  let asJson = false;
  let status = 0;
  try {
    const { command, rest, asks } = findCommand(program, argv);
    if (command === undefined) {
      io.say(asks === "version" ? VERSION : programHelp(program, rest));
      return argv.length === 0 ? 1 : 0;
    }
    const typed = withoutIds(argv, command);
    redact = redactorFor(io.env, typed);
    const options = parse(program, command, rest);
    redact = redactorFor(io.env, typed, options.text("key-env"));
    if (options.flag("help") || options.flag("version")) {
      io.say(options.flag("help") ? commandHelp(program, command) : VERSION);
      return 0;
    }
    requireAll(command, options);
    const folder = path.resolve(options.text("folder") ?? process.cwd());
    loadEnvironmentFile(folder, io.env);
    asJson = options.flag("json");
    await command.run(options, {
      env: io.env,
      folder,
      inCheckout: program.inCheckout,
      readInput: io.readInput ?? (() => readFileSync(0, "utf8")),
      say: (line) => (asJson ? complain(line) : io.say(redact(line))),
      note: (fields) => Object.assign(noted, fields),
    });
  } catch (thrown) {
    complain(`error: ${oneLine(thrown)}`);
    if (io.env["NOSTRA_DEBUG"]) complain(String((thrown as Error).stack));
    status = 1;
  }
  if (asJson && Object.keys(noted).length > 0) io.say(redact(toJson(noted)));
  return status;
}

/** The words of a command line that may be keys by mistake: an id where an id belongs is none. */
function withoutIds(argv: readonly string[], { options }: Command): string[] {
  const isId = (option: string): boolean => options[option.slice(2)]?.value === "id";
  return argv.filter((word, i) => !isId(argv[i - 1] ?? "") && !isId(word.split("=")[0] ?? ""));
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) => (typeof one === "bigint" ? `${one}` : one), 2);
}

/** What a command line names: a command and its arguments, or what is asked of the program or of a group of commands. */
interface Found {
  readonly command?: Command;
  /** The arguments; without a command, the group's first word if there is one. */
  readonly rest: readonly string[];
  readonly asks?: "help" | "version";
}

/** The command that the first one or two words name, or what is asked instead. */
function findCommand({ name: program, commands }: Program, argv: readonly string[]): Found {
  const [first, second, ...more] = argv[0] === "help" ? [...argv.slice(1), "--help"] : argv;
  if (first === undefined) return { rest: [], asks: "help" };
  const asked = questionOf(first);
  if (asked !== undefined) return { rest: [], asks: asked };
  const one = commands.find(({ name, alias }) => name === first || alias === first);
  if (one !== undefined)
    return { command: one, rest: second === undefined ? [] : [second, ...more] };
  const two = commands.find(({ name }) => name === `${first} ${second}`);
  if (two !== undefined) return { command: two, rest: more };

  const inGroup = commands.filter(({ name }) => name.startsWith(`${first} `));
  const asks = questionOf(second);
  if (inGroup.length > 0 && asks !== undefined) return { rest: [first], asks };
  const named = inGroup.length > 0 && second !== undefined ? `${first} ${second}` : first;
  const where = inGroup.length > 0 ? `${program} ${first}` : program;
  throw new CommandError(`there is no command ${named}; ${where} --help lists them`);
}

function questionOf(word: string | undefined): Found["asks"] {
  if (word === "--version") return "version";
  return word === "--help" || word === "-h" || word === "help" ? "help" : undefined;
}

function parse(program: Program, command: Command, argv: readonly string[]): Options {
  const options = optionsOf(program, command);
  const config: ParseArgsConfig["options"] = Object.fromEntries(
    Object.entries(options).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? "boolean" : "string",
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: config,
      strict: true,
      allowPositionals: command.input !== undefined,
    });
    if (positionals.length > 1) throw new Error(`one ${command.input?.name ?? ""} is expected`);
    return new Options(values as Record<string, string | boolean | undefined>, positionals[0]);
  } catch (thrown) {
    const [sentence = ""] = oneLine(thrown).split(/\. (?:To specify|This command)/);
    throw new CommandError(`${sentence}; ${command.name} --help lists the options`);
  }
}

function optionsOf({ inCheckout }: Program, command: Command): OptionTable {
  return { ...command.options, ...(inCheckout ? FOLDER : {}), ...COMMON };
}

function requireAll(command: Command, options: Options): void {
  for (const [name, { required }] of Object.entries(command.options)) {
    if (required === true) options.required(name);
  }
  if (command.input !== undefined && options.input === "") {
    throw new CommandError(`${command.input.name} is missing: ${command.input.help}`);
  }
}

/** `.env` in the folder, if there is one; what the environment already has stays. */
function loadEnvironmentFile(folder: string, env: Environment): void {
  const file = path.join(folder, ".env");
  if (env === process.env && existsSync(file)) process.loadEnvFile(file);
}

/** The help of a whole program, or of the commands behind one word. */
function programHelp({ name, summary, commands }: Program, [group]: readonly string[]): string {
  const shown =
    group === undefined ? commands : commands.filter((one) => one.name.startsWith(`${group} `));
  const width = Math.max(...shown.map((one) => one.name.length));
  return [
    ...(group === undefined ? [summary, ""] : []),
    `${name} ${group ?? "<command>"} ${group === undefined ? "" : "<command> "}[options]`,
    "",
    ...shown.map((one) => `  ${one.name.padEnd(width)}  ${one.summary}`),
    "",
    `${name} <command> --help lists the options of one.`,
    "The exit status is 0 when a command did what it was asked, 1 when it refused or found a fault; one line says why.",
  ].join("\n");
}

function commandHelp(program: Program, command: Command): string {
  const { input } = command;
  const entries = Object.entries(optionsOf(program, command)).map(([name, option]) => ({
    left: [
      ...(option.short === undefined ? [] : [`-${option.short},`]),
      `--${name}`,
      ...(option.value === undefined ? [] : [`<${option.value}>`]),
    ].join(" "),
    right: option.required ? `${option.help} (required)` : option.help,
  }));
  if (input !== undefined) entries.unshift({ left: `<${input.name}>`, right: input.help });
  const width = Math.max(...entries.map(({ left }) => left.length));
  return [
    `${program.name} ${command.name}${input === undefined ? "" : ` <${input.name}>`}: ${command.summary}`,
    "",
    ...entries.map(({ left, right }) => `  ${left.padEnd(width)}  ${right}`),
    ...(command.notes === undefined ? [] : ["", command.notes]),
    ...(command.alias === undefined ? [] : ["", `In one word: ${program.name} ${command.alias}`]),
  ].join("\n");
}
