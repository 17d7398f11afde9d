import type { Shape2D } from '../spec/drawing.ts';
import { colorIndex, colorMap } from './color-map.ts';
import { inkOn, toHex } from './colors.ts';
import { encodePng, toBase64 } from './encode-png.ts';
import { type LabelPlate, placeLabels } from './labels.ts';
import { colorOf, type DrawOptions, type DrawStyle, drawStyle, inDrawingOrder } from './style.ts';

export interface SvgOptions extends DrawOptions {
  /** Address of the picture to lie beneath, for instance a `data:` URL. */
  readonly background?: string;
}

/** An SVG document of shapes over a picture of `[height, width]` original pixels. */
export function drawSvg(
  shapes: readonly Shape2D[],
  [height, width]: readonly [height: number, width: number],
  options: SvgOptions = {},
): string {
  const scale = options.scale ?? 1;
  const style = drawStyle(options, width * scale, height * scale);
  const ordered = inDrawingOrder(shapes);
  // The document is in original pixels; lines and letters are given in output pixels.
  const unit = 1 / style.scale;
  const body = [
    options.background ? `<image href="${escapeXml(options.background)}" width="${width}" height="${height}"/>` : '',
    ...ordered.map((shape) => shapeElement(shape, style, unit)),
    ...(style.labels ? labelElements(ordered, [height, width], 9 * style.textScale * unit) : []),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width * scale}" height="${height * scale}" viewBox="0 0 ${width} ${height}">`,
    ...body.filter(Boolean),
    '</svg>',
  ].join('\n');
}

function shapeElement(shape: Shape2D, style: DrawStyle, unit: number): string {
  const line = round(style.lineWidth * unit);
  if (shape.kind === 'heatmap' || shape.kind === 'picture') return mapElement(shape, style.heatmapOpacity);
  const color = toHex(colorOf(shape));
  if (shape.kind === 'mask')
    return `<path d="${maskRuns(shape)}" fill="${color}" fill-opacity="${style.maskOpacity}"/>`;
  if (shape.kind === 'box') {
    const [x0, y0, x1, y1] = shape.xyxy;
    const inset = line / 2;
    const side = (from: number, to: number): number => round(Math.max(0, to - from - line));
    return `<rect x="${round(x0 + inset)}" y="${round(y0 + inset)}" width="${side(x0, x1)}" height="${side(y0, y1)}" fill="none" stroke="${color}" stroke-width="${line}"/>`;
  }
  const seen = (k: number): boolean => !Number.isNaN(shape.xy[k]![0] + shape.xy[k]![1]);
  const lines = (shape.edges ?? [])
    .filter(([a, b]) => seen(a) && seen(b))
    .map(([a, b]) => {
      const [[x1, y1], [x2, y2]] = [shape.xy[a]!, shape.xy[b]!];
      return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
    });
  const dots = shape.xy
    .filter((_, k) => seen(k))
    .map(([x, y]) => `<circle cx="${round(x)}" cy="${round(y)}" r="${round(line * 1.5)}" stroke="none"/>`);
  return `<g fill="${color}" stroke="${color}" stroke-width="${line}" stroke-linecap="round">${lines.join('')}${dots.join('')}</g>`;
}

/** One rectangle a run of the mask: exact at any zoom. */
function maskRuns({ data, size: [height, width] }: Extract<Shape2D, { kind: 'mask' }>): string {
  const runs: string[] = [];
  for (let y = 0; y < height; y++) {
    let x = 0;
    while (x < width) {
      if (data[y * width + x] === 0) {
        x++;
        continue;
      }
      const start = x;
      while (x < width && data[y * width + x] !== 0) x++;
      runs.push(`M${start} ${y}h${x - start}v1h${start - x}z`);
    }
  }
  return runs.join('');
}

function mapElement(shape: Extract<Shape2D, { kind: 'heatmap' | 'picture' }>, opacity: number): string {
  const [height, width] = shape.size;
  const table = colorMap();
  const pixels = new Uint8Array(width * height * 4).fill(255);
  for (let i = 0; i < width * height; i++) {
    const [colors, k] =
      shape.kind === 'picture' ? [shape.data, i] : [table, colorIndex(shape.data[i]!, ...shape.range)];
    pixels.set(colors.subarray(3 * k, 3 * k + 3), i * 4);
  }
  const png = toBase64(encodePng({ width, height, data: pixels }));
  return `<image href="data:image/png;base64,${png}" width="${width}" height="${height}" opacity="${opacity}"/>`;
}

function labelElements(
  shapes: readonly Shape2D[],
  size: readonly [height: number, width: number],
  fontSize: number,
): string[] {
  const plates = placeLabels(shapes, size, 1, (text) => [1.3 * fontSize, ([...text].length * 0.62 + 0.5) * fontSize]);
  return plates.map((plate) => labelElement(plate, fontSize));
}

function labelElement({ text, color, left, top, width, height }: LabelPlate, size: number): string {
  const [x, y] = [round(left), round(top)];
  return `<g font-family="ui-monospace, monospace" font-size="${round(size)}"><rect x="${x}" y="${y}" width="${round(width)}" height="${round(height)}" fill="${toHex(color)}"/><text x="${round(x + size / 4)}" y="${round(y + size)}" fill="${toHex(inkOn(color))}">${escapeXml(text)}</text></g>`;
}

function escapeXml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (c) => names[c]!);
}

function round(x: number): number {
  return Math.round(x * 100) / 100;
}
