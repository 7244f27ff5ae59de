import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { restBatch } from './rest-batch.ts';
import { restCaptures } from './rest-captures.ts';
import { restKeys } from './rest-keys.ts';
import { restWebhooks } from './rest-webhooks.ts';

/** Everything below `/api` that has a schema: what is mounted is what the document tells. */
export const REST_ROUTES: readonly FastifyPluginAsyncZod[] = [restCaptures, restBatch, restKeys, restWebhooks];
