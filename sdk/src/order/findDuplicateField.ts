// A string token whole, escapes included, or one of the marks that give JSON its structure.
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;

/**
 * The first field that an object in a JSON text has twice, or undefined. JSON.parse keeps the last one silently, so two
 * readers of the same text may see different orders. Names are compared as decoded: "a" and "\u0061" are the same.
 * @param json Text that JSON.parse has accepted.
 */
export function findDuplicateField(json: string): string | undefined {
  /** The fields seen in each open object; null for an open array. */
  const open: (Set<string> | null)[] = [];
  let lastString = "";
  for (const [token] of json.matchAll(TOKEN)) {
    if (token === "{") open.push(new Set());
    else if (token === "[") open.push(null);
    else if (token === "}" || token === "]") open.pop();
    else if (token === ":") {
      const field = JSON.parse(lastString) as string;
      const fields = open.at(-1);
      if (fields?.has(field) === true) return field;
      fields?.add(field);
    } else if (token !== ",") lastString = token;
  }
  return undefined;
}
