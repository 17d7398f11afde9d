import { type BackendChoice, useBackend } from '@glid/core';
import { enableProdMode } from '@tensorflow/tfjs-core';
import type { Output } from '../output.ts';
import { type BackendName, backendCandidates } from './candidates.ts';

/** The `--backend` option of every verb that computes. */
export const backendOption = {
  kind: 'string',
  help: 'what computes; auto takes the best that works',
  choices: ['auto', 'cuda', 'webgpu', 'wasm'],
  default: 'auto',
} as const;

/** Makes a backend the current one and says which. @throws GLID_BACKEND_UNAVAILABLE with every reason */
export async function chooseBackend(name: BackendName, output?: Output): Promise<BackendChoice> {
  enableProdMode(); // also silences advice about tfjs-node
  const choice = await useBackend(backendCandidates(name));
  output?.line(`backend: ${choice.backend.description}`);
  return choice;
}
