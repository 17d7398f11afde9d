import { GlidError } from '@glid/base';
import type { MetricSample } from '@glid/head-kit';
import { dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { forwardFeatures, forwardHeads } from '../model/forward.ts';
import type { ModelConfig } from '../model/model-config.ts';
import type { EvaluationSource } from '../training/batch.ts';
import type { Evaluation } from '../training/objective.ts';
import { type HeadOutputs, type Heads, inputsOf } from './finetune-objective.ts';

/** Called with every picture's results as they come, e.g. to draw some of them. */
export type ResultListener = (key: string, samples: readonly MetricSample<unknown, unknown>[]) => void;

/**
 * Every head's metrics over a source, as `<key>.<metric>`: results in original pixels against un-augmented targets. As in training, a head
 * sits out the batches that have nothing for it.
 * @throws GLID_USAGE when no batch has `truths` for a head
 */
export async function evaluateHeads(
  model: { readonly config: ModelConfig; readonly heads: Heads; readonly parameters: Readonly<Record<string, Tensor>> },
  source: EvaluationSource,
  options: { readonly signal?: AbortSignal; readonly onResults?: ResultListener } = {},
): Promise<Evaluation> {
  const { config, heads, parameters } = model;
  const accumulators = Object.entries(heads).map(([key, head]) => ({ key, head, metrics: head.createMetrics() }));
  const waiting = new Set(Object.keys(heads));
  const reading = options.signal ? { signal: options.signal } : {};
  let batches = 0;
  for await (const batch of source.batches(reading)) {
    batches++;
    const present = Object.fromEntries(Object.entries(heads).filter(([key]) => batch.truths?.[key] !== undefined));
    if (Object.keys(present).length === 0) continue;
    const { raw } = tidy(() => {
      const { images, sizes } = inputsOf(batch);
      const features = forwardFeatures(parameters, config, images, { sizes });
      return { raw: forwardHeads(parameters, config, present, features) } as never;
    }) as HeadOutputs;
    try {
      for (const { key, head, metrics } of accumulators) {
        const truths = batch.truths?.[key];
        if (truths === undefined) continue;
        waiting.delete(key);
        const results = await head.doPostprocess(raw[key]!, batch.metas);
        const samples = results.map((result, i) => ({ result, target: truths[i]!, meta: batch.metas[i]! }));
        metrics.update(samples);
        options.onResults?.(key, samples);
      }
    } finally {
      dispose(raw as never);
    }
  }
  const [missing] = waiting;
  if (batches > 0 && missing !== undefined) throw withoutTruths(missing);
  const found: Record<string, number> = {};
  for (const { key, metrics } of accumulators) {
    for (const [name, value] of Object.entries(metrics.compute())) found[`${key}.${name}`] = value as number;
  }
  return { metrics: found };
}

function withoutTruths(key: string): GlidError {
  return new GlidError('GLID_USAGE', `The evaluation batches have no ground truth in original pixels for '${key}'.`, {
    fix: 'Give an evaluation source whose batches carry `truths`.',
  });
}
