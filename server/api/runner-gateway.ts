import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import type { JobId } from '#shared/ids.ts';
import { isId } from '#shared/ids.ts';
import {
  claimRequestSchema,
  claimSchema,
  completeRequestSchema,
  failRequestSchema,
  heartbeatRequestSchema,
  heartbeatSchema,
  releaseRequestSchema,
  settledSchema,
} from '#shared/runner-protocol.ts';
import type { RunnerActor } from '../domain/access/actor.ts';
import { noteBrowsers } from '../domain/access/runners.ts';
import { notFound } from '../domain/app-error.ts';
import { claimJob } from '../domain/jobs/claim-job.ts';
import { completeJob } from '../domain/jobs/complete-job.ts';
import { failJob } from '../domain/jobs/fail-job.ts';
import { heartbeatJob } from '../domain/jobs/heartbeat-job.ts';
import { type RunnerCall, recordHeldJob, recordRefusedCall } from '../domain/jobs/record-refused-call.ts';
import { releaseJob } from '../domain/jobs/release-job.ts';
import { authenticateRunnerRequest, hangUpSignal } from './authenticate.ts';
import type { Instance } from './context.ts';
import { repairText } from './json-body.ts';
import { answerWithProblems, takeStrictJson } from './rest-api.ts';

const RUNNER = 'runner';
type JobRoute = { Params: { id: string } };

/**
 * The runner protocol over HTTP. A waiting claim or heartbeat holds no database connection, and ends when the runner
 * hangs up or this server drains. Everything sent is judged by the schemas of `shared/runner-protocol.ts`, after texts that
 * PostgreSQL would refuse were repaired; everything answered too, so that a claim carries what they name and nothing else.
 */
export function runnerGateway(instance: Instance): FastifyPluginAsync {
  const { deps } = instance;

  /** Calls for the job that the path names, and leaves an entry in the audit log when the runner is refused. */
  async function recorded<T>(
    request: FastifyRequest<JobRoute>,
    action: RunnerCall['action'],
    act: (runner: RunnerActor, id: JobId) => Promise<T>,
  ): Promise<T> {
    const [runner, jobId] = [runnerOf(request), jobOf(request)];
    return await recordRefusedCall(deps, runner, { action, jobId }, () => act(runner, jobId));
  }

  return async (app) => {
    app.decorateRequest(RUNNER, null);
    takeStrictJson(app);
    answerWithProblems(app, instance);
    app.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store');
      request.setDecorator(RUNNER, await authenticateRunnerRequest(instance, request));
    });
    app.addHook('preHandler', async (request) => repairText(request.body));
    app.addHook('onResponse', async (request, reply) => {
      const report = /\/(complete|fail|release)$/.exec(request.routeOptions.url ?? '')?.[1];
      if (report && reply.statusCode === 409) instance.counters.add('reports_fenced', 1);
      if (report === 'release' && reply.statusCode === 200) instance.counters.add('attempts_released', 1);
    });

    app.post('/claim', async (request, reply) => {
      const body = claimRequestSchema.parse(request.body);
      await noteBrowsers(deps, runnerOf(request), body);
      const claim = await claimJob(deps, runnerOf(request), body, hangUpSignal(instance, reply));
      // A doorbell's job is often held by another runner: each takes whose turn it is.
      if (!claim && body.jobId && !body.isHint) await recordHeldJob(deps, runnerOf(request), body.jobId);
      return claim ? await reply.send(claimSchema.parse(claim)) : await reply.code(204).send();
    });

    app.post<JobRoute>('/jobs/:id/heartbeat', async (request, reply) => {
      const body = heartbeatRequestSchema.parse(request.body);
      const signal = hangUpSignal(instance, reply);
      const beat = await recorded(request, 'runner.heartbeat', (runner, id) => heartbeatJob(deps, runner, id, body, signal));
      return heartbeatSchema.parse(beat);
    });

    app.post<JobRoute>('/jobs/:id/complete', async (request) => {
      const body = completeRequestSchema.parse(request.body);
      return settledSchema.parse(await recorded(request, 'runner.complete', (runner, id) => completeJob(deps, runner, id, body)));
    });
    app.post<JobRoute>('/jobs/:id/fail', async (request) => {
      const body = failRequestSchema.parse(request.body);
      return settledSchema.parse(await recorded(request, 'runner.fail', (runner, id) => failJob(deps, runner, id, body)));
    });
    app.post<JobRoute>('/jobs/:id/release', async (request) => {
      const body = releaseRequestSchema.parse(request.body);
      return settledSchema.parse(await recorded(request, 'runner.release', (runner, id) => releaseJob(deps, runner, id, body)));
    });
  };
}

function jobOf(request: FastifyRequest<JobRoute>): JobId {
  const { id } = request.params;
  if (!isId('job', id)) throw notFound();
  return id;
}

function runnerOf(request: FastifyRequest): RunnerActor {
  return request.getDecorator<RunnerActor>(RUNNER);
}
