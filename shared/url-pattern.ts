import { z } from 'zod';
import { LIMITS } from './limits.ts';

/**
 * A pattern for addresses as Playwright writes them: `*` stays inside a path segment, `**` crosses segments, `{a,b}` names
 * alternatives, everything else is literal. At most `LIMITS.globStarsMax` stars: each may stand for anything, and every
 * request of a page is held against it.
 */
export const urlPatternSchema = z
  .string()
  .min(1)
  .max(LIMITS.urlCharsMax, { abort: true })
  .refine((pattern) => (pattern.match(/\*+/g) ?? []).length <= LIMITS.globStarsMax, `may have at most ${LIMITS.globStarsMax} wildcards`)
  .describe('A URL or a glob such as `**/reports/**`.');
