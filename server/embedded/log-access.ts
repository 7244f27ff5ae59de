import { createAccessFilter } from './access-log.ts';

/**
 * Loaded before Azurite (`node --import=…/log-access.ts`): its access log goes to stdout with the signatures of links and
 * grants in it, and has no setting that leaves them out.
 */
const filter = createAccessFilter();
const write = process.stdout.write.bind(process.stdout);

process.stdout.write = (chunk: string | Uint8Array) => {
  const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
  const kept = text
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => filter(line) ?? []);
  return kept.length === 0 || write(`${kept.join('\n')}\n`);
};
