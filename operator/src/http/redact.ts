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
 * Takes out of a text what nobody may read: the secrets named, and of every URL all but its scheme and host, for nodes have
 * their key in the path and databases in the user.
 */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (secret.length >= 4) clean = clean.split(secret).join("[secret]");
  }
  return clean.replace(
    /\b([a-z][a-z0-9+.-]*):\/\/(?:[^\s/@]*@)?([^\s/?#"']*)[^\s"']*/gi,
    (_, scheme: string, host: string) => `${scheme}://${host}/...`,
  );
}
