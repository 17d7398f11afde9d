import { GlidError } from '@glid/base';
import type { CheckpointHead } from '../checkpoint/metadata.ts';
import type { ModelHead } from './load-parameters.ts';

/** Throws `GLID_CHECKPOINT_HEAD_UNKNOWN` for a head of the file that the model does not have. Never imports anything. */
export function checkHeads(
  fileHeads: readonly CheckpointHead[],
  modelHeads: Readonly<Record<string, ModelHead>>,
  file: string,
): void {
  for (const { key, id, version } of fileHeads) {
    const present = Object.hasOwn(modelHeads, key) ? modelHeads[key] : undefined;
    if (present?.id === id) continue;
    const instead = present ? `, the model has '${present.id}' under that key` : ', the model has no such head';
    throw new GlidError('GLID_CHECKPOINT_HEAD_UNKNOWN', `${file}: its head '${key}' is '${id}' ${version}${instead}.`, {
      fix: `Run npm i ${id}@^${version} and pass it in heads as '${key}', or name the groups to load without 'heads.${key}'.`,
      details: { file, key, id, version },
    });
  }
}
