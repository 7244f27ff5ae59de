import type { z } from 'zod';
import { type CaptureRequest, captureRequestSchema } from '#shared/capture-request.ts';
import type { FieldError } from '#shared/problem.ts';
import { fieldErrors } from './field-errors.ts';

type Issue = z.core.$ZodIssue;

/** Each round takes away what was found wrong, which lets the next rules be asked. */
const ROUNDS_MAX = 4;

/**
 * What is left of a body when all that its schema refuses is taken out, so that the other rules can be asked about the rest, with the
 * faults that only show then; `request` is null where nothing can be said of the rest. Of `auth` and `output` single fields
 * are taken, for what stands beside a fault may have its own.
 */
export function withoutFaults(body: unknown): { request: CaptureRequest | null; errors: FieldError[] } {
  const issues: Issue[] = [];
  const done = (request: CaptureRequest | null) => ({ request, errors: fieldErrors(issues) });
  if (!isRecord(body)) return done(null);
  let rest = structuredClone(body);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const parsed = captureRequestSchema.safeParse(rest);
    if (parsed.success) return done(parsed.data);
    // Those of the first round are known.
    if (round > 0) issues.push(...parsed.error.issues);
    rest = prune(rest, parsed.error.issues);
  }
  return done(null);
}

function prune(body: Record<string, unknown>, issues: readonly Issue[]): Record<string, unknown> {
  const rest = { ...body };
  for (const issue of issues) {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    for (const [name, inner] of paths) {
      if (typeof name !== 'string') continue;
      const value = rest[name];
      // The format decides what goes with it: nothing can be said of the rest without it.
      if (name === 'output' && (inner === undefined || inner === 'format')) rest[name] = { format: 'png' };
      else if (/^(?:auth|output)$/.test(name) && typeof inner === 'string' && isRecord(value)) {
        const { [inner]: _fault, ...others } = value;
        rest[name] = others;
      } else delete rest[name];
    }
  }
  return rest;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
