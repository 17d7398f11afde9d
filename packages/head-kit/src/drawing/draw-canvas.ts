import type { Shape2D } from '../spec/drawing.ts';
import { inkOn, toHex } from './colors.ts';
import { drawRgba } from './draw-rgba.ts';
import { type LabelPlate, placeLabels } from './labels.ts';
import { colorOf, type DrawOptions, drawStyle, inDrawingOrder } from './style.ts';

type Context2D = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Draws shapes over what a canvas shows already. For windows and workers (`OffscreenCanvas`). */
export function drawCanvas(context: Context2D, shapes: readonly Shape2D[], options: DrawOptions = {}): void {
  const { width, height } = context.canvas;
  const style = drawStyle(options, width, height);
  const ordered = inDrawingOrder(shapes);
  const maps = ordered.filter(({ kind }) => kind === 'heatmap' || kind === 'picture' || kind === 'mask');
  if (maps.length > 0) {
    const ground = context.getImageData(0, 0, width, height);
    drawRgba(ground, maps, { ...options, labels: false });
    context.putImageData(ground, 0, 0);
  }
  context.save();
  context.lineWidth = style.lineWidth;
  context.lineCap = 'round';
  for (const shape of ordered) {
    if (shape.kind === 'box') strokeBox(context, shape, style.scale, style.lineWidth);
    else if (shape.kind === 'points') drawPoints(context, shape, style.scale, style.lineWidth);
  }
  if (style.labels) drawLabels(context, ordered, style.scale, 9 * style.textScale);
  context.restore();
}

function strokeBox(context: Context2D, shape: Extract<Shape2D, { kind: 'box' }>, scale: number, line: number): void {
  const [x0, y0, x1, y1] = shape.xyxy.map((v) => v * scale) as [number, number, number, number];
  context.strokeStyle = toHex(colorOf(shape));
  context.strokeRect(x0 + line / 2, y0 + line / 2, Math.max(0, x1 - x0 - line), Math.max(0, y1 - y0 - line));
}

function drawPoints(
  context: Context2D,
  shape: Extract<Shape2D, { kind: 'points' }>,
  scale: number,
  line: number,
): void {
  const seen = (k: number): boolean => !Number.isNaN(shape.xy[k]![0] + shape.xy[k]![1]);
  context.strokeStyle = context.fillStyle = toHex(colorOf(shape));
  for (const [a, b] of shape.edges ?? []) {
    if (!seen(a) || !seen(b)) continue;
    context.beginPath();
    context.moveTo(shape.xy[a]![0] * scale, shape.xy[a]![1] * scale);
    context.lineTo(shape.xy[b]![0] * scale, shape.xy[b]![1] * scale);
    context.stroke();
  }
  shape.xy.forEach(([x, y], k) => {
    if (!seen(k)) return;
    context.beginPath();
    context.arc(x * scale, y * scale, line * 1.5 + 0.5, 0, 2 * Math.PI);
    context.fill();
  });
}

function drawLabels(context: Context2D, shapes: readonly Shape2D[], scale: number, size: number): void {
  const { width, height } = context.canvas;
  context.font = `${size}px ui-monospace, monospace`;
  context.textBaseline = 'middle';
  const plates = placeLabels(shapes, [height, width], scale, (text) => [
    size * 1.3,
    context.measureText(text).width + size * 0.5,
  ]);
  for (const plate of plates) drawLabel(context, plate, size);
}

function drawLabel(context: Context2D, { text, color, left, top, width, height }: LabelPlate, size: number): void {
  context.fillStyle = toHex(color);
  context.fillRect(left, top, width, height);
  context.fillStyle = toHex(inkOn(color));
  context.fillText(text, left + size * 0.25, top + height / 2);
}
