import { describe, expect, it } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import { isGraphqlQuery } from './graphql-query.ts';
import { createReadOnlyRules } from './read-only.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
const body = (query: unknown) => JSON.stringify({ query });

describe('isGraphqlQuery', () => {
  it.each([
    ['the short form', body('{ a { b } }')],
    ['a named query with fragments', body('query A($x: Int) { a(x: $x) { ...F } } fragment F on A { b }')],
    ['a batch', JSON.stringify([{ query: '{ a }' }, { query: 'query B { b }' }])],
    ['words of mutation in texts and names', body('{ mutation(text: "mutation { x }") # mutation { y }\n }')],
  ])('takes %s', (_name, text) => expect(isGraphqlQuery(JSON_TYPE, text)).toBe(true));

  it.each([
    ['a mutation', JSON_TYPE, body('mutation { a }')],
    ['a subscription', JSON_TYPE, body('subscription { a }')],
    ['a document that also holds a mutation', JSON_TYPE, JSON.stringify({ query: 'query A { a } mutation B { b }', operationName: 'A' })],
    ['a batch with a mutation', JSON_TYPE, JSON.stringify([{ query: '{ a }' }, { query: 'mutation { b }' }])],
    ['an empty batch', JSON_TYPE, '[]'],
    ['fragments alone', JSON_TYPE, body('fragment F on A { b }')],
    ['a persisted query', JSON_TYPE, JSON.stringify({ extensions: { persistedQuery: { sha256Hash: 'x' } } })],
    ['a search for words', JSON_TYPE, body('red shoes')],
    ['SQL', JSON_TYPE, body('delete from users')],
    ['a query of another kind', JSON_TYPE, body({ match_all: {} })],
    ['a body that was cut', JSON_TYPE, body('{ a }').slice(0, -1)],
    ['no body', JSON_TYPE, ''],
    ['a form', 'application/x-www-form-urlencoded', body('{ a }')],
    ['a query without end', JSON_TYPE, body(`{ ${'a '.repeat(30_000)} }`)],
  ])('refuses %s', (_name, type, text) => expect(isGraphqlQuery(type, text)).toBe(false));
});

describe('createReadOnlyRules', () => {
  const request = (method: string, url: string, headers: Record<string, string> = {}) => ({
    requestId: '1',
    frameId: '1',
    resourceType: 'XHR',
    request: { url, method, headers },
  });

  it('knows reading from writing, whatever the case of the method', () => {
    const rules = createReadOnlyRules([]);
    const refused = ['GET', 'HEAD', 'OPTIONS', 'get', 'POST', 'put', 'PATCH', 'DELETE', 'PROPPATCH'].filter((method) =>
      rules.refuses(request(method, 'https://app.example.com/x')),
    );
    expect(refused).toEqual(['POST', 'put', 'PATCH', 'DELETE', 'PROPPATCH']);
    expect(rules.refuses(request('GET', 'https://app.example.com/x', { 'x-method-override': 'PUT' }))).toBe(true);
    expect(rules.refuses(request('GET', 'https://app.example.com/x', { 'x-method-override': 'GET' }))).toBe(false);
  });

  it('lists a bounded number of addresses, without queries and fragments', () => {
    const rules = createReadOnlyRules([]);
    for (let index = 0; index < LIMITS.blockedShownMax + 5; index++)
      rules.refuses(request('POST', `https://app.example.com/${index}?token=secret#secret`));
    rules.refuses(request('POST', 'https://app.example.com/0?token=other'));
    expect(rules.blocked()).toHaveLength(LIMITS.blockedShownMax);
    expect(rules.blocked()[0]).toEqual({ method: 'POST', url: 'https://app.example.com/0?…', kind: 'fetch', count: 2 });
    expect(JSON.stringify(rules.blocked())).not.toContain('secret');
  });
});
