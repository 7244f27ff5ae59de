import { z } from 'zod';
import { STATUSES } from './capture.ts';

const counted = z.object({ name: z.string(), count: z.int() });

/** What a workspace has asked for within some days. Days are those of UTC, the oldest first, none left out. */
export const usageSchema = z.object({
  days: z.array(
    z.object({
      day: z.string().describe('`2026-12-01`'),
      counts: z.record(z.enum(STATUSES), z.int()).describe('Captures accepted on that day, by their present status.'),
    }),
  ),
  durations: z.object({
    p50Ms: z.number().nullable(),
    p95Ms: z.number().nullable(),
  }),
  stored: z.object({ assets: z.int(), bytes: z.number() }).describe('Results that are kept at present, whenever they were made.'),
  hosts: z.array(counted).describe('The ten most captured hosts.'),
  keys: z.array(counted).describe('The ten API keys that made most; captures of people stand under an empty name.'),
  failures: z.array(counted).describe('The ten most frequent codes of failures.'),
});
export type Usage = z.infer<typeof usageSchema>;

/** What of a workspace waits and runs now. */
export const queueSchema = z.object({
  waiting: z.int(),
  running: z.int(),
  waitingMax: z.int().describe('So many may wait; more are refused.'),
  oldestWaitingSeconds: z.number().nullable(),
});
export type Queue = z.infer<typeof queueSchema>;
