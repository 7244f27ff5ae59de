import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Browser } from 'playwright';
import { Connection } from 'rabbitmq-client';
import { WAKE_UP_QUEUE } from '#shared/runner-protocol.ts';
import { serviceAddress } from '../services/service-address.ts';
import { findPostgresBin } from '../services/start-postgres.ts';
import { readPdf } from '../truth/search-pdf.ts';

// Readers of every place where something could be left: each answers all that it finds, to be searched.

/** The whole database as SQL. */
export function dumpDatabase(databaseUrl: string): string {
  return execFileSync(join(findPostgresBin() ?? '', 'pg_dump'), ['--inserts', databaseUrl], { encoding: 'utf8', maxBuffer: 1 << 28 });
}

/** Every message in the queue, put back by leaving it unacknowledged. */
export async function readMessages(): Promise<string[]> {
  const connection = new Connection(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  const channel = await connection.acquire();
  const bodies: string[] = [];
  for (let i = 0; i < 500; i++) {
    const message = await channel.basicGet({ queue: WAKE_UP_QUEUE, noAck: false });
    if (!message) break;
    bodies.push(JSON.stringify({ ...message, body: message.body }));
  }
  await channel.close();
  await connection.close();
  return bodies;
}

/** Puts a message into the queue for as long as it is looked at. */
export async function withMessage(body: unknown, look: () => Promise<void>): Promise<void> {
  const connection = new Connection(serviceAddress('SESSIONSHOT_TEST_RABBITMQ_URL'));
  const publisher = connection.createPublisher({ confirm: true });
  try {
    await publisher.send({ routingKey: WAKE_UP_QUEUE }, body);
    await look();
  } finally {
    await connection.queuePurge({ queue: WAKE_UP_QUEUE });
    await publisher.close();
    await connection.close();
  }
}

type Container = { connectionString: string; container: string };

/** Keeps a blob with these bytes and this metadata for as long as it is looked at. */
export async function withBlob(
  blobs: Container,
  { metadata, bytes = Buffer.alloc(0) }: { metadata: Record<string, string>; bytes?: Buffer },
  look: () => Promise<void>,
): Promise<void> {
  const container = BlobServiceClient.fromConnectionString(blobs.connectionString).getContainerClient(blobs.container);
  const blob = container.getBlockBlobClient('planted');
  await blob.upload(bytes, bytes.length, { metadata });
  try {
    await look();
  } finally {
    await blob.delete();
  }
}

/** Names, properties, metadata and tags of all blobs of a container. Their bytes are read by `readResults`. */
export async function describeBlobs({ connectionString, container }: Container): Promise<string[]> {
  const client = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
  const found: string[] = [];
  for await (const item of client.listBlobsFlat({ includeMetadata: true, includeUncommitedBlobs: true, includeSnapshots: true })) {
    const properties = await client.getBlobClient(item.name).getProperties();
    const { _response, ...own } = properties;
    found.push(JSON.stringify([item, own]));
  }
  return found;
}

/** Every stored result with what it says: its bytes, and of a PDF also its streams, texts, information and links. */
export async function readResults({ connectionString, container }: Container): Promise<{ name: string; content: string }[]> {
  const client = BlobServiceClient.fromConnectionString(connectionString).getContainerClient(container);
  const found: { name: string; content: string }[] = [];
  for await (const { name } of client.listBlobsFlat()) {
    const bytes = await client.getBlobClient(name).downloadToBuffer();
    const said = bytes.toString('latin1', 0, 5) === '%PDF-' ? await readPdfBytes(bytes) : '';
    found.push({ name, content: `${bytes.toString('latin1')}\n${said}` });
  }
  return found;
}

async function readPdfBytes(bytes: Buffer): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sessionshot-result-'));
  try {
    const file = join(folder, 'result.pdf');
    writeFileSync(file, bytes);
    return await readPdf(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The names and bytes of all files below a folder. `skip` names paths that are left out. */
export function readFolder(folder: string, skip: (path: string) => boolean = () => false): Buffer {
  const parts: Buffer[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (skip(path)) continue;
    parts.push(Buffer.from(`\n${path}\n`));
    if (entry.isFile()) parts.push(readIfThere(path));
  }
  return Buffer.concat(parts);
}

/** A database at work removes files of its own at any moment. */
function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Follows a stream of the console until it is stopped; answers all that came. */
export function followStream(url: string, cookie: string): { text(): string; stop(): Promise<void> } {
  const ended = new AbortController();
  let text = '';
  const reading = (async () => {
    const response = await fetch(url, { headers: { accept: 'text/event-stream', cookie, 'x-sessionshot': '1' }, signal: ended.signal });
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) text += decoder.decode(chunk, { stream: true });
  })().catch((error: unknown) => {
    if (!ended.signal.aborted) throw error;
  });
  return {
    text: () => text,
    stop: async () => {
      ended.abort();
      await reading;
    },
  };
}

export type ConsoleVisit = { seen(): string; cookie: string; look(paths: readonly string[]): Promise<void>; close(): Promise<void> };

/** Signs in to the console in a real browser and keeps every URL, answer, page and storage that it sees while looking around. */
export async function visitConsole(browser: Browser, options: { url: string; signInUrl: string }): Promise<ConsoleVisit> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const seen: string[] = [];
  const bodies: Promise<unknown>[] = [];
  page.on('response', (response) => {
    // The body of an event stream has no end, and streams have a reader of their own; that of a page that was left is gone.
    if (/event-stream/.test(response.headers()['content-type'] ?? '')) return;
    bodies.push(
      response.text().then(
        (body) => seen.push(response.url(), body),
        () => undefined,
      ),
    );
  });
  page.on('console', (message) => seen.push(message.text()));
  await page.goto(options.signInUrl);
  await page.getByRole('heading', { name: 'Overview' }).waitFor();
  const [session] = (await context.cookies()).filter(({ name }) => name.endsWith('ss_session'));
  return {
    seen: () => seen.join('\n'),
    cookie: `${session?.name}=${session?.value}`,
    look: async (paths) => {
      for (const path of paths) {
        await page.goto(options.url + path);
        await page.locator('#main').getByText('localhost').first().waitFor();
        seen.push(page.url(), await page.content());
        seen.push(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state])));
      }
      await Promise.all(bodies);
    },
    close: () => context.close(),
  };
}
