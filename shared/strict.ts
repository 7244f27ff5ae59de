import leven from 'leven';
import { z } from 'zod';

// For every schema of ours, also inside unions: "expected object, received undefined" is no sentence for a caller.
z.config({ customError: explainMissing });

/** Fields of the contract that a later version brings. They are refused by name instead of being ignored in silence. */
export type Planned = readonly string[];

/**
 * Makes an object schema that refuses unknown keys and names the nearest valid one: `fulPage` is answered with
 * "did you mean `fullPage`?". A key in `planned` is answered with "not available in this version", and what is no object with
 * `what`, a sentence that says what is accepted.
 */
export function strict<T extends z.core.$ZodLooseShape>(shape: T, planned: Planned = [], what?: string) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return explainKeys(issue.keys as string[], Object.keys(shape), planned);
      return issue.code === 'invalid_type' && issue.input !== undefined ? what : undefined;
    },
  });
}

/** Says of a key that is not there that it is required, and what it may be where that is a short list. */
function explainMissing(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input !== undefined || !issue.path?.length) return undefined;
  if (issue.code === 'invalid_value') return `is required: ${issue.values.map(String).join(', ')}`;
  return issue.code === 'invalid_type' || issue.code === 'invalid_union' ? 'is required' : undefined;
}

/** Beyond these a body is not mistyped but hostile: explaining 80,000 keys took seconds, and echoing one of 1 MB helps nobody. */
const KEYS_EXPLAINED_MAX = 50;
const KEY_CHARS_SHOWN_MAX = 80;
/** No name of ours is half as long. Comparing takes time in proportion to both lengths. */
const COMPARED_CHARS_MAX = 100;

/** One line a key, in the order of the keys; those beyond the bound share the first line's remedy and get none. */
function explainKeys(unknown: string[], known: string[], planned: Planned): string {
  return unknown
    .slice(0, KEYS_EXPLAINED_MAX)
    .map((key) => {
      if (planned.includes(key)) return `\`${key}\` is not available in this version.`;
      const near = nearest(key, known);
      const shown = key.slice(0, KEY_CHARS_SHOWN_MAX).replaceAll('\n', ' ').toWellFormed();
      return near ? `Unknown key \`${shown}\`: did you mean \`${near}\`?` : `Unknown key \`${shown}\`. Valid keys: ${known.join(', ')}.`;
    })
    .join('\n');
}

/** Finds the valid key that is the fewest edits away, when it is near enough to be a slip of the finger. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  if (key.length > COMPARED_CHARS_MAX) return undefined;
  const ranked = known
    .map((name) => ({ name, distance: leven(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(best.name.length / 3)) ? best.name : undefined;
}
