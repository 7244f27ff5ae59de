import type { Browser } from 'playwright';

/** A picture and a PDF of a small made-up dashboard: what previews show. */
export async function drawDashboard(browser: Browser): Promise<{ png: Buffer; pdf: Buffer }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  try {
    await page.setContent(HTML);
    const png = await page.screenshot();
    return { png, pdf: await page.pdf({ format: 'A4', printBackground: true }) };
  } finally {
    await page.close();
  }
}

const HEIGHTS = [38, 52, 47, 66, 71, 58, 83, 90, 77, 96, 88, 104];
const bars = HEIGHTS.map((height) => `<i style="height:${height * 2}px"></i>`).join('');
const tiles = [
  ['Revenue', '€ 482,140'],
  ['New accounts', '1,204'],
  ['Churn', '1.8 %'],
  ['Open invoices', '37'],
].map(([name, value]) => `<div><span>${name}</span><b>${value}</b></div>`);

const HTML = `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; padding: 40px; font: 15px system-ui, sans-serif; color: #22303f; background: #fbfaf7 }
h1 { font-size: 26px; margin: 0 0 24px } section { display: grid; grid-template-columns: repeat(4, 1fr); gap: 16px }
section div { padding: 18px; background: #fff; border: 1px solid #e6e1d6; border-radius: 8px }
span { display: block; color: #6f7a86 } b { font-size: 26px }
p { display: flex; align-items: flex-end; gap: 14px; height: 260px; margin: 28px 0 0; padding: 24px; background: #fff; border: 1px solid #e6e1d6; border-radius: 8px }
i { flex: 1; background: #d9822b; border-radius: 3px 3px 0 0 }
</style><h1>Acme Analytics · Revenue</h1><section>${tiles.join('')}</section><p>${bars}</p>`;
