import { defaults, modelSizes, pictureSides } from '../config.ts';
import type { ModelReport } from '../protocol.ts';
import { attempt, byId, fillSelect, make, onClick, say } from './dom.ts';
import type { App } from './state.ts';

const states: { readonly [state in ModelReport['state']]: string } = {
  new: 'new, has learnt nothing',
  backbone: 'pre-trained; its heads have learnt nothing',
  file: 'from a checkpoint',
  taught: 'taught in this page',
};

/** The panel where models are made, opened and downloaded. */
export class ModelPanel {
  readonly #app: App;

  /** @param wished `size` and `side` of the page's address */
  constructor(app: App, wished: URLSearchParams) {
    this.#app = app;
    const [size, side] = [byId<HTMLSelectElement>('size'), byId<HTMLSelectElement>('side')];
    fillSelect(
      size,
      Object.entries(modelSizes).map(([name, { title }]) => [name, title]),
    );
    fillSelect(
      side,
      pictureSides.map((pixels) => [String(pixels), `${pixels} px`]),
    );
    choose(size, wished.get('size'), defaults.size);
    choose(side, wished.get('side'), String(defaults.side));
    app.model.onChange((model) => model && this.#describe(model));
    onClick('new-model', () => this.create());
    onClick('download', () => this.#download());
    const input = byId<HTMLInputElement>('model-file');
    onClick('open-model', () => input.click());
    input.addEventListener('change', () => {
      const [file] = input.files ?? [];
      input.value = '';
      if (file) void attempt(() => this.openFile(file));
    });
  }

  async create(): Promise<void> {
    const [size, side] = [byId<HTMLSelectElement>('size').value, Number(byId<HTMLSelectElement>('side').value)];
    this.#app.model.set(await this.#app.worker.call('newModel', { size, side }));
    say('A new model is ready. It has learnt nothing yet.');
  }

  async openFile(file: File): Promise<void> {
    await this.#open(new Uint8Array(await file.arrayBuffer()), file.name);
  }

  /** @throws for another origin, and when there is no such file */
  async openUrl({ address, title }: { readonly address: string; readonly title?: string }): Promise<void> {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) throw new Error(`?model= must be on ${location.origin}, not ${url.origin}.`);
    const response = await fetchOrKept(url);
    if (!response.ok) throw new Error(`There is no checkpoint at ${url.pathname} (${response.status}).`);
    await this.#open(new Uint8Array(await response.arrayBuffer()), title ?? url.pathname.split('/').at(-1)!);
  }

  async #open(bytes: Uint8Array<ArrayBuffer>, name: string): Promise<void> {
    this.#app.model.set(await this.#app.worker.call('openCheckpoint', { bytes, name }, [bytes.buffer]));
    say(`${name} is open.`);
  }

  async #download(): Promise<void> {
    const bytes = await this.#app.worker.call('saveCheckpoint');
    const address = URL.createObjectURL(
      new Blob([bytes as Uint8Array<ArrayBuffer>], { type: 'application/octet-stream' }),
    );
    make('a', { href: address, download: 'glid.safetensors' }).click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    say('The checkpoint is being downloaded.');
  }

  #describe({ title, state, side, parameters, heads }: ModelReport): void {
    const facts: readonly (readonly [string, string])[] = [
      ['Model', title],
      ['State', states[state]],
      ['Numbers', parameters.toLocaleString('en')],
      ['Pictures', `${side} px on the longer side`],
      ...heads.map(({ title: head, labels, queries }): [string, string] => [
        head,
        labels.length > 0 ? labels.join(', ') : `${queries.length} queries`,
      ]),
    ];
    byId('facts').replaceChildren(
      ...facts.flatMap(([term, fact]) => [make('dt', { textContent: term }), make('dd', { textContent: fact })]),
    );
  }
}

/** Fetches a checkpoint and keeps it, for the time without a network. */
async function fetchOrKept(url: URL): Promise<Response> {
  const kept = await caches.open('glid-models');
  try {
    const response = await fetch(url);
    if (response.ok) await kept.put(url, response.clone());
    return response;
  } catch {
    const found = await kept.match(url);
    if (found) return found;
    throw new Error(`${url.pathname} cannot be fetched. Check the network.`);
  }
}

function choose(select: HTMLSelectElement, wished: string | null, otherwise: string): void {
  select.value = wished ?? otherwise;
  if (select.value === '') select.value = otherwise;
}
