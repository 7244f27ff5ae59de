import leven from 'leven';
import { z } from 'zod';

// For every schema of ours, also inside unions: "expected object, received undefined" is no sentence for a caller.
z.config({ customError: explainMissing });

/** Fields of the contract that a later version brings. They are refused by name instead of being ignored in silence. */
export type Planned = readonly string[];

/**
 * Makes an object schema that refuses unknown keys and names the nearest valid one: `fulPage` is answered with
 * "did you mean `fullPage`?". A key in `planned` is answered with "not available in this version".
 */
export function strict<T extends z.core.$ZodLooseShape>(shape: T, planned: Planned = []) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? explainKeys(issue.keys as string[], Object.keys(shape), planned) : undefined),
  });
}

/** Says of a key that is not there that it is required, and what it may be where that is a short list. */
function explainMissing(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input !== undefined || !issue.path?.length) return undefined;
  if (issue.code === 'invalid_value') return `is required: ${issue.values.map(String).join(', ')}`;
  return issue.code === 'invalid_type' || issue.code === 'invalid_union' ? 'is required' : undefined;
}

function explainKeys(unknown: string[], known: string[], planned: Planned): string {
  return unknown
    .map((key) => {
      if (planned.includes(key)) return `\`${key}\` is not available in this version.`;
      const near = nearest(key, known);
      return near ? `Unknown key \`${key}\`: did you mean \`${near}\`?` : `Unknown key \`${key}\`. Valid keys: ${known.join(', ')}.`;
    })
    .join('\n');
}

/** Finds the valid key that is the fewest edits away, when it is near enough to be a slip of the finger. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((name) => ({ name, distance: leven(key.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, Math.floor(best.name.length / 3)) ? best.name : undefined;
}
