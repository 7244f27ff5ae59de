import { createLog } from '#shared/log.ts';
import { takeOutDebug } from './config.ts';

/**
 * The first thing that a runner imports, before anything that imports Playwright: with `DEBUG=pw:*` Playwright writes its
 * messages to the browser, every cookie of a session in them, to stderr, past the logger and its filter.
 */
const names = takeOutDebug();
if (names.length > 0)
  createLog('runner').warn('debug switches are passed over, because they write what captures hold in secret past this log', {
    reason: names.join(', '),
  });
