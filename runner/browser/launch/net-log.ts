import { readFile } from 'node:fs/promises';
import { z } from 'zod';

/**
 * Reads from a browser's net log (`--log-net-log`) which of the names that match it tried to resolve by itself, each once.
 * Null when there is no log, or no such name in it: then its look-ups are unknown. The browser must have ended.
 */
export async function readNameLookups(file: string, names: RegExp): Promise<string[] | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const lines = text.split('\n');
  const types = eventTypes(lines);
  if (types.size === 0 || !names.test(text)) return null;
  const found = new Set<string>();
  for (const line of lines) {
    const name = names.exec(line)?.[0];
    const type = name ? types.get(eventType(line)) : undefined;
    if (name && type && /^(HOST_RESOLVER|DNS_|SYSTEM_RESOLVER)/.test(type)) found.add(name);
  }
  return [...found];
}

/** One event stands on each line; the last may be cut off when the browser had to be killed. */
function eventType(line: string): number {
  try {
    return z.object({ type: z.number() }).parse(JSON.parse(line.replace(/,\s*$/, ''))).type;
  } catch {
    return -1; // not a whole event
  }
}

function eventTypes(lines: readonly string[]): Map<number, string> {
  const constants = /"logEventTypes":(\{[^}]*\})/.exec(lines.find((line) => line.includes('"logEventTypes"')) ?? '')?.[1];
  const named = z.record(z.string(), z.number()).safeParse(constants ? JSON.parse(constants) : null);
  return new Map(Object.entries(named.data ?? {}).map(([name, number]) => [number, name]));
}
