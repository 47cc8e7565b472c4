import { InputError, JsonError } from "@nostra/sdk/errors";
import { SUBMIT_CHOICES, type SubmitOptions, type SubmitRequest } from "../intake/Intake";

const MEMBERS = ["order", "signature", "options"];

const CHOICES: Readonly<Record<string, readonly unknown[]>> = SUBMIT_CHOICES;

/**
 * Reads what is asked beside the order. The order itself goes on as it came: intake's reader is the one that judges it, and
 * reading it twice would cost a fifth of the time an order takes.
 * @throws InputError naming the member that is out of place.
 */
export function readSubmitRequest(body: unknown, path = ""): SubmitRequest {
  if (!isRecord(body)) {
    throw new JsonError("INVALID_JSON", path === "" ? "body" : path, typeof body, "an object");
  }
  const at = (member: string): string => (path === "" ? member : `${path}.${member}`);
  for (const member in body) {
    if (!MEMBERS.includes(member)) {
      throw new JsonError("UNKNOWN_FIELD", at(member), "unknown", `only ${MEMBERS.join(", ")}`);
    }
  }
  const { order, signature, options } = body;
  if (options === undefined) return { order, signature };
  if (!isRecord(options)) throw new InputError(at("options"), options, "an object");
  for (const name in options) {
    const choices = Object.hasOwn(CHOICES, name) ? CHOICES[name] : undefined;
    if (choices === undefined) {
      const known = Object.keys(CHOICES).join(", ");
      throw new JsonError("UNKNOWN_FIELD", at(`options.${name}`), "unknown", `only ${known}`);
    }
    if (!choices.includes(options[name])) {
      throw new InputError(at(`options.${name}`), options[name], `one of ${choices.join(", ")}`);
    }
  }
  return { order, signature, options: options as SubmitOptions };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
