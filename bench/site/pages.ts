import type { Rgb } from './make-image.ts';

/**
 * The corpus: eight pages, each slow in the one way that pages of its kind are. What a page shows in the end lies at
 * fixed places in fixed colors, so that a picture can be judged by pixels (`corpus.ts`). A page holds no clock and no
 * random number; what it waits for is delayed by the server by fixed times.
 */
export const COLORS = {
  header: [20, 60, 120],
  chart: [200, 40, 90],
  table: [30, 140, 60],
  display: [150, 20, 160],
  text: [20, 120, 150],
  account: [210, 110, 10],
  chained: [60, 60, 200],
  live: [10, 150, 120],
} as const satisfies Record<string, Rgb>;
export const USER_NAME = 'Ada Lovelace';
export const TOKEN = 'bench-token-1842';
export const SESSION = 'bench-session-1815';
export const ARTICLE_IMAGES = 8;
export const LONG_IMAGES = 40;
/** Images of the page that shows what the egress proxy costs; each of about 8 kB. */
export const TILES = 60;
export const LONG_STEP_PX = 500;
export const REPORT_PAGES = 20;
export const REPORT_ROWS = 24;

const css = (color: Rgb) => `rgb(${color.join(',')})`;
/** A block at a fixed place of the page; `body` is its content. */
const block = (id: string, top: number, height: number, body = '') =>
  `<div id="${id}" style="position:absolute;left:0;top:${top}px;width:1280px;height:${height}px">${body}</div>`;
const paint = (id: string, color: Rgb) => `document.getElementById('${id}').style.background='${css(color)}';`;
const sentences = (count: number, seed: number) =>
  Array.from(
    { length: count },
    (_, index) => `Line ${seed}.${index}: the quick brown fox jumps over the lazy dog near the river bank.`,
  ).join(' ');

