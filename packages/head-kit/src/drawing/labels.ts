import type { Shape2D } from '../spec/drawing.ts';
import type { Rgb } from './colors.ts';
import { colorOf, type PlainShape } from './style.ts';

/** A label and the plate it is written on, in output pixels. */
export interface LabelPlate {
  readonly text: string;
  readonly color: Rgb;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Where the labels of shapes are written: inside the output `[height, width]`, and none over another. In a crowd those of the first shapes are
 * written, which heads give best first; the others are left out, and what they would have hidden is seen.
 */
export function placeLabels(
  shapes: readonly Shape2D[],
  [height, width]: readonly [height: number, width: number],
  scale: number,
  sizeOf: (text: string) => readonly [height: number, width: number],
): readonly LabelPlate[] {
  const plates: LabelPlate[] = [];
  for (const shape of shapes) {
    const label = labelOf(shape);
    if (!label) continue;
    const [tall, wide] = sizeOf(label.text);
    const plate = {
      text: label.text,
      color: label.color,
      left: Math.max(0, Math.min(width - wide, label.x * scale)),
      top: Math.max(0, Math.min(height - tall, label.y * scale - tall)),
      width: wide,
      height: tall,
    };
    if (!plates.some((other) => overlap(plate, other))) plates.push(plate);
  }
  return plates;
}

const overlap = (a: LabelPlate, b: LabelPlate): boolean =>
  a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;

/** What is written on a shape, on a plate of which colour, and where its left lower corner would be, in original pixels. */
interface ShapeLabel {
  readonly text: string;
  readonly color: Rgb;
  readonly x: number;
  readonly y: number;
}

/** The label of a shape; null when it has none. */
function labelOf(shape: Shape2D): ShapeLabel | null {
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
