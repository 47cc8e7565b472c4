/** Where a log line of ours could hold a secret: for pino's `redact`. */
export const REDACTED_PATHS = [
  "req.headers.authorization",
  "req.headers.cookie",
  'req.headers["nostra-signature"]',
  'req.headers["nostra-service-key"]',
  "*.secret",
  "*.password",
  "*.privateKey",
  "*.refreshToken",
  "*.accessToken",
] as const;

/**
 * Takes out of a dependency's text what must not be read: the secrets named, and of every URL all but its scheme and host, for
 * nodes have their key in the path and databases in the user. Linear in the text: it goes through it once per secret and once for
 * URLs. Never for a sender's text: "[secret]" in the answer would confirm a guess.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= 4) clean = clean.split(secret).join("[secret]");
  }
  return redactUrls(clean);
}

const MARK = "://";
/** Characters of the longest scheme that is taken for one. */
const MAX_SCHEME = 16;
const IN_SCHEME = /[a-z0-9+.-]/i;
/** Where a URL in a sentence or in JSON ends. */
const URL_END = /[\s"']/g;
const AUTHORITY_END = /[/?#]/;

function redactUrls(text: string): string {
  let clean = "";
  let from = 0;
  for (let mark = text.indexOf(MARK); mark >= 0; mark = text.indexOf(MARK, from)) {
    let start = mark;
    const first = Math.max(from, mark - MAX_SCHEME);
    while (start > first && IN_SCHEME.test(text[start - 1]!)) start -= 1;
    URL_END.lastIndex = mark + MARK.length;
    const end = URL_END.exec(text)?.index ?? text.length;
    const scheme = text.slice(start, mark);
    clean += `${text.slice(from, start)}${scheme}${MARK}${hostOf(text.slice(mark + MARK.length, end))}/...`;
    from = end;
  }
  return clean + text.slice(from);
}

/** The host of what follows a scheme. A password may hold any sign, so an "@" behind the authority hides the host too. */
function hostOf(rest: string): string {
  const end = rest.search(AUTHORITY_END);
  const authority = end < 0 ? rest : rest.slice(0, end);
  if (rest.lastIndexOf("@") >= authority.length) return "...";
  return authority.slice(authority.lastIndexOf("@") + 1);
}
