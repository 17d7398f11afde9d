import type { LabelledBox, Picture } from '../protocol.ts';

/** A picture with the marks made on it so far. */
export interface LessonPage {
  readonly picture: Picture;
  boxes: LabelledBox[];
  /** `[height, width]`: 0 = background, k = k-th name. */
  readonly pixels: Uint8Array<ArrayBuffer>;
  /** Earlier states, latest last. */
  readonly past: { readonly boxes: readonly LabelledBox[]; readonly pixels: Uint8Array }[];
}

/** States that can be taken back. */
const memory = 20;

export function lessonPage(picture: Picture): LessonPage {
  const pixels = picture.pixels ?? new Uint8Array(picture.width * picture.height);
  return { picture, boxes: [...picture.boxes], pixels, past: [] };
}

/** Call before a change. */
export function remember(page: LessonPage): void {
  page.past.push({ boxes: [...page.boxes], pixels: page.pixels.slice() });
  if (page.past.length > memory) page.past.shift();
}

export function undo(page: LessonPage): void {
  const before = page.past.pop();
  if (!before) return;
  page.boxes = [...before.boxes];
  page.pixels.set(before.pixels);
}

export function clear(page: LessonPage): void {
  remember(page);
  page.boxes = [];
  page.pixels.fill(0);
}

/** A box between two corners in any order, cut at the border; null where it would be too thin to be meant. */
export function boxBetween(
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  { width, height }: Picture,
): LabelledBox['box'] | null {
  const within = (value: number, most: number): number => Math.min(most, Math.max(0, value));
  const [x0, x1] = [within(Math.min(ax, bx), width), within(Math.max(ax, bx), width)];
  const [y0, y1] = [within(Math.min(ay, by), height), within(Math.max(ay, by), height)];
  return x1 - x0 < 2 || y1 - y0 < 2 ? null : [x0, y0, x1, y1];
}

/** Paints a disc of a class. */
export function paintDisc({ picture, pixels }: LessonPage, x: number, y: number, radius: number, label: number): void {
  const { width, height } = picture;
  for (let py = Math.max(0, Math.floor(y - radius)); py < Math.min(height, y + radius); py++) {
    const half = Math.sqrt(Math.max(0, radius ** 2 - (py + 0.5 - y) ** 2));
    const from = Math.max(0, Math.round(x - half));
    pixels.fill(label, py * width + from, py * width + Math.max(from, Math.min(width, Math.round(x + half))));
  }
}

/** Paints along a line, so that fast strokes have no gaps. */
export function paintStroke(
  page: LessonPage,
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
  radius: number,
  label: number,
): void {
  const steps = Math.max(1, Math.ceil(Math.hypot(bx - ax, by - ay) / Math.max(1, radius / 2)));
  for (let i = 0; i <= steps; i++)
    paintDisc(page, ax + ((bx - ax) * i) / steps, ay + ((by - ay) * i) / steps, radius, label);
}
