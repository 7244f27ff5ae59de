import { parse } from 'graphql';

const TOKENS_MAX = 20_000;
const BATCH_MAX = 50;

/**
 * Tells whether a body sent by POST is provably a GraphQL query: JSON, one operation document or a batch of them, and no
 * document with a mutation or subscription in it, whichever operation is named. A persisted query carries only a hash
 * and proves nothing; neither does a body that was cut or is of another kind.
 */
export function isGraphqlQuery(contentType: string, body: string): boolean {
  if (!/^application\/(json|graphql-response\+json)\b/i.test(contentType)) return false;
  const parsed = parseJson(body);
  const items = Array.isArray(parsed) ? parsed : [parsed];
  return items.length > 0 && items.length <= BATCH_MAX && items.every(isQueryItem);
}

function isQueryItem(item: unknown): boolean {
  if (item === null || typeof item !== 'object' || !('query' in item) || typeof item.query !== 'string') return false;
  try {
    const { definitions } = parse(item.query, { maxTokens: TOKENS_MAX, noLocation: true });
    const operations = definitions.flatMap((definition) => (definition.kind === 'OperationDefinition' ? [definition.operation] : []));
    return operations.length > 0 && operations.every((operation) => operation === 'query');
  } catch {
    return false; // GraphQLError: not a document, or longer than a query of a page is
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
