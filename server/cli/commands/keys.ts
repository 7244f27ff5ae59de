import type { Command } from 'commander';
import { z } from 'zod';
import { matchesHost, parseAllowedDomain } from '#shared/allowed-domain.ts';
import { type ApiKeyView, apiKeyViewSchema, type DomainView, domainViewSchema } from '#shared/console.ts';
import { DEFAULT_SCOPES, SCOPES } from '#shared/scopes.ts';
import { type CommandContext, collect, examples, openSession, withInstance } from '../command-context.ts';
import { parseDuration } from '../durations.ts';
import { table } from '../terminal.ts';

const issuedSchema = z.object({ apiKey: apiKeyViewSchema, key: z.string() });
const createFlags = z.looseObject({
  scope: z.array(z.string()).optional(),
  domain: z.array(z.string()).optional(),
  expires: z.number().optional(),
  address: z.array(z.string()).optional(),
});
const rotateFlags = z.looseObject({ overlap: z.number().optional() });

/** `keys create | list | revoke | rotate` */
export function addKeys(program: Command, { terminal }: CommandContext): void {
  const keys = program.command('keys').description('API keys: create, list, revoke, rotate');
  examples(keys, ['sessionshot keys create ci --expires 90d', 'sessionshot keys list', 'sessionshot keys rotate key_01J… --overlap 1h']);
  const shown = (issued: z.infer<typeof issuedSchema>, json: boolean) => {
    if (json) return terminal.json({ id: issued.apiKey.id, key: issued.key });
    terminal.out(issued.key);
    terminal.say(`${terminal.style('green', '✔')} ${issued.apiKey.name} (${issued.apiKey.id}). The key is shown this once: keep it.`);
  };

  const create = withInstance(keys.command('create').argument('NAME').description('make an API key; it is shown once'))
    .option('--scope <SCOPE>', `what it may do; repeat for more (${SCOPES.join(', ')}; default ${DEFAULT_SCOPES.join(', ')})`, collect)
    .option('--domain <HOST>', 'narrow it to some of the allowed domains; repeat for more', collect)
    .option('--address <CIDR>', 'addresses it may be used from; repeat for more', collect)
    .option('--expires <TIME>', 'when it ends, such as 90d (default: never)', parseDuration);
  examples(create, ['sessionshot keys create ci --expires 90d', 'sessionshot keys create reports --domain app.example.com --json']).action(
    async (name: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const flags = createFlags.parse(command.opts());
      const input = { name, scopes: flags.scope, domains: flags.domain, allowedAddresses: flags.address, expiresInMs: flags.expires };
      const issued = await operator.call('keys.create', issuedSchema, input);
      shown(issued, json);
      // A narrowing that reaches nothing yet is no fault: the host may be allowed later. Only silence about it would be.
      const allowed = issued.apiKey.domains ? await operator.call('domains.list', z.array(domainViewSchema)) : [];
      const pages = allowed.filter(({ use, proof }) => use === 'pages' && proof === null);
      for (const domain of findUnreachable(issued.apiKey.domains ?? [], pages))
        terminal.say(
          `${terminal.style('yellow', '!')} ${domain} is not an allowed domain: this key cannot capture it yet.\n  Allow it: sessionshot domains add ${domain}`,
        );
    },
  );

  withInstance(keys.command('list').description('list the keys; what is secret about them is not kept')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const list = await operator.call('keys.list', z.array(apiKeyViewSchema));
      if (json) return terminal.json(list);
      if (list.length === 0) return terminal.say('There are no API keys yet: `sessionshot keys create NAME` makes one.');
      terminal.out(table([['ID', 'NAME', 'KEY', 'STATE', 'LAST USED', 'SCOPES'], ...list.map(row)]));
    },
  );

  withInstance(keys.command('revoke').argument('ID').description('end a key at once')).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const revoked = await operator.call('keys.revoke', apiKeyViewSchema, { id });
      if (json) return terminal.json(revoked);
      terminal.say(`${terminal.style('green', '✔')} ${revoked.name} (${revoked.id}) is revoked.`);
    },
  );

  const rotate = withInstance(
    keys.command('rotate').argument('ID').description('make a successor; the old key ends after an overlap'),
  ).option('--overlap <TIME>', 'how long both are good, such as 1h (default 24h)', parseDuration);
  examples(rotate, ['sessionshot keys rotate key_01J… --overlap 1h']).action(async (id: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    shown(await operator.call('keys.rotate', issuedSchema, { id, overlapMs: rotateFlags.parse(command.opts()).overlap }), json);
  });
}

/** Finds those of a key's domains, as people type them, that share no host with the allowed ones. */
function findUnreachable(domains: readonly string[], allowed: readonly Pick<DomainView, 'host' | 'port'>[]): string[] {
  return domains.filter((text) => {
    const parsed = parseAllowedDomain(text, true);
    if (!parsed.ok) return false; // the server took it: it knows better
    const { host, port } = parsed.domain;
    return !allowed.some((entry) => entry.port === port && (matchesHost(entry.host, host) || matchesHost(host, entry.host)));
  });
}

function row(key: ApiKeyView): string[] {
  const isOver = key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now();
  const state = key.revokedAt ? 'revoked' : isOver ? 'expired' : key.expiresAt ? `until ${key.expiresAt.slice(0, 10)}` : 'active';
  return [key.id, key.name, `ss_live_${key.hint}…`, state, key.lastUsedAt?.slice(0, 16).replace('T', ' ') ?? 'never', key.scopes.join(' ')];
}
