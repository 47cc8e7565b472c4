import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";

/** The paths, in either folder, of what is not the same in both. A folder that is not there holds nothing. */
export function differingFiles(one: string, other: string): string[] {
  const [a, b] = [readFolder(one), readFolder(other)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((name) => a.get(name) !== b.get(name))
    .sort();
}

/** By path, the text of each file; a folder within has null. */
function readFolder(base: string): ReadonlyMap<string, string | null> {
  if (!existsSync(base)) return new Map();
  return new Map(
    readdirSync(base, { encoding: "utf8", recursive: true }).map((name) => {
      const at = path.join(base, name);
      return [name, statSync(at).isDirectory() ? null : readFileSync(at, "utf8")] as const;
    }),
  );
}
