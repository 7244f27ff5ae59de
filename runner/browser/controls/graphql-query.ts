import { createHash } from 'node:crypto';
import { parse } from 'graphql';

const TOKENS_MAX = 20_000;
const BATCH_MAX = 50;
/** A longer body is no query of a page, and reading it would hold up the runner. */
const BODY_CHARS_MAX = 1_000_000;

/** What a GraphQL request may hold. With anything else beside them a body may mean something to another kind of server. */
const KEYS = new Set(['query', 'variables', 'operationName', 'extensions']);
/** By these a server may be told in the address what to run, and then may pass over the body. */
const ADDRESS_KEYS = new Set(['query', 'mutation', 'extensions', 'documentid', 'doc_id', 'queryid', 'variables']);

/**
 * Tells whether a body sent by POST is provably a GraphQL query: JSON, one operation document or a batch of them, and no
 * document with a mutation or subscription in it, whichever operation is named. A persisted query carries only a hash
 * and proves nothing; neither does a body that was cut or is of another kind, that names a key twice (servers differ in
 * which one they take), or whose address names a query as well.
 */
export function isGraphqlQuery(href: string, contentType: string, body: string): boolean {
  if (!/^application\/(json|graphql-response\+json)\b/i.test(contentType)) return false;
  if (/charset/i.test(contentType) && !/;\s*charset="?utf-8"?\s*(;|$)/i.test(contentType)) return false;
  if (!URL.canParse(href) || [...new URL(href).searchParams.keys()].some(namesQuery)) return false;
  if (body.length > BODY_CHARS_MAX) return false;
  const parsed = parseJson(body);
  const items = Array.isArray(parsed) ? parsed : [parsed];
  return items.length > 0 && items.length <= BATCH_MAX && items.every(isQueryItem) && !hasKeyTwice(body);
}

function namesQuery(key: string): boolean {
  return ADDRESS_KEYS.has(key.split('[')[0]?.trim().toLowerCase() ?? '');
}

function isQueryItem(item: unknown): boolean {
  if (item === null || typeof item !== 'object' || !('query' in item) || typeof item.query !== 'string') return false;
  if (Object.keys(item).some((key) => !KEYS.has(key))) return false;
  if ('extensions' in item && !isOwnHash(item.extensions, item.query)) return false;
  try {
    const { definitions } = parse(item.query, { maxTokens: TOKENS_MAX, noLocation: true });
    const operations = definitions.flatMap((definition) => (definition.kind === 'OperationDefinition' ? [definition.operation] : []));
    return operations.length > 0 && operations.every((operation) => operation === 'query');
  } catch {
    return false; // GraphQLError: not a document, or longer than a query of a page is
  }
}

/** A hash beside a query must be that query's: a server that goes by the hash alone would run another document. */
function isOwnHash(extensions: unknown, query: string): boolean {
  if (extensions === null || typeof extensions !== 'object' || !('persistedQuery' in extensions)) return true;
  const { persistedQuery } = extensions;
  if (persistedQuery === null || typeof persistedQuery !== 'object' || !('sha256Hash' in persistedQuery)) return false;
  return persistedQuery.sha256Hash === createHash('sha256').update(query).digest('hex');
}

/** Whether an object anywhere in this JSON text, which is known to be JSON, names a key twice, however it is spelled. */
function hasKeyTwice(text: string): boolean {
  const open: Set<string>[] = [];
  let last = '""';
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/g)) {
    if (token === '{' || token === '[') open.push(new Set());
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') last = token;
    else {
      const key = String(JSON.parse(last));
      const keys = open.at(-1);
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
