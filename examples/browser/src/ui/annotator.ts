import type { Found } from '../protocol.ts';
import { AnnotatorView } from './annotator-view.ts';
import { byId } from './dom.ts';
import { boxBetween, type LessonPage, paintStroke, remember } from './lesson.ts';

type Point = readonly [x: number, y: number];

/** What the next mark will be. */
export interface Pen {
  readonly kind: 'boxes' | 'masks';
  readonly names: readonly string[];
  /** 0 = eraser, k = k-th name. */
  readonly label: number;
  /** Picture pixels. */
  readonly radius: number;
}

/** Marks on a picture, by pointer or by keys: arrows move a cross, Enter sets corners or lowers and lifts the brush. */
export class Annotator {
  readonly canvas = byId<HTMLCanvasElement>('annotator');
  readonly #view = new AnnotatorView(this.canvas);
  readonly #onChange: () => void;
  #page: LessonPage | undefined;
  #pen: Pen = { kind: 'boxes', names: [], label: 1, radius: 8 };
  #guesses: readonly Found[] = [];
  /** Where a box was begun or the brush is down. */
  #from: Point | undefined;
  /** Where the pointer or cross was last while something was begun. */
  #last: Point | undefined;
  /** The cross of the keys; absent while the pointer is in use. */
  #cursor: Point | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    const { canvas } = this;
    canvas.setAttribute('role', 'application');
    canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.#cursor = undefined;
      this.#begin(this.#at(event));
    });
    canvas.addEventListener('pointermove', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#move(this.#at(event));
    });
    canvas.addEventListener('pointerup', (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#end(this.#at(event));
    });
    canvas.addEventListener('keydown', (event) => this.#key(event));
    canvas.addEventListener('blur', () => this.#cancel());
  }

  show(page: LessonPage | undefined): void {
    this.#page = page;
    this.#from = this.#cursor = undefined;
    this.#guesses = [];
    this.canvas.hidden = page === undefined;
    this.draw();
  }

  use(pen: Pen): void {
    this.#pen = pen;
    const how =
      pen.kind === 'boxes'
        ? 'Drag to draw a box. By keys: arrows move the cross, Enter sets two corners, Escape gives up.'
        : 'Drag to paint. By keys: arrows move the cross, Enter lowers and lifts the brush.';
    this.canvas.setAttribute('aria-label', `Marks on the picture. ${how} Shift moves by single pixels.`);
    byId('annotate-hint').textContent = how;
    this.draw();
  }

  /** The marks were changed from outside. */
  repaint(): void {
    this.#view.painted();
    this.draw();
  }

  /** What the model thinks at the moment, drawn dashed. */
  showGuesses(guesses: readonly Found[]): void {
    this.#guesses = guesses;
    this.draw();
  }

  draw(): void {
    if (!this.#page) return;
    const { kind, names } = this.#pen;
    const draft =
      kind === 'boxes' && this.#from && this.#last ? boxBetween(this.#from, this.#last, this.#page.picture) : null;
    this.#view.draw(this.#page, { kind, names, draft, cursor: this.#cursor, guesses: this.#guesses });
  }

  #at(event: PointerEvent): Point {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    const { picture } = this.#page!;
    return [((event.clientX - left) / width) * picture.width, ((event.clientY - top) / height) * picture.height];
  }

  #begin(point: Point): void {
    if (!this.#page || (this.#pen.kind === 'boxes' && this.#pen.label === 0)) return;
    this.#from = this.#last = point;
    if (this.#pen.kind === 'masks') {
      remember(this.#page);
      this.#move(point);
    }
  }

  #move(point: Point): void {
    if (!this.#page || !this.#from) return;
    if (this.#pen.kind === 'masks') {
      paintStroke(this.#page, this.#last ?? point, point, this.#pen.radius, this.#pen.label);
      this.#view.painted();
    }
    this.#last = point;
    this.draw();
  }

  #end(point: Point): void {
    const [page, from, { kind, names, label }] = [this.#page, this.#from, this.#pen];
    if (!page || !from) return;
    this.#from = this.#last = undefined;
    if (kind === 'boxes') {
      const box = boxBetween(from, point, page.picture);
      const name = names[label - 1];
      if (box && name !== undefined) {
        remember(page);
        page.boxes = [...page.boxes, { label: name, box }];
      }
    }
    this.draw();
    this.#onChange();
  }

  #cancel(): void {
    if (this.#pen.kind === 'masks' && this.#from) this.#onChange();
    this.#from = this.#last = this.#cursor = undefined;
    this.draw();
  }

  #key(event: KeyboardEvent): void {
    const page = this.#page;
    if (!page) return;
    const { width, height } = page.picture;
    const stride = event.shiftKey ? 1 : Math.max(1, Math.round(Math.max(width, height) / 40));
    const moves: { readonly [key: string]: Point } = {
      ArrowLeft: [-stride, 0],
      ArrowRight: [stride, 0],
      ArrowUp: [0, -stride],
      ArrowDown: [0, stride],
    };
    const move = moves[event.key];
    const [x, y] = this.#cursor ?? [width / 2, height / 2];
    if (move) {
      this.#cursor = [Math.min(width, Math.max(0, x + move[0])), Math.min(height, Math.max(0, y + move[1]))];
      if (this.#from) this.#move(this.#cursor);
      this.draw();
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.#cursor ??= [x, y];
      if (this.#from) this.#end(this.#cursor);
      else this.#begin(this.#cursor);
      this.draw();
    } else if (event.key === 'Escape') this.#cancel();
    else return;
    event.preventDefault();
  }
}
