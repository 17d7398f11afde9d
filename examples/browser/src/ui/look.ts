import type { Found, HeadReport, Picture, Prediction } from '../protocol.ts';
import { attempt, byId, fillSelect, make, onClick, say } from './dom.ts';
import { showBitmap } from './stage.ts';
import type { App } from './state.ts';

/** The panel that asks the model and shows its answers. */
export class Look {
  readonly #app: App;
  #last: { readonly picture: Picture; readonly prediction: Prediction; readonly heads: number } | undefined;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(app: App) {
    this.#app = app;
    app.model.onChange((model) => this.#showHeads(model?.heads ?? []));
    app.model.onChange((model) => {
      const why = {
        new: 'This model has learnt nothing yet: what it says is noise.',
        backbone: 'This model is pre-trained, but its heads have learnt nothing yet: what they say is noise.',
        file: '',
        taught: '',
      }[model?.state ?? 'file'];
      byId('untaught').hidden = why === '';
      byId('untaught-why').textContent = why;
    });
    onClick('attention-show', () => this.#showAttention());
    onClick('attention-hide', () => this.#showPrediction());
    byId('attention-head').addEventListener('change', () => this.#fillQueries());
    byId<HTMLCanvasElement>('picture').addEventListener('click', (event) => void attempt(() => this.#pick(event)));
  }

  /** Looks at the present picture; a call while one is running makes it look once more afterwards. */
  look(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      const { worker, picture, model } = this.#app;
      if (!picture.value || !model.value) return;
      const [shown, heads] = [picture.value, this.#chosen()];
      const prediction = await worker.call('predict', { picture: shown.id, heads });
      this.#last = { picture: shown, prediction, heads: heads.length };
      if (this.#app.panel.value !== 'teach') this.#showPrediction();
    }
  }

  #chosen(): string[] {
    return [...byId('heads').querySelectorAll<HTMLInputElement>('input:checked')].map(({ value }) => value);
  }

  #showHeads(heads: readonly HeadReport[]): void {
    const fieldset = byId('heads');
    const before = new Set(this.#chosen());
    const fresh = !heads.some(({ key }) => before.has(key));
    const boxes = heads.map(({ key, title, shows }, i) => {
      const checked = fresh ? i === 0 : before.has(key);
      const box = make('input', { type: 'checkbox', value: key, checked });
      box.addEventListener('change', () => void attempt(() => this.look()));
      return make('label', {}, box, ' ', make('b', { textContent: title }), ` ${shows}`);
    });
    fieldset.replaceChildren(fieldset.firstElementChild!, ...boxes);
    fillSelect(
      byId<HTMLSelectElement>('attention-head'),
      heads.map(({ key, title }) => [key, title]),
    );
    this.#fillQueries();
  }

  #fillQueries(): void {
    const { model } = this.#app;
    const head = model.value?.heads.find(({ key }) => key === byId<HTMLSelectElement>('attention-head').value);
    fillSelect(
      byId('attention-query'),
      (head?.queries ?? []).map((name, i) => [String(i), name]),
    );
    const layers = Array.from({ length: model.value?.layers ?? 0 }, (_, i) => [String(i), `${i + 1}`] as const);
    fillSelect(byId('attention-layer'), layers.toReversed());
  }

  #showPrediction(): void {
    if (!this.#last) return;
    const { picture, prediction, heads } = this.#last;
    const words = inShort(prediction.found);
    showBitmap(prediction.bitmap, `${picture.name}. Found: ${words}`);
    byId<HTMLButtonElement>('attention-hide').disabled = true;
    const count = heads === 1 ? '1 head' : `${heads} heads`;
    byId('timing').textContent = heads
      ? `${Math.round(prediction.milliseconds)} ms for ${count}, one pass of the backbone`
      : 'Choose at least one head.';
    byId('found').replaceChildren(...prediction.found.map((found) => this.#item(found)));
    if (prediction.found.length === 0) byId('found').append(make('li', { textContent: 'Nothing.', className: 'hint' }));
    say(`Found: ${words}.`);
  }

  #item(found: Found): HTMLLIElement {
    const item = make('li');
    if (found.box) item.dataset.box = found.box.map((edge) => edge.toFixed(3)).join(' ');
    if (found.query === undefined) {
      item.textContent = found.text;
      return item;
    }
    const button = make('button', { type: 'button', className: 'link', textContent: found.text });
    button.title = 'Show what its query looks at';
    button.addEventListener('click', () => void attempt(() => this.#look(found)));
    item.append(button);
    return item;
  }

  async #pick(event: MouseEvent): Promise<void> {
    const picture = this.#app.picture.value;
    if (this.#app.panel.value !== 'look' || !picture || !this.#last) return;
    const { left, top, width, height } = (event.target as HTMLElement).getBoundingClientRect();
    const x = ((event.clientX - left) / width) * picture.width;
    const y = ((event.clientY - top) / height) * picture.height;
    const found = await this.#app.worker.call('pick', { x, y });
    if (found) await this.#look(found);
    else say('No query answered for this place.');
  }

  /** Shows where the query of something found looked. */
  async #look({ head, query }: Found): Promise<void> {
    byId<HTMLDetailsElement>('attention').open = true;
    byId<HTMLSelectElement>('attention-head').value = head;
    this.#fillQueries();
    byId<HTMLSelectElement>('attention-query').value = String(query);
    await this.#showAttention();
  }

  async #showAttention(): Promise<void> {
    const { worker, picture } = this.#app;
    if (!picture.value) return;
    const [head, query, layer] = ['attention-head', 'attention-query', 'attention-layer'].map((id) =>
      byId<HTMLSelectElement>(id),
    ) as [HTMLSelectElement, HTMLSelectElement, HTMLSelectElement];
    const bitmap = await worker.call('attention', {
      picture: picture.value.id,
      head: head.value,
      query: Number(query.value),
      layer: Number(layer.value),
    });
    const name = `query ${query.selectedOptions[0]?.text} of ${head.selectedOptions[0]?.text}`;
    showBitmap(bitmap, `Where ${name} looked`);
    byId<HTMLButtonElement>('attention-hide').disabled = false;
    say(`Shows where ${name} looked in layer ${layer.selectedOptions[0]?.text}.`);
  }
}

/** The first few things found, and how many more there are. */
function inShort(found: readonly Found[], few = 3): string {
  if (found.length === 0) return 'nothing';
  const words = found.slice(0, few).map(({ text }) => text);
  return words.join('; ') + (found.length > few ? `; and ${found.length - few} more` : '');
}
