import type { Command } from 'commander';
import { z } from 'zod';
import { type WebhookDeliveryView, type WebhookEndpointView, webhookDeliverySchema, webhookEndpointSchema } from '#shared/webhook.ts';
import { type CommandContext, collect, examples, openSession, withInstance } from '../command-context.ts';
import { type Terminal, table } from '../terminal.ts';

const issuedSchema = z.object({ endpoint: webhookEndpointSchema, secret: z.string() });
const secretSchema = z.object({ secret: z.string() });
const endpointsSchema = z.object({ data: z.array(webhookEndpointSchema) });
const deliveriesSchema = z.object({ data: z.array(webhookDeliverySchema) });
const recoveredSchema = z.object({ count: z.int(), isMore: z.boolean() });
const createFlags = z.looseObject({ event: z.array(z.string()).optional(), description: z.string().optional() });
const recoverFlags = z.looseObject({ since: z.string() });
const LIST_MAX = 100;

/** `webhooks create | list | rotate | enable | disable | remove | test | deliveries | resend | recover` */
export function addWebhooks(program: Command, { terminal }: CommandContext): void {
  const webhooks = program.command('webhooks').description('where word of finished captures is sent, and what was sent');
  examples(webhooks, [
    'sessionshot webhooks create https://example.com/hooks/captures',
    'sessionshot webhooks test whk_01J…',
    'sessionshot webhooks deliveries',
  ]);
  addEndpoints(webhooks, terminal);
  addDeliveries(webhooks, terminal);
}

function addEndpoints(webhooks: Command, terminal: Terminal): void {
  const create = withInstance(webhooks.command('create').argument('URL').description('add an endpoint; its secret is shown once'))
    .option('--event <EVENT>', 'what it hears of; repeat for more (default capture.succeeded, capture.failed)', collect)
    .option('--description <TEXT>', 'what it is for');
  examples(create, ['sessionshot webhooks create https://example.com/hooks --event capture.failed']).action(
    async (url: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const { event: events, description } = createFlags.parse(command.opts());
      const issued = await operator.call('webhooks.create', issuedSchema, { url, events, description });
      if (json) return terminal.json({ id: issued.endpoint.id, secret: issued.secret });
      terminal.out(issued.secret);
      terminal.say(
        `${terminal.style('green', '✔')} ${issued.endpoint.url} (${issued.endpoint.id}). The secret is shown this once: keep it.`,
      );
    },
  );

  withInstance(webhooks.command('list').description('list the endpoints')).action(async (_flags: unknown, command: Command) => {
    const { operator, json } = await openSession(command);
    const { data } = await operator.call('webhooks.list', endpointsSchema, { limit: LIST_MAX });
    if (json) return terminal.json(data);
    if (data.length === 0) return terminal.say('There are no webhook endpoints yet: `sessionshot webhooks create URL` makes one.');
    terminal.out(table([['ID', 'URL', 'STATE', 'EVENTS', 'DESCRIPTION'], ...data.map(endpointRow)]));
  });

  const rotate = withInstance(
    webhooks
      .command('rotate')
      .argument('[ID]', 'without it: the default secret, for the webhooks that come with captures')
      .description('make a new secret; the one before is good for 24 hours more'),
  );
  examples(rotate, ['sessionshot webhooks rotate whk_01J…', 'sessionshot webhooks rotate']).action(
    async (id: string | undefined, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const { secret } = id
        ? await operator.call('webhooks.rotateSecret', issuedSchema, { id })
        : await operator.call('webhooks.rotateDefaultSecret', secretSchema, undefined);
      if (json) return terminal.json({ secret });
      terminal.out(secret);
      terminal.say(`${terminal.style('green', '✔')} The secret is shown this once: keep it.`);
    },
  );

  for (const [name, enabled] of [
    ['enable', true],
    ['disable', false],
  ] as const)
    withInstance(webhooks.command(name).argument('ID').description(`${name} an endpoint`)).action(
      async (id: string, _flags: unknown, command: Command) => {
        const { operator, json } = await openSession(command);
        const endpoint = await operator.call('webhooks.update', webhookEndpointSchema, { id, enabled });
        if (json) return terminal.json(endpoint);
        terminal.say(`${terminal.style('green', '✔')} ${endpoint.url} (${endpoint.id}) is ${name}d.`);
      },
    );

  withInstance(webhooks.command('remove').argument('ID').description('remove an endpoint')).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const removed = await operator.call('webhooks.remove', z.object({ id: z.string() }), { id });
      if (json) return terminal.json(removed);
      terminal.say(`${terminal.style('green', '✔')} ${removed.id} is removed.`);
    },
  );
}

function addDeliveries(webhooks: Command, terminal: Terminal): void {
  withInstance(webhooks.command('test').argument('ID').description('send a test event to an endpoint')).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const delivery = await operator.call('webhooks.test', webhookDeliverySchema, { id });
      if (json) return terminal.json(delivery);
      terminal.say(`A test event is on its way (${delivery.id}). How it ended: sessionshot webhooks deliveries`);
    },
  );

  withInstance(webhooks.command('deliveries').description('list what was sent, the newest first')).action(
    async (_flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const { data } = await operator.call('webhooks.deliveries', deliveriesSchema, {});
      if (json) return terminal.json(data);
      if (data.length === 0) return terminal.say('Nothing was sent yet.');
      terminal.out(table([['ID', 'EVENT', 'URL', 'STATE', 'TRIES', 'LAST TRY'], ...data.map(deliveryRow)]));
    },
  );

  withInstance(webhooks.command('resend').argument('ID', 'of the delivery').description('send an event again')).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const delivery = await operator.call('webhooks.resend', webhookDeliverySchema, { id });
      if (json) return terminal.json(delivery);
      terminal.say(`${delivery.event} is on its way again (${delivery.id}).`);
    },
  );

  const recover = withInstance(
    webhooks.command('recover').argument('ID', 'of the endpoint').description('send what an endpoint missed since a moment'),
  ).requiredOption('--since <TIME>', 'such as 2026-01-31T08:00:00Z');
  examples(recover, ['sessionshot webhooks recover whk_01J… --since 2026-01-31T08:00:00Z']).action(
    async (id: string, _flags: unknown, command: Command) => {
      const { operator, json } = await openSession(command);
      const { since } = recoverFlags.parse(command.opts());
      const recovered = await operator.call('webhooks.recover', recoveredSchema, { id, since });
      if (json) return terminal.json(recovered);
      terminal.say(`${recovered.count} events are on their way again${recovered.isMore ? '; there are more: call again later' : ''}.`);
    },
  );
}

function endpointRow(endpoint: WebhookEndpointView): string[] {
  const state = endpoint.enabled ? (endpoint.failingSince ? 'failing' : 'enabled') : `disabled (${endpoint.disabledReason ?? '?'})`;
  return [endpoint.id, endpoint.url, state, endpoint.events.join(' '), endpoint.description];
}

function deliveryRow(delivery: WebhookDeliveryView): string[] {
  const last = delivery.attempts.at(-1);
  const said = last ? (last.error ?? (last.status === null ? 'running' : String(last.status))) : 'not yet';
  return [delivery.id, delivery.event, delivery.url, delivery.state, String(delivery.tries), said];
}
