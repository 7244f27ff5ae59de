import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, startProcess } from '../e2e/start-process.ts';
import type { PeerCase } from './peer-case.ts';
import { type AssetReader, createAssetReader } from './read-asset.ts';
import { type PeerSite, startPeerSite } from './site.ts';

export const SLOTS = 3;

export type Bed = {
  site: PeerSite;
  reader: AssetReader;
  url: string;
  /** Keys by name: one that may run scripts, one that may not, one that never was. */
  keys: Readonly<Record<'scripted' | 'unscripted' | 'wrong', string>>;
  close(): Promise<void>;
};

/** Starts the fixture site and one embedded instance that knows its hosts and its certificate authority. */
export async function startBed(cases: readonly PeerCase[]): Promise<Bed> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sessionshot-peers-'));
  const site = await startPeerSite(cases);
  const caFile = join(dataDir, 'peers-ca.pem');
  writeFileSync(caFile, site.caPem);
  const instance = startProcess(
    'server/cli/main.ts',
    ['up', '--json', '--port', '0', '--no-open', '--concurrency', String(SLOTS), '--data-dir', dataDir],
    { SESSIONSHOT_EXTRA_CA_FILE: caFile },
  );
  const close = async () => {
    await instance.stop();
    await site.close();
    rmSync(dataDir, { recursive: true, force: true });
  };
  try {
    const url = String((await instance.waitFor('ready')).url);
    await instance.waitFor('capture');
    const cli = async (...args: string[]) => {
      const ended = await runCommand([...args, '--json', '--data-dir', dataDir]);
      if (ended.code !== 0) throw new Error(`${args.join(' ')} ended with ${ended.code}: ${ended.stderr}`);
      return JSON.parse(ended.stdout);
    };
    for (const host of site.allowed) await cli('domains', 'add', host, '--private');
    const scopes = ['captures:create', 'captures:read', 'captures:script'].flatMap((scope) => ['--scope', scope]);
    const scripted = String((await cli('keys', 'create', 'peers', ...scopes)).key);
    const unscripted = String((await cli('keys', 'create', 'peers-plain')).key);
    const wrong = `${scripted.slice(0, -1)}${scripted.endsWith('0') ? '1' : '0'}`;
    const reader = createAssetReader();
    return {
      site,
      reader,
      url,
      keys: { scripted, unscripted, wrong },
      close: async () => {
        await reader.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}
