import type { Shape2D } from '../spec/drawing.ts';
import { inkOn, toHex } from './colors.ts';
import { drawRgba } from './draw-rgba.ts';
import { colorOf, type DrawOptions, drawStyle, inDrawingOrder, labelOf } from './style.ts';

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
  if (style.labels) for (const shape of ordered) drawLabel(context, shape, style.scale, 9 * style.textScale);
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

function drawLabel(context: Context2D, shape: Shape2D, scale: number, size: number): void {
  const label = labelOf(shape);
  if (!label) return;
  context.font = `${size}px ui-monospace, monospace`;
  context.textBaseline = 'middle';
  const [width, height] = [context.measureText(label.text).width + size * 0.5, size * 1.3];
  const x = Math.max(0, Math.min(context.canvas.width - width, label.x * scale));
  const y = Math.max(0, Math.min(context.canvas.height - height, label.y * scale - height));
  context.fillStyle = toHex(label.color);
  context.fillRect(x, y, width, height);
  context.fillStyle = toHex(inkOn(label.color));
  context.fillText(label.text, x + size * 0.25, y + height / 2);
}
