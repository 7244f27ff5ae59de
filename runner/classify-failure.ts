import { type Failure, failure, type Step } from '#shared/failure.ts';
import { BrowserUnavailable } from './browser/launch/launch-chromium.ts';
import { UploadFailed } from './upload-asset.ts';

/**
 * Turns anything thrown in an attempt into a failure of the catalogue. The text of the thrown thing is not used: it may
 * quote the page, a URL or a value.
 */
export function classifyFailure(error: unknown, step: Step | null): Failure {
  if (error instanceof UploadFailed) return failure('storage_unavailable', 'store');
  if (error instanceof BrowserUnavailable) return failure('browser_crashed', step, 'The browser could not be started.');
  return failure('internal', step);
}
