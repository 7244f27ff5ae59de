import { isDeepStrictEqual } from 'node:util';
import type { Capture } from '#shared/capture.ts';
import type { Expectation, PeerCase } from './peer-case.ts';
import type { Reply } from './put-case.ts';
import type { Pdf, Picture } from './read-asset.ts';
import type { Bed } from './start-peers.ts';

type Say = (what: string, got: unknown, wanted: unknown) => void;
const SHADE = 3;
const POINTS_OFF = 1.5;

/** Holds the replies of a case against its expectation. Answers a sentence for each point that is not met. */
export async function findFaults(bed: Bed, entry: PeerCase, replies: readonly Reply[]): Promise<string[]> {
  const faults: string[] = [];
  const say: Say = (what, got, wanted) => void faults.push(`${what}: ${JSON.stringify(got)}, wanted ${JSON.stringify(wanted)}`);
  for (const reply of replies) {
    checkAnswer(entry.expect, reply, say);
    if (reply.capture) checkCapture(entry.expect, reply.capture, say);
    if (reply.bytes && reply.capture) await checkAsset(bed, entry.expect, { bytes: reply.bytes, capture: reply.capture }, say);
  }
  checkSite(bed, entry, say);
  const hashes = new Set(replies.map((reply) => reply.capture?.asset?.sha256));
  if (entry.expect.sameBytes && (hashes.size !== 1 || hashes.has(undefined))) say('different results', hashes.size, 1);
  return faults;
}

function checkAnswer(expect: Expectation, reply: Reply, say: Say): void {
  const { refused } = expect;
  if (expect.answerHeader && !reply.headers.get(expect.answerHeader)) say(`header ${expect.answerHeader}`, null, 'some value');
  if (!refused) {
    if (!reply.capture) say('answer', { status: reply.status, ...reply.problem }, 'a capture');
    return;
  }
  if (reply.status !== refused.status) say('status', reply.status, refused.status);
  if (refused.code && reply.problem?.code !== refused.code) say('code', reply.problem?.code, refused.code);
  const paths = (reply.problem?.errors ?? []).map((error) => error.path);
  if (refused.path && !paths.includes(refused.path)) say('faulty fields', paths, refused.path);
  const texts = [reply.problem?.detail ?? '', ...(reply.problem?.errors ?? []).map((error) => error.message)].join(' ');
  if (refused.says && !texts.includes(refused.says)) say('message', texts, refused.says);
}

function checkCapture(expect: Expectation, capture: Capture, say: Say): void {
  if (expect.refused) {
    say('answer', 'a capture', expect.refused);
    return;
  }
  const outcome = capture.error ? `${capture.error.code}: ${capture.error.message}` : capture.status;
  if (expect.failed ? capture.error?.code !== expect.failed : capture.status !== 'succeeded')
    say('outcome', outcome, expect.failed ?? 'succeeded');
  if (expect.failed && capture.asset) say('asset of a failed capture', 'there', null);
  if (expect.says && !capture.error?.message.includes(expect.says)) say('message', capture.error?.message, expect.says);
  const same = (what: string, got: unknown, wanted: unknown) => {
    if (wanted !== undefined && got !== wanted) say(what, got, wanted);
  };
  same('verdict', capture.verdict, expect.verdict);
  same('partial', capture.partial, expect.partial);
  same('httpStatus', capture.httpStatus, expect.httpStatus);
  const blocked = (capture.egress?.blocked ?? []).map((entry) => entry.host);
  for (const host of expect.blocked ?? []) if (!blocked.some((name) => name.startsWith(host))) say('blocked hosts', blocked, host);
  const rejected = (capture.auth?.rejected ?? []).map((item) => item.name);
  for (const name of expect.rejected ?? []) if (!rejected.includes(name)) say('rejected items', rejected, name);
}

