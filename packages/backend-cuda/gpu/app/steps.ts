import { benchmarkCuda, benchmarkWebGpu } from './benchmark.ts';
import { conformance } from './conformance.ts';
import { machine } from './machine.ts';
import { operations } from './operations.ts';
import { parity } from './parity.ts';
import { sanitizer } from './sanitizer.ts';
import { soak } from './soak.ts';
import type { Progress, StepResult } from './step.ts';
import { benchmarkTorch, parityTorch } from './torch.ts';
import type { Size } from './workload.ts';

/** What every step is told. */
export interface Setting {
  readonly size: Size;
  /** Where the unpacked archive lies. */
  readonly folder: string;
  /** Where results go. */
  readonly out: string;
  readonly progress: Progress;
}

interface Step {
  run(setting: Setting): StepResult | Promise<StepResult>;
  /** A step that takes longer is stopped. */
  readonly minutes: number;
  /** It computes on the CUDA backend: without one it is not begun. */
  readonly onCuda: boolean;
}

const onCuda = (minutes: number, run: Step['run']): Step => ({ run, minutes, onCuda: true });
const anywhere = (minutes: number, run: Step['run']): Step => ({ run, minutes, onCuda: false });

/** In this order: what is wrong is known before anything is timed. A stage is all steps whose names begin alike. */
export const steps: Readonly<Record<string, Step>> = {
  machine: anywhere(1, machine),
  'parity-float32': onCuda(3, (setting) => parity(setting, 'float32')),
  'parity-tf32': onCuda(3, (setting) => parity(setting, 'tf32')),
  'parity-bf16': onCuda(3, (setting) => parity(setting, 'bf16')),
  'parity-torch': onCuda(3, parityTorch),
  conformance: onCuda(9, conformance),
  'sanitizer-memcheck': onCuda(9, (setting) => sanitizer(setting, 'memcheck')),
  'sanitizer-initcheck': onCuda(9, (setting) => sanitizer(setting, 'initcheck')),
  'sanitizer-racecheck': onCuda(9, (setting) => sanitizer(setting, 'racecheck')),
  'sanitizer-synccheck': onCuda(9, (setting) => sanitizer(setting, 'synccheck')),
  soak: onCuda(5, soak),
  'benchmark-tf32': onCuda(4, (setting) => benchmarkCuda(setting, 'tf32')),
  'benchmark-bf16': onCuda(4, (setting) => benchmarkCuda(setting, 'bf16')),
  'benchmark-webgpu': anywhere(4, benchmarkWebGpu),
  'benchmark-torch': anywhere(9, benchmarkTorch),
};

/** No steps of their own: the sanitizer starts them. */
export const parts: Readonly<Record<string, Step>> = { operations: onCuda(9, operations) };

/** The steps that are asked for, by their names or their stages'; all when none is. Throws for a name that there is not. */
export function chosen(asked: readonly string[]): string[] {
  const names = Object.keys(steps);
  const means = (word: string) => (name: string) => name === word || name.startsWith(`${word}-`);
  for (const word of asked) {
    if (!names.some(means(word))) {
      const stages = [...new Set(names.map((name) => name.split('-')[0]))];
      throw new Error(`There is no step '${word}'. Stages: ${stages.join(', ')}. Steps: ${names.join(', ')}.`);
    }
  }
  // What a table is worth depends on the machine: it is asked every time.
  return names.filter((name) => asked.length === 0 || name === 'machine' || asked.some((word) => means(word)(name)));
}
