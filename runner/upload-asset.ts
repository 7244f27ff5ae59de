import { createReadStream } from 'node:fs';
import { type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { backoffMs } from '#shared/backoff.ts';
import { LIMITS } from '#shared/limits.ts';
import type { Log } from '#shared/log.ts';
import type { Claim } from '#shared/runner-protocol.ts';

/** A result in its file. `md5`, in base64, is of the bytes that were rendered, before they were written. */
export type StoredFile = { file: string; bytes: number; md5: string; contentType: string };

/** The result could not be stored. The message holds a status and never the grant, which is a permission. */
export class UploadFailed extends Error {
  override name = 'UploadFailed';
}

/**
 * Puts a spooled result into its one blob by a single PUT, which the grant allows exactly once. A cut connection leaves
 * it open whether the blob was made, so the same bytes are sent again, at most `LIMITS.uploadTriesMax` times within
 * `LIMITS.uploadMsMax`; "exists already" after a try of our own means that it was. Throws `UploadFailed`, or the
 * signal's reason.
 */
export async function uploadAsset(stored: StoredFile, grant: Claim['upload'], scope: { signal: AbortSignal; log: Log }): Promise<void> {
  const limit = AbortSignal.timeout(Math.max(1, Math.min(LIMITS.uploadMsMax, Date.parse(grant.expiresAt) - Date.now())));
  const signal = AbortSignal.any([scope.signal, limit]);
  for (let tries = 1; ; tries++) {
    const answer = await put(stored, { grant, signal }).catch((error: unknown) => ({ status: null, code: '', error }));
    scope.signal.throwIfAborted();
    if (answer.status === 201) return;
    if (answer.status === 409 && tries > 1 && /^(BlobAlreadyExists|)$/.test(answer.code)) return;
    const isTransient = answer.status === null || answer.status === 408 || answer.status === 429 || answer.status >= 500;
    if (!isTransient || tries >= LIMITS.uploadTriesMax || limit.aborted)
      throw new UploadFailed(`The store answered ${answer.status ?? 'nothing'} ${answer.code} to try ${tries}.`);
    scope.log.warn('an upload was not taken and is tried again', {
      count: tries,
      ...(answer.status === null ? {} : { status: answer.status }),
    });
    await wait(backoffMs(tries, 250, LIMITS.callRetryMsMax), undefined, { signal }).catch(() => scope.signal.throwIfAborted());
  }
}

type PutParts = { grant: Claim['upload']; signal: AbortSignal };

async function put(stored: StoredFile, { grant, signal }: PutParts): Promise<{ status: number; code: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; code: string }>();
  const send = new URL(grant.url).protocol === 'https:' ? requestHttps : requestHttp;
  // The store checks what it gets against the digest: a file that was cut short or changed since is refused, not kept.
  const options: RequestOptions = {
    method: 'PUT',
    signal,
    headers: { ...grant.headers, 'content-type': stored.contentType, 'content-length': stored.bytes, 'content-md5': stored.md5 },
  };
  const outgoing = send(grant.url, options, (answer) => {
    answer.resume();
    answer
      .once('end', () => resolve({ status: answer.statusCode ?? 0, code: String(answer.headers['x-ms-error-code'] ?? '') }))
      .once('error', reject);
  });
  outgoing.once('error', reject);
  // A store that refuses early ends the body's way; its answer says more than the broken pipe.
  pipeline(createReadStream(stored.file), outgoing).catch(reject);
  return await promise;
}
