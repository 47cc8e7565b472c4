/**
 * What a value is, without what it says, for errors: text where JSON was expected may be of a file that was named by mistake,
 * and full of secrets.
 */
export function withoutContent(value: unknown): unknown {
  if (typeof value === "string") return `text of ${value.length} characters`;
  if (Array.isArray(value)) return "a list";
  return value === undefined || value === null ? value : `a ${typeof value}`;
}
