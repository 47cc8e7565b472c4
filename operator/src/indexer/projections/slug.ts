/** Words that stand in the place of a slug in addresses of pages and routes. */
const RESERVED: ReadonlySet<string> = new Set([
  ...["user", "users", "search", "by-type", "by-date", "by-category", "new", "create", "edit"],
  ...["all", "active", "trending", "featured", "stats", "status", "events", "health", "admin"],
  ...["market", "markets", "me", "api", "docs"],
]);

const MOST_LETTERS = 60;

/**
 * The name of a market in addresses: its question in small letters, digits and dashes; with a piece of its condition behind it
 * where the bare name is taken, or means something else.
 * @param isTaken Tells whether another market has the name.
 */
export async function slugOf(
  question: string,
  conditionId: string,
  isTaken: (slug: string) => Promise<boolean>,
): Promise<string> {
  const bare = question
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}/gu, "")
    .replace(/['’]/g, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, MOST_LETTERS)
    .replace(/^-+|-+$/g, "");
  // One that looks like an id would be taken for one.
  const usable = bare !== "" && !RESERVED.has(bare) && !/^0x[0-9a-f]*$/.test(bare);
  if (usable && !(await isTaken(bare))) return bare;
  const stem = bare === "" ? "market" : bare;
  const digits = conditionId.slice(2);
  for (let length = 6; length < digits.length; length += 6) {
    const slug = `${stem}-${digits.slice(0, length)}`;
    if (!(await isTaken(slug))) return slug;
  }
  return `${stem}-${digits}`;
}
