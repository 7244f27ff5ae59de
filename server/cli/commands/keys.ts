import { type Command, InvalidArgumentError } from 'commander';
import { z } from 'zod';
import { matchesHost, parseAllowedDomain } from '#shared/allowed-domain.ts';
import { type ApiKeyView, apiKeyViewSchema, type DomainView, domainViewSchema, type KeyNetwork } from '#shared/console.ts';
import { DEFAULT_SCOPES, SCOPES } from '#shared/scopes.ts';
import { type CommandContext, collect, examples, openSession, withInstance } from '../command-context.ts';
import { parseDuration } from '../durations.ts';
import { inLine, type Terminal, table } from '../terminal.ts';

const issuedSchema = z.object({ apiKey: apiKeyViewSchema, key: z.string() });
const createFlags = z.looseObject({
  scope: z.array(z.string()).optional(),
  domain: z.array(z.string()).optional(),
  expires: z.number().optional(),
  address: z.array(z.string()).optional(),
  maxAtOnce: z.number().optional(),
});
const rotateFlags = z.looseObject({ overlap: z.number().optional() });

/** Columns for the name of a program. */
const CLIENT_WIDTH = 30;

/** `keys create | list | acknowledge | revoke | rotate` */
export function addKeys(program: Command, { terminal }: CommandContext): void {
  const keys = program.command('keys').description('API keys: create, list, acknowledge a new network, revoke, rotate');
  examples(keys, ['sessionshot keys create ci --expires 90d', 'sessionshot keys list', 'sessionshot keys rotate key_01J… --overlap 1h']);
  const shown = (issued: z.infer<typeof issuedSchema>, json: boolean) => {
    if (json) return terminal.json({ id: issued.apiKey.id, key: issued.key });
    terminal.out(issued.key);
    terminal.say(
      `${terminal.style('green', '✔')} ${inLine(issued.apiKey.name)} (${issued.apiKey.id}). The key is shown this once: keep it.`,
    );
  };

  const create = withInstance(keys.command('create').argument('NAME').description('make an API key; it is shown once'))
    .option('--scope <SCOPE>', `what it may do; repeat for more (${SCOPES.join(', ')}; default ${DEFAULT_SCOPES.join(', ')})`, collect)
    .option('--domain <HOST>', 'narrow it to some of the allowed domains; repeat for more', collect)
    .option('--address <CIDR>', 'addresses it may be used from; repeat for more', collect)
    .option('--max-at-once <N>', 'how many of its captures may be unfinished at once (default: no bound of its own)', parseCount)
    .option('--expires <TIME>', 'when it ends, such as 90d (default: never)', parseDuration);
  examples(create, [
    'sessionshot keys create ci --expires 90d',
    'sessionshot keys create reports --domain app.example.com --max-at-once 5 --json',
  ]).action(async (name: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const flags = createFlags.parse(command.opts());
    const input = {
      name,
      scopes: flags.scope,
      domains: flags.domain,
      allowedAddresses: flags.address,
      maxConcurrentCaptures: flags.maxAtOnce,
      expiresInMs: flags.expires,
    };
    const issued = await operator.call('keys.create', issuedSchema, input);
    shown(issued, json);
    // A narrowing that reaches nothing yet is no fault: the host may be allowed later. Only silence about it would be.
    const allowed = issued.apiKey.domains ? await operator.call('domains.list', z.array(domainViewSchema)) : [];
    const pages = allowed.filter(({ use, proof }) => use === 'pages' && proof === null);
    for (const domain of findUnreachable(issued.apiKey.domains ?? [], pages))
      terminal.say(
        `${terminal.style('yellow', '!')} ${domain} is not an allowed domain: this key cannot capture it yet.\n  Allow it: sessionshot domains add ${domain}`,
      );
  });

  withInstance(keys.command('list').description('list the keys; what is secret about them is not kept')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const list = await operator.call('keys.list', z.array(apiKeyViewSchema));
      if (json) return terminal.json(list);
      if (list.length === 0) return terminal.say('There are no API keys yet: `sessionshot keys create NAME` makes one.');
      terminal.out(table([HEAD, ...list.map(row)]));
      for (const key of list) for (const network of key.revokedAt ? [] : key.networks) if (network.isNew) warn(terminal, key, network);
    },
  );

  const acknowledge = withInstance(
    keys
      .command('acknowledge')
      .argument('ID')
      .argument('NETWORK', 'as `keys list` shows it, such as 203.0.113.0/24')
      .description('say that a network new to a key is in order: its alert is over'),
  );
  examples(acknowledge, ['sessionshot keys acknowledge key_01J… 203.0.113.0/24']).action(
    async (id: string, network: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const known = await operator.call('keys.acknowledgeNetwork', apiKeyViewSchema, { id, network });
      if (json) return terminal.json(known);
      terminal.say(`${terminal.style('green', '✔')} ${inLine(known.name)} (${known.id}) is known to be used from ${inLine(network)}.`);
    },
  );

  withInstance(keys.command('revoke').argument('ID').description('end a key at once')).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const revoked = await operator.call('keys.revoke', apiKeyViewSchema, { id });
      if (json) return terminal.json(revoked);
      terminal.say(`${terminal.style('green', '✔')} ${inLine(revoked.name)} (${revoked.id}) is revoked.`);
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

function warn(terminal: Terminal, key: ApiKeyView, { network, address, client, firstUsedAt }: KeyNetwork): void {
  const by = client ? ` by ${client}` : '';
  const since = firstUsedAt.slice(0, 16).replace('T', ' ');
  terminal.say(
    `${terminal.style('yellow', '!')} ${inLine(`${key.name} is used from a network new to it since ${since}: ${address} (${network})${by}.`)}\n  It was you: sessionshot keys acknowledge ${key.id} ${inLine(network)}\n  It was not: sessionshot keys revoke ${key.id}`,
  );
}

const HEAD = ['ID', 'NAME', 'KEY', 'STATE', 'AT ONCE', 'LAST USED', 'FROM', 'BY', 'SCOPES'];

function row(key: ApiKeyView): string[] {
  const isOver = key.expiresAt !== null && Date.parse(key.expiresAt) <= Date.now();
  const state = key.revokedAt ? 'revoked' : isOver ? 'expired' : key.expiresAt ? `until ${key.expiresAt.slice(0, 10)}` : 'active';
  return [
    key.id,
    key.name,
    `ss_live_${key.hint}…`,
    state,
    key.maxConcurrentCaptures === null ? '-' : String(key.maxConcurrentCaptures),
    key.lastUsedAt?.slice(0, 16).replace('T', ' ') ?? 'never',
    key.lastUsedFrom ?? '-',
    cut(key.lastUsedBy ?? '-'),
    key.scopes.join(' '),
  ];
}

/** Programs may call themselves by a long list of names: the table keeps the first. */
function cut(text: string): string {
  return text.length > CLIENT_WIDTH ? `${text.slice(0, CLIENT_WIDTH - 1)}…` : text;
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number from 1 on.');
}
