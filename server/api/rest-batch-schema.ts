import { z } from 'zod';
import { captureSchema } from '#shared/capture.ts';
import { LIMITS } from '#shared/limits.ts';
import { problemSchema } from '#shared/problem.ts';
import { strict } from '#shared/strict.ts';
import { createCaptureSchema } from './rest-schemas.ts';

/** A capture request, or a part of one: what it becomes together with the defaults is judged as a request of its own. */
const part = z.record(z.string(), z.unknown());

export const batchRequestSchema = strict({
  defaults: part
    .default({})
    .describe('What every item has unless it says otherwise. Objects are merged member by member, all else is replaced.'),
  items: z.array(part).min(1).max(LIMITS.batchItemsMax).describe('Capture requests, each as for `POST /api/captures`; without `dryRun`.'),
}).meta({ id: 'BatchRequest' });

const batchResultSchema = z
  .object({
    status: z.int().describe('What `POST /api/captures` would have answered for this item: 202, or that of `problem`.'),
    replayed: z.boolean().describe('The capture was made by an earlier batch with this `Idempotency-Key`.'),
    capture: captureSchema.nullable(),
    problem: problemSchema.nullable(),
  })
  .meta({ id: 'BatchResult' });

export const batchSchema = z
  .object({
    object: z.literal('batch'),
    accepted: z.int(),
    refused: z.int(),
    items: z.array(batchResultSchema).describe('One for each item, in their order.'),
  })
  .meta({ id: 'Batch' });
export type BatchResult = z.infer<typeof batchResultSchema>;

const { 200: _finished, ...answers } = createCaptureSchema.response;

export const createBatchSchema = {
  ...createCaptureSchema,
  operationId: 'createBatch',
  summary: 'Create up to 100 captures',
  description:
    'Each item is accepted or refused by itself, in their order; look at each `status`. `Retry-After` is the longest wait of those refused.',
  headers: z.object({
    'idempotency-key': z
      .string()
      .optional()
      .describe(
        `1–${LIMITS.idempotencyKeyCharsMax - LIMITS.batchKeyCharsReserved} visible ASCII characters. Counts item by item: what was accepted is answered as before, what was refused is tried again.`,
      ),
  }),
  body: batchRequestSchema,
  response: {
    ...answers,
    202: batchSchema.describe('Every item was looked at; the refused ones have a `problem`.'),
  },
};
