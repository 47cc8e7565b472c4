import { parentPort, workerData } from "node:worker_threads";
import { parse, PGlite, protocol } from "@electric-sql/pglite";
import { nameOf, PLAN_NAMED, PLAN_OTHERS, PLAN_READS } from "./columns";
import { PARSERS } from "./parsers";

/*
 * The thread that has the embedded database: it works for milliseconds at a stretch, and the venue goes on meanwhile. It is sent
 * questions, answers each in its turn, and says first that it is open.
 */

export interface ThreadQuestion {
  readonly text: string;
  readonly values: readonly unknown[];
  /** True for a public read: it is planned by index, and may not write. */
  readonly isRead?: boolean;
}

export type ThreadAnswer =
  | { readonly rows: readonly unknown[]; readonly affectedRows: number | undefined }
  /** The members of a fault that a message keeps; an Error would lose its code. */
  | { readonly fault: Readonly<Record<string, unknown>> };

const FAULT_MEMBERS = ["name", "message", "code", "detail", "constraint", "table", "severity"];

async function serve(directory: string | undefined): Promise<void> {
  if (parentPort === null) throw new Error("this is the code of a worker thread");
  const port = parentPort;
  const database = await PGlite.create({
    ...(directory === undefined ? {} : { dataDir: directory }),
    parsers: PARSERS,
  });
  const { serialize } = protocol;
  const prepared = new Set<string>();
  /** How planning is set now. It is changed when another kind comes, and not for each: that costs as much as a small statement. */
  let planning = PLAN_OTHERS;

  /** Prepares a named statement when it comes first. Its parameters are texts. All in one go: each step alone costs as much. */
  const runNamed = async (
    name: string,
    { text, values }: ThreadQuestion,
  ): Promise<readonly unknown[]> => {
    if (!prepared.has(name)) {
      const parsing = [serialize.parse({ name, text }), serialize.sync()];
      await database.execProtocol(Buffer.concat(parsing));
      prepared.add(name);
    }
    const steps = [
      ...(planning === PLAN_NAMED ? [] : [serialize.query(PLAN_NAMED)]),
      serialize.bind({ statement: name, values: values as string[] }),
      serialize.describe({ type: "P" }),
      serialize.execute({}),
      // Ends it, also when a step failed; what follows is done in any case.
      serialize.sync(),
    ];
    planning = PLAN_NAMED;
    const { messages } = await database.execProtocol(Buffer.concat(steps));
    // The settings answer too, without rows.
    const results = parse.parseResults(messages, PARSERS);
    return results.find(({ fields }) => fields.length > 0)?.rows ?? [];
  };

  const answer = async (question: ThreadQuestion): Promise<ThreadAnswer> => {
    try {
      const name = nameOf(question.text);
      if (name !== undefined) {
        const rows = await database.runExclusive(() => runNamed(name, question));
        return { rows, affectedRows: undefined };
      }
      const wanted = question.isRead === true ? PLAN_READS : PLAN_OTHERS;
      if (planning !== wanted) {
        await database.exec(wanted);
        planning = wanted;
      }
      const { rows, affectedRows } = await database.query(question.text, [...question.values]);
      return { rows, affectedRows };
    } catch (thrown) {
      const members = thrown as Record<string, unknown>;
      return { fault: Object.fromEntries(FAULT_MEMBERS.map((name) => [name, members[name]])) };
    }
  };

  let last = Promise.resolve();
  port.on("message", (question: ThreadQuestion | null) => {
    last = last.then(async () => {
      if (question !== null) return port.postMessage(await answer(question));
      await database.close();
      port.close();
    });
  });
  port.postMessage("open");
}

void serve(workerData as string | undefined);
