import { GlidError } from '@glid/base';
import {
  type CheckpointHead,
  createModel,
  fromBytes,
  type HeadRecipe,
  headOf,
  loadWeights,
  type Model,
  type ModelConfig,
  saveWeights,
} from '@glid/core';
import { stuffLabels, syntheticLabels } from '@glid/data';
import { modelSizes } from '../config.ts';
import { type Classes, type HeadEntry, heads } from '../heads.ts';
import type { HeadReport, ModelReport } from '../protocol.ts';

/** What synthetic scenes show. */
export const sceneClasses: Classes = { things: syntheticLabels, pixels: [...stuffLabels, ...syntheticLabels] };

/** What the encoder, neck and decoder know, whatever the heads. */
const shared = ['encoder', 'neck', 'decoder', 'queries.cls'] as const;

/** The one model of the page, and where it came from. */
export class ModelBench {
  #model: Model | undefined;
  #title = '';
  #state: ModelReport['state'] = 'new';
  #side = 128;
  #history: { readonly [fact: string]: string | number } = {};

  get model(): Model {
    if (this.#model) return this.#model;
    throw new GlidError('GLID_USAGE', 'There is no model yet.', { fix: 'Make one, or open a checkpoint.' });
  }

  get side(): number {
    return this.#side;
  }

  /** A model that has learnt nothing, with every head of the list and the classes of synthetic scenes. */
  async create(size: string, side: number): Promise<ModelReport> {
    const chosen = modelSizes[size];
    if (!chosen) {
      throw new GlidError('GLID_USAGE', `There is no size '${size}'.`, {
        fix: `Use ${Object.keys(modelSizes).join()}.`,
      });
    }
    const model = await createModel({
      backbone: chosen.backbone,
      heads: recipes(heads, sceneClasses),
      resize: { longest: side },
    });
    return this.#take(model, { title: size, state: 'new', side, history: {} });
  }

  /**
   * A checkpoint's model; one that was only pre-trained, without heads, gets those of the list.
   *
   * @throws GLID_CHECKPOINT…; the present model stays then
   */
  async open(bytes: Uint8Array, name: string): Promise<ModelReport> {
    const weights = await loadWeights(fromBytes(bytes));
    const { about } = weights;
    if (!about) {
      throw new GlidError('GLID_CHECKPOINT', `${name} does not say what model it is for.`, {
        fix: 'Open a checkpoint that glid or this page has written.',
      });
    }
    const side = trainedSide(about.provenance) ?? 128;
    const bare = about.heads.length === 0;
    const model = await createModel({
      backbone: about.backbone as unknown as ModelConfig,
      heads: bare
        ? recipes(heads, sceneClasses)
        : Object.fromEntries(about.heads.map((head) => [head.key, recipeFor(head, name)])),
      weights,
      ...(bare ? { load: { groups: shared } } : {}),
      resize: { longest: side },
    });
    return this.#take(model, { title: name, state: bare ? 'backbone' : 'file', side, history: {} });
  }

  /**
   * Makes the model answer for other classes: the heads named by `keys` and no others. What encoder, neck and decoder know is kept, and
   * what a head knows of classes that stay. A model that already is like that is left as it is.
   */
  async refit(keys: readonly string[], classes: Classes): Promise<Model> {
    const wanted = recipes(keys.map(entryOf), classes);
    const present = this.model;
    const kept = keys.filter((key) => present.heads[key]?.id === entryOf(key).factory.id);
    const own = kept.flatMap((key) => [`heads.${key}`, `queries.${key}`]);
    const weights = await loadWeights(fromBytes(await this.save()));
    const model = await createModel({
      backbone: present.config,
      heads: wanted,
      weights,
      load: { groups: [...shared, ...own], mismatch: 'skip' },
      resize: { longest: this.#side },
    });
    if (JSON.stringify(model.describe().heads) === JSON.stringify(present.describe().heads)) {
      model.dispose();
      return present;
    }
    this.#take(model, { title: this.#title, state: this.#state, side: this.#side, history: this.#history });
    return model;
  }

  /** The model was trained; `history` goes into its checkpoint. */
  taught(history: { readonly [fact: string]: string | number }): ModelReport {
    this.#state = 'taught';
    this.#history = history;
    return this.report();
  }

  /** One safetensors file that the command line and this page open. */
  async save(): Promise<Uint8Array> {
    const size = [this.#side, this.#side];
    const metadata = this.model.describe({ madeBy: '@glid/example-browser', size, ...this.#history });
    const { files } = await saveWeights(this.model.parameters, { metadata, shardBytes: Number.POSITIVE_INFINITY });
    return files[0]!.bytes;
  }

  report(): ModelReport {
    const { parameters, config, heads: own } = this.model;
    return {
      title: this.#title,
      state: this.#state,
      side: this.#side,
      parameters: Object.values(parameters).reduce((sum, { size }) => sum + size, 0),
      layers: config.decoder.layers,
      heads: Object.entries(own).map(([key, { id, labels, queries }]): HeadReport => {
        const known = heads.find(({ factory }) => factory.id === id);
        const names = Array.from({ length: queries.count }, (_, i) => (queries.perLabel ? labels[i]! : `${i + 1}`));
        return { key, title: known?.title ?? key, shows: known?.shows ?? '', labels, queries: names };
      }),
    };
  }

  #take(
    model: unknown,
    about: Pick<ModelReport, 'title' | 'state' | 'side'> & { readonly history: { [fact: string]: string | number } },
  ): ModelReport {
    this.#model?.dispose();
    this.#model = model as Model;
    this.#title = about.title;
    this.#state = about.state;
    this.#side = about.side;
    this.#history = about.history;
    return this.report();
  }
}

/** @throws GLID_USAGE for a key that only the opened checkpoint knows */
function entryOf(key: string): HeadEntry {
  const found = heads.find((entry) => entry.key === key);
  if (found) return found;
  const known = heads.map((entry) => entry.key).join(', ');
  throw new GlidError('GLID_USAGE', `The head '${key}' of this checkpoint cannot be taught here, only ${known}.`, {
    fix: 'Teach boxes or masks, make a new model, or use glid finetune.',
  });
}

function recipes(entries: readonly HeadEntry[], classes: Classes): { readonly [key: string]: HeadRecipe } {
  return Object.fromEntries(
    entries.map(({ key, factory, configure }) => [key, headOf(factory, configure(classes) as never)]),
  );
}

/** @throws GLID_CHECKPOINT_HEAD_UNKNOWN */
function recipeFor({ key, id, version, config }: CheckpointHead, file: string): HeadRecipe {
  const known = heads.find(({ factory }) => factory.id === id);
  if (!known) {
    throw new GlidError('GLID_CHECKPOINT_HEAD_UNKNOWN', `${file}: this page does not have the head '${key}', ${id}.`, {
      fix: `Run npm install ${id}@^${version}, add it to src/heads.ts and build the page again.`,
    });
  }
  const { factory } = known;
  return headOf(factory, (factory.migrateConfig?.(config, version) ?? config) as never);
}

function trainedSide(provenance: unknown): number | undefined {
  const { size } = (provenance ?? {}) as { readonly size?: unknown };
  if (!Array.isArray(size)) return undefined;
  const side = Math.max(...(size as number[]));
  return Number.isInteger(side) && side > 0 ? side : undefined;
}
