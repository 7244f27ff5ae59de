import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildOpenApiDocument } from '#server/api/openapi.ts';
import { captureSchema } from '#shared/capture.ts';
import { captureRequestSchema } from '#shared/capture-request.ts';
import { FAILURE_CODES } from '#shared/failure.ts';
import { PROBLEMS } from '#shared/problem.ts';
import { type ApiBed, createApiBed, GOOD, problemOf } from './api-bed.ts';
import { createFakeRunner } from './fake-runner.ts';

let bed: ApiBed;
beforeAll(async () => {
  bed = await createApiBed();
});
afterAll(() => bed?.close());

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(JSON.stringify(await buildOpenApiDocument())));
  expect(result).toEqual({ valid: true });
  expect(validator.version).toBe('3.1');
});

test('the server serves it, without a key', async () => {
  const answer = await bed.call('/api/openapi.json', { key: null });
  expect([answer.status, answer.body]).toEqual([200, JSON.parse(JSON.stringify(await buildOpenApiDocument()))]);
});

test('docs/openapi.json is the document of this version (`npm run openapi` writes it)', async () => {
  const file = new URL('../../docs/openapi.json', import.meta.url);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(JSON.stringify(await buildOpenApiDocument())));
});

test('it describes every call of the contract, its keys and its problems', async () => {
  const document = await buildOpenApiDocument();
  const calls = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.keys(item ?? {}).map((method) => `${method} ${path}`),
  );
  expect(calls.sort()).toEqual([
    'delete /api/captures/{id}',
    'delete /api/webhooks/{id}',
    'get /api/captures',
    'get /api/captures/{id}',
    'get /api/keys/runner',
    'get /api/webhooks',
    'get /api/webhooks/deliveries',
    'get /api/webhooks/deliveries/{id}',
    'get /api/webhooks/{id}',
    'patch /api/webhooks/{id}',
    'post /api/captures',
    'post /api/captures/batch',
    'post /api/captures/{id}/cancel',
    'post /api/captures/{id}/links',
    'post /api/keys/revoke',
    'post /api/webhooks',
    'post /api/webhooks/default-secret',
    'post /api/webhooks/deliveries/{id}/resend',
    'post /api/webhooks/{id}/recover',
    'post /api/webhooks/{id}/rotate',
    'post /api/webhooks/{id}/test',
  ]);
  const post = document.paths?.['/api/captures']?.post;
  expect(Object.keys(post?.responses ?? {}).sort()).toEqual([
    '200',
    '202',
    '400',
    '401',
    '403',
    '408',
    '409',
    '413',
    '415',
    '422',
    '429',
    '500',
    '503',
  ]);
  expect(post?.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
  expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(['bearer', 'apiKey']);
});

test('its request schema and the server agree on what is a request', async () => {
  const document = await buildOpenApiDocument();
  const ajv = new Ajv2020({ strict: false });
  addFormats(ajv);
  ajv.addSchema({ $id: 'doc', ...document });
  const validate = ajv.getSchema('doc#/components/schemas/CaptureRequest');
  const example = document.paths?.['/api/captures']?.post?.requestBody;
  const shown = example && 'content' in example ? example.content['application/json']?.example : undefined;
  const cases: [unknown, boolean][] = [
    [GOOD, true],
    [shown, true],
    [
      {
        ...GOOD,
        actions: [{ type: 'click', selector: '#a' }],
        waitFor: { selector: '#b' },
        auth: { cookies: [{ name: 'a', value: 'b' }] },
      },
      true,
    ],
    [{ ...GOOD, output: { format: 'gif' } }, false],
    [{ ...GOOD, fulPage: true }, false],
    [{ url: GOOD.url }, false],
  ];
  for (const [body, fits] of cases)
    expect([body, validate?.(body), captureRequestSchema.safeParse(body).success]).toEqual([body, fits, fits]);
});

test('every problem and every failure points to its own place in the reference of this instance', async () => {
  const reference = await bed.call('/api/docs', { key: null });
  for (const code of [...Object.keys(PROBLEMS), ...FAILURE_CODES])
    expect([code, reference.text.split(` id="${code}"`).length]).toEqual([code, 2]);
  const refused = await bed.call('/api/captures/cap_01ARZ3NDEKTSV4RRFFQ69G5FAV');
  expect(problemOf(refused).type).toBe(`${bed.app.url}/api/docs#not_found`);
  const made = await bed.call('/api/captures', { body: GOOD });
  await createFakeRunner(bed).fail(captureSchema.parse(made.body).id, 'target_http_error');
  const failed = await bed.call(`/api/captures/${captureSchema.parse(made.body).id}`);
  expect(captureSchema.parse(failed.body).error?.docs).toBe(`${bed.app.url}/api/docs#target_http_error`);
});

test('the reference is one page that needs no other host and no script', async () => {
  const answer = await bed.call('/api/docs', { key: null });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(answer.text).not.toMatch(/<script|src=|href="http|url\(/);
  for (const text of ['POST', '/api/captures/{id}/links', 'login_wall', 'Idempotency-Key', 'invalid_target_url'])
    expect(answer.text.toLowerCase()).toContain(text.toLowerCase());
  const nonce = /<style nonce="([0-9a-f]+)"/.exec(answer.text)?.[1];
  expect(answer.headers.get('content-security-policy')).toContain(`'nonce-${nonce}'`);
});
