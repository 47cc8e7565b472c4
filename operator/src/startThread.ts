import path from "node:path";
import { Worker } from "node:worker_threads";

/**
 * Starts a file beside this folder's compiled files as a thread. It gets none of the process's flags, and none of the secrets in its
 * environment.
 * @param file Its path without an extension, from this folder.
 */
export function startThread(file: string, workerData: unknown): Worker {
  const extension = path.extname(__filename);
  return new Worker(path.join(__dirname, `${file}${extension}`), {
    workerData,
    env: {},
    execArgv: extension === ".ts" ? ["-r", "ts-node/register/transpile-only"] : [],
  });
}
