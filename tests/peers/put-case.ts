import { setTimeout as after } from 'node:timers/promises';
import { type Capture, FINAL_STATUSES } from '#shared/capture.ts';
import type { FieldError } from '#shared/problem.ts';
import type { PeerCase } from './peer-case.ts';
import type { Bed } from './start-peers.ts';

const FOLLOW_MS_MAX = 90_000;
const RATE_TRIES_MAX = 20;

export type Problem = { code: string; detail: string; errors?: FieldError[] };
export type Reply = { status: number; headers: Headers; problem: Problem | null; capture: Capture | null; bytes: Buffer | null };

/** Puts a case to the product as its request says, and gives what came back: one reply for each capture. */
export async function putCase(bed: Bed, entry: PeerCase): Promise<Reply[]> {
  if (entry.together) return await Promise.all(Array.from({ length: entry.together }, () => callOnce(bed, entry)));
  const replies: Reply[] = [];
  for (let round = 0; round < (entry.times ?? 1); round++) replies.push(await callOnce(bed, entry));
  return replies;
}

async function callOnce(bed: Bed, entry: PeerCase): Promise<Reply> {
  const { method = 'POST', path = '/api/captures', key = 'scripted', raw } = entry.call ?? {};
  const body = { url: '{site}/', output: { format: 'png' }, ...entry.request };
  const answer = await send(bed, {
    method,
    path,
    key,
    body: method === 'GET' ? undefined : (raw ?? bed.site.fill(JSON.stringify(body), entry.id)),
  });
  const parsed = readJson(await answer.text());
  const reply = { status: answer.status, headers: answer.headers };
  if (!isCapture(parsed)) return { ...reply, problem: toProblem(parsed), capture: null, bytes: null };
  const capture = await follow(bed, parsed);
  if (!capture.asset) return { ...reply, problem: null, capture, bytes: null };
  const asset = await fetch(capture.asset.url);
  if (!asset.ok) throw new Error(`the signed URL answered ${asset.status}`);
  return { ...reply, problem: null, capture, bytes: Buffer.from(await asset.arrayBuffer()) };
}

type Call = { method: string; path: string; key: keyof Bed['keys'] | 'none'; body?: string };

/** Sends one call; a call over the key's rate is sent again when the answer says. */
async function send(bed: Bed, call: Call): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const answer = await fetch(new URL(call.path, bed.url), {
      method: call.method,
      headers: {
        prefer: 'wait=60',
        ...(call.key === 'none' ? {} : { authorization: `Bearer ${bed.keys[call.key]}` }),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: call.body }),
    });
    if (answer.status !== 429 || tries === RATE_TRIES_MAX) return answer;
    await answer.arrayBuffer();
    await after(Number(answer.headers.get('retry-after') ?? 1) * 1000);
  }
}

async function follow(bed: Bed, first: Capture): Promise<Capture> {
  const end = Date.now() + FOLLOW_MS_MAX;
  for (let capture = first; ; ) {
    if (FINAL_STATUSES.includes(capture.status)) return capture;
    if (Date.now() > end) throw new Error(`capture ${capture.id} is still ${capture.status}`);
    await after(500);
    const next = readJson(await (await send(bed, { method: 'GET', path: `/api/captures/${capture.id}`, key: 'scripted' })).text());
    if (isCapture(next)) capture = next;
  }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // Not every refusal has a body; the status is what is looked at.
  }
}

function isCapture(value: unknown): value is Capture {
  return typeof value === 'object' && value !== null && 'object' in value && value.object === 'capture';
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}

function toProblem(value: unknown): Problem {
  return isProblem(value) ? value : { code: '', detail: '' };
}
