import { GlidError } from '@glid/base';
import type { Shape2D } from '../spec/drawing.ts';
import { colorIndex, colorMap } from './color-map.ts';
import { inkOn, type Rgb } from './colors.ts';
import { glyphHeight, glyphRows, glyphWidth, textWidth } from './font.ts';
import { type LabelPlate, placeLabels } from './labels.ts';
import { colorOf, type DrawOptions, type DrawStyle, drawStyle, inDrawingOrder } from './style.ts';

/** Row-major `[height, width, 4]`, 8 bits, alpha not premultiplied (`ImageData` fits). */
export interface RgbaImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** Draws shapes into an RGBA buffer, in place. Needs no canvas and no dependency. */
export function drawRgba(image: RgbaImage, shapes: readonly Shape2D[], options: DrawOptions = {}): void {
  if (image.data.length !== image.width * image.height * 4) {
    throw new GlidError(
      'GLID_SHAPE',
      `${image.data.length} bytes are no RGBA image of ${image.width} x ${image.height}.`,
      {
        fix: 'Pass width * height * 4 bytes.',
      },
    );
  }
  const style = drawStyle(options, image.width, image.height);
  const ordered = inDrawingOrder(shapes);
  for (const shape of ordered) drawShape(image, shape, style);
  if (!style.labels) return;
  const size = style.textScale;
  const plates = placeLabels(ordered, [image.height, image.width], style.scale, (text) => [
    (glyphHeight + 3) * size,
    (textWidth(text) + 4) * size,
  ]);
  for (const plate of plates) drawLabel(image, plate, size);
}

function drawShape(image: RgbaImage, shape: Shape2D, style: DrawStyle): void {
  const { scale, lineWidth } = style;
  if (shape.kind === 'heatmap') drawHeatmap(image, shape, style);
  else if (shape.kind === 'picture') drawPicture(image, shape, style);
  else if (shape.kind === 'mask') drawMask(image, shape, colorOf(shape), style);
  else if (shape.kind === 'points') drawPoints(image, shape, style);
  else {
    const [x0, y0, x1, y1] = shape.xyxy.map((v) => v * scale) as [number, number, number, number];
    strokeBox(image, x0, y0, x1, y1, lineWidth, colorOf(shape));
  }
}

function drawPoints(
  image: RgbaImage,
  shape: Extract<Shape2D, { kind: 'points' }>,
  { scale, lineWidth }: DrawStyle,
): void {
  const color = colorOf(shape);
  const at = (k: number): readonly [number, number] => [shape.xy[k]![0] * scale, shape.xy[k]![1] * scale];
  for (const [from, to] of shape.edges ?? []) strokeLine(image, ...at(from), ...at(to), lineWidth, color);
  for (let k = 0; k < shape.xy.length; k++) fillDisc(image, ...at(k), lineWidth * 1.5 + 0.5, color);
}

function drawHeatmap(image: RgbaImage, shape: Extract<Shape2D, { kind: 'heatmap' }>, style: DrawStyle): void {
  const table = colorMap();
  const [low, high] = shape.range;
  forEachPixel(image, shape.size, style.scale, (to, from) => {
    const k = 3 * colorIndex(shape.data[from]!, low, high);
    blend(image.data, to, table[k]!, table[k + 1]!, table[k + 2]!, style.heatmapOpacity);
  });
}

function drawPicture(
  image: RgbaImage,
  { data, size }: Extract<Shape2D, { kind: 'picture' }>,
  { scale, heatmapOpacity }: DrawStyle,
): void {
  forEachPixel(image, size, scale, (to, from) => {
    blend(image.data, to, data[3 * from]!, data[3 * from + 1]!, data[3 * from + 2]!, heatmapOpacity);
  });
}

function drawMask(image: RgbaImage, shape: Extract<Shape2D, { kind: 'mask' }>, [r, g, b]: Rgb, style: DrawStyle): void {
  const { data, size } = shape;
  const [height, width] = size;
  forEachPixel(image, size, style.scale, (to, from) => {
    if (data[from] === 0) return;
    const x = from % width;
    const inner =
      x > 0 &&
      x < width - 1 &&
      from >= width &&
      from < (height - 1) * width &&
      data[from - 1] !== 0 &&
      data[from + 1] !== 0 &&
      data[from - width] !== 0 &&
      data[from + width] !== 0;
    blend(image.data, to, r, g, b, inner ? style.maskOpacity : 1);
  });
}

