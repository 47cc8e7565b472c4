import { readFileSync } from "node:fs";
import path from "node:path";
import Ajv from "ajv";
import { CommandError } from "#cli/CommandError";

/** A JSON file that fits its schema, or one line that says where it does not. */
export function readJson<T>(file: string, schemaFile: string, shownAs: string): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === "ENOENT";
    throw new CommandError(missing ? `there is no ${shownAs}` : `${shownAs} is not JSON`);
  }
  const fault = faultOf(value, schemaFile);
  if (fault !== undefined) throw new CommandError(`${shownAs}: ${fault}`);
  return value as T;
}

/** The first way in which a value does not fit a schema; undefined when it fits. */
export function faultOf(value: unknown, schemaFile: string): string | undefined {
  const schema = JSON.parse(readFileSync(schemaFile, "utf8")) as object;
  const ajv = new Ajv({ schemaId: "auto" });
  if (ajv.validate({ ...schema, $id: path.basename(schemaFile) }, value) === true) return undefined;
  // The last error of an alternative says only that none fitted; the first names the field.
  const [error] = ajv.errors ?? [];
  if (error === undefined) return "does not fit its schema";
  const extra = (error.params as { additionalProperty?: string }).additionalProperty;
  const field = error.dataPath.replace(/^\./, "") || "it";
  return `${field} ${error.message}${extra === undefined ? "" : ` (${extra})`}`;
}
