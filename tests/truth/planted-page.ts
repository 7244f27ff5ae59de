/**
 * A page with values planted in every place from which text can reach a picture or a PDF. With `blank` the same page
 * without the values, which is what a redacted page must look like.
 */
export type Plant = {
  name: string;
  value: string;
  html(value: string): string /** Whether it reaches the PDF without redaction. */;
  inPdf: boolean;
};

const mail = (name: string) => `${name}.person@${name}.example`;
const parts = (value: string, ...cuts: number[]) => [0, ...cuts].map((from, index) => value.slice(from, cuts[index] ?? value.length));
const svgPicture = (text: string) =>
  `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" width="200" height="20"><text y="15">${text}</text></svg>`)}`;
const by = (name: string, html: Plant['html'], inPdf = true): Plant => ({ name, value: mail(name), html, inPdf });
const valued = (name: string, value: string, html: Plant['html'], inPdf = true): Plant => ({ name, value, html, inPdf });

/** One of each country and kind that passes its check; none belongs to anybody. */
const CARDS = ['4111 1111 1111 1111', '5500-0000-0000-0004', '340000000000009', '6011 0000 0000 0004'];
const JWT = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJl';

export const PLANTS: Plant[] = [
  by('text', (v) => `<p>Mail ${v} now</p>`),
  by(
    'split',
    (v) =>
      `<p>${parts(v, 4, 9)
        .map((part, at) => `<${'bis'.charAt(at)}>${part}</${'bis'.charAt(at)}>`)
        .join('')}</p>`,
  ),
  by('wordbreak', (v) => `<p>${parts(v, 10).join('<wbr>&#8203;')}</p>`),
  by('linebreak', (v) => `<p>Mail<br>${parts(v, 17).join('<br>')}<br>now</p>`),
  by('inlinebreak', (v) => `<p><b>${parts(v, 21).join('</b> <br class="x">\n <i>')}</i></p>`),
  by('comment', (v) => `<p>${parts(v, 7).join('<!-- a node between -->')}</p>`),
  by('flexrow', (v) => `<div style="display:flex">\n<span>${parts(v, 8).join('</span>\n<span>')}</span>\n</div>`),
  by('inlineblock', (v) => `<p><span class="ib">${parts(v, 8).join('</span><span class="ib">')}</span></p>`),
  by('attribute', (v) => `<input value="${v}" size="40">`),
  by('property', (v) => `<input id="property" size="40"><script>document.getElementById('property').value = '${v}'</script>`),
  by('area', (v) => `<textarea cols="50">${v}</textarea>`),
  by('option', (v) => `<select><option>${v}</option></select>`),
  by('placeholder', (v) => `<input size="40" placeholder="${v}">`),
  by('tooltip', (v) => `<p title="${v}">tooltip</p>`, false),
  by('alt', (v) => `<p><img alt="${v}" src="/dot.svg" width="20" height="20"></p>`),
  by('arialabel', (v) => `<p><img aria-label="${v}" src="/dot.svg" width="20" height="20"></p>`),
  by('mailto', (v) => `<p><a href="mailto:${v}">write</a></p>`),
  by('query', (v) => `<p><a href="https://app.example.com/u?m=${encodeURIComponent(v)}">profile</a></p>`),
  by('title', (v) => `<script>document.title = '${v}'</script>`),
  by('svgtext', (v) => `<p><svg width="500" height="20"><text y="15">${v}</text></svg></p>`),
  by(
    'tspan',
    (v) => `<p><svg width="500" height="20"><text y="15"><tspan>${parts(v, 6).join('</tspan><tspan fill="red">')}</tspan></text></svg></p>`,
  ),
  by('attrcontent', (v) => `<p class="by-attr" data-mail="${v}">by attr: </p>`),
  by('content', (v) => `<style>.by-content::after { content: "${v}" }</style><p class="by-content">by style: </p>`),
  by(
    'marker',
    (v) =>
      `<style>.by-marker::marker { content: "${v} " }</style><ul style="list-style-position:inside"><li class="by-marker">item</li></ul>`,
  ),
  by(
    'shadow',
    (v) =>
      `<div id="shadow"></div><script>document.getElementById('shadow').attachShadow({ mode: 'open' }).innerHTML = '<p>${v}</p>'</script>`,
  ),
  by(
    'closed',
    (v) =>
      `<div id="closed"></div><script>document.getElementById('closed').attachShadow({ mode: 'closed' }).innerHTML = '<p>${v}</p>'</script>`,
  ),
  by('declared', (v) => `<div><template shadowrootmode="closed"><p>${v}</p></template></div>`),
  by('slotted', (v) => `<div><template shadowrootmode="open"><p>slot: <slot></slot></p></template><b>${v}</b></div>`),
  by('frame', (v) => `<iframe src="/frame?v=${v}" width="500" height="40"></iframe>`),
  by('foreign', (v) => `<iframe src="https://bi.example.org/frame?v=${v}" width="500" height="40"></iframe>`),
  by('srcdoc', (v) => `<iframe srcdoc="<p style='margin:0'>${v}</p>" width="500" height="40"></iframe>`),
  by('editable', (v) => `<p contenteditable="true">${v}</p>`),
  by('heading', (v) => `<h2>${v}</h2>`),
  by('printonly', (v) => `<style>.po { display: none } @media print { .po { display: block } }</style><p class="po">${v}</p>`),
  by('prewrapped', (v) => `<pre style="width:14em;white-space:pre-wrap">${v}</pre>`),
  valued('card', CARDS[0] ?? '', (v) => `<p>Card ${v} valid</p>`),
  valued('carddash', CARDS[1] ?? '', (v) => `<table><tr><td>${v}</td><td>12</td></tr></table>`),
  valued('cardplain', CARDS[2] ?? '', (v) => `<p>${v}</p>`),
  valued('cardgroups', CARDS[3] ?? '', (v) => `<p style="display:flex;gap:6px"><span>${v.split(' ').join('</span><span>')}</span></p>`),
  valued('carddots', '3714.496353.98431', (v) => `<p>Card ${v} valid</p>`),
  valued('mailquoted', '"quoted person"@acme.example', (v) => `<p>Mail ${v} now</p>`),
  valued('cardbreak', '4012 8888 8888 1881', (v) => `<p>Card<br>${parts(v, 9).join('<br>')}<br>12/27</p>`),
  valued('cardstack', '5105-1051-0510-5100', (v) => `<p>${parts(v, 5, 10, 15).join('<br>')}</p>`),
  valued('ibanbreak', 'FR14 2004 1010 0505 0001 3M02 606', (v) => `<p>IBAN<br>${parts(v, 14, 20).join('<br>\n')}<br>EUR</p>`),
  valued('custombreak', '123-45-6789', (v) => `<p>SSN ${parts(v, 7).join('<br>')}</p>`),
  valued('iban', 'DE89 3704 0044 0532 0130 00', (v) => `<p>IBAN ${v} EUR</p>`),
  valued('ibannbsp', 'GB82WEST12345698765432', (v) => `<p>${parts(v, 4, 8, 12, 16, 20).filter(Boolean).join('&nbsp;')}</p>`),
  valued('jwt', JWT, (v) => `<p style="font-size:10px">${v}</p>`),
  valued('phone', '+49 30 901820', (v) => `<p>Call ${v} or <a href="tel:${v.replaceAll(' ', '')}">dial</a></p>`),
  valued('custom', 'EMP-204981', (v) => `<p>Employee ${v}</p>`),
  valued('selector', 'Zq41 Fullname', (v) => `<p class="private"><b>${v.slice(0, 4)}</b>${v.slice(4)}</p>`),
  valued(
    'selectorshadow',
    'Zq42Fullname',
    (v) => `<div class="card"><template shadowrootmode="open"><p class="deep">${v}</p></template></div>`,
  ),
  valued('byengine', 'Zq43Fullname', (v) => `<p>${v && `Salary ${v}`}</p>`),
  valued('picture', 'Zq44Picture', (v) => `<p><img class="private" width="200" height="20" src="${svgPicture(v)}"></p>`),
  valued(
    'background',
    'Zq45Picture',
    (v) => `<div class="private" style="width:200px;height:20px;background-image:url('${svgPicture(v).replaceAll("'", '%27')}')"></div>`,
  ),
  valued('drawing', 'Zq46Drawing', (v) => `<p><svg class="private" width="300" height="20"><text y="15">${v}</text></svg></p>`),
  valued(
    'canvas',
    'Zq47Canvas',
    (v) =>
      `<p><canvas class="private" id="canvas" width="200" height="20"></canvas></p><script>document.getElementById('canvas').getContext('2d').fillText('${v}', 0, 15)</script>`,
    false,
  ),
  valued('field', 'Zq48Field', (v) => `<input class="private" value="${v}">`),
  valued('innerframe', 'Zq49Framed', (v) => `<iframe src="/frame?private=1&v=${v}" width="300" height="40"></iframe>`),
];

export const RULES = [
  { pattern: 'email' as const },
  { pattern: 'card' as const },
  { pattern: 'iban' as const },
  { pattern: 'jwt' as const },
  { pattern: 'phone' as const },
  { regex: '\\bEMP-\\d{6}\\b' },
  { regex: '\\b\\d{3}-\\d{2}-\\d{4}\\b' },
  { selector: '.private' },
  { selector: '.card .deep' },
  { selector: 'text=Salary' },
];

/** The page of these plants; `blank` leaves every value out. */
export function plantedPage(plants: readonly Plant[], blank: boolean): string {
  const style =
    '<style>body { font: 14px sans-serif; margin: 8px } p, iframe, pre { margin: 2px 0 } iframe { border: 1px solid; display: block } .ib { display: inline-block } .by-attr::after { content: attr(data-mail) } input, textarea { display: block }</style>';
  return `<title>Planted</title>${style}<h1>Report</h1>${plants.map((plant) => plant.html(blank ? '' : plant.value)).join('\n')}<p>end</p>`;
}
