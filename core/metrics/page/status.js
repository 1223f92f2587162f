'use strict';
// The status page: asks /api/v1/status once a second and shows what it says. Figures of money are
// shown as the exact text that came. Whatever a host or strategy says is text, never markup.
const $ = (id) => document.getElementById(id);
const state = { paused: false, failures: 0, sequence: -1, timer: 0, charts: null };

function element(tag, text, className) {
  const node = document.createElement(tag);
  if (text !== undefined && text !== null) node.textContent = text;
  if (className) node.className = className;
  return node;
}
function replace(parent, children) { parent.replaceChildren(...children); }
function at(object, path) { return path.split('.').reduce((o, key) => (o ? o[key] : undefined), object); }

// "1234567.5" -> "1,234,567.5": every digit stays.
function grouped(text) {
  const [whole, rest] = String(text).split('.');
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return rest === undefined ? digits : `${digits}.${rest}`;
}
const unknown = (value) => value === null || value === undefined;
const number = (value, digits) => (unknown(value) ? 'unknown' : value.toFixed(digits));
const tone = (text) => (String(text).startsWith('-') ? 'bad' : /[1-9]/.test(text) ? 'good' : '');
const healthTone = (value) => (value < 0.5 ? 'bad' : value < 0.8 ? 'warn' : 'good');
function duration(seconds) {
  if (unknown(seconds)) return 'never';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(0)} min`;
  return seconds < 172800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86400).toFixed(1)} d`;
}
const clock = (time) => (unknown(time) ? 'never' : time.slice(11, 19));

function showFields(status) {
  for (const node of document.querySelectorAll('[data-field]')) {
    const value = at(status, node.dataset.field);
    node.dataset.value = unknown(value) ? '' : value;
    if (unknown(value)) node.textContent = 'unknown';
    else if ('percent' in node.dataset) node.textContent = `${(value * 100).toFixed(0)} %`;
    else node.textContent = (typeof value === 'number' || /^-?[\d.]+$/.test(value) ? grouped(value) : value) + (node.dataset.unit || '');
  }
}

function showHeader(status) {
  $('mode').textContent = status.mode;
  $('mode').className = `badge ${status.mode === 'live' ? 'warn' : 'soft'}`;
  const killed = status.kill_switch.length > 0;
  $('gates').textContent = killed ? `kill switch: ${status.kill_switch.join(', ')}`
    : status.actions_enabled ? 'real orders enabled' : 'no real orders';
  $('gates').className = `badge ${killed ? 'bad' : status.actions_enabled ? 'warn' : 'good'}`;
  $('market').textContent = status.market;
  const old = status.staleness_seconds;
  $('age').textContent = `as of ${clock(status.time)} UTC`;
  $('age').className = old > 5 ? 'bad' : 'soft';
  $('version').textContent = `HEAN ${status.version}, up ${duration(status.uptime_seconds)}, snapshot ${status.sequence}`;
  document.title = `HEAN ${status.mode}${status.alerts.length ? ` (${status.alerts.length})` : ''}`;
  if (old > 5) banner(`The host answers, but its figures are ${duration(old)} old: its trading loop does not publish.`);
}

function pairs(id, rows) {
  replace($(id), rows.flatMap(([name, value, className]) => {
    const dd = element('dd', undefined, className);
    if (value instanceof Node) dd.append(value); else dd.textContent = value;
    return [element('dt', name), dd];
  }));
}

