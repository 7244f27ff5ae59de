import swagger from '@fastify/swagger';
import fastify from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import type { OpenAPIV3_1 } from 'openapi-types';
import { finishDocument } from './openapi-finish.ts';
import { REST_ROUTES } from './rest-routes.ts';

const INFO = {
  title: 'SessionShot',
  version: '1',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  description:
    'Authenticated screenshots and PDFs: one call in, a private, signed capture out. Durations are milliseconds, times RFC 3339 in UTC. Every error is `application/problem+json` (RFC 9457) and every answer carries `X-Request-Id`.',
};

const TAGS = [
  { name: 'captures', description: 'Make, read, list, cancel and delete captures.' },
  { name: 'keys', description: 'The public keys that auth state can be sealed to, and the end of an API key that leaked.' },
  { name: 'webhooks', description: 'Where word of finished captures is sent, and what was sent. Signed by Standard Webhooks.' },
];

/**
 * Builds the OpenAPI 3.1 document from the routes and their schemas. Needs no database and no configuration: routes are
 * described, never called.
 */
export async function buildOpenApiDocument(): Promise<OpenAPIV3_1.Document> {
  const app = fastify({ exposeHeadRoutes: false });
  app.setValidatorCompiler(() => () => true);
  app.setSerializerCompiler(() => (data) => JSON.stringify(data));
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: INFO,
      servers: [{ url: '/', description: 'This instance' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'ss_live_…', description: 'An API key.' },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same key, in a header of its own.' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
  for (const routes of REST_ROUTES) await app.register(routes, { prefix: '/api' });
  await app.ready();
  const document = finishDocument(app.swagger());
  await app.close();
  return document;
}