async function checkAsset(bed: Bed, expect: Expectation, result: { bytes: Buffer; capture: Capture }, say: Say): Promise<void> {
  const { bytes, capture } = result;
  const { asset } = capture;
  if (expect.contentType && asset?.contentType !== expect.contentType) say('content type', asset?.contentType, expect.contentType);
  if (expect.width && asset?.width !== expect.width) say('width', asset?.width, expect.width);
  if (expect.height !== undefined && !isWithin(asset?.height ?? 0, expect.height)) say('height', asset?.height, expect.height);
  if (expect.bytesBelow && bytes.length >= expect.bytesBelow) say('bytes', bytes.length, expect.bytesBelow);
  if (capture.format === 'pdf') {
    if (!bytes.subarray(0, 5).equals(Buffer.from('%PDF-'))) {
      say('first bytes', bytes.subarray(0, 5).toString('latin1'), '%PDF-');
      return;
    }
    const pdf = await bed.reader.readPdf(bytes);
    checkPdf(expect, pdf, say);
    if (expect.colors) checkColors(expect.colors, await pdf.firstPage(), say);
    return;
  }
  // Every picture is decoded: one that no other program can read is no result, whatever the case asks.
  const picture = await bed.reader.readPicture(bytes);
  if (picture.width !== asset?.width || picture.height !== asset.height)
    say('size told', [asset?.width, asset?.height], [picture.width, picture.height]);
  checkColors(expect.colors ?? [], picture, say);
}

function isWithin(value: number, wanted: number | { min?: number; max?: number }): boolean {
  if (typeof wanted === 'number') return value === wanted;
  return value >= (wanted.min ?? 0) && value <= (wanted.max ?? Number.POSITIVE_INFINITY);
}

function checkPdf(expect: Expectation, pdf: Pdf, say: Say): void {
  const pages = Number(pdf.info.Pages);
  if (expect.pages !== undefined && !isWithin(pages, expect.pages)) say('pages', pages, expect.pages);
  for (const text of expect.text ?? []) if (!pdf.text.includes(text)) say('text', pdf.text.slice(0, 400), text);
  for (const text of expect.notText ?? []) if (pdf.text.includes(text)) say('text', pdf.text.slice(0, 400), `no ${text}`);
  for (const [page, text] of Object.entries(expect.onPage ?? {})) {
    const found = pdf.pages[Number(page) - 1] ?? '';
    if (!found.includes(text)) say(`text of page ${page}`, found.slice(0, 200), text);
  }
  const { paper } = expect;
  if (paper && (Math.abs(pdf.paper[0] - paper[0]) > POINTS_OFF || Math.abs(pdf.paper[1] - paper[1]) > POINTS_OFF))
    say('paper', pdf.paper, paper);
  if (expect.tagged !== undefined && (pdf.info.Tagged === 'yes') !== expect.tagged) say('tagged', pdf.info.Tagged, expect.tagged);
  if (expect.outline !== undefined && pdf.hasOutline !== expect.outline) say('outline', pdf.hasOutline, expect.outline);
  for (const [name, value] of Object.entries(expect.info ?? {})) if (pdf.info[name] !== value) say(name, pdf.info[name], value);
}

function checkColors(wanted: NonNullable<Expectation['colors']>, picture: Picture, say: Say): void {
  for (const [x, y, color] of wanted) {
    const got = picture.at(x, y);
    if (!isNear(got, color)) say(`color at ${x},${y}`, got, color);
  }
}

/** Lossy formats and anti-aliasing may be off by a shade. */
function isNear(a: string, b: string): boolean {
  if (!a.startsWith('#') || !b.startsWith('#')) return a === b;
  return [1, 3, 5].every((at) => Math.abs(Number.parseInt(a.slice(at, at + 2), 16) - Number.parseInt(b.slice(at, at + 2), 16)) <= SHADE);
}

function checkSite(bed: Bed, entry: PeerCase, say: Say): void {
  const seen = bed.site.seen(entry.id);
  for (const wanted of entry.expect.received ?? []) {
    const host = bed.site.fill(wanted.host === 'api' ? '{apiHost}' : '{host}', entry.id);
    const requests = seen.filter((request) => request.host === host && request.path.split('?')[0] === (wanted.path ?? '/'));
    const got = requests.map((request) => request.headers[wanted.header.toLowerCase()] ?? null);
    const value = wanted.value === null ? null : bed.site.fill(wanted.value, entry.id);
    if (got.length === 0 || !isDeepStrictEqual(new Set(got), new Set([value])))
      say(`${wanted.header} of ${wanted.path ?? '/'}`, got, value);
  }
  for (const [path, count] of Object.entries(entry.expect.asked ?? {})) {
    const got = seen.filter((request) => request.path.split('?')[0] === path).length;
    if (got !== count) say(`requests for ${path}`, got, count);
  }
  if (entry.expect.canary && bed.site.canaryTouched() > 0) say('connections inside the network', bed.site.canaryTouched(), 0);
}
