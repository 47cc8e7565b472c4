import { readFileSync } from "node:fs";
import path from "node:path";

const ROOT = path.resolve(__dirname, "../..");

/** The code blocks of a page in one language, in their order. */
export function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(path.join(ROOT, page), "utf8");
  return [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, "g"))].map(
    ([, block]) => block ?? "",
  );
}

/**
 * The command lines of a shell block as lists of words. Knows what our pages use: comments, continued lines, quotes, and
 * variables, which are kept in `variables` from block to block.
 */
export function commandsOf(block: string, variables: Map<string, string>): string[][] {
  const commands: string[][] = [];
  for (const line of block.replace(/\\\n/g, " ").split("\n")) {
    const words = [...line.matchAll(/"([^"]*)"|(#.*)|(\S+)/g)]
      .filter(([, , comment]) => comment === undefined)
      .map(([, quoted, , plain]) => quoted ?? plain ?? "")
      .map((word) => word.replace(/\$(\w+)/g, (_, name: string) => variables.get(name) ?? ""));
    const assignment = /^([A-Z_]+)=(.*)$/.exec(words[0] ?? "");
    if (assignment !== null) variables.set(assignment[1]!, assignment[2]!);
    else if (words.length > 0) commands.push(words);
  }
  return commands;
}

/** What an npm script runs, as words. */
export function npmScript(name: string): string[] {
  const { scripts } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const script = scripts[name];
  if (script === undefined) throw new Error(`package.json has no script ${name}`);
  return script.split(" ");
}

/** The words after `nostra` of a command line that runs it, however it does; undefined when it runs something else. */
export function nostraArguments(words: readonly string[]): string[] | undefined {
  const [npm, run, name, ...rest] = words;
  if (npm === "npx" && run === "nostra") return words.slice(2);
  if (npm !== "npm" || run !== "run" || name === undefined) return undefined;
  const [runner, flag, file, ...given] = npmScript(name);
  if (runner !== "ts-node" || flag !== "-T" || file !== "scripts/nostra/main.ts") return undefined;
  return [...given, ...rest.filter((word, i) => i > 0 || word !== "--")];
}
