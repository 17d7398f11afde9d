// One HTML file that needs nothing else: table, curves, pictures, commands.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const style = `
:root { color-scheme: light dark; --ink: #1c1d21; --soft: #5d6068; --line: #d9dbe1; --paper: #fff; --plate: #f5f6f8; --accent: #2f6fde; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e9ec; --soft: #a0a4ae; --line: #34373f; --paper: #16171b; --plate: #1f2126; --accent: #7aa7ff; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 1060px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 28px; margin: 0 0 4px; } h2 { font-size: 19px; margin: 40px 0 12px; } h3 { font-size: 14px; margin: 0 0 6px; font-weight: 600; }
p { max-width: 72ch; } .soft { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; }
th, td { text-align: left; padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); } th { font-weight: 600; color: var(--soft); font-size: 14px; }
th.n, td.n { text-align: right; }
.charts { display: grid; gap: 16px; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); }
.chart { background: var(--plate); border-radius: 10px; padding: 14px; } svg { width: 100%; height: auto; display: block; }
.chart text { fill: var(--soft); font: 11px system-ui, sans-serif; }
.pictures { display: grid; gap: 10px; grid-template-columns: repeat(auto-fill, minmax(min(220px, 45%), 1fr)); }
.wide { grid-template-columns: repeat(auto-fill, minmax(min(300px, 100%), 1fr)); }
figure { margin: 0; } figure img { width: 100%; border-radius: 8px; display: block; image-rendering: pixelated; } figcaption { font-size: 13px; color: var(--soft); overflow-wrap: anywhere; }
pre { background: var(--plate); border-radius: 10px; padding: 14px; overflow-x: auto; font-size: 13px; }
`;

/**
 * @param {{ minutes: number, machine: string, commands: string[], rows: { head: string, what: string, early?: number, end?: number }[],
 *   runs: { name: string, events: any[] }[], galleries: [string, { name: string, data: string }[]][] }} facts
 */
export function quickstartReport({ minutes, machine, commands, rows, runs, galleries }) {
  const cell = (value) => (typeof value === 'number' ? value.toFixed(3) : '–');
  const table = rows
    .map(
      ({ head, what, early, end }) =>
        `<tr><td>${escaped(head)}</td><td>${escaped(what)}</td><td class="n">${cell(early)}</td><td class="n">${cell(end)}</td></tr>`,
    )
    .join('');
  const pictures = galleries
    .map(([heading, list], i) => {
      const items = list
        .map(
          ({ name, data }) =>
            `<figure><img alt="${escaped(name || heading)}" src="data:image/png;base64,${data}">${name ? `<figcaption>${escaped(name)}</figcaption>` : ''}</figure>`,
        )
        .join('');
      return `<h2>${escaped(heading)}</h2><div class="pictures${i === 0 ? ' wide' : ''}">${items}</div>`;
    })
    .join('');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>GLID quickstart</title><style>${style}</style></head><body><main>
<h1>GLID quickstart</h1>
<p class="soft">${minutes.toFixed(1)} minutes in all, on ${escaped(machine)}.</p>
<p>A very small model was pre-trained on drawn scenes without labels, by answering for hidden squares. From that one checkpoint four
heads were then fine-tuned: detection, segmentation and depth together, with one pass of the shared network, and pose by itself.
Everything below was computed by this run.</p>
<p>A few minutes on a processor show that all parts work together, not what the method can reach: these models have seen about
${pictureCount(runs)} pictures, all drawn, in which each kind of
thing has a colour of its own. On photographs they find little.</p>
<h2>Numbers on scenes that were not trained on</h2>
<div class="scroll"><table><tr><th>part</th><th>metric</th><th class="n">after a fifth</th><th class="n">in the end</th></tr>${table}</table></div>
<h2>Curves</h2><div class="charts">${runs.flatMap(charts).join('')}</div>
${pictures}
<h2>The commands</h2><pre>${commands.map(escaped).join('\n')}</pre>
</main></body></html>
`;
}

const titles = { pretrain: 'Pre-training', scenes: 'Detection, segmentation, depth', pose: 'Pose' };
const shown = ['loss', 'detection.AP50', 'segmentation.mIoU', 'depth.absRel', 'pose.PCK'];

function charts({ name, events }) {
  const steps = events.filter(({ type }) => type === 'step');
  const evaluations = events.filter(({ type }) => type === 'evaluation');
  const found = [
    chart(
      `${titles[name]}: training loss`,
      steps.map(({ step, loss }) => [step, loss]),
      false,
    ),
  ];
  for (const metric of shown) {
    const points = evaluations.map(({ step, metrics }) => [step, Number(metrics[metric] ?? Number.NaN)]);
    if (points.some(([, y]) => Number.isFinite(y)))
      found.push(chart(`${titles[name]}: ${metric}, held-out`, points, true));
  }
  return found;
}

