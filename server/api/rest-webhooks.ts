import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { AppError } from '../domain/app-error.ts';
import { unknownParameter } from './field-errors.ts';
import { hasBody } from './rest-captures.ts';
import { restContext } from './rest-context.ts';
import {
  createWebhookSchema,
  deleteWebhookSchema,
  getDeliverySchema,
  getWebhookSchema,
  listDeliveriesSchema,
  listWebhooksSchema,
  recoverWebhookSchema,
  resendDeliverySchema,
  rotateDefaultSecretSchema,
  rotateWebhookSchema,
  testWebhookSchema,
  updateWebhookSchema,
} from './rest-webhook-schemas.ts';
import { createCaller } from './router.ts';
import { deliveryListSchema, recoverSchema, webhookChangeSchema, webhookListSchema } from './webhooks.router.ts';

/** Webhook endpoints and deliveries over REST. Each route translates; what it does is the procedure of the same name. */
export const restWebhooks: FastifyPluginAsyncZod = async (app) => {
  // Before those by id: readers of the document take the first path that fits.
  app.post('/webhooks/default-secret', { schema: rotateDefaultSecretSchema }, async (request, reply) =>
    reply.code(201).send(await createCaller(restContext(request)).webhooks.rotateDefaultSecret()),
  );

  app.get('/webhooks/deliveries', { schema: listDeliveriesSchema }, async (request) => {
    const query = readQuery(request.query, ['endpoint', 'capture', 'state', 'limit', 'cursor']);
    return await createCaller(restContext(request)).webhooks.deliveries(deliveryListSchema.parse(query));
  });

  app.get('/webhooks/deliveries/:id', { schema: getDeliverySchema }, async (request) =>
    createCaller(restContext(request)).webhooks.delivery({ id: request.params.id }),
  );

  app.post('/webhooks/deliveries/:id/resend', { schema: resendDeliverySchema }, async (request, reply) =>
    reply.code(202).send(await createCaller(restContext(request)).webhooks.resend({ id: request.params.id })),
  );

  app.post('/webhooks', { schema: createWebhookSchema }, async (request, reply) => {
    const issued = await createCaller(restContext(request)).webhooks.create(bodyOf(request));
    return await reply.code(201).header('location', `/api/webhooks/${issued.endpoint.id}`).send(issued);
  });

  app.get('/webhooks', { schema: listWebhooksSchema }, async (request) =>
    createCaller(restContext(request)).webhooks.list(webhookListSchema.parse(readQuery(request.query, ['limit', 'cursor']))),
  );

  app.get('/webhooks/:id', { schema: getWebhookSchema }, async (request) =>
    createCaller(restContext(request)).webhooks.get({ id: request.params.id }),
  );

  app.patch('/webhooks/:id', { schema: updateWebhookSchema }, async (request) => {
    // Who may is settled before what was sent: a procedure does both, but only with an id in the same object.
    const caller = createCaller(restContext(request));
    await caller.webhooks.get({ id: request.params.id });
    return await caller.webhooks.update({ ...webhookChangeSchema.parse(bodyOf(request)), id: request.params.id });
  });

  app.delete('/webhooks/:id', { schema: deleteWebhookSchema }, async (request, reply) => {
    await createCaller(restContext(request)).webhooks.remove({ id: request.params.id });
    return await reply.code(204).send(null);
  });

  app.post('/webhooks/:id/rotate', { schema: rotateWebhookSchema }, async (request, reply) =>
    reply.code(201).send(await createCaller(restContext(request)).webhooks.rotateSecret({ id: request.params.id })),
  );

  app.post('/webhooks/:id/test', { schema: testWebhookSchema }, async (request, reply) =>
    reply.code(202).send(await createCaller(restContext(request)).webhooks.test({ id: request.params.id })),
  );

  app.post('/webhooks/:id/recover', { schema: recoverWebhookSchema }, async (request, reply) => {
    const caller = createCaller(restContext(request));
    await caller.webhooks.get({ id: request.params.id });
    const { since } = recoverSchema.parse(bodyOf(request));
    return await reply.code(202).send(await caller.webhooks.recover({ id: request.params.id, since }));
  });
};

function bodyOf<T>(request: { body: T; headers: Record<string, unknown> }): T {
  if (hasBody(request)) return request.body;
  throw new AppError('invalid_json', 'The body is empty: send a JSON object.');
}

/** Parameters by their names; texts become numbers where a number belongs. */
function readQuery(query: unknown, known: readonly string[]): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query ?? {})) {
    if (!known.includes(name)) {
      const fault = unknownParameter(name, [...known]);
      throw new AppError('invalid_request', `\`${fault.path}\`: ${fault.message}`, { errors: [fault] });
    }
    input[name] = name === 'limit' && typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
  }
  return input;
}
