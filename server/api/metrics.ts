import type { FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { STATUSES } from '#shared/capture.ts';
import { DELIVERY_STATES } from '#shared/webhook.ts';
import { countOnlineRunners } from '../domain/access/runners.ts';
import { measureInstance } from '../domain/measure-instance.ts';
import type { Instance } from './context.ts';
import { unavailable } from './problem-response.ts';

const DURATION_BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Measures this process and the instance for Prometheus at `/metrics`. Labels are route patterns, methods and statuses,
 * never ids, hosts or names.
 */
export function mountMetrics(app: FastifyInstance, instance: Instance): void {
  const registry = Registry.merge([instance.counters.registry]);
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const durations = new Histogram({
    name: 'sessionshot_http_request_duration_seconds',
    help: 'Time from request to answer, in seconds.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const recent = new Gauge({
    name: 'sessionshot_captures_last_hour',
    help: 'Captures accepted within the last hour, by their present status.',
    labelNames: ['status'],
    registers,
  });
  const jobs = new Gauge({ name: 'sessionshot_jobs', help: 'Jobs that are not settled.', labelNames: ['state'], registers });
  const waiting = new Gauge({ name: 'sessionshot_outbox_jobs', help: 'Jobs that are due and not announced yet.', registers });
  const age = new Gauge({
    name: 'sessionshot_outbox_oldest_seconds',
    help: 'Age of the oldest job that is due and not announced yet, in seconds.',
    registers,
  });
  const newNetworks = new Gauge({
    name: 'sessionshot_key_new_networks_last_hour',
    help: 'Uses of an API key from a network new to it within the last hour, on all servers together.',
    registers,
  });
  const lost = new Gauge({
    name: 'sessionshot_captures_lost',
    help: 'Captures that are not final and have no job that could still run. Never anything but 0: raise an alarm.',
    registers,
  });
  const leftPayloads = new Gauge({
    name: 'sessionshot_payloads_of_final',
    help: 'Sealed payloads of captures that are final. Never anything but 0.',
    registers,
  });
  const runners = new Gauge({ name: 'sessionshot_runners_online', help: 'Runners heard of within the last minute.', registers });

  const deliveries = new Gauge({
    name: 'sessionshot_webhook_deliveries_last_hour',
    help: 'Deliveries of webhooks begun within the last hour, by their present state.',
    labelNames: ['state'],
    registers,
  });
  const late = new Gauge({
    name: 'sessionshot_webhook_late_seconds',
    help: 'How long the try of a webhook that is most overdue has been due, in seconds.',
    registers,
  });

  app.addHook('onResponse', async (request, reply) => {
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    durations.observe({ method: request.method, route, status: String(reply.statusCode) }, reply.elapsedTime / 1000);
  });

  app.get('/metrics', async (_request, reply) => {
    const [measures, online] = await Promise.all([measureInstance(instance.deps), countOnlineRunners(instance.deps)]).catch(
      (error: unknown) => {
        throw unavailable(error, 'The database could not be asked for the numbers.');
      },
    );
    for (const status of STATUSES) recent.set({ status }, measures.recent[status] ?? 0);
    jobs.set({ state: 'available' }, measures.jobs.available);
    jobs.set({ state: 'leased' }, measures.jobs.leased);
    waiting.set(measures.outbox.count);
    age.set(measures.outbox.oldestSeconds);
    lost.set(measures.lost);
    leftPayloads.set(measures.payloadsOfFinal);
    newNetworks.set(measures.newNetworks);
    runners.set(online);
    for (const state of DELIVERY_STATES) deliveries.set({ state }, measures.webhooks.recent[state] ?? 0);
    late.set(measures.webhooks.lateSeconds);
    return await reply
      .header('cache-control', 'no-store')
      .type(registry.contentType)
      .send(await registry.metrics());
  });
}
