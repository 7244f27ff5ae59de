import type { Request, Response } from 'playwright';
import { shownUrl } from '#shared/target-url.ts';
import type { OpenWork } from './open-work.ts';
import { identityOf } from './request-kinds.ts';

/** The longest pause before a job is asked for again, in milliseconds. */
const PAUSE_MS_MAX = 5000;
/** An answer that says no more than "not yet" is short. */
const BODY_BYTES_MAX = 1024;
const JOBS_MAX = 20;
/** Bodies that are read at a time, and that may wait for that. */
const READ_AT_ONCE = 4;
const UNREAD_MAX = 100;
/** After so long without a word of a job, the next one is another. */
const REST_MS = 2 * PAUSE_MS_MAX;
const TAKEN_MAX = 50;
/** "Running" and "active" are not among them: services say so of themselves for ever. */
const NOT_YET =
  /^(?:pending|queued|enqueued|waiting|scheduled|submitted|accepted|created|preparing|processing|in[ _-]?progress|generating|building|executing|calculating|computing|not[ _-]?ready)$/i;
const STATE_NAMES = ['status', 'state', 'phase', 'jobStatus', 'job_status'];

export type JobPolls = {
  /** Whether this asks for a job whose last answer said that it is not done. */
  isOpen(request: Request): boolean;
  /** Notes that it is asked for again. */
  asked(request: Request): void;
  /** Notes an answer, which may say that there is none yet. */
  answered(response: Response): void;
};

/**
 * Follows jobs that a page asks for until they are done. What tells them from a poll without an end is what the answer says of
 * itself: status 202, or a short JSON object, sent as it is, whose state is one that ends. Then the next question is waited for. What is sent
 * is not what is asked for: 202 to a beacon only says that it was taken, so it counts where the same is sent once more. All of
 * them together hold a page up for `msMax` at most from the first such answer; those after a long rest begin anew, because an
 * action may have begun them.
 */
export function watchJobs({ work, isOwn, msMax }: { work: OpenWork; isOwn: (request: Request) => boolean; msMax: number }): JobPolls {
  const jobs = new Map<string, object>();
  /** What was sent and taken once, the oldest first. */
  const taken = new Set<string>();
  let until = 0;
  let heardAt = Number.NEGATIVE_INFINITY;
  const expectNext = (request: Request) => {
    const now = Date.now();
    if (now - heardAt > REST_MS) {
      until = now + msMax;
      jobs.clear();
    }
    heardAt = now;
    const identity = identityOf(request);
    const known = jobs.get(identity);
    if ((!known && jobs.size >= JOBS_MAX) || now >= until) return;
    const key = known ?? {};
    jobs.set(identity, key);
    work.begin(key, `a job at ${shownUrl(request.url())}`);
    work.endAfter(key, Math.min(PAUSE_MS_MAX, until - now));
  };
  const wasTakenBefore = (request: Request) => {
    const identity = identityOf(request);
    if (taken.has(identity)) return true;
    const [oldest] = taken;
    if (oldest !== undefined && taken.size >= TAKEN_MAX) taken.delete(oldest);
    taken.add(identity);
    return false;
  };
  const unread: Response[] = [];
  let reading = 0;
  const readNext = async () => {
    const response = reading < READ_AT_ONCE ? unread.shift() : undefined;
    if (!response) return;
    reading++;
    try {
      if (saysNotYet(await response.json())) expectNext(response.request());
    } catch {
      // No JSON, or the document has left and its answers with it: then it says nothing.
    }
    reading--;
    void readNext();
  };
  const read = async (response: Response) => {
    try {
      // A body that does not end keeps no other one waiting.
      await response.finished();
    } catch {
      return; // The page is gone.
    }
    if (unread.length >= UNREAD_MAX) return;
    unread.push(response);
    void readNext();
  };
  return {
    isOpen: (request) => {
      const key = jobs.get(identityOf(request));
      return key !== undefined && Date.now() < until && work.has(key);
    },
    asked: (request) => {
      if (jobs.size === 0) return;
      const key = jobs.get(identityOf(request));
      if (key) work.end(key);
    },
    answered: (response) => {
      const request = response.request();
      if (!isOwn(request)) return;
      if (response.status() === 202) {
        if (request.method() === 'GET' || wasTakenBefore(request)) expectNext(request);
        return;
      }
      if (response.status() === 200 && isShortJson(response.headers())) void read(response);
    },
  };
}

/** The length of a compressed body is told as it is sent: a few hundred bytes of those may be megabytes. */
function isShortJson(headers: Record<string, string>): boolean {
  const { 'content-type': type = '', 'content-length': length = '', 'content-encoding': encoding = 'identity' } = headers;
  return /json/.test(type) && encoding === 'identity' && Number(length || Infinity) <= BODY_BYTES_MAX;
}

function saysNotYet(body: unknown): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return STATE_NAMES.some((name) => {
    const state: unknown = Reflect.get(body, name);
    return typeof state === 'string' && NOT_YET.test(state);
  });
}
