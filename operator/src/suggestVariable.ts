/** Prefixes that people put before a name to keep variables of several programs apart. */
const PREFIXES = /^(?:NOSTRA|OPERATOR|VENUE)_/;
/** Container platforms set these for a service of any name. */
const NOT_BY_PREFIX: ReadonlySet<string> = new Set(["HOST", "PORT"]);
/** What shells, Node, npm, PostgreSQL clients and container platforms set. */
const USUAL =
  /^(?:PATH|HOME|USER|SHELL|TERM|PWD|OLDPWD|LANG|HOSTNAME|HOSTTYPE|EDITOR|TZ|TMPDIR|MAIL|CI|DEBUG|_)$|^(?:PG|npm_|NPM_|NODE_|LC_|XDG_|SSH_|GIT_|DOCKER_|KUBERNETES_|GITHUB_|SYSTEMD_)/;
/** Longest name that is compared: a longer one is no slip of ours. */
const MAX_LENGTH = 64;

/** A variable that is set, that the operator does not know, and that looks like one it knows. */
export interface Resemblance {
  readonly name: string;
  readonly known: string;
}

/** Finds names in the environment that are probably slips: TICKS for TICK. What shells and tools usually set is left alone. */
export function findSlips(
  names: Iterable<string>,
  known: readonly string[],
): readonly Resemblance[] {
  const all = new Set(known);
  return [...names].flatMap((name) => {
    if (all.has(name) || USUAL.test(name) || name.length > MAX_LENGTH) return [];
    const found = resembling(name, known);
    return found === undefined ? [] : [{ name, known: found }];
  });
}

function resembling(name: string, known: readonly string[]): string | undefined {
  const upper = name.toUpperCase();
  const bare = upper.replace(PREFIXES, "");
  if (bare !== upper && known.includes(bare) && !NOT_BY_PREFIX.has(bare)) return bare;
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    const most = candidate.length <= 6 ? 1 : 2;
    const distance = editDistance(upper, candidate, most);
    if (distance <= most && (best === undefined || distance < best.distance)) {
      best = { name: candidate, distance };
    }
  }
  return best?.name;
}

/** Insertions, deletions, changes and swaps of neighbours that make one text of the other; more than `most` is `most + 1`. */
export function editDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(last[j]! + 1, row[j - 1]! + 1, change);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwap) least = Math.min(least, before[j - 2]! + 1);
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return Math.min(last[b.length]!, most + 1);
}
