import { escaped, readable } from './markup.ts';
import { type Series, thinned } from './series.ts';

export interface ChartOptions {
  readonly title: string;
  /** Under the title, e.g. the unit. */
  readonly note?: string;
  readonly series: readonly Series[];
  /** The axis begins at zero. */
  readonly fromZero?: boolean;
}

const width = 560;
const height = 250;
const margin = { left: 58, right: 14, top: 10, bottom: 30 };
const plot = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };

/** A line chart as a `<figure>` with inline SVG; empty text when there is nothing to draw. */
export function chart({ title, note, series, fromZero = false }: ChartOptions): string {
  const lines = series.map((line) => thinned(line)).filter((line) => line.y.some(Number.isFinite));
  if (lines.length === 0) return '';
  const xs = extent(lines.flatMap((line) => line.x));
  const ys = extent(lines.flatMap((line) => line.y).filter(Number.isFinite), fromZero);
  const xAt = (x: number): number => margin.left + ((x - xs[0]) / (xs[1] - xs[0])) * plot.width;
  const yAt = (y: number): number => margin.top + (1 - (y - ys[0]) / (ys[1] - ys[0])) * plot.height;
  const drawn = lines
    .map((line) =>
      drawLine(
        line,
        series.findIndex((s) => s.name === line.name),
        xAt,
        yAt,
      ),
    )
    .join('');
  const legend = lines
    .filter((line) => !line.pale)
    .map((line) =>
      key(
        line,
        series.findIndex((s) => s.name === line.name && !s.pale),
      ),
    );
  const head = `<figcaption><b>${escaped(title)}</b>${note ? ` <span>${escaped(note)}</span>` : ''}<span class="keys">${legend.join('')}</span></figcaption>`;
  const label = `${title}: ${lines.map((line) => `${line.name} ends at ${readable(line.y.at(-1)!)}`).join(', ')}`;
  return `<figure class="chart">${head}<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(label)}">${axes(xs, ys, xAt, yAt)}${drawn}</svg></figure>`;
}

function axes(xs: Extent, ys: Extent, xAt: (x: number) => number, yAt: (y: number) => number): string {
  const right = width - margin.right;
  const horizontal = ticks(ys, 5).map((y) => {
    const at = yAt(y).toFixed(1);
    return `<line class="grid" x1="${margin.left}" x2="${right}" y1="${at}" y2="${at}"/><text class="tick" x="${margin.left - 8}" y="${at}" dy="0.32em" text-anchor="end">${readable(y)}</text>`;
  });
  const vertical = ticks(xs, 6).map(
    (x) => `<text class="tick" x="${xAt(x).toFixed(1)}" y="${height - 10}" text-anchor="middle">${readable(x)}</text>`,
  );
  return [...horizontal, ...vertical].join('');
}

function drawLine(line: Series, index: number, xAt: (x: number) => number, yAt: (y: number) => number): string {
  const points = line.x.map(
    (x, i) => [xAt(x).toFixed(1), Number.isFinite(line.y[i]) ? yAt(line.y[i]!).toFixed(1) : null] as const,
  );
  let pen = 'M';
  const path = points.map(([x, y]) => {
    if (y === null) {
      pen = 'M';
      return '';
    }
    const command = `${pen}${x} ${y}`;
    pen = 'L';
    return command;
  });
  const colour = `c${index % 6}`;
  const stroke = `<path class="line ${colour}${line.pale ? ' pale' : ''}" d="${path.join('')}"/>`;
  if (!line.marks) return stroke;
  const marks = points.map(([x, y], i) => {
    const tip = `${line.name}, step ${readable(line.x[i]!)}: ${readable(line.y[i]!)}`;
    return y === null
      ? ''
      : `<circle class="mark ${colour}" cx="${x}" cy="${y}" r="3"><title>${escaped(tip)}</title></circle>`;
  });
  return stroke + marks.join('');
}

function key(line: Series, index: number): string {
  const last = line.y.findLast(Number.isFinite);
  return `<span class="key"><i class="c${index % 6}"></i>${escaped(line.name)} <b>${readable(last ?? Number.NaN)}</b></span>`;
}

type Extent = readonly [low: number, high: number];

/** Lowest and highest value with a little room; never empty. */
function extent(values: readonly number[], fromZero = false): Extent {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (fromZero) low = Math.min(0, low);
  return low === high ? [low - 0.5, high + 0.5] : [low, high];
}

/** Round numbers inside an extent, about `count` of them. */
function ticks([low, high]: Extent, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const found: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high + step * 1e-9; i++)
    found.push(Number((i * step).toPrecision(12)));
  return found;
}