/** Visits the image pixels that a map of the original picture covers: nearest neighbour. */
function forEachPixel(
  image: RgbaImage,
  [height, width]: readonly [number, number],
  scale: number,
  visit: (to: number, from: number) => void,
): void {
  const [rows, columns] = [
    Math.min(image.height, Math.round(height * scale)),
    Math.min(image.width, Math.round(width * scale)),
  ];
  for (let y = 0; y < rows; y++) {
    const row = Math.min(height - 1, Math.floor((y + 0.5) / scale)) * width;
    for (let x = 0; x < columns; x++) {
      visit((y * image.width + x) * 4, row + Math.min(width - 1, Math.floor((x + 0.5) / scale)));
    }
  }
}

/** The outline of a box, drawn inwards, so that a box along the border of the picture is seen whole. */
function strokeBox(
  image: RgbaImage,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  lineWidth: number,
  color: Rgb,
): void {
  const [left, top] = [Math.round(x0), Math.round(y0)];
  const [right, bottom] = [Math.max(left + 1, Math.round(x1)), Math.max(top + 1, Math.round(y1))];
  const w = Math.min(lineWidth, right - left, bottom - top);
  fillRectangle(image, left, top, right, top + w, color);
  fillRectangle(image, left, bottom - w, right, bottom, color);
  fillRectangle(image, left, top + w, left + w, bottom - w, color);
  fillRectangle(image, right - w, top + w, right, bottom - w, color);
}

function fillRectangle(
  image: RgbaImage,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  [r, g, b]: Rgb,
  opacity = 1,
): void {
  for (let y = Math.max(0, y0); y < Math.min(image.height, y1); y++) {
    for (let x = Math.max(0, x0); x < Math.min(image.width, x1); x++)
      blend(image.data, (y * image.width + x) * 4, r, g, b, opacity);
  }
}

function fillDisc(image: RgbaImage, x: number, y: number, radius: number, color: Rgb): void {
  strokeLine(image, x, y, x, y, radius * 2, color);
}

/** A line with round ends; its border pixels are blended by how much of them it covers. Nothing is drawn for NaN. */
function strokeLine(
  image: RgbaImage,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  lineWidth: number,
  [r, g, b]: Rgb,
): void {
  if (!Number.isFinite(x0 + y0 + x1 + y1)) return;
  const radius = lineWidth / 2;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = dx * dx + dy * dy;
  const [left, right] = [Math.floor(Math.min(x0, x1) - radius - 1), Math.ceil(Math.max(x0, x1) + radius + 1)];
  const [top, bottom] = [Math.floor(Math.min(y0, y1) - radius - 1), Math.ceil(Math.max(y0, y1) + radius + 1)];
  for (let py = Math.max(0, top); py < Math.min(image.height, bottom); py++) {
    for (let px = Math.max(0, left); px < Math.min(image.width, right); px++) {
      const [u, v] = [px + 0.5 - x0, py + 0.5 - y0];
      const t = length2 === 0 ? 0 : Math.min(1, Math.max(0, (u * dx + v * dy) / length2));
      const coverage = radius + 0.5 - Math.hypot(u - t * dx, v - t * dy);
      if (coverage > 0) blend(image.data, (py * image.width + px) * 4, r, g, b, Math.min(1, coverage));
    }
  }
}

/** @param size output pixels per font pixel */
function drawLabel(image: RgbaImage, { text, color, width, height, ...corner }: LabelPlate, size: number): void {
  const [left, top] = [Math.round(corner.left), Math.round(corner.top)];
  fillRectangle(image, left, top, left + width, top + height, color);
  const ink = inkOn(color);
  [...text].forEach((character, k) => {
    const x0 = left + (2 + k * (glyphWidth + 1)) * size;
    glyphRows(character).forEach((bits, row) => {
      for (let column = 0; column < glyphWidth; column++) {
        if (!(bits & (1 << (glyphWidth - 1 - column)))) continue;
        const [x, y] = [x0 + column * size, top + (2 + row) * size];
        fillRectangle(image, x, y, x + size, y + size, ink);
      }
    });
  });
}

/** Source-over with an opaque or transparent ground. */
function blend(
  data: Uint8Array | Uint8ClampedArray,
  i: number,
  r: number,
  g: number,
  b: number,
  opacity: number,
): void {
  const under = (data[i + 3]! / 255) * (1 - opacity);
  const alpha = opacity + under;
  if (alpha === 0) return;
  data[i] = Math.round((r * opacity + data[i]! * under) / alpha);
  data[i + 1] = Math.round((g * opacity + data[i + 1]! * under) / alpha);
  data[i + 2] = Math.round((b * opacity + data[i + 2]! * under) / alpha);
  data[i + 3] = Math.round(alpha * 255);
}
