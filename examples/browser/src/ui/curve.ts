/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Dashes, so that lines differ without colour. */
const dashes = [[], [10, 6], [3, 5], [14, 5, 3, 5]] as const;

/** Draws lines over a common range with their latest values, and says these in words. Without points nothing is shown. */
export function drawCurve(
  canvas: HTMLCanvasElement,
  title: string,
  lines: readonly Line[],
  range?: readonly [number, number],
): void {
  const all = lines.flatMap(({ points }) => points);
  canvas.hidden = all.length === 0;
  if (all.length === 0) return;
  const context = canvas.getContext('2d')!;
  const { width, height } = canvas;
  const style = getComputedStyle(canvas);
  const ink = style.color;
  const margin = { left: 12, right: 12, top: 44, bottom: 30 };
  context.clearRect(0, 0, width, height);
  context.font = `22px ${style.fontFamily}`;
  context.fillStyle = ink;
  context.fillText(title, margin.left, 28);
  const words = lines.map(({ name, points }) => `${name} ${latest(points)}`).join(', ');
  canvas.setAttribute('aria-label', `${title}: ${words}`);
  const [low, high] = range ?? [
    0,
    quantile(
      all.map(([, y]) => y),
      0.98,
    ) * 1.08,
  ];
  const last = Math.max(2, ...all.map(([x]) => x));
  const place = ([x, y]: readonly [number, number]): [number, number] => [
    margin.left + ((width - margin.left - margin.right) * x) / last,
    height - margin.bottom - (height - margin.top - margin.bottom) * Math.min(1, (y - low) / (high - low || 1)),
  ];
  context.strokeStyle = ink;
  context.globalAlpha = 0.25;
  context.strokeRect(margin.left, margin.top, width - margin.left - margin.right, height - margin.top - margin.bottom);
  context.globalAlpha = 1;
  context.lineWidth = 3;
  context.textAlign = 'right';
  let right = width - margin.right;
  for (const [i, { name, points }] of lines.entries()) {
    context.strokeStyle = context.fillStyle = style.getPropertyValue(`--line-${i % 4}`) || ink;
    context.setLineDash([...dashes[i % dashes.length]!]);
    context.beginPath();
    for (const point of points) context.lineTo(...place(point));
    context.stroke();
    for (const point of points.length < 3 ? points : [])
      context.fillRect(place(point)[0] - 3, place(point)[1] - 3, 6, 6);
    const text = lines.length > 1 ? `${name} ${latest(points)}` : latest(points);
    context.fillText(text, right, 28);
    right -= context.measureText(text).width + 22;
  }
  context.setLineDash([]);
  context.textAlign = 'left';
  context.fillStyle = ink;
  context.globalAlpha = 0.7;
  context.font = `18px ${style.fontFamily}`;
  context.fillText('0', margin.left, height - 8);
  context.textAlign = 'right';
  context.fillText(`step ${last}`, width - margin.right, height - 8);
  context.textAlign = 'left';
  context.globalAlpha = 1;
}

function latest(points: Line['points']): string {
  const value = points.at(-1)?.[1];
  return value === undefined ? '–' : value.toFixed(value < 10 ? 2 : 1);
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))]!;
}
