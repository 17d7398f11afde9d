import type { Shape2D } from '../spec/drawing.ts';
import { labelColor, parseHex, type Rgb } from './colors.ts';

/** How shapes look; the same options serve canvas, SVG and RGBA. */
export interface DrawOptions {
  /** Pixels of the output per pixel of the original picture, 1 when absent. */
  readonly scale?: number;
  /** Of boxes and edges, in output pixels; about 1/250 of the picture's longer side when absent. */
  readonly lineWidth?: number;
  /** Share of the mask's colour where masks lie, 0.45 when absent. */
  readonly maskOpacity?: number;
  /** Share of the colours of heat maps and pictures, 1 when absent. */
  readonly heatmapOpacity?: number;
  /** Whether labels are written, true when absent. */
  readonly labels?: boolean;
}

/** Options with every default filled in, for an output of a given size. */
export interface DrawStyle {
  readonly scale: number;
  readonly lineWidth: number;
  /** Output pixels per font pixel. */
  readonly textScale: number;
  readonly maskOpacity: number;
  readonly heatmapOpacity: number;
  readonly labels: boolean;
}

export function drawStyle(options: DrawOptions, width: number, height: number): DrawStyle {
  const lineWidth = options.lineWidth ?? Math.max(1, Math.round(Math.max(width, height) / 250));
  return {
    scale: options.scale ?? 1,
    lineWidth,
    textScale: Math.max(1, Math.round(lineWidth / 2)),
    maskOpacity: options.maskOpacity ?? 0.45,
    heatmapOpacity: options.heatmapOpacity ?? 1,
    labels: options.labels ?? true,
  };
}

/** A shape in one colour. */
export type PlainShape = Exclude<Shape2D, { kind: 'heatmap' | 'picture' }>;

/** The colour a shape asks for, or that of its label. */
export function colorOf(shape: PlainShape): Rgb {
  return (shape.color === undefined ? null : parseHex(shape.color)) ?? labelColor(shape.label ?? shape.kind);
}

/** Heat maps and pictures first, then masks, boxes and points: what is small lies on top. */
export function inDrawingOrder(shapes: readonly Shape2D[]): readonly Shape2D[] {
  const rank = { heatmap: 0, picture: 0, mask: 1, box: 2, points: 3 } as const;
  return [...shapes].sort((a, b) => rank[a.kind] - rank[b.kind]);
}

/** What is written on a shape, on a plate of which colour, and where its left lower corner is, in original pixels. */
export interface ShapeLabel {
  readonly text: string;
  readonly color: Rgb;
  readonly x: number;
  readonly y: number;
}

/** The label of a shape; null when it has none. */
export function labelOf(shape: Shape2D): ShapeLabel | null {
  if (shape.kind === 'heatmap' || shape.kind === 'picture' || !shape.label) return null;
  const place = labelPlace(shape);
  return place && { text: shape.label, color: colorOf(shape), ...place };
}

function labelPlace(shape: PlainShape): { x: number; y: number } | null {
  if (shape.kind === 'box') return { x: shape.xyxy[0], y: shape.xyxy[1] };
  if (shape.kind === 'mask') return maskCentre(shape.data, shape.size);
  const seen = shape.xy.filter(([x]) => !Number.isNaN(x));
  if (seen.length === 0) return null;
  return { x: Math.min(...seen.map(([x]) => x)), y: Math.min(...seen.map(([, y]) => y)) };
}

/** The pixel of the mask nearest to its centre of mass: labels of hollow shapes still lie on them. */
function maskCentre(data: Uint8Array, [height, width]: readonly [number, number]): { x: number; y: number } | null {
  let count = 0;
  let [sumX, sumY] = [0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      count++;
      sumX += x;
      sumY += y;
    }
  }
  if (count === 0) return null;
  const [meanX, meanY] = [sumX / count, sumY / count];
  let [bestX, bestY, least] = [0, 0, Number.POSITIVE_INFINITY];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (data[y * width + x] === 0) continue;
      const distance = (x - meanX) ** 2 + (y - meanY) ** 2;
      if (distance < least) [bestX, bestY, least] = [x, y, distance];
    }
  }
  return { x: bestX, y: bestY };
}
