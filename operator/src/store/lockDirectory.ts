import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { InUseError } from "../errors";
import { isAlive } from "./isAlive";

interface Holder {
  readonly pid: number;
  readonly since: string;
}

/**
 * Takes a data directory for this process alone: a file beside it, made exclusively, with the process id. The embedded database
 * has no such lock, and two writers make one history vanish. A lock whose process is dead is taken over.
 * @returns how to give it back.
 * @throws InUseError naming the process that holds it.
 */
export function lockDirectory(directory: string): () => void {
  const file = lockFile(directory);
  mkdirSync(path.dirname(file), { recursive: true });
  for (;;) {
    try {
      const handle = openSync(file, "wx", 0o600);
      const holder: Holder = { pid: process.pid, since: new Date().toISOString() };
      writeSync(handle, JSON.stringify(holder));
      closeSync(handle);
      return () => {
        if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
      };
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
    const holder = readHolder(file);
    if (holder !== undefined && isAlive(holder.pid)) {
      throw new InUseError(directory, `process ${holder.pid}, since ${holder.since}`);
    }
    // Its process is dead, or died while writing it.
    rmSync(file, { force: true });
  }
}

/** The process that has a directory now; null when it is free. */
export function directoryHolder(directory: string): string | null {
  const holder = readHolder(lockFile(directory));
  if (holder === undefined || !isAlive(holder.pid)) return null;
  return `process ${holder.pid}, since ${holder.since}`;
}

function lockFile(directory: string): string {
  return `${path.resolve(directory)}.lock`;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}
