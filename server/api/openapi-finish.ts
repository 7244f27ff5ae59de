import type { OpenAPIV3_1 } from 'openapi-types';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

const JS_INTEGERS = [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Header names as people write them; a schema has them in small letters. */
const HEADER_NAMES = { 'idempotency-key': 'Idempotency-Key', prefer: 'Prefer' };

const REQUEST_EXAMPLE = {
  url: 'https://app.example.com/reports/42',
  auth: { cookies: [{ name: 'sid', value: '…' }], verify: { selector: '#user-menu' } },
  output: { format: 'png', fullPage: true },
};

const RESPONSE_HEADERS: Record<string, JsonObject> = {
  '202': {
    Location: header('The path of the capture.'),
    'Idempotent-Replayed': header('`true` when this repeats an earlier answer.'),
    'Preference-Applied': header('The `wait` that was applied, at most 60 seconds. Missing: none was.'),
  },
  '405': { Allow: header('The methods of this path.') },
  '429': {
    'Retry-After': header('Seconds to wait.'),
    'RateLimit-Limit': header('Requests in a second, and in a burst.'),
    'RateLimit-Remaining': header('Requests left.'),
    'RateLimit-Reset': header('Seconds until more are allowed.'),
  },
  '503': { 'Retry-After': header('Seconds to wait.') },
};

/**
 * Rounds off what the generator makes: bounds and patterns that are only JavaScript's own are dropped, schemas that
 * nothing refers to too, and what cannot be said by a schema (response headers, an example) is put in.
 */
export function finishDocument(generated: object): OpenAPIV3_1.Document {
  const document: OpenAPIV3_1.Document = JSON.parse(JSON.stringify(generated, dropNoise));
  for (const item of Object.values(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(item ?? {})) {
      if (METHODS.includes(method) && isObject(operation) && isObject(operation.responses)) addHeaders(operation.responses);
    }
  }
  const body = document.paths?.['/api/captures']?.post?.requestBody;
  const json = body && 'content' in body ? body.content['application/json'] : undefined;
  if (json) json.example = REQUEST_EXAMPLE;
  return shortNames(prune(document));
}

/** The generator tells what is sent from what is answered by a suffix; where there is only the one, it says nothing. */
function shortNames(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const names = Object.keys(document.components?.schemas ?? {});
  let text = JSON.stringify(document);
  for (const name of names.filter((each) => each.endsWith('Input'))) {
    const short = name.slice(0, -'Input'.length);
    if (!names.includes(short))
      text = text.replaceAll(`"#/components/schemas/${name}"`, `"#/components/schemas/${short}"`).replaceAll(`"${name}":`, `"${short}":`);
  }
  for (const [lower, header] of Object.entries(HEADER_NAMES)) text = text.replaceAll(`"name":"${lower}"`, `"name":"${header}"`);
  return JSON.parse(text);
}

function addHeaders(responses: JsonObject): void {
  for (const [status, response] of Object.entries(responses)) {
    if (isObject(response))
      response.headers = { 'X-Request-Id': header('Quote it when you report a problem.'), ...RESPONSE_HEADERS[status] };
  }
}

function dropNoise(key: string, value: unknown): unknown {
  if ((key === 'minimum' || key === 'maximum') && typeof value === 'number' && JS_INTEGERS.includes(value)) return undefined;
  // `format: date-time` says it; the pattern is half a page.
  if (typeof value === 'object' && value !== null && 'format' in value && value.format === 'date-time' && 'pattern' in value) {
    const { pattern: _pattern, ...rest } = value;
    return rest;
  }
  return value;
}

/** Removes component schemas that no path leads to. */
function prune(document: OpenAPIV3_1.Document): OpenAPIV3_1.Document {
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const visit = (part: unknown) => {
    for (const [, name] of JSON.stringify(part ?? null).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      if (name === undefined || used.has(name)) continue;
      used.add(name);
      visit(schemas[name]);
    }
  };
  visit(document.paths);
  const kept = Object.entries(schemas)
    .filter(([name]) => used.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { ...document, components: { ...document.components, schemas: Object.fromEntries(kept) } };
}

function header(description: string): JsonObject {
  return { description, schema: { type: 'string' } };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
