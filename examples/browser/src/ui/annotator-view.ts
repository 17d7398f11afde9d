import type { BoxXyxy } from '@glid/base';
import type { Found } from '../protocol.ts';
import { classColor, inkFor } from './class-color.ts';
import type { LessonPage } from './lesson.ts';
import { scaleFor } from './stage.ts';

interface Drawn {
  readonly kind: 'boxes' | 'masks';
  readonly names: readonly string[];
  /** A box that is being drawn. */
  readonly draft: BoxXyxy | null;
  readonly cursor: readonly [number, number] | undefined;
  readonly guesses: readonly Found[];
}

/** Draws a lesson's marks over its picture. */
export class AnnotatorView {
  readonly #canvas: HTMLCanvasElement;
  readonly #paint = document.createElement('canvas');
  #stale: LessonPage | undefined;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  /** The mask has changed. */
  painted(): void {
    this.#stale = undefined;
  }

  draw(page: LessonPage, { kind, names, draft, cursor, guesses }: Drawn): void {
    const { width, height } = page.picture;
    const scale = scaleFor(page.picture);
    const canvas = this.#canvas;
    if (canvas.width !== width * scale || canvas.height !== height * scale)
      Object.assign(canvas, { width: width * scale, height: height * scale });
    const context = canvas.getContext('2d')!;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.setLineDash([]);
    if (kind === 'masks') {
      this.#paintMask(page, names);
      context.globalAlpha = 0.6;
      context.imageSmoothingEnabled = false;
      context.drawImage(this.#paint, 0, 0, canvas.width, canvas.height);
      context.globalAlpha = 1;
    } else {
      for (const { box, label } of page.boxes) strokeBox(context, box, scale, classColor(names.indexOf(label)), label);
      if (draft) strokeBox(context, draft, scale, '#ffffff');
      context.setLineDash([14, 8]);
      for (const { box, score = 0 } of guesses) {
        if (box) strokeBox(context, box, scale, '#ffffff', `guess, ${Math.round(100 * score)} %`);
      }
      context.setLineDash([]);
    }
    if (cursor) drawCross(context, cursor[0] * scale, cursor[1] * scale);
  }

  #paintMask(page: LessonPage, names: readonly string[]): void {
    if (this.#stale === page) return;
    this.#stale = page;
    const { width, height } = page.picture;
    Object.assign(this.#paint, { width, height });
    const image = new ImageData(width, height);
    const words = new Uint32Array(image.data.buffer);
    const colors = [0, ...names.map((_, i) => littleEndian(classColor(i)))];
    for (let i = 0; i < words.length; i++) words[i] = colors[page.pixels[i]!] ?? 0;
    this.#paint.getContext('2d')!.putImageData(image, 0, 0);
  }
}

function strokeBox(
  context: CanvasRenderingContext2D,
  box: BoxXyxy,
  scale: number,
  color: string,
  label?: string,
): void {
  const [x0, y0, x1, y1] = box.map((v) => v * scale) as [number, number, number, number];
  context.lineWidth = 6;
  context.strokeStyle = 'rgb(0 0 0 / 55%)';
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  context.lineWidth = 3.5;
  context.strokeStyle = color;
  context.strokeRect(x0, y0, x1 - x0, y1 - y0);
  if (!label) return;
  context.font = '600 24px system-ui, sans-serif';
  const width = context.measureText(label).width + 16;
  const left = Math.max(0, Math.min(context.canvas.width - width, x0 - 2));
  const top = y0 >= 34 ? y0 - 34 : y0;
  context.fillStyle = color;
  context.fillRect(left, top, width, 34);
  context.fillStyle = inkFor(color);
  context.fillText(label, left + 8, top + 25);
}

function drawCross(context: CanvasRenderingContext2D, x: number, y: number): void {
  for (const [width, color] of [
    [6, '#000'],
    [2.5, '#fff'],
  ] as const) {
    context.lineWidth = width;
    context.strokeStyle = color;
    context.beginPath();
    context.moveTo(x - 26, y);
    context.lineTo(x + 26, y);
    context.moveTo(x, y - 26);
    context.lineTo(x, y + 26);
    context.stroke();
  }
}

/** `#rrggbb` as the word that ImageData holds for it, opaque. */
function littleEndian(color: string): number {
  const rgb = Number.parseInt(color.slice(1), 16);
  return ((255 << 24) | ((rgb & 255) << 16) | (rgb & 0xff00) | (rgb >> 16)) >>> 0;
}
