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
