import type { Vectors } from './egress-vector.ts';

/** Elements that load something. */
export const ELEMENTS: Vectors = {
  img: `<img alt="" src="{HTTPS}">`,
  'img-plain': `<img alt="" src="{HTTP}">`,
  'img-srcset': `<img alt="" srcset="{HTTPS} 1x, {HTTPS} 2x">`,
  'picture-source': `<picture><source srcset="{HTTPS}"><img alt=""></picture>`,
  'input-image': `<input type="image" src="{HTTPS}" alt="">`,
  'table-background': `<table background="{HTTPS}"><tr><td>x</td></tr></table>`,
  video: `<video src="{HTTPS}" preload="auto"></video>`,
  'video-poster': `<video poster="{HTTPS}"></video>`,
  audio: `<audio src="{HTTPS}" preload="auto"></audio>`,
  'media-source': `<audio preload="auto"><source src="{HTTPS}" type="audio/wav"></audio>`,
  track: `<video crossorigin><track default kind="subtitles" src="{HTTPS}"></video><script>document.currentScript.previousSibling.firstChild.track.mode = 'showing';</script>`,
  object: `<object data="{HTTPS}" type="text/html"></object>`,
  'object-image': `<object data="{HTTPS}" type="image/png"></object>`,
  embed: `<embed src="{HTTPS}" type="text/html">`,
  'script-src': `<script async src="{HTTPS}"></script>`,
  'script-module': `<script async type="module" src="{HTTPS}"></script>`,
  'svg-image': `<svg width="9" height="9"><image href="{HTTPS}" width="9" height="9"/></svg>`,
  'svg-image-xlink': `<svg width="9" height="9"><image xlink:href="{HTTPS}" width="9" height="9"/></svg>`,
  'svg-filter': `<svg width="9" height="9"><filter id="glow"><feImage href="{HTTPS}"/></filter><rect width="9" height="9" filter="url(#glow)"/></svg>`,
  'svg-foreign-object': `<svg width="9" height="9"><foreignObject width="9" height="9"><img alt="" src="{HTTPS}"></foreignObject></svg>`,
  'svg-script': `<svg width="9" height="9"><script href="{HTTPS}"/></svg>`,
  'link-stylesheet': `<link rel="stylesheet" href="{HTTPS}">`,
  'link-preload': `<link rel="preload" as="image" href="{HTTPS}">`,
  'link-preload-font': `<link rel="preload" as="font" crossorigin href="{HTTPS}">`,
  'link-preload-fetch': `<link rel="preload" as="fetch" crossorigin href="{HTTPS}">`,
  'link-modulepreload': `<link rel="modulepreload" href="{HTTPS}">`,
  'link-prefetch': `<link rel="prefetch" href="{HTTPS}">`,
  'link-header': `<iframe src="/made/link-header"></iframe>`,
  ping: `<a id="ping" href="#here" ping="{HTTPS}">here</a><script>document.getElementById('ping').click();</script>`,
};

/** What a style sheet loads. */
export const STYLES: Vectors = {
  'css-import': `<style>@import url("{HTTPS}");</style>`,
  'css-background': `<div style="background:url({HTTPS});width:9px;height:9px"></div>`,
  'css-image-set': `<div style="background-image:image-set(url({HTTPS}) 1x);width:9px;height:9px"></div>`,
  'css-border-image': `<div style="border:3px solid;border-image:url({HTTPS}) 1;width:9px;height:9px"></div>`,
  'css-list-style': `<ul><li style="list-style-image:url({HTTPS})">x</li></ul>`,
  'css-mask': `<div style="mask-image:url({HTTPS});width:9px;height:9px"></div>`,
  'css-shape': `<div style="float:left;shape-outside:url({HTTPS});width:9px;height:9px"></div>`,
  'css-content': `<style>#content::before{content:url({HTTPS})}</style><p id="content">x</p>`,
  'css-cursor': `<div style="cursor:url({HTTPS}),auto;width:9px;height:9px">x</div>`,
  'css-font': `<style>@font-face{font-family:leak;src:url({HTTPS})}</style><p style="font-family:leak">x</p>`,
  'css-of-xml': `<iframe src="/made/css-of-xml"></iframe>`,
};

/** Documents within the document. */
export const FRAMES: Vectors = {
  iframe: `<iframe src="{HTTPS}"></iframe>`,
  'iframe-plain': `<iframe src="{HTTP}"></iframe>`,
  'iframe-srcdoc': `<iframe srcdoc="<img src='{HTTPS}'>"></iframe>`,
  'iframe-data': `<iframe src="data:text/html,<img src='{HTTPS}'>"></iframe>`,
  'iframe-javascript': `<iframe src="javascript:'<img src={HTTPS}>'"></iframe>`,
  'iframe-sandbox': `<iframe sandbox="allow-scripts" srcdoc="<script>fetch('{HTTPS}', { mode: 'no-cors' })</script>"></iframe>`,
  'iframe-location': `<iframe srcdoc="<script>location = '{HTTPS}'</script>"></iframe>`,
  'iframe-refresh': `<iframe srcdoc="<meta http-equiv='refresh' content='0;url={HTTPS}'>"></iframe>`,
  'iframe-refresh-header': `<iframe src="/made/iframe-refresh-header"></iframe>`,
  'iframe-form-get': `<iframe srcdoc="<form action='{HTTPS}'><input name='a' value='b'></form><script>document.forms[0].submit()</script>"></iframe>`,
  'iframe-form-post': `<iframe srcdoc="<form method='post' action='{HTTPS}'><input name='a' value='b'></form><script>document.forms[0].submit()</script>"></iframe>`,
  'form-into-frame': `<iframe name="into"></iframe><form method="post" target="into" action="{HTTPS}"><input name="a" value="b"></form><script>document.currentScript.previousSibling.submit();</script>`,
  'svg-document': `<iframe src="/made/svg-document"></iframe>`,
  'report-of-policy': `<iframe src="/made/report-of-policy"></iframe>`,
};

/** Redirects: the first hop is a public site, the second is not. */
export const BOUNCES: Vectors = {
  'bounce-img': `<img alt="" src="/bounce/{NAME}">`,
  'bounce-iframe': `<iframe src="/bounce/{NAME}"></iframe>`,
  'bounce-script': `<script async src="/bounce/{NAME}"></script>`,
  'bounce-style': `<link rel="stylesheet" href="/bounce/{NAME}">`,
  'bounce-video': `<video src="/bounce/{NAME}" preload="auto"></video>`,
  'bounce-twice': `<img alt="" src="/bounce-far/{NAME}">`,
};