function showParts(status) {
  const parts = Object.entries(status.health.components);
  pairs('health', parts.map(([name, value]) => {
    const box = document.createDocumentFragment();
    const meter = element('meter');
    Object.assign(meter, { min: 0, max: 1, low: 0.5, high: 0.8, optimum: 1, value });
    meter.setAttribute('aria-label', name);
    box.append(meter, ` ${(value * 100).toFixed(0)} %`);
    return [name, box, healthTone(value)];
  }));
  const [name, value] = parts.reduce((worst, part) => (part[1] < worst[1] ? part : worst));
  $('weakest').textContent = value < 1 ? `weakest: ${name}` : 'nothing is amiss';
  document.querySelector('[data-field="health.score"]').className = healthTone(status.health.score);
  const on = (value) => (value ? ['on', 'warn'] : ['off', 'soft']);
  pairs('switches', [...Object.entries(status.switches).map(([key, v]) => [key.replace('_', ' '), ...on(v)]),
    ['ledger', status.ledger.ok ? 'invariants hold' : 'BROKEN', status.ledger.ok ? 'good' : 'bad']]);
  const p = status.pnl;
  pairs('pnl', [['realized', p.realized], ['unrealized', p.unrealized], ['funding', p.funding],
    ['rewards', p.rewards], ['fees (cost)', p.fees], ['opportunity cost', p.opportunity_cost],
    ['net', p.net]].map(([key, v]) => [key, grouped(v), key === 'net' || key.endsWith('realized') ? tone(v) : '']));
  document.querySelector('[data-field="pnl.net"]').className = tone(p.net);
  $('illusion').textContent = p.profit_illusion ? 'profit illusion: costs eat the gains' : '';
  $('illusion').className = 'bad';
  $('limit').textContent = unknown(status.account.drawdown_limit_pct) ? 'no limit'
    : `of at most ${status.account.drawdown_limit_pct} %`;
  const e = status.execution;
  pairs('execution', [['events', grouped(e.events)], ['orders', grouped(e.orders)], ['refused', grouped(e.rejects)],
    ['fills, maker', grouped(e.fills_maker)], ['fills, taker', grouped(e.fills_taker)],
    ['slippage', unknown(e.slippage_bps) ? 'unknown' : `${number(e.slippage_bps, 2)} bp`],
    ['API latency', unknown(e.api_latency_ms) ? 'unknown' : `${number(e.api_latency_ms, 1)} ms`],
    ['ledger entries', grouped(status.ledger.entries)]]);
}

// columns: [title, row => text or [text, class], is a number]
function table(id, rows, columns, empty) {
  const head = element('thead');
  const line = element('tr');
  line.append(...columns.map(([title, , numeric]) => {
    const th = element('th', title, numeric ? 'number' : '');
    th.scope = 'col';
    return th;
  }));
  head.append(line);
  const body = element('tbody');
  for (const row of rows) {
    const tr = element('tr');
    for (const [, cell, numeric] of columns) {
      const [text, className] = [cell(row)].flat();
      tr.append(element('td', text, `${numeric ? 'number ' : ''}${className || ''}`));
    }
    body.append(tr);
  }
  if (rows.length === 0) {
    const tr = element('tr');
    const td = element('td', empty, 'soft');
    td.colSpan = columns.length;
    tr.append(td);
    body.append(tr);
  }
  replace($(id), [head, body]);
}

function showTables(status) {
  const money = (key) => (row) => [grouped(row[key]), tone(row[key])];
  table('strategies', status.strategies, [
    ['name', (s) => s.name],
    ['jail', (s) => [s.jail + (s.why ? `: ${s.why}` : ''), s.jail === 'stopped' ? 'bad' : s.jail === 'jailed' ? 'good' : 'warn']],
    ['risk', (s) => [s.risk_state, s.risk_state === 'NORMAL' ? 'good' : s.risk_state === 'SOFT_BRAKE' ? 'warn' : 'bad']],
    ['equity', (s) => grouped(s.equity), true], ['net', money('net'), true], ['unrealized', money('unrealized'), true],
    ['orders', (s) => grouped(s.orders), true], ['open', (s) => s.open_orders, true], ['fills', (s) => grouped(s.fills), true],
    ['refused', (s) => grouped(s.rejects), true], ['callbacks', (s) => grouped(s.callbacks), true],
    ['slowest', (s) => `${number(s.callback_us_max, 0)} us`, true], ['restarts', (s) => s.restarts, true],
    ['memory', (s) => (unknown(s.memory_bytes) ? 'unknown' : `${(s.memory_bytes / 1048576).toFixed(1)} MiB`), true],
  ], 'no strategy is loaded');
  table('positions', status.positions, [['strategy', (p) => p.strategy], ['symbol', (p) => p.symbol],
    ['quantity', (p) => [grouped(p.qty), tone(p.qty)], true], ['cost', (p) => grouped(p.cost), true],
    ['unrealized', money('unrealized'), true], ['realized', money('realized'), true], ['fees', (p) => grouped(p.fees), true]], 'no position');
  table('open_orders', status.open_orders, [['strategy', (o) => o.strategy], ['symbol', (o) => o.symbol],
    ['side', (o) => o.side], ['price', (o) => grouped(o.price), true], ['quantity', (o) => grouped(o.qty), true],
    ['filled', (o) => grouped(o.filled), true], ['state', (o) => [o.status, o.status === 'unknown' ? 'bad' : '']], ['since', (o) => clock(o.time)]], 'no open order');
  table('venues', status.venues, [['name', (v) => v.name], ['state', (v) => (v.up ? v.breaker_open ? ['breaker open', 'warn'] : ['up', 'good'] : ['DOWN', 'bad'])],
    ['silent for', (v) => duration(v.data_age_seconds), true], ['headroom', (v) => (unknown(v.headroom) ? 'unknown' : `${(v.headroom * 100).toFixed(0)} %`), true],
    ['position differences', (v) => [v.position_differences, v.position_differences ? 'bad' : ''], true],
    ['reconnects', (v) => v.reconnects, true], ['gaps', (v) => v.sequence_gaps, true]], 'no venue');
  table('rejects', status.rejects, [['time', (r) => clock(r.time)], ['strategy', (r) => r.strategy], ['symbol', (r) => r.symbol],
    ['side', (r) => r.side], ['reason', (r) => r.reason]], 'none');
  replace($('alerts'), status.alerts.length ? status.alerts.map((a) => element('li', `${a.name}: ${a.text}`, a.severity === 'critical' ? 'bad' : 'warn'))
    : [element('li', 'none', 'soft')]);
}

