import {
  type Checkpoint,
  fromFile,
  isNano,
  loadWeights,
  type ModelConfig,
  type ModelPreset,
  modelPresets,
  resolveModelConfig,
} from '@glid/core';
import type { OptionValues } from '../command.ts';
import { kindOf, readJson } from '../files/read.ts';
import { checkpointFile } from '../model/checkpoint-file.ts';
import { unknownName } from '../usage-error.ts';
import { hasState, readRunConfig, runFolder } from './run-folder.ts';

/** What a training run starts from. */
export interface StartingPoint {
  /** A size by name, or a configuration. */
  readonly backbone: ModelPreset | ModelConfig;
  readonly checkpoint: Checkpoint | null;
  /** Few parameters, meant for small pictures: decides recipes. */
  readonly nano: boolean;
}

/** The backbone that is asked for, that of the checkpoint, or nano. A run that goes on has all it needs in its own folder. */
export async function startingPoint({ from, backbone: asked, resume, out }: OptionValues): Promise<StartingPoint> {
  const run = resume === true ? runFolder(out as string) : null;
  if (run && (await hasState(run))) {
    const { backbone } = (await readRunConfig(run)) as { readonly backbone?: ModelPreset | ModelConfig };
    if (backbone !== undefined) return { backbone, checkpoint: null, nano: isNano(resolveModelConfig(backbone)) };
  }
  const checkpoint = from === undefined ? null : await loadWeights(fromFile(await checkpointFile(from as string)));
  const own = asked === undefined ? undefined : await readBackbone(asked as string);
  const stored = checkpoint?.about?.backbone as unknown as ModelConfig | undefined;
  const backbone = own ?? stored ?? 'nano';
  return { backbone, checkpoint, nano: isNano(resolveModelConfig(backbone)) };
}

async function readBackbone(text: string): Promise<ModelPreset | ModelConfig> {
  if (Object.hasOwn(modelPresets, text)) return text as ModelPreset;
  if ((await kindOf(text)) === 'file') return (await readJson(text)) as ModelConfig;
  throw unknownName('backbone', text, Object.keys(modelPresets), 'Name a size, or a JSON file with a configuration.');
}
