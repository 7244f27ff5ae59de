import { saveText } from '#client/save-text.ts';
import { trpcClient } from '#client/trpc.ts';
import type { ListedEntry } from '#shared/audit.ts';
import { LIMITS } from '#shared/limits.ts';
import { type AuditSearch, toAuditInput } from './audit-search.ts';

/**
 * Saves the entries that fit the filters as a file, one JSON object a line, the newest first; at most
 * `LIMITS.auditSavedMax`. Answers how many there were, and whether there are older ones. `tell` hears of each page.
 */
export async function saveAudit(search: AuditSearch, tell: (count: number) => void): Promise<{ count: number; hasMore: boolean }> {
  const entries: ListedEntry[] = [];
  let cursor: string | null | undefined;
  while (cursor !== null && entries.length < LIMITS.auditSavedMax) {
    const input = { ...toAuditInput(search), cursor, limit: LIMITS.listLimitMax };
    const page: { data: ListedEntry[]; nextCursor: string | null } = await trpcClient.audit.list.query(input);
    entries.push(...page.data);
    cursor = page.nextCursor;
    tell(entries.length);
  }
  const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
  saveText(`sessionshot-audit-${new Date().toISOString().slice(0, 10)}.jsonl`, lines, 'application/x-ndjson');
  return { count: entries.length, hasMore: cursor !== null };
}