function chart(title, points, marks) {
  const [width, height, left, bottom, top] = [320, 180, 56, 22, 8];
  const good = points.filter(([, y]) => Number.isFinite(y));
  const [xs, ys] = [good.map(([x]) => x), good.map(([, y]) => y)];
  const [low, high] = [Math.min(...ys), Math.max(...ys)];
  const [from, to] = low === high ? [low - 0.5, high + 0.5] : [low - 0.05 * (high - low), high + 0.05 * (high - low)];
  const most = Math.max(...xs);
  const x = (v) => left + ((width - left - 8) * v) / most;
  const y = (v) => top + (height - bottom - top) * (1 - (v - from) / (to - from));
  const line = good.map(([a, b]) => `${x(a).toFixed(1)},${y(b).toFixed(1)}`).join(' ');
  const dots = marks
    ? good
        .map(([a, b]) => `<circle cx="${x(a).toFixed(1)}" cy="${y(b).toFixed(1)}" r="3" fill="var(--accent)"/>`)
        .join('')
    : '';
  const decimals = Math.min(4, Math.max(0, Math.ceil(-Math.log10((to - from) / 2)) + 1));
  const ticks = [from, (from + to) / 2, to]
    .map(
      (v) =>
        `<line x1="${left}" x2="${width - 8}" y1="${y(v).toFixed(1)}" y2="${y(v).toFixed(1)}" stroke="var(--line)"/><text x="${left - 6}" y="${(y(v) + 4).toFixed(1)}" text-anchor="end">${v.toFixed(decimals)}</text>`,
    )
    .join('');
  return `<div class="chart"><h3>${escaped(title)}</h3><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}: from ${ys[0]?.toPrecision(3)} to ${ys.at(-1)?.toPrecision(3)}">${ticks}<polyline points="${line}" fill="none" stroke="var(--accent)" stroke-width="1.6" stroke-linejoin="round"/>${dots}<text x="${left}" y="${height - 6}">0</text><text x="${width - 8}" y="${height - 6}" text-anchor="end">step ${most}</text></svg></div>`;
}

/** Pictures that the runs took in, counted from their logs. */
function pictureCount(runs) {
  const counts = runs.map(({ events }) => events.filter(({ type }) => type === 'step').at(-1)?.pictures ?? 0);
  return counts.reduce((sum, count) => sum + count, 0).toLocaleString('en-US');
}

/** The annotated pictures of a quickstart folder under headings that say how much was found. */
export function galleriesOf(folder) {
  const filesIn = (path) =>
    existsSync(join(folder, path))
      ? readdirSync(join(folder, path), { recursive: true })
          .map(String)
          .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      : [];
  const pictures = (path, keep, named = false) =>
    filesIn(path)
      .filter((name) => keep.test(name))
      .slice(0, 12)
      .map((name) => ({ name: named ? name : '', data: readFileSync(join(folder, path, name)).toString('base64') }));
  const count = (path, key, list, least) =>
    filesIn(path)
      .filter((name) => name.endsWith('.json'))
      .flatMap((name) => JSON.parse(readFileSync(join(folder, path, name), 'utf8')).heads[key].result[list])
      .filter(({ score }) => score >= least).length;
  const scenes = 'predictions/scenes';
  const figures = 'predictions/figures';
  const boxes = count(scenes, 'detection', 'detections', 0.5);
  const joints = count(figures, 'pose', 'joints', 0.2);
  const all = {
    'Pre-training: what the encoder sees, what the model answers, the picture': pictures('pretrain/pictures', /\.png$/),
    [`Detection: boxes that score at least 50 % (${boxes || 'none'} here)`]: pictures(scenes, /^\d+\.detection\.png$/),
    'Segmentation: the class of every pixel': pictures(scenes, /^\d+\.segmentation\.png$/),
    'Depth: from near (dark) to far (bright)': pictures(scenes, /^\d+\.depth\.png$/),
    [`Pose: joints that score at least 20 % (${joints || 'none'} here)`]: pictures(figures, /^\d+\.png$/),
    'Your pictures': [
      ...pictures('predictions/yours', /(?<!\.depth)\.(detection|segmentation|depth)\.png$/, true),
      ...pictures('predictions/yours-pose', /\.png$/, true),
    ],
  };
  return Object.entries(all).filter(([, list]) => list.length > 0);
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
}
