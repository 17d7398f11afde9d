import { GlidError } from '@glid/base';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ConfigInput } from './define-config.ts';
import { type ConfigOf, defineConfig, field, resolveConfig } from './index.ts';
import { nearestWord } from './spelling.ts';

const fields = {
  labels: field.labels(),
  queries: field.integer({ min: 1, max: 900, default: 100, describe: 'Number of queries.' }),
  range: field.object({ low: field.number({ min: 0, default: 0.001 }), high: field.number({ default: 10 }) }),
  norm: field.oneOf(['softmax', 'linear'], { default: 'softmax' }),
  auxiliary: field.boolean({ default: true }),
  hidden: field.nullable(field.integer({ min: 1 })),
  weights: field.list(field.number({ min: 0, exclusive: true }), { default: [1, 5, 2], minLength: 3, maxLength: 3 }),
} as const;
const schema = defineConfig(fields, ({ range }) =>
  range.low < range.high ? [] : [{ message: 'must be below range.high', path: ['range', 'low'] }],
);

function issuesOf(input: unknown): { path: string; message: string }[] {
  try {
    resolveConfig(schema, input, '@acme/head');
  } catch (error) {
    if (!GlidError.isInstance(error, 'GLID_CONFIG')) throw error;
    return error.details.issues as { path: string; message: string }[];
  }
  return [];
}

describe('defineConfig', () => {
  it('fills in every default and freezes the result to its leaves', () => {
    const config = resolveConfig(schema, { labels: ['cat'] }, '@acme/head');
    expect(config).toEqual({
      labels: ['cat'],
      queries: 100,
      range: { low: 0.001, high: 10 },
      norm: 'softmax',
      auxiliary: true,
      hidden: null,
      weights: [1, 5, 2],
    });
    expect(Object.isFrozen(config.range)).toBe(true);
    expect(Object.isFrozen(config.labels)).toBe(true);
  });

  it('gives the same configuration again when fed its own result', () => {
    const config = resolveConfig(schema, { labels: ['cat'], hidden: 8 }, 'x');
    expect(resolveConfig(schema, JSON.parse(JSON.stringify(config)), 'x')).toEqual(config);
  });

  it.each([
    [{}, 'labels', 'is required'],
    [{ labels: [] }, 'labels', 'must have at least 1 item, got 0'],
    [{ labels: ['a', 'a'] }, 'labels[1]', 'repeats item 0: "a"'],
    [{ labels: ['a', ''] }, 'labels[1]', 'must be a string of at least 1 characters, got ""'],
    [{ labels: 'a' }, 'labels', 'must be a list, got "a"'],
    [{ labels: ['a'], queries: 0 }, 'queries', 'must be an integer at least 1 and at most 900, got 0'],
    [{ labels: ['a'], queries: 1.5 }, 'queries', 'must be an integer at least 1 and at most 900, got 1.5'],
    [{ labels: ['a'], queries: Number.NaN }, 'queries', 'must be an integer at least 1 and at most 900, got NaN'],
    [{ labels: ['a'], norm: 'softMax' }, 'norm', 'must be one of "softmax", "linear", got "softMax"'],
    [{ labels: ['a'], auxiliary: 1 }, 'auxiliary', 'must be true or false, got 1'],
    [{ labels: ['a'], weights: [1, 2] }, 'weights', 'must have 3 to 3 items, got 2'],
    [{ labels: ['a'], weights: [1, 2, 0] }, 'weights[2]', 'must be a number above 0, got 0'],
    [{ labels: ['a'], range: { low: 1, high: 'x' } }, 'range.high', 'must be a number, got "x"'],
    [{ labels: ['a'], range: { low: 20 } }, 'range.low', 'must be below range.high'],
    [{ labels: ['a'], querys: 3 }, 'querys', 'is not a known key; did you mean "queries"?'],
    [{ labels: ['a'], range: { hihg: 3 } }, 'range.hihg', 'is not a known key; did you mean "high"?'],
    [[], '(the whole configuration)', 'must be an object, got a list of 0'],
  ])('refuses %j at %s', (input, path, message) => {
    expect(issuesOf(input)).toContainEqual({ path, message });
  });

  it('lists the known keys when none is near, and reports every problem at once', () => {
    expect(issuesOf({ labels: ['a'], zzzzzz: 1, queries: -1 }).map((i) => i.path)).toEqual(['zzzzzz', 'queries']);
    expect(issuesOf({ labels: ['a'], zzzzzz: 1 })[0]!.message).toContain('known: labels, queries');
  });

  it('says what to change', () => {
    expect(() => resolveConfig(schema, { labels: [] }, '@acme/head')).toThrow(
      /Change labels in the configuration passed to @acme\/head/,
    );
  });

  it('ends each sentence once', () => {
    expect(() => resolveConfig(schema, { labels: ['a'], querys: 3 }, '@acme/head')).toThrow(
      /did you mean "queries"\? Change querys in/,
    );
  });

  it('is not fooled by inherited names', () => {
    expect(issuesOf({ labels: ['a'], toString: 1 }).map((i) => i.path)).toEqual(['toString']);
  });

  it('describes itself as JSON Schema', () => {
    expect(schema.jsonSchema()).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['labels'],
      properties: {
        labels: { type: 'array', minItems: 1, uniqueItems: true, items: { type: 'string', minLength: 1 } },
        queries: { type: 'integer', minimum: 1, maximum: 900, default: 100, description: 'Number of queries.' },
        range: { properties: { low: { minimum: 0, default: 0.001 } }, additionalProperties: false },
        norm: { enum: ['softmax', 'linear'], default: 'softmax' },
        hidden: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }], default: null },
        weights: { items: { exclusiveMinimum: 0 }, minItems: 3, maxItems: 3 },
      },
    });
  });

  it('types what a user writes and what a head reads', () => {
    type Resolved = ConfigOf<typeof fields>;
    expectTypeOf<Resolved['labels']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf<Resolved['norm']>().toEqualTypeOf<'softmax' | 'linear'>();
    expectTypeOf<Resolved['hidden']>().toEqualTypeOf<number | null>();
    const least: ConfigInput<typeof fields> = { labels: ['a'] };
    expect(least).toEqual({ labels: ['a'] });
    const nested: ConfigInput<typeof fields> = { labels: ['a'], range: { low: 1 }, hidden: null };
    expect(issuesOf(nested)).toEqual([]);
    // @ts-expect-error labels have no default
    const missing: ConfigInput<typeof fields> = { queries: 3 };
    expect(issuesOf(missing)).toHaveLength(1);
  });

  it('refuses an asynchronous schema', () => {
    const asynchronous = {
      '~standard': { version: 1 as const, vendor: 'x', validate: async (value: unknown) => ({ value }) },
    };
    expect(() => resolveConfig(asynchronous, {}, 'x')).toThrow(/asynchronous/);
  });
});

describe('nearestWord', () => {
  it.each([
    ['quereis', 'queries'],
    ['LABELS', 'labels'],
    ['labls', 'labels'],
    ['bin', 'bins'],
    ['threshold', null],
  ])('%s -> %s', (word, expected) => {
    expect(nearestWord(word, ['labels', 'queries', 'bins'])).toBe(expected);
  });
});
