// The dashboard's charts as plain SVG: no library, nothing fetched from elsewhere.
const NS = 'http://www.w3.org/2000/svg';

function svg(name, attributes, ...children) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

export function drawChart({ months, thisYear, lastYear }) {
  const [width, height, left, right, top, bottom] = [760, 280, 48, 10, 14, 30];
  const max = Math.ceil(Math.max(...thisYear, ...lastYear) / 40) * 40;
  const x = (month) => left + (month * (width - left - right)) / (months.length - 1);
  const y = (value) => top + (1 - value / max) * (height - top - bottom);
  const line = (values) => values.map((value, month) => `${month === 0 ? 'M' : 'L'}${x(month).toFixed(1)},${y(value).toFixed(1)}`).join('');
  const chart = svg('svg', {
    viewBox: `0 0 ${width} ${height}`,
    role: 'img',
    'aria-label': 'Monthly recurring revenue, this year and last year',
  });
  chart.append(gradient());
  for (let value = 0; value <= max; value += max / 4) {
    chart.append(svg('line', { x1: left, x2: width - right, y1: y(value), y2: y(value), class: 'grid' }));
    chart.append(svg('text', { x: left - 10, y: y(value) + 4, class: 'tick', 'text-anchor': 'end' }, `$${Math.round(value)}k`));
  }
  for (const [index, month] of months.entries()) {
    chart.append(svg('text', { x: x(index), y: height - 8, class: 'tick', 'text-anchor': 'middle' }, month));
  }
  chart.append(svg('path', { d: line(lastYear), class: 'line before' }));
  chart.append(svg('path', { d: `${line(thisYear)}L${x(11)},${y(0)}L${x(0)},${y(0)}Z`, fill: 'url(#fade)' }));
  chart.append(svg('path', { d: line(thisYear), class: 'line now' }));
  for (const [month, value] of thisYear.entries()) chart.append(svg('circle', { cx: x(month), cy: y(value), r: 3.5, class: 'dot' }));
  return chart;
}

function gradient() {
  const fade = svg('linearGradient', { id: 'fade', x1: 0, x2: 0, y1: 0, y2: 1 });
  fade.append(
    svg('stop', { offset: '0%', 'stop-color': '#4c5fd7', 'stop-opacity': 0.24 }),
    svg('stop', { offset: '100%', 'stop-color': '#4c5fd7', 'stop-opacity': 0 }),
  );
  return svg('defs', {}, fade);
}

export function drawTrend(values, good) {
  const [min, max] = [Math.min(...values), Math.max(...values)];
  const points = values
    .map((value, index) => `${(index * 96) / (values.length - 1)},${(26 - ((value - min) / (max - min)) * 22).toFixed(1)}`)
    .join(' ');
  return svg('svg', { viewBox: '-2 0 100 30', class: good ? 'trend good' : 'trend', 'aria-hidden': true }, svg('polyline', { points }));
}
