import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import { startSite } from './site.ts';

// The corpus as a process of its own, so that serving it takes no turn from whoever measures. Ends with its stdin.
const folder = process.argv[2] ?? '.';
const authority = await makeAuthority('SessionShot bench');
const site = await startSite(await authority.issue(['localhost']));
const caFile = join(folder, 'bench-ca.pem');
writeFileSync(caFile, authority.pem);
process.stdout.write(`${JSON.stringify({ event: 'ready', port: site.port, origin: `https://localhost:${site.port}`, caFile })}\n`);
process.stdin.resume().once('end', () => void site.close());
process.once('SIGTERM', () => void site.close().then(() => process.exit(0)));
