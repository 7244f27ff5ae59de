import { drawChart, drawTrend } from '/chart.js';

const find = (selector) => document.querySelector(selector);
const money = (value) => `$${value.toLocaleString('en-US')}`;
const percent = (value) => `${value > 0 ? '+' : ''}${value.toFixed(1)}%`;

function element(name, className, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function leave() {
  localStorage.removeItem('larkspur.token');
  location.replace('/login');
}

async function load() {
  const token = localStorage.getItem('larkspur.token');
  if (!token) return leave();
  const answer = await fetch('/api/report', { headers: { authorization: `Bearer ${token}` } });
  if (answer.status === 401) return leave();
  show(await answer.json());
  find('#sign-out').addEventListener('click', async () => {
    await fetch('/api/logout', { method: 'POST', headers: { authorization: `Bearer ${token}` } });
    leave();
  });
}

function show(report) {
  find('#user-name').textContent = report.user;
  find('#avatar').textContent = report.user
    .split(' ')
    .map((word) => word[0])
    .join('');
  find('#sign-out').hidden = false;
  find('#figures').replaceChildren(...report.figures.map(figure));
  fill('#chart', drawChart(report));
  fill('#plans', ...report.plans.map((plan) => planBar(plan, Math.max(...report.plans.map((other) => other.revenue)))));
  find('#rows-loading').remove();
  find('#rows').replaceChildren(...report.accounts.map(row));
  find('#count').textContent = `${report.accounts.length} accounts, by revenue`;
  find('#content').setAttribute('aria-busy', 'false');
}

function fill(selector, ...children) {
  find(selector).classList.remove('skeleton');
  find(selector).replaceChildren(...children);
}

function figure({ label, value, change, trend }) {
  const good = change > 0 || label === 'Churn';
  return element(
    'div',
    'card figure',
    element('p', 'muted small', label),
    element('p', 'value', value),
    element('p', good ? 'change good' : 'change bad', percent(change)),
    drawTrend(trend, good),
  );
}

function planBar({ name, revenue }, max) {
  const bar = element('div', 'bar');
  bar.style.width = `${Math.round((revenue / max) * 100)}%`;
  return element('div', 'plan', element('p', '', name, element('b', '', money(revenue))), element('div', 'track', bar));
}

function row(account) {
  const name = element('td', '', element('b', '', account.name), element('span', 'muted small', account.id));
  const change = element('td', `num ${account.change < 0 ? 'bad' : 'good'}`, percent(account.change));
  const health = element('td', '', element('span', `pill ${account.health.replace(' ', '-')}`, account.health));
  return element(
    'tr',
    '',
    name,
    element('td', '', account.plan),
    element('td', 'num', String(account.seats)),
    element('td', 'num strong', money(account.revenue)),
    change,
    health,
    element('td', '', account.renews),
  );
}

await load();
