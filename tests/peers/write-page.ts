import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PEERS } from './peers.ts';
import { renderPage } from './render-page.ts';

/** Writes docs/peers.md anew: `node tests/peers/write-page.ts`. */
writeFileSync(join(import.meta.dirname, '..', '..', 'docs', 'peers.md'), renderPage(PEERS));
