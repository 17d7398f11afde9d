import type { Random } from '@glid/base';
import type { LossContext } from '@glid/head-kit';
import { add, type Scalar, stack, type Tensor, tidy, zerosLike } from '@tensorflow/tfjs-core';
import type { Batch } from './batch.ts';
import { type Collectives, meanOverRanks } from './collectives.ts';
import type { Objective, ParameterRecord } from './objective.ts';
import { disposeTaped, tapedGradients } from './open-tape.ts';
import type { RecordedPasses } from './recorded-passes.ts';
import { outputSpread, type Spread } from './spread.ts';
import { tensorsIn } from './tensors-in.ts';

/** Gradients summed over the batches of one step, and the means of their losses. */
export interface Accumulated {
  /** One for each name, zeros where the loss does not depend on it. Owned by the receiver. */
  readonly gradients: readonly Tensor[];
  readonly loss: number;
  readonly terms: { readonly [name: string]: number };
  readonly pictures: number;
  readonly spread?: { readonly [output: string]: Spread };
}

/** What stays the same from batch to batch. */
export interface AccumulateSetting {
  readonly objective: Objective;
  readonly parameters: Readonly<ParameterRecord>;
  /** Trainable parameters. */
  readonly names: readonly string[];
  readonly random: Random;
  readonly collectives: Collectives;
  /** Recorded passes of the run, where it wants them. */
  readonly passes?: RecordedPasses | undefined;
  /** Also measure the spread of the watched outputs of the last batch. */
  readonly watch: boolean;
}

/** Forward and backward over `count` batches, one at a time, so that memory is that of one. */
export async function accumulateGradients(
  setting: AccumulateSetting,
  next: () => Promise<Batch>,
  count: number,
): Promise<Accumulated> {
  const sums = new Map<string, number>();
  let gradients: Tensor[] = [];
  let loss = 0;
  let pictures = 0;
  let spread: Record<string, Spread> | undefined;
  try {
    for (let i = 0; i < count; i++) {
      const batch = await next();
      const part = await oneBatch(setting, batch, i === count - 1 && setting.watch);
      gradients = addUp(gradients, part.gradients);
      loss += part.loss / count;
      for (const [name, value] of Object.entries(part.terms)) sums.set(name, (sums.get(name) ?? 0) + value / count);
      pictures += batch.images.shape[0];
      spread = part.spread;
    }
  } catch (error) {
    for (const gradient of gradients) gradient.dispose();
    throw error;
  }
  return { gradients, loss, terms: Object.fromEntries(sums), pictures, ...(spread ? { spread } : {}) };
}

async function oneBatch(
  { objective, parameters, names, random, collectives, passes }: AccumulateSetting,
  batch: Batch,
  watch: boolean,
): Promise<{
  gradients: Tensor[];
  loss: number;
  terms: Record<string, number>;
  spread: Record<string, Spread> | undefined;
}> {
  const context: LossContext = {
    metas: batch.metas,
    random,
    meanOverRanks: (value) => meanOverRanks(collectives, value),
  };
  const trainable = names.map((name) => parameters[name]!);
  const drawn = objective.draw(batch, context);
  const taped =
    (await passes?.gradients(objective, parameters, names, batch, drawn, context)) ??
    (await tapedGradients(
      {
        forward: () => objective.forward(parameters, batch, drawn),
        assign: (forwarded) => objective.assign(forwarded, batch, context),
        loss: (forwarded, assigned) => objective.loss(forwarded, batch, assigned, context),
      },
      trainable,
    ));
  const gradients = taped.gradients.map((gradient, i) => gradient ?? zerosLike(trainable[i]!));
  try {
    const { total, terms } = taped.loss;
    const [loss, ...values] = await readTogether([total, ...Object.values(terms)]);
    const named = Object.fromEntries(Object.keys(terms).map((name, i) => [name, values[i]!]));
    const spread = watch && objective.watched ? await watchedSpreads(objective, taped.forwarded) : undefined;
    return { gradients, loss: loss!, terms: named, spread };
  } catch (error) {
    for (const gradient of gradients) gradient.dispose();
    throw error;
  } finally {
    disposeTaped({ ...taped, gradients: [] });
  }
}

/** One read-back for all numbers of a step. */
async function readTogether(scalars: readonly Scalar[]): Promise<number[]> {
  const together = stack([...scalars]);
  const values = await together.data();
  together.dispose();
  return Array.from(values);
}

async function watchedSpreads(objective: Objective, forwarded: object): Promise<Record<string, Spread>> {
  const outputs = tidy(() => objective.watched!(forwarded));
  const found: Record<string, Spread> = {};
  for (const [name, output] of Object.entries(outputs)) found[name] = await outputSpread(output);
  const given = tensorsIn(forwarded);
  for (const output of Object.values(outputs)) if (!given.has(output)) output.dispose();
  return found;
}

function addUp(sum: readonly Tensor[], more: Tensor[]): Tensor[] {
  if (sum.length === 0) return more;
  return sum.map((old, i) => {
    const next = add(old, more[i]!);
    old.dispose();
    more[i]!.dispose();
    return next;
  });
}
