import { z } from 'zod';

/** What a driver's process is told at its start, as JSON in its arguments. */
export const setupSchema = z.object({
  kind: z.enum(['product', 'plain', 'browserless', 'capture-website']),
  origin: z.string(),
  browserPath: z.string().default(''),
  waitFor: z.enum(['ready', 'load', 'networkidle', 'selector']).default('load'),
  isCold: z.boolean().default(false),
  apiUrl: z.string().default(''),
  apiKeys: z.array(z.string()).default([]),
});
export type Setup = z.infer<typeof setupSchema>;

export const orderSchema = z.object({ id: z.int(), page: z.string(), format: z.enum(['png', 'pdf']) });
export type Order = z.infer<typeof orderSchema>;

/** `ms` runs from the call to the last byte; `settleMs` from the navigation to the finished page, where that was seen. */
export const answerSchema = z.object({
  id: z.int(),
  ms: z.number(),
  settleMs: z.number().nullable(),
  bytes: z.instanceof(Uint8Array).nullable(),
  error: z.string().nullable(),
});
export type Answer = z.infer<typeof answerSchema>;

export type Capture = { bytes: Uint8Array; settleMs: number | null };
/** Makes captures; `done` is called with the bytes in hand, before what is cleared away afterwards. */
export type CaptureMaker = { capture(order: Order, done: (capture: Capture) => void): Promise<void>; close(): Promise<void> };
