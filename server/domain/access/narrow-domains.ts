import { type AllowedDomain, matchesHost } from '#shared/allowed-domain.ts';

/**
 * Intersects a workspace's allowed domains with the narrowing of an API key (null: none): a host and port is allowed by
 * the answer exactly when both lists allow it. Whether an entry is private is the workspace's say alone.
 */
export function narrowDomains(workspace: readonly AllowedDomain[], key: readonly AllowedDomain[] | null): AllowedDomain[] {
  if (key === null) return [...workspace];
  const both = new Map<string, AllowedDomain>();
  for (const entry of workspace) {
    for (const narrowing of key) {
      const host = commonHost(entry.host, narrowing.host);
      if (host === null || (entry.port ?? 443) !== (narrowing.port ?? 443)) continue;
      const id = `${host}:${entry.port ?? 443}`;
      if (!both.has(id)) both.set(id, { host, port: entry.port, isPrivate: entry.isPrivate });
    }
  }
  return [...both.values()];
}

/** The hosts that two patterns have in common are always those of one of them, or none. */
function commonHost(a: string, b: string): string | null {
  if (a === b || covers(a, b)) return b;
  return covers(b, a) ? a : null;
}

function covers(pattern: string, other: string): boolean {
  return other.startsWith('*.') ? pattern.startsWith('*.') && other.endsWith(pattern.slice(1)) : matchesHost(pattern, other);
}
