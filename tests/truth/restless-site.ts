import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { makeAuthority } from '#runner/fixtures/certificates.ts';
import { type Site, startSite } from '#runner/fixtures/site.ts';

/** Red and blue in turn, a tenth of a second each, for ever. */
const GIF = Buffer.from(
  `${'47494638396101000100800000ff00000000ff'}21ff0b4e45545343415045322e300301000000${'21f904000a000000'}2c000000000100010000${'02024401'}00${'21f904000a000000'}2c000000000100010000${'02024c01'}003b`,
  'hex',
);

const PAGE = `<!doctype html><meta charset="utf-8"><title>Restless</title>
<style>
@font-face { font-family: Web; src: url(/font.ttf); }
body { font: 16px sans-serif; margin: 16px; }
@keyframes turn { to { transform: rotate(360deg); background: gold; } }
@keyframes grow { to { width: 300px; } }
.turn { width: 40px; height: 40px; background: teal; animation: turn 0.7s linear infinite; }
.grow { width: 10px; height: 10px; background: navy; animation: grow 1.3s ease-out forwards; }
.web { font: 32px Web; }
</style>
<p id="clock"></p><p id="fine"></p><p id="ago"></p><p id="ticks"></p><p id="uuid"></p><p id="zone"></p><p id="modified"></p><p id="temporal"></p><p id="bytes"></p><p id="debounced">waiting</p>
<div class="turn"></div><div class="grow"></div><span class="web">&#xea60;&#xea61; Web</span>
<input autofocus value="caret"><img src="/spin.gif" width="60" height="60"><i style="display:inline-block;width:60px;height:60px;background:url(/spin.gif)"></i>
<video poster="/poster.png" width="80" height="60"></video>
<canvas id="noise" width="200" height="60"></canvas><svg id="chart" width="200" height="80"></svg><ul id="rows"></ul>
<iframe src="/frame" width="200" height="60"></iframe>
<script>
const started = Date.now();
const put = (id, text) => { document.getElementById(id).textContent = text; };
const show = () => { put('clock', new Date().toLocaleString()); put('fine', Date.now() + ' ' + performance.now()); };
show(); setInterval(show, 250);
let ticks = 0; setInterval(() => put('ticks', ++ticks), 330);
put('uuid', crypto.randomUUID()); put('zone', Intl.DateTimeFormat().resolvedOptions().timeZone + ' ' + navigator.language + ' ' + new Intl.DateTimeFormat('en', { timeStyle: 'medium' }).format());
put('modified', document.lastModified); put('temporal', typeof Temporal === 'undefined' ? 'none' : String(Temporal.Now.plainDateTimeISO())); put('bytes', crypto.getRandomValues(new Uint8Array(8)).join());
const rtf = new Intl.RelativeTimeFormat('en');
setInterval(() => put('ago', rtf.format(Math.round((Date.UTC(2024, 11, 31) - Date.now()) / 60000), 'minute')), 500);
// Fires only when the clock that it measures with goes on, as the well-known implementations do.
const debounce = (run, wait) => { let last; const check = () => { const rest = wait - (Date.now() - last); if (rest <= 0) run(); else setTimeout(check, rest); }; return () => { last = Date.now(); setTimeout(check, wait); }; };
debounce(() => put('debounced', 'after ' + (Date.now() - started)), 400)();
const pen = document.getElementById('noise').getContext('2d');
const draw = (at) => { pen.fillStyle = 'hsl(' + (at / 10 % 360) + ' 60% 50%)'; pen.fillRect(Math.random() * 190, Math.random() * 50, 10, 10); requestAnimationFrame(draw); };
requestAnimationFrame(draw);
fetch('/api').then((answer) => answer.json()).then((rows) => {
  document.getElementById('chart').innerHTML = rows.map((row, index) => '<rect x="' + index * 20 + '" y="0" width="15" height="' + Math.random() * 80 + '" fill="green"/>').join('');
  for (const row of rows) { const item = document.createElement('li'); item.id = crypto.randomUUID(); item.textContent = row + ' ' + item.id.slice(0, 8) + ' ' + new Date().toISOString(); document.getElementById('rows').append(item); }
});
</script>`;
const FRAME = `<!doctype html><p id="t"></p><script>setInterval(() => { document.getElementById('t').textContent = Date.now() + ' ' + Math.random(); }, 100)</script>`;

export type RestlessSite = Site & { host: string; ca: string };

/** Serves a page in which nothing keeps still, each part of it after a moment of another length. */
export async function startRestlessSite(): Promise<RestlessSite> {
  const authority = await makeAuthority('Restless CA');
  const site = await startSite(
    async (request, response) => {
      const path = request.url ?? '/';
      await after(randomInt(5, 150));
      const [type, body] = answers[path] ?? ['text/plain', ''];
      response.writeHead(200, { 'content-type': type }).end(body);
    },
    await authority.issue(['localhost']),
  );
  return { ...site, host: 'localhost', ca: authority.pem };
}

const answers: Record<string, [type: string, body: string | Buffer]> = {
  '/': ['text/html', PAGE],
  '/frame': ['text/html', FRAME],
  '/api': ['application/json', JSON.stringify([3, 1, 4, 1, 5])],
  '/spin.gif': ['image/gif', GIF],
  '/poster.png': ['image/gif', GIF],
  '/font.ttf': ['font/ttf', findFont()],
};

/** A font that a package of ours carries: any will do. */
function findFont(): Buffer {
  const folder = join(dirname(createRequire(import.meta.url).resolve('playwright-core')), 'lib');
  const file = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.ttf'));
  if (!file) throw new Error(`no font below ${folder}`);
  return readFileSync(join(folder, file));
}
