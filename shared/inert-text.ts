/**
 * What acts where text is shown: control characters (C0 with the escape that begins a terminal's sequences, DEL, and C1, which
 * has that escape in one character), separators of lines, and marks that turn the direction of what follows.
 */
const ACTING = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Writes what acts as `\u001b`, so that it is seen and does nothing. `keep`: characters that may act, such as a line feed. */
export function escapeActing(text: string, keep = ''): string {
  return text.replace(ACTING, (char) => (keep.includes(char) ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`));
}

/** Leaves out what acts; a space in its place. */
export function dropActing(text: string): string {
  return text.replace(ACTING, ' ');
}
