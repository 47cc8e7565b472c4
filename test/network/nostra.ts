import { spawn } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Environment } from "#cli/networks";
import { program } from "../../scripts/nostra/commands";
import { runInProcess, type Outcome } from "../helpers/cli";

export { refused, succeeded } from "../helpers/cli";

export const ROOT = path.resolve(__dirname, "../..");

/** A folder with the repository's parameters, where deployments and journals of a test go. */
export interface Workplace {
  readonly folder: string;
  readonly env: Environment;
  /** Changes a network's parameters. */
  parameters(network: string, changes: Readonly<Record<string, unknown>>): void;
  read(file: string): string;
  /** Runs a command in this process. */
  run(...argv: string[]): Promise<Outcome>;
  /** The same, in another environment. */
  runWith(env: Environment, ...argv: string[]): Promise<Outcome>;
  /** Runs a command as a deployer does, in a process; `killAt` ends it when it has printed this. */
  spawn(argv: readonly string[], options?: { killAt?: string; script?: string }): Promise<Outcome>;
  remove(): void;
}

export function createWorkplace(env: Environment): Workplace {
  const folder = mkdtempSync(path.join(tmpdir(), "nostra-"));
  cpSync(path.join(ROOT, "deployments/parameters"), path.join(folder, "deployments/parameters"), {
    recursive: true,
  });
  const fileOf = (network: string): string =>
    path.join(folder, `deployments/parameters/${network}.json`);
  const runIn = (environment: Environment, argv: readonly string[]): Promise<Outcome> =>
    runInProcess(program, [...argv, "--folder", folder], { env: environment });
  return {
    folder,
    env,
    parameters: (network, changes) => {
      const before = JSON.parse(readFileSync(fileOf(network), "utf8")) as object;
      writeFileSync(fileOf(network), JSON.stringify({ ...before, ...changes }));
    },
    read: (file) => readFileSync(path.join(folder, file), "utf8"),
    run: (...argv) => runIn(env, argv),
    runWith: (other, ...argv) => runIn(other, argv),
    spawn: (argv, { killAt, script = "scripts/nostra/main.ts" } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn(
          process.execPath,
          [
            "-r",
            require.resolve("ts-node/register/transpile-only"),
            path.join(ROOT, script),
            ...argv,
          ],
          {
            cwd: folder,
            env: {
              PATH: process.env["PATH"],
              TS_NODE_PROJECT: path.join(ROOT, "tsconfig.json"),
              ...env,
            },
            stdio: "pipe",
          },
        );
        let [out, err] = ["", ""];
        child.stdout.on("data", (chunk: Buffer) => {
          out += chunk.toString();
          if (killAt !== undefined && out.includes(killAt)) child.kill("SIGKILL");
        });
        child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
        child.once("error", reject);
        child.once("close", (status) => resolve({ status, out, err: err.trimEnd() }));
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
