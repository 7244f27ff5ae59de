import { describe, expect, it } from 'vitest';
import { LIMITS } from '#shared/limits.ts';
import { isGraphqlQuery } from './graphql-query.ts';
import { createReadOnlyRules } from './read-only.ts';

const JSON_TYPE = 'application/json; charset=utf-8';
/** SHA-256 of `{ a }`. */
const HASH = '1c7e1e347f726166b5b1c55afd61f278cc9b45e00c108ec33d540a566379811b';
const URL_OF = 'https://app.example.com/graphql';
const body = (query: unknown) => JSON.stringify({ query });

describe('isGraphqlQuery', () => {
  it.each([
    ['the short form', body('{ a { b } }')],
    ['a named query with fragments', body('query A($x: Int) { a(x: $x) { ...F } } fragment F on A { b }')],
    ['a batch', JSON.stringify([{ query: '{ a }' }, { query: 'query B { b }' }])],
    [
      'every key of the protocol',
      JSON.stringify({
        operationName: 'A',
        query: 'query A { a }',
        variables: { query: 'mutation { b }', id: 1 },
        extensions: { trace: true },
      }),
    ],
    ['a query with its own hash', JSON.stringify({ query: '{ a }', extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } })],
    ['a long text', JSON.stringify({ query: '{ a }', variables: { text: '"\\x'.repeat(150_000) } })],
    [
      'texts that look like keys twice',
      JSON.stringify({ query: '{ a }', variables: { a: ['{"a":1,"a":2}', 'a', 'a'], b: { a: 1 }, c: { a: 2 } } }),
    ],
    ['words of mutation in texts and names', body('{ mutation(text: "mutation { x }") # mutation { y }\n }')],
  ])('takes %s', (_name, text) => expect(isGraphqlQuery(URL_OF, JSON_TYPE, text)).toBe(true));

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
    ['keys beside those of the protocol', JSON_TYPE, JSON.stringify({ query: '{ a }', id: 1, action: 'delete' })],
    ['a key that some servers read as `query`', JSON_TYPE, JSON.stringify({ query: '{ a }', Query: 'mutation { b }' })],
    ['a key given twice', JSON_TYPE, '{"query":"mutation{a}","query":"{a}"}'],
    ['a key given twice in two spellings', JSON_TYPE, '{"qu\\u0065ry":"mutation{a}", "query" : "{a}"}'],
    ['a key given twice in a batch', JSON_TYPE, '[{"query":"{a}"},{"query":"mutation{a}","query":"{a}"}]'],
    ['a key given twice, deeper', JSON_TYPE, '{"query":"{a}","extensions":{"x":{"y":1,"y":2}}}'],
    [
      'a query with the hash of another',
      JSON_TYPE,
      JSON.stringify({ query: '{ b }', extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } }),
    ],
    ['a body of over a million characters', JSON_TYPE, JSON.stringify({ query: '{ a }', variables: { text: '"'.repeat(600_000) } })],
    ['another charset', 'application/json; charset=utf-16', body('{ a }')],
    ['a form', 'application/x-www-form-urlencoded', body('{ a }')],
    ['a query without end', JSON_TYPE, body(`{ ${'a '.repeat(30_000)} }`)],
  ])('refuses %s', (_name, type, text) => expect(isGraphqlQuery(URL_OF, type, text)).toBe(false));
});

describe('a query in the address of a GraphQL query', () => {
  it.each([
    '?query=mutation{a}',
    '?query={a}',
    '?x=1&QUERY=mutation{a}',
    '?query[]=mutation{a}',
    '?%71uery=mutation{a}',
    '?extensions={}',
    '?documentId=1',
    '?variables={}&query=',
  ])('refuses %s', (search) => expect(isGraphqlQuery(URL_OF + search, JSON_TYPE, body('{ a }'))).toBe(false));
  it.each(['?operationName=A', '?id=1', '#query=1'])('takes %s', (search) =>
    expect(isGraphqlQuery(URL_OF + search, JSON_TYPE, body('{ a }'))).toBe(true),
  );
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