// The legend's plugin writes style attributes, which the page's policy forbids; it is not used.
Dygraph.PLUGINS = Dygraph.PLUGINS.filter((plugin) => plugin !== Dygraph.Plugins.Legend);

function chart(id, readout, rows, label, unit) {
  const options = { labels: ['time', label], legend: 'never', drawGrid: true, strokeWidth: 1.6, axisLabelFontSize: 12,
    color: getComputedStyle(document.documentElement).getPropertyValue('--accent').trim(),
    gridLineColor: getComputedStyle(document.documentElement).getPropertyValue('--line').trim(),
    fillGraph: id.startsWith('drawdown'), labelsUTC: true, axes: { y: { axisLabelWidth: 90,
      axisLabelFormatter: (value) => value.toLocaleString('en-US', { maximumFractionDigits: 2 }) } },
    highlightCallback: (event, x, points) => { $(readout).textContent = `${new Date(x).toISOString().slice(11, 19)}  ${points[0].yval}${unit}`; },
    unhighlightCallback: () => { $(readout).textContent = ''; } };
  return new Dygraph($(id), rows, options);
}

function showCharts(history) {
  const times = history.time_ms.map((ms) => new Date(ms));
  const equity = times.map((time, i) => [time, history.equity[i]]);
  const drawdown = times.map((time, i) => [time, history.drawdown_pct[i]]);
  if (equity.length === 0) return;
  if (!state.charts) {
    state.charts = [chart('equity-chart', 'equity-readout', equity, 'equity', ''),
      chart('drawdown-chart', 'drawdown-readout', drawdown, 'drawdown', ' %')];
  } else {
    state.charts[0].updateOptions({ file: equity });
    state.charts[1].updateOptions({ file: drawdown });
  }
}

function banner(text) {
  $('banner').hidden = !text;
  if ($('banner').textContent !== text) $('banner').textContent = text;
}

function show(status) {
  banner('');
  showFields(status);
  showHeader(status);
  if (status.sequence === state.sequence) return;
  state.sequence = status.sequence;
  showParts(status);
  showTables(status);
  showCharts(status.history);
  document.body.dataset.sequence = status.sequence;
}

async function ask() {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 4000);
  try {
    const token = sessionStorage.getItem('token');
    const answer = await fetch('/api/v1/status', { cache: 'no-store', signal: stop.signal,
      headers: token ? { Authorization: `Bearer ${token}` } : {} });
    $('login').hidden = answer.status !== 401;
    if (answer.status === 401) { banner(''); return; }
    if (!answer.ok) throw new Error(`the host answers ${answer.status}`);
    show(await answer.json());
    state.failures = 0;
  } catch (error) {
    state.failures += 1;
    banner(`No answer from the host (${state.failures} times): these figures are old. It is asked again.`);
    $('age').className = 'bad';
  } finally {
    clearTimeout(timer);
  }
}

async function loop() {
  clearTimeout(state.timer);
  if (!state.paused && !document.hidden) await ask();
  state.timer = setTimeout(loop, Math.min(1000 * (1 + state.failures), 5000));
}

function pause() {
  state.paused = !state.paused;
  $('pause').setAttribute('aria-pressed', String(state.paused));
  $('pause').textContent = state.paused ? 'Go on' : 'Pause';
  if (!state.paused) loop();
}

$('pause').addEventListener('click', pause);
document.addEventListener('keydown', (event) => {
  if (event.key === 'p' && event.target.tagName !== 'INPUT' && !event.ctrlKey && !event.metaKey && !event.altKey) pause();
});
document.addEventListener('visibilitychange', () => { if (!document.hidden) loop(); });
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  if (state.charts) for (const one of state.charts) one.destroy();
  state.charts = null;
  state.sequence = -1;
});
$('login').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', $('token').value);
  $('token').value = '';
  loop();
});
loop();
