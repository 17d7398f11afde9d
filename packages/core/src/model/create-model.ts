import { GlidError, Random } from '@glid/base';
import { checkSpecification, initializeParameters, type ParameterSpecs } from '@glid/head-kit';
import { keep } from '@tensorflow/tfjs-core';
import { checkPretrainConfig, type PretrainConfig, pretrainDefaults } from '../pretrain/pretrain-config.ts';
import { pretrainSpecs } from '../pretrain/pretrain-specs.ts';
import type { LoadParametersOptions, ParameterFile } from '../weights/partial/load-parameters.ts';
import type { LoadReport } from '../weights/partial/load-report.ts';
import type { WeightSource } from '../weights/source/weight-source.ts';
import type { BuiltHeads, HeadRecipes } from './head-recipe.ts';
import { Model } from './model.ts';
import { isNano, type ModelConfig, type ModelPreset, resolveModelConfig } from './model-config.ts';
import { coreSpecs, headSpecs } from './model-specs.ts';
import type { ResizePolicy } from './resize-policy.ts';

export interface CreateModelOptions<R extends HeadRecipes> {
  /** A size by name, or encoder, neck and decoder as data. */
  readonly backbone: ModelPreset | ModelConfig;
  /** Tasks by the key you choose; make each with `headOf(factory, configuration)`. */
  readonly heads?: R;
  /** Adds what masked pre-training needs: the mask query and the pixel head. */
  readonly pretrain?: Partial<PretrainConfig>;
  /** A checkpoint to start from: `fromFile(…)`, `fromUrl(…)`, `fromBytes(…)`, or tensors already read. */
  readonly weights?: WeightSource | ParameterFile;
  /** What to take from `weights`: groups, and what to do about shapes that differ. */
  readonly load?: LoadParametersOptions;
  /** Told what came from `weights`, what starts anew, and what was left over. */
  readonly onLoad?: (report: LoadReport) => void;
  /** How large pictures are made; by default the longest side becomes 128 px for `nano` and narrower networks, 512 px for wider ones. */
  readonly resize?: ResizePolicy;
  /** Seed of everything that does not come from `weights`; 0 when absent. */
  readonly seed?: number;
}

/**
 * Builds a model on the active backend.
 *
 * @example
 * const model = await createModel({ backbone: 'nano', heads: { cells: headOf(detection, { labels: ['red', 'white'] }) } });
 * const { cells } = await model.predict('blood.jpg');
 *
 * @throws GLID_CONFIG, GLID_SPEC_VERSION, GLID_CHECKPOINT…
 */
export async function createModel<const R extends HeadRecipes = Record<never, never>>(
  options: CreateModelOptions<R>,
): Promise<Model<BuiltHeads<R>>> {
  const config = resolveModelConfig(options.backbone);
  const recipes: HeadRecipes = options.heads ?? {};
  const pretrain = options.pretrain ? { ...pretrainDefaults, ...options.pretrain } : null;
  if (pretrain) checkPretrainConfig(pretrain);
  const width = config.neck.width;
  const heads = Object.fromEntries(
    Object.entries(recipes).map(([key, recipe]) => {
      checkKey(key);
      const head = recipe.build({ hiddenSize: width, pixelStride: 4 });
      checkSpecification(head);
      return [key, head];
    }),
  );
  const specs: ParameterSpecs = Object.assign(
    coreSpecs(config),
    pretrain ? pretrainSpecs(pretrain, config) : {},
    ...Object.entries(heads).map(([key, head]) => headSpecs(key, head, width)),
  );
  const parameters = initializeParameters(specs, new Random(options.seed ?? 0));
  for (const tensor of Object.values(parameters)) keep(tensor);
  const model = new Model({
    config,
    heads: heads as BuiltHeads<R>,
    specs,
    parameters,
    pretrain,
    resize: options.resize ?? { longest: isNano(config) ? 128 : 512 },
    migrations: Object.fromEntries(Object.entries(recipes).map(([key, recipe]) => [key, recipe.migrateParameterName])),
  });
  if (!options.weights) return model;
  try {
    const report = await model.load(options.weights, options.load);
    options.onLoad?.(report);
    return model;
  } catch (error) {
    model.dispose();
    throw error;
  }
}

function checkKey(key: string): void {
  if (/^[A-Za-z][\w-]*$/.test(key) && key !== 'cls' && key !== 'maskToken') return;
  throw new GlidError('GLID_CONFIG', `'${key}' cannot be the key of a head.`, {
    fix: 'Begin with a letter and use letters, digits, _ and -; `cls` and `maskToken` are taken.',
    details: { key },
  });
}
