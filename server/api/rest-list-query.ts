import { z } from 'zod';
import { STATUSES } from '#shared/capture.ts';
import { LIMITS } from '#shared/limits.ts';
import type { FieldError } from '#shared/problem.ts';
import { AppError } from '../domain/app-error.ts';
import { listInputSchema } from './captures.router.ts';
import { unknownParameter } from './field-errors.ts';

const TAG = 'tag.';

/** The parameters of `GET /api/captures` as the document shows them. They are judged by the procedure's own schema. */
export const listQuerySchema = z.object({
  status: z.enum(STATUSES).optional(),
  reference: z.string().max(LIMITS.referenceCharsMax).optional(),
  host: z.string().optional().describe('The exact host of the target.'),
  createdAfter: z.iso.datetime().optional(),
  createdBefore: z.iso.datetime().optional(),
  limit: z.int().min(1).max(LIMITS.listLimitMax).optional().describe(`Default ${LIMITS.listLimitDefault}.`),
  cursor: z.string().optional().describe('`nextCursor` of the page before.'),
  'tag.KEY': z.string().optional().describe('Value of the tag `KEY`, for example `tag.customer=42`. May be given for several keys.'),
});

const PARAMETERS = ['status', 'reference', 'host', 'createdAfter', 'createdBefore', 'limit', 'cursor'] as const;

/**
 * Turns query parameters into the input of `captures.list`, every fault with the parameter's name. Texts only become
 * numbers where a number belongs.
 */
export function readListQuery(query: unknown): z.output<typeof listInputSchema> {
  const input: Record<string, unknown> = {};
  const tags: Record<string, unknown> = {};
  const unknown: FieldError[] = [];
  for (const [name, value] of Object.entries(query ?? {})) {
    // Assigned to, it would be no member, and the list would come unfiltered.
    if (name === `${TAG}__proto__`) unknown.push({ path: name, message: 'cannot be the key of a tag' });
    else if (name.startsWith(TAG)) tags[name.slice(TAG.length)] = value;
    else if (name === 'limit') input[name] = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
    else if (PARAMETERS.some((known) => known === name)) input[name] = value;
    else unknown.push(unknownParameter(name, [...PARAMETERS, 'tag.KEY']));
  }
  const [first] = unknown;
  if (first) throw new AppError('invalid_request', `\`${first.path}\`: ${first.message}`, { errors: unknown });
  return listInputSchema.parse(Object.keys(tags).length > 0 ? { ...input, tags } : input);
}