function html(title: string, body: string, script = '', head = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<style>body{margin:0;font:16px/1.5 sans-serif;color:#222;background:#fff}.card{padding:16px}.skeleton{background:#e5e5e5}
.spinner{width:48px;height:48px;border:6px solid #ccc;border-top-color:#333;border-radius:50%;animation:turn 1s linear infinite}
@keyframes turn{to{transform:rotate(360deg)}}</style>${head}</head><body>
<div style="height:80px;background:${css(COLORS.header)}"></div>${body}${script ? `<script type="module">${script}</script>` : ''}</body></html>`;
}

const GET = `const get=async(path,headers={})=>{const a=await fetch(path,{headers});if(!a.ok)throw new Error(String(a.status));return a.json()};`;

function article(): string {
  const parts = Array.from(
    { length: ARTICLE_IMAGES },
    (_, index) =>
      `<img src="/image/article/${index}.png" alt="" style="position:absolute;left:0;top:${100 + index * 600}px" width="640" height="360">` +
      `<p style="position:absolute;left:680px;top:${100 + index * 600}px;width:560px">${sentences(8, index)}</p>`,
  );
  return html('Article', `<div style="height:${100 + ARTICLE_IMAGES * 600}px">${parts.join('')}</div>`);
}

/** No image waits for anything: what the way to the site costs is all there is to see. */
function tiles(): string {
  const images = Array.from({ length: TILES }, (_, index) => `<img src="/tile/${index}.png" alt="" width="128" height="128">`);
  return html('Tiles', `<div>${images.join('')}</div>`);
}

function dashboard(): string {
  const script = `${GET}
const config=await get('/data/config?delay=60');
const series=await get('/data/series?delay='+config.delay);
const chart=document.getElementById('chart');chart.classList.remove('skeleton');
const canvas=document.createElement('canvas');canvas.width=1280;canvas.height=300;chart.append(canvas);
const pen=canvas.getContext('2d');pen.fillStyle='${css(COLORS.chart)}';
series.values.forEach((value,index)=>pen.fillRect(index*40,300-value,36,value));
const rows=await get('/data/rows?delay=80');
const table=document.getElementById('table');table.classList.remove('skeleton');table.innerHTML='<table>'+rows.map(r=>'<tr><td>'+r+'</td></tr>').join('')+'</table>';
${paint('table', COLORS.table)}
document.body.removeAttribute('aria-busy');`;
  const body =
    block('chart', 100, 300).replace('style', 'class="skeleton" style') +
    block('table', 420, 600).replace('style', 'class="skeleton" style');
  return html('Dashboard', `<div style="height:1040px">${body}</div>`, script).replace('<body>', '<body aria-busy="true">');
}

function long(): string {
  const images = Array.from(
    { length: LONG_IMAGES },
    (_, index) =>
      `<img loading="lazy" src="/image/long/${index}.png" alt="" width="320" height="240" style="position:absolute;left:0;top:${100 + index * LONG_STEP_PX}px">` +
      `<p style="position:absolute;left:360px;top:${100 + index * LONG_STEP_PX}px;width:800px">${sentences(6, index)}</p>`,
  );
  return html('Long page', `<div style="height:${LONG_IMAGES * LONG_STEP_PX}px">${images.join('')}</div>`);
}

function fonts(): string {
  const face = (family: string) => `@font-face{font-family:${family};src:url(/font/${family}.ttf);font-display:swap}`;
  const line = (id: string, top: number, color: Rgb) =>
    block(id, top, 200, `<span style="font:200px/200px ${id},serif;color:${css(color)}">AAAA</span>`);
  const body = `${line('display', 100, COLORS.display) + line('text', 320, COLORS.text)}<p style="padding-top:480px">${sentences(20, 1)}</p>`;
  return html('Fonts', body, '', `<style>${face('display')}${face('text')}</style>`);
}

function account(): string {
  const script = `${GET}
const token=localStorage.getItem('token');
if(!token)location.replace('/login');
else try{const me=await get('/data/me?delay=120',{authorization:'Bearer '+token});
const box=document.getElementById('me');box.textContent='Signed in as '+me.name;box.style.background='${css(COLORS.account)}';}
catch{location.replace('/login')}`;
  return html('Account', `<div style="height:500px">${block('me', 100, 200, '<span role="progressbar">Loading</span>')}</div>`, script);
}

function spinner(): string {
  const script = `${GET}
for(const step of [1,2,3,4])await get('/data/step'+step+'?delay=100');
document.getElementById('wait').remove();
${paint('chained', COLORS.chained)}document.getElementById('chained').textContent='Done';`;
  const wait = '<div id="wait" class="spinner" role="progressbar" aria-busy="true" style="position:absolute;left:600px;top:120px"></div>';
  return html('Chained', `<div style="height:600px">${wait}${block('chained', 200, 300)}</div>`, script);
}

function live(): string {
  const script = `${GET}
setInterval(()=>fetch('/data/poll').catch(()=>{}),300);
const socket=new WebSocket('wss://'+location.host+'/socket');let ticks=0;
socket.onmessage=()=>{document.getElementById('ticks').textContent=String(++ticks)};
await get('/data/first?delay=150');
${paint('live', COLORS.live)}document.getElementById('live').textContent='Live data';`;
  return html(
    'Live',
    `<div style="height:600px">${block('live', 100, 300, 'Loading')}<p id="ticks" style="padding-top:400px">0</p></div>`,
    script,
  );
}

function report(): string {
  const script = `${GET}
const data=await get('/data/report?delay=150');
document.getElementById('report').innerHTML=data.map(p=>'<section style="break-after:page"><h1>'+p.title+'</h1><table border="1" cellpadding="4">'+p.rows.map(r=>'<tr><td>'+r.join('</td><td>')+'</td></tr>').join('')+'</table></section>').join('');`;
  return html(
    'Report',
    '<div id="report" aria-busy="false"><div class="loading">Loading</div></div>',
    script,
    '<style>@media print{section:last-child{break-after:auto!important}}</style>',
  );
}

/** The text that stands last on a page of the report, and nowhere else. */
export function reportMark(page: number): string {
  return `end-of-page-${page}-row-${REPORT_ROWS}`;
}

const login = html('Sign in', '<form class="card"><input type="password" name="password"><button>Sign in</button></form>');
const SECTIONS = Array.from({ length: REPORT_PAGES }, (_, page) => ({
  title: `Section ${page + 1}`,
  rows: Array.from({ length: REPORT_ROWS }, (_row, row) => [
    `Account ${page * REPORT_ROWS + row + 1}`,
    `${(page * 37 + row * 91) % 10_000}.00 EUR`,
    row === REPORT_ROWS - 1 ? reportMark(page + 1) : `row ${row + 1}`,
  ]),
}));

export const PAGES: Readonly<Record<string, string>> = {
  '/article': article(),
  '/dashboard': dashboard(),
  '/tiles': tiles(),
  '/long': long(),
  '/fonts': fonts(),
  '/account': account(),
  '/spinner': spinner(),
  '/live': live(),
  '/report': report(),
  '/login': login,
};
export const DATA: Readonly<Record<string, unknown>> = {
  '/data/config': { delay: 70 },
  '/data/series': { values: Array.from({ length: 32 }, (_, index) => 120 + ((index * 53) % 170)) },
  '/data/rows': Array.from({ length: 18 }, (_, index) => `Row ${index + 1}`),
  '/data/step1': {},
  '/data/step2': {},
  '/data/step3': {},
  '/data/step4': {},
  '/data/first': {},
  '/data/poll': {},
  '/data/report': SECTIONS,
};
