import type { ParameterSpecs } from '@glid/head-kit';
import { describe, expect, it } from 'vitest';
import { matchesAny } from './name-pattern.ts';
import { parameterRules } from './parameter-rules.ts';

const zeros = { kind: 'zeros' } as const;
const specs: ParameterSpecs = {
  'encoder.embed.kernel': { shape: [2, 2], init: zeros },
  'encoder.0.bias': { shape: [2], init: zeros, decay: false },
  'encoder.1.kernel': { shape: [2, 2], init: zeros },
  'heads.boxes.kernel': { shape: [2, 2], init: zeros, lrMultiplier: 2 },
};

describe('matchesAny', () => {
  it('takes stars, literal dots and regular expressions', () => {
    expect(matchesAny('encoder.0.bias', ['encoder.*'])).toBe(true);
    expect(matchesAny('encoder.0.bias', ['*.bias'])).toBe(true);
    expect(matchesAny('encoder.0.bias', ['encoder'])).toBe(false);
    expect(matchesAny('encoderx0', ['encoder.0'])).toBe(false);
    expect(matchesAny('encoder.0.bias', [/\.0\./])).toBe(true);
  });
});

describe('parameterRules', () => {
  it('takes decay and multipliers from the specs', () => {
    const rules = parameterRules(specs, { weightDecay: 0.05 });
    expect(rules.get('encoder.embed.kernel')).toEqual({ weightDecay: 0.05, learningRateScale: 1 });
    expect(rules.get('encoder.0.bias')).toEqual({ weightDecay: 0, learningRateScale: 1 });
    expect(rules.get('heads.boxes.kernel')).toEqual({ weightDecay: 0.05, learningRateScale: 2 });
  });

  it('decays the rate layer by layer and leaves heads alone', () => {
    const layerIdOf = (name: string): number =>
      name.startsWith('encoder.embed') ? 0 : name.startsWith('encoder.') ? Number(name.split('.')[1]) + 1 : 99;
    const rules = parameterRules(specs, { weightDecay: 0, layerDecay: { rate: 0.5, layerCount: 2, layerIdOf } });
    expect([...rules.values()].map((rule) => rule.learningRateScale)).toEqual([0.125, 0.25, 0.5, 2]);
  });

  it('leaves frozen parameters out and multiplies every factor that fits', () => {
    const rules = parameterRules(specs, {
      weightDecay: 0,
      freeze: ['encoder.embed.*'],
      learningRates: [
        { match: 'encoder.*', factor: 0.1 },
        { match: '*.bias', factor: 2 },
      ],
    });
    expect([...rules.keys()]).toEqual(['encoder.0.bias', 'encoder.1.kernel', 'heads.boxes.kernel']);
    expect(rules.get('encoder.0.bias')!.learningRateScale).toBeCloseTo(0.2, 12);
    expect(rules.get('encoder.1.kernel')!.learningRateScale).toBeCloseTo(0.1, 12);
  });

  it.each([
    [{ weightDecay: 0, freeze: ['enc.*'] }],
    [{ weightDecay: 0, freeze: ['*'] }],
    [{ weightDecay: 0, learningRates: [{ match: 'nothing', factor: 1 }] }],
    [{ weightDecay: 0, layerDecay: { rate: 2, layerCount: 1, layerIdOf: () => 0 } }],
  ])('refuses %j', (options) => {
    expect(() => parameterRules(specs, options)).toThrow(expect.objectContaining({ code: 'GLID_CONFIG' }));
  });
});
