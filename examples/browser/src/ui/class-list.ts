import { classColor } from './class-color.ts';
import { attempt, byId, make } from './dom.ts';

/** The user's class names, and which of them the pen marks. */
export class ClassList {
  readonly #names: string[] = [];
  readonly #onChange: () => void;
  #chosen = 1;
  #eraser = false;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
    byId('add-class').addEventListener('submit', (event) => {
      event.preventDefault();
      const input = byId<HTMLInputElement>('class-name');
      void attempt(() => {
        const name = input.value.trim();
        if (name === '') throw new Error('Write a name first.');
        this.add(name);
        input.value = '';
        this.#choose(this.#names.indexOf(name) + 1);
      });
    });
  }

  get names(): readonly string[] {
    return this.#names;
  }

  /** 0 = eraser, k = k-th name. */
  get chosen(): number {
    return this.#chosen;
  }

  add(name: string): void {
    if (this.#names.includes(name)) return;
    this.#names.push(name);
    this.#choose(Math.max(1, this.#chosen));
  }

  allowEraser(allowed: boolean): void {
    if (this.#eraser === allowed) return;
    this.#eraser = allowed;
    this.#choose(allowed ? this.#chosen : Math.max(1, this.#chosen));
  }

  #choose(label: number): void {
    this.#chosen = label;
    const fieldset = byId('classes');
    const all = this.#names.map((name, i) => this.#option(name, i + 1));
    if (this.#eraser) all.push(this.#option('eraser', 0));
    fieldset.replaceChildren(fieldset.firstElementChild!, ...all);
    this.#onChange();
  }

  #option(name: string, label: number): HTMLLabelElement {
    const input = make('input', {
      type: 'radio',
      name: 'class',
      value: String(label),
      checked: label === this.#chosen,
    });
    input.addEventListener('change', () => this.#choose(label));
    const swatch = make('i', { className: 'swatch' });
    if (label > 0) swatch.style.background = classColor(label - 1);
    return make('label', { className: 'chip' }, input, swatch, name);
  }
}
