import type { Command } from 'commander';
import { z } from 'zod';
import { EXIT, OperatorError } from '#server/embedded/operator-error.ts';
import { domainViewSchema, EGRESS_MODES } from '#shared/console.ts';
import { parseTargetUrl } from '#shared/target-url.ts';
import { type CommandContext, examples, openSession, withInstance } from '../command-context.ts';
import { type Terminal, table } from '../terminal.ts';

const listSchema = z.array(domainViewSchema);
const addFlags = z.looseObject({ private: z.boolean().default(false), parts: z.boolean().default(false) });
const egressSchema = z.object({ mode: z.enum(EGRESS_MODES) });
const checkedSchema = z.object({ allowed: z.boolean(), reason: z.string() });

/** `domains add | list | remove | check | egress` */
export function addDomains(program: Command, { terminal }: CommandContext): void {
  const domains = program
    .command('domains')
    .description('allowed domains: which hosts captures may open, and where their pages may load from');
  examples(domains, [
    'sessionshot domains add app.example.com',
    'sessionshot domains list',
    'sessionshot domains check https://app.example.com/report',
  ]);

  const add = withInstance(
    domains.command('add').argument('HOST[:PORT]').description('allow a host, or all hosts below one (*.example.com)'),
  )
    .option('--private', 'it may resolve to a private address: for hosts of your own network')
    .option('--parts', 'only for frames and sub-resources of pages, in strict mode; never opened as a page');
  examples(add, [
    'sessionshot domains add app.example.com',
    'sessionshot domains add intranet.corp:8443 --private',
    'sessionshot domains add cdn.example.net --parts',
  ]).action(async (domain: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const flags = addFlags.parse(command.opts());
    const input = { domain, isPrivate: flags.private, use: flags.parts ? 'parts' : 'pages' };
    const added = await operator.call('domains.add', domainViewSchema, input);
    if (json) return terminal.json(added);
    terminal.say(
      `${terminal.style('green', '✔')} ${added.domain} is allowed${added.isPrivate ? ', at private addresses too' : ''}${added.use === 'parts' ? ', for parts of pages only' : ''} (${added.id}).`,
    );
    if (added.warning) terminal.say(`${terminal.style('yellow', '!')} ${added.warning}`);
  });

  withInstance(domains.command('list').description('list the allowed domains')).action(async (_flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const list = await operator.call('domains.list', listSchema);
    if (json) return terminal.json(list);
    if (list.length === 0) return terminal.say('No domain is allowed yet: `sessionshot domains add HOST` allows one.');
    terminal.out(
      table([
        ['ID', 'DOMAIN', 'USE', 'ADDRESSES', 'SINCE', 'STATE'],
        ...list.map((entry) => [
          entry.id,
          entry.domain,
          entry.use,
          entry.isPrivate ? 'private too' : 'public',
          entry.createdAt.slice(0, 10),
          `${entry.proof ? 'waits for its proof' : 'allowed'}${entry.warning ? ', mixes scripts' : ''}`,
        ]),
      ]),
    );
  });

  withInstance(
    domains.command('remove').argument('DOMAIN', 'its id, or the domain as it was added').description('take a domain off the list'),
  ).action(async (named: string, _flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const entry = (await operator.call('domains.list', listSchema)).find(({ id, domain }) => id === named || domain === named);
    if (!entry)
      throw new OperatorError(
        EXIT.badInput,
        'not_found',
        `${named} is not an allowed domain.`,
        '`sessionshot domains list` shows those that are.',
      );
    const removed = await operator.call('domains.remove', z.object({ id: z.string() }), { id: entry.id });
    if (json) return terminal.json(removed);
    terminal.say(`${terminal.style('green', '✔')} ${entry.domain} is no longer allowed.`);
  });

  addCheck(domains, terminal);
  addEgress(domains, terminal);
}

function addEgress(domains: Command, terminal: Terminal): void {
  const egress = domains
    .command('egress')
    .argument('[MODE]', `${EGRESS_MODES.join(' or ')}; without it, says which`)
    .description('where pages may load from: any public host, or the list alone');
  withInstance(egress);
  examples(egress, ['sessionshot domains egress', 'sessionshot domains egress strict']).action(
    async (wanted: string | undefined, _flags: unknown, command: Command) => {
      const input = wanted === undefined ? null : egressSchema.safeParse({ mode: wanted });
      if (input?.success === false)
        throw new OperatorError(EXIT.badInput, 'invalid_mode', `${wanted} is no mode.`, `Give ${EGRESS_MODES.join(' or ')}.`);
      const { operator, json } = await openSession(command);
      const policy = input
        ? await operator.call('domains.setEgressMode', egressSchema, input.data)
        : await operator.call('domains.egressMode', egressSchema);
      if (json) return terminal.json(policy);
      terminal.out(`${policy.mode}: pages load from ${policy.mode === 'strict' ? 'the hosts on the list alone' : 'any public host'}`);
    },
  );
}

function addCheck(domains: Command, terminal: Terminal): void {
  const check = domains
    .command('check')
    .argument('URL')
    .description('tell whether a capture may open a URL; exit 0 or 1, 65 if it is none');
  withInstance(check).action(async (url: string, _flags: unknown, command: Command) => {
    // Scripts branch on exit 1 as on a host that is not allowed: what is no target at all must not pass for that.
    const parsed = parseTargetUrl(url);
    if (!parsed.ok)
      throw new OperatorError(EXIT.badInput, 'invalid_url', parsed.message, 'Give the whole URL, such as https://app.example.com/report.');
    const { operator, json } = await openSession(command);
    const checked = await operator.call('domains.check', checkedSchema, { url });
    if (json) terminal.json(checked);
    else terminal.out(`${checked.allowed ? 'allowed' : 'not allowed'}: ${checked.reason}`);
    process.exitCode = checked.allowed ? EXIT.ok : EXIT.captureFailed;
  });
}
