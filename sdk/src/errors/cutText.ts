/** Characters of a sender's text that an error repeats. */
export const MAX_ECHOED = 80;

/** The text, or its first 80 characters and an ellipsis. */
export function cutText(text: string): string {
  return text.length > MAX_ECHOED ? `${text.slice(0, MAX_ECHOED)}...` : text;
}
