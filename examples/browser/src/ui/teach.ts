import type { TrainingRequest } from '../protocol.ts';
import { Annotator } from './annotator.ts';
import { ClassList } from './class-list.ts';
import { attempt, byId, make, onClick, say } from './dom.ts';
import { clear, type LessonPage, lessonPage, remember, undo } from './lesson.ts';
import { readPicture, scaleFor, showBitmap, showName } from './stage.ts';
import type { App } from './state.ts';
import { Training } from './training.ts';

type Kind = TrainingRequest['kind'];

/** The panel where pictures are labelled and the model is taught. */
export class Teach {
  readonly #app: App;
  readonly #annotator = new Annotator(() => this.#showMarks());
  readonly #classes = new ClassList(() => this.#usePen());
  readonly #pages: LessonPage[] = [];
  #shown: LessonPage | undefined;
  #scenes = 0;

  constructor(app: App) {
    this.#app = app;
    const input = make('input', { type: 'file', accept: 'image/*', multiple: true });
    onClick('add-picture', () => input.click());
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])];
      input.value = '';
      void attempt(async () => {
        for (const file of files) {
          const { id } = await readPicture(app, file);
          await this.#addCopy(id);
          await app.worker.call('dropPicture', id);
        }
      });
    });
    input.id = 'lesson-file';
    input.hidden = true;
    byId('own').append(input);
    onClick('add-shown', async () => {
      if (!app.picture.value) throw new Error('No picture is shown yet.');
      await this.#addCopy(app.picture.value.id);
    });
    onClick('add-scene', () => this.#addScenes(4));
    onClick('undo', () => this.#change(undo));
    onClick('clear', () => this.#change(clear));
    for (const id of ['kinds', 'brush']) byId(id).addEventListener('input', () => this.#usePen());
    app.panel.onChange((panel) => this.#open(panel === 'teach'));
    app.model.onChange((model) => {
      const off = [...byId('scene-heads').querySelectorAll<HTMLInputElement>('input:not(:checked)')];
      const boxes = (model?.heads ?? []).map(({ key, title, shows }) => {
        const checked = !off.some(({ value }) => value === key);
        const box = make('input', { type: 'checkbox', value: key, checked });
        return make('label', {}, box, ' ', make('b', { textContent: title }), ` ${shows}`);
      });
      byId('scene-heads').replaceChildren(byId('scene-heads').firstElementChild!, ...boxes);
    });
    new Training(
      app,
      () => this.#request(),
      async () => {
        if (this.#kind !== 'boxes' || !this.#shown || app.panel.value !== 'teach') return;
        const page = this.#shown;
        const { found } = await app.worker.call('predict', { picture: page.picture.id, heads: ['detection'] });
        if (page === this.#shown) this.#annotator.showGuesses(found);
      },
    );
    this.#usePen();
  }

  get #kind(): Kind {
    return byId('kinds').querySelector<HTMLInputElement>('input:checked')!.value as Kind;
  }

  /** @throws when there is nothing to learn from */
  #request(): TrainingRequest {
    const kind = this.#kind;
    const labels = this.#classes.names;
    const heads = [...byId('scene-heads').querySelectorAll<HTMLInputElement>('input:checked')].map(
      ({ value }) => value,
    );
    const steps = byId<HTMLInputElement>('steps');
    if (!steps.checkValidity()) throw new Error('Give a number of steps from 1 to 20000.');
    const base = { kind, labels, heads, steps: steps.valueAsNumber, vary: byId<HTMLInputElement>('vary').checked };
    if (kind === 'scenes') {
      if (heads.length === 0) throw new Error('Choose at least one head to teach.');
      return { ...base, lessons: [] };
    }
    if (labels.length === 0) throw new Error('Give a name to what you mark: there is none yet.');
    const lessons = this.#pages.map(({ picture, boxes, pixels }) =>
      kind === 'boxes' ? { picture: picture.id, boxes } : { picture: picture.id, pixels: pixels.slice() },
    );
    const marked = lessons.some(({ boxes, pixels }) => (boxes ? boxes.length > 0 : pixels!.some((label) => label > 0)));
    if (!marked)
      throw new Error(`Mark something first: there is no ${kind === 'boxes' ? 'box' : 'mask'} on any picture.`);
    return { ...base, lessons };
  }

  async #addScenes(count: number): Promise<void> {
    if (this.#classes.names.length === 0) this.#classes.add('ball');
    const labels = this.#classes.names;
    for (let i = 0; i < count; i++) {
      this.#add(lessonPage(await this.#app.worker.call('addScene', { number: this.#scenes++, labels })));
    }
  }

  async #addCopy(id: number): Promise<void> {
    this.#add(lessonPage(await this.#app.worker.call('addCopy', id)));
  }

  #add(page: LessonPage): void {
    this.#pages.push(page);
    for (const { label } of page.boxes) this.#classes.add(label);
    this.#show(page);
  }

  #remove(page: LessonPage): void {
    const at = this.#pages.indexOf(page);
    this.#pages.splice(at, 1);
    void attempt(() => this.#app.worker.call('dropPicture', page.picture.id));
    this.#show(this.#pages[Math.min(at, this.#pages.length - 1)]);
    byId('add-picture').focus();
  }

  #open(open: boolean): void {
    if (open && this.#kind !== 'scenes' && this.#shown) this.#show(this.#shown);
    else this.#annotator.show(undefined);
  }

  #show(page: LessonPage | undefined): void {
    this.#shown = page;
    if (page) {
      showBitmap(page.picture.bitmap, `${page.picture.name}, to be marked`, scaleFor(page.picture));
      showName(page.picture);
    }
    this.#annotator.show(page);
    this.#usePen();
    this.#showMarks();
  }

  #change(action: (page: LessonPage) => void): void {
    if (!this.#shown) return;
    action(this.#shown);
    this.#annotator.show(this.#shown);
    this.#annotator.repaint();
    this.#showMarks();
  }

  #usePen(): void {
    const kind = this.#kind;
    byId('own').hidden = kind === 'scenes';
    byId('scene-heads').hidden = kind !== 'scenes';
    byId('brush-row').hidden = kind !== 'masks';
    this.#classes.allowEraser(kind === 'masks');
    if (kind === 'scenes') {
      this.#annotator.show(undefined);
      return;
    }
    if (this.#shown && this.#app.panel.value === 'teach' && this.#annotator.canvas.hidden)
      this.#annotator.show(this.#shown);
    const radius =
      byId<HTMLInputElement>('brush').valueAsNumber * (Math.max(this.#shown?.picture.width ?? 256, 256) / 512);
    this.#annotator.use({ kind, names: this.#classes.names, label: this.#classes.chosen, radius });
    this.#showMarks();
  }

  #showMarks(): void {
    const kind = this.#kind;
    byId('lessons').replaceChildren(...this.#pages.map((page) => this.#thumbnail(page)));
    const boxes = kind === 'boxes' ? (this.#shown?.boxes ?? []) : [];
    byId('marks').replaceChildren(
      ...boxes.map((mark, i) => {
        const button = make('button', { type: 'button', className: 'link', textContent: 'Remove' });
        button.setAttribute('aria-label', `Remove box ${i + 1}, ${mark.label}`);
        button.addEventListener('click', () =>
          this.#change((page) => {
            remember(page);
            page.boxes = page.boxes.filter((other) => other !== mark);
          }),
        );
        return make('li', {}, `${mark.label}, ${mark.box.map(Math.round).join(' ')} `, button);
      }),
    );
  }

  #thumbnail(page: LessonPage): HTMLLIElement {
    const { picture, boxes, pixels } = page;
    const canvas = make('canvas', { width: 112, height: 84 });
    const scale = Math.max(112 / picture.width, 84 / picture.height);
    const [w, h] = [picture.width * scale, picture.height * scale];
    canvas.getContext('2d')!.drawImage(picture.bitmap, (112 - w) / 2, (84 - h) / 2, w, h);
    const marks = this.#kind === 'boxes' ? boxes.length : Number(pixels.some((label) => label > 0));
    const what =
      this.#kind === 'boxes' ? `${marks} ${marks === 1 ? 'box' : 'boxes'}` : marks ? 'painted' : 'not painted';
    const button = make('button', { type: 'button' }, canvas, make('span', { textContent: what }));
    button.setAttribute('aria-label', `${picture.name}: ${what}`);
    button.setAttribute('aria-pressed', String(page === this.#shown));
    button.addEventListener('click', () => {
      this.#show(page);
      say(`${picture.name} is shown, to be marked.`);
    });
    const remove = make('button', { type: 'button', className: 'remove', textContent: '×' });
    remove.setAttribute('aria-label', `Take ${picture.name} away`);
    remove.addEventListener('click', () => this.#remove(page));
    return make('li', {}, button, remove);
  }
}
