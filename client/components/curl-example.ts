import type { DomainView } from '#shared/console.ts';

/** A curl command that makes one capture. Without a key it reads the key from the environment. */
export function curlExample({
  origin,
  domain = 'app.example.com',
  key = '$SESSIONSHOT_API_KEY',
}: {
  origin: string;
  domain?: string;
  key?: string;
}): string {
  const host = domain.startsWith('*.') ? `app${domain.slice(1)}` : domain;
  const body = [
    '{',
    `    "url": "https://${host}/reports/42",`,
    '    "auth": {',
    '      "cookies": [{ "name": "sid", "value": "<session cookie>" }],',
    '      "localStorage": { "token": "<if your app keeps one>" }',
    '    },',
    '    "output": { "format": "png", "fullPage": true }',
    '  }',
  ].join('\n');
  return [
    `curl ${origin}/api/captures \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    '  -H "Prefer: wait=30" \\',
    `  -d '${body}'`,
  ].join('\n');
}

/** The allowed domain to show in an example: a plain host before a wildcard; undefined when no page is allowed yet. */
export function exampleDomain(domains: readonly Pick<DomainView, 'domain' | 'use' | 'proof'>[]): string | undefined {
  const pages = domains.filter(({ use, proof }) => use === 'pages' && proof === null);
  return (pages.find(({ domain }) => !domain.startsWith('*.')) ?? pages[0])?.domain;
}
