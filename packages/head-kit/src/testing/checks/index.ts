import type { CheckDefinition } from '../check.ts';
import { assignChecks } from './assign.ts';
import { backendChecks } from './backends.ts';
import { checkpointChecks } from './checkpoint.ts';
import { configChecks } from './config.ts';
import { drawChecks } from './draw.ts';
import { forwardChecks } from './forward.ts';
import { identityChecks } from './identity.ts';
import { lossChecks } from './loss.ts';
import { metricChecks } from './metrics.ts';
import { postprocessChecks } from './postprocess.ts';

/** The 26 checks, in order. */
export const checkDefinitions: readonly CheckDefinition[] = [
  ...identityChecks,
  ...configChecks,
  ...forwardChecks,
  ...lossChecks,
  ...assignChecks,
  ...postprocessChecks,
  ...checkpointChecks,
  ...metricChecks,
  ...backendChecks,
  ...drawChecks,
];
