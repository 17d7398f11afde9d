import { attentionCases } from './attention.ts';
import { denseCases } from './dense.ts';
import { mapCases } from './maps.ts';
import { matchingCases } from './matching.ts';
import type { OpCase } from './op-case.ts';
import { optimiserCases } from './optimiser.ts';
import { positionCases } from './position.ts';
import { readoutCases } from './readout.ts';
import { selectionCases } from './selection.ts';
import { tfjsCases } from './tfjs.ts';

export type { CaseResult } from './check-case.ts';
export { checkCase } from './check-case.ts';
export type { CaseInput, OpCase } from './op-case.ts';
export { opCase } from './op-case.ts';

/** Every case of the numeric suite. A backend runs them all and lists what it leaves out, with reasons, by `id`. */
export const opCases: readonly OpCase[] = [
  ...denseCases,
  ...attentionCases,
  ...mapCases,
  ...matchingCases,
  ...readoutCases,
  ...selectionCases,
  ...optimiserCases,
  ...positionCases,
  ...tfjsCases,
];
