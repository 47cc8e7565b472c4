import type { World } from "../command.js";
import { CommandError, oneLine } from "../CommandError.js";

/** What one look found, and what to do when it is not well. */
export interface Diagnosis {
  readonly state: "ok" | "warn" | "fail";
  readonly what: string;
  readonly todo?: string;
}

/** One thing to look at. What it throws is a failure; `todo` then says what to do. */
export interface Check {
  readonly name: string;
  readonly todo: string;
  look(): Promise<Diagnosis>;
}

/** A check that others need the result of. */
export interface Search<T> {
  readonly name: string;
  readonly todo: string;
  find(): Promise<T | undefined>;
  show(found: T): string;
}

const NAME_WIDTH = 10;

export type Report = ReturnType<typeof createReport>;

/** Says each finding as it is made. */
export function createReport(world: World) {
  const checks: (Diagnosis & { readonly name: string })[] = [];
  const add = (name: string, found: Diagnosis): boolean => {
    const { state, what, todo } = found;
    checks.push({ name, ...found });
    world.say(`${state.padEnd(4)}  ${name.padEnd(NAME_WIDTH)}  ${what}`);
    if (todo !== undefined) world.say(`      ${" ".repeat(NAME_WIDTH)}  -> ${todo}`);
    return state !== "fail";
  };
  const see = async ({ name, todo, look }: Check): Promise<boolean> => {
    try {
      const found = await look();
      return add(name, found.state === "ok" ? found : { todo, ...found });
    } catch (thrown) {
      return add(name, { state: "fail", what: oneLine(thrown), todo });
    }
  };
  return {
    see,
    /** What a search finds; undefined when it does not. */
    find: async <T>({ find, show, ...check }: Search<T>): Promise<T | undefined> => {
      let found: T | undefined;
      const look = async (): Promise<Diagnosis> => {
        found = await find();
        return found === undefined ? { state: "warn", what: "none to look at" } : ok(show(found));
      };
      await see({ ...check, look });
      return found;
    },
    /** @throws CommandError when a check failed. */
    end: (): void => {
      const failed = checks.filter(({ state }) => state === "fail");
      world.note({ ok: failed.length === 0, checks });
      if (failed.length === 0) return;
      const names = failed.map(({ name }) => name).join(", ");
      throw new CommandError(`${failed.length} of ${checks.length} checks failed: ${names}`);
    },
  };
}

export function ok(what: string): Diagnosis {
  return { state: "ok", what };
}
