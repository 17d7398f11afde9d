import type { Dataset } from '@glid/base';
import { GlidError } from '@glid/base';
import { kindOf, readJson } from '../files/read.ts';
import { usageError } from '../usage-error.ts';
import { type NamedHead, ownHeads } from './load-head.ts';

export type Config = { readonly [name: string]: unknown };

/** The object of `--head-config`: itself, a JSON text or a JSON file. @throws GLID_USAGE, GLID_IO, GLID_DATA */
export async function readHeadConfig(text: string | Config | undefined): Promise<Config> {
  if (text === undefined) return {};
  if (typeof text === 'object') return text;
  let value: unknown;
  if (text.trimStart().startsWith('{') && (await kindOf(text).catch(() => null)) === null) {
    try {
      value = JSON.parse(text) as unknown;
    } catch (cause) {
      throw usageError(`--head-config is not JSON: ${(cause as Error).message}.`, 'Correct it, or name a file.');
    }
  } else value = await readJson(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Config;
  throw usageError('--head-config must be one JSON object.', "Its keys are the head's settings.");
}

/** What the user wrote for one of the heads: with several heads the object holds one object a key. */
export function configFor(key: string, keys: readonly string[], given: Config): Config {
  if (keys.length === 1 && !Object.hasOwn(given, key)) return given;
  const stranger = Object.keys(given).find((name) => !keys.includes(name));
  if (stranger !== undefined) {
    throw usageError(
      `--head-config has the key '${stranger}'.`,
      `With several heads give one object a head: ${keys.join(', ')}.`,
    );
  }
  return (given[key] ?? {}) as Config;
}

/** What the data set and the size of the model decide where the user says nothing. */
export interface ConfigContext {
  readonly dataset: Dataset;
  /** The nano-sized model: the recipes for few, small pictures. */
  readonly nano: boolean;
}

/** Completes a head's configuration from the data: labels, skeleton, mode. What the user gave always wins. */
export function completeConfig({ factory }: NamedHead, given: Config, { dataset, nano }: ConfigContext): Config {
  switch (factory.id) {
    case ownHeads.detection:
      return {
        labels: labelsOf(dataset, dataset.labels),
        ...(nano ? { queries: 40, placedQueries: true } : {}),
        ...given,
      };
    case ownHeads.segmentation:
      return { ...segmentationDefaults(dataset, given, nano), ...given };
    case ownHeads.depth:
      return { ...(nano ? { bins: 32 } : {}), ...given };
    case ownHeads.pose:
      return { ...(dataset.skeleton ?? {}), ...(nano ? { sigma: 1, loss: 'crossEntropy' } : {}), ...given };
    default:
      return dataset.labels.length > 0 && misses(factory, given, 'labels')
        ? { labels: dataset.labels, ...given }
        : given;
  }
}

/** What few pictures need of a nano-sized model. */
const nanoMasks = {
  semantic: { matching: 'perClass' },
  instance: { queries: 100, placedQueries: true },
  panoptic: { queries: 40 },
} as const;

/** `semantic` where there are class maps only, `panoptic` where the set says what things are, else `instance`. */
export function segmentationMode(dataset: Dataset, given: Config): unknown {
  if (given.mode !== undefined) return given.mode;
  if (dataset.thingLabels) return 'panoptic';
  return dataset.semanticLabels ? 'semantic' : 'instance';
}

function segmentationDefaults(dataset: Dataset, given: Config, nano: boolean): Config {
  const mode = segmentationMode(dataset, given);
  const labels = mode === 'instance' ? dataset.labels : (dataset.semanticLabels ?? dataset.labels);
  return {
    mode,
    labels: labelsOf(dataset, labels),
    ...(mode === 'panoptic' ? { things: dataset.thingLabels ?? dataset.labels } : {}),
    ...(nano ? { points: 1024, ...nanoMasks[mode as keyof typeof nanoMasks] } : {}),
  };
}

function labelsOf(dataset: Dataset, labels: readonly string[]): readonly string[] {
  if (labels.length > 0) return labels;
  throw new GlidError('GLID_DATA', `The data set '${dataset.name}' names no classes.`, {
    fix: 'Use annotated data, or give the labels with --head-config \'{ "labels": ["…"] }\'.',
  });
}

/** Whether a head asks for a setting that is not given. A head that does not know it never gets it, whatever else is wrong. */
function misses(factory: NamedHead['factory'], config: Config, name: string): boolean {
  const outcome = factory.configSchema['~standard'].validate(config);
  if (outcome instanceof Promise || !outcome.issues) return false;
  return outcome.issues.some(({ path }) => path?.[0] === name) && !Object.hasOwn(config, name);
}
