import { GlidError } from '@glid/base';
import type { ParameterSpecs } from '@glid/head-kit';
import { matchesAny, type NamePattern } from './name-pattern.ts';

/** What the optimiser does to one parameter. */
export interface ParameterRule {
  /** Decoupled weight decay; 0 where the spec says `decay: false`. */
  readonly weightDecay: number;
  /** Multiplies the schedule's learning rate: spec multiplier x layer-wise decay x pattern multipliers. */
  readonly learningRateScale: number;
}

/** Layer-wise decay (Clark et al. 2020; BEiT): layer `id` trains with `rate ^ (layerCount + 1 - id)` of the rate. */
export interface LayerDecay {
  readonly rate: number;
  /** 0 for the patch embedding, 1..layerCount for the blocks; anything above, such as heads, trains at the full rate. */
  readonly layerIdOf: (name: string) => number;
  readonly layerCount: number;
}

export interface ParameterRuleOptions {
  readonly weightDecay: number;
  readonly layerDecay?: LayerDecay;
  /** Parameters that stay as they are. A pattern that fits nothing is an error: it is a typing mistake. */
  readonly freeze?: readonly NamePattern[];
  /** Extra factors, e.g. `{ match: 'encoder.*', factor: 0.1 }`; all that fit are multiplied. */
  readonly learningRates?: readonly { readonly match: NamePattern; readonly factor: number }[];
}

/**
 * One rule for every trainable parameter, in the order of `specs`; frozen parameters are absent.
 * @throws GLID_CONFIG when a pattern fits nothing, a rate is out of range or everything is frozen
 */
export function parameterRules(
  specs: ParameterSpecs,
  options: ParameterRuleOptions,
): ReadonlyMap<string, ParameterRule> {
  const names = Object.keys(specs);
  const freeze = options.freeze ?? [];
  const multipliers = options.learningRates ?? [];
  for (const pattern of [...freeze, ...multipliers.map((m) => m.match)]) {
    if (!names.some((name) => matchesAny(name, [pattern]))) {
      throw new GlidError('GLID_CONFIG', `No parameter is called '${pattern}'.`, {
        fix: `Use names or patterns such as '${names[0]?.split('.')[0] ?? 'encoder'}.*'.`,
        details: { pattern: String(pattern) },
      });
    }
  }
  const rules = new Map<string, ParameterRule>();
  for (const [name, spec] of Object.entries(specs)) {
    if (matchesAny(name, freeze)) continue;
    let scale = spec.lrMultiplier ?? 1;
    if (options.layerDecay) scale *= layerScale(name, options.layerDecay);
    for (const { match, factor } of multipliers) if (matchesAny(name, [match])) scale *= factor;
    rules.set(name, { weightDecay: spec.decay === false ? 0 : options.weightDecay, learningRateScale: scale });
  }
  if (rules.size === 0) {
    throw new GlidError('GLID_CONFIG', 'Every parameter is frozen: there is nothing to train.', {
      fix: 'Take patterns out of `freeze`.',
      details: { freeze: freeze.map(String) },
    });
  }
  return rules;
}

function layerScale(name: string, { rate, layerIdOf, layerCount }: LayerDecay): number {
  if (!(rate > 0 && rate <= 1)) {
    throw new GlidError('GLID_CONFIG', `A layer-wise decay of ${rate} is not between 0 and 1.`, {
      fix: 'Typical values are 0.75 to 0.95; 1 switches it off.',
    });
  }
  return rate ** (layerCount + 1 - Math.min(layerIdOf(name), layerCount + 1));
}
