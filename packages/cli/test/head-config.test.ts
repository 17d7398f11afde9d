import { defineConfig, field } from '@glid/head-kit';
import { describe, expect, it } from 'vitest';
import { completeConfig } from '../src/heads/head-config.ts';
import type { NamedHead } from '../src/heads/load-head.ts';

const dataset = { name: 'drawn', length: 0, labels: ['ball', 'crate'], get: () => Promise.reject(new Error('empty')) };

/** What a head of another author is given, for a configuration that the user wrote. */
function completed(configSchema: object, given: object): object {
  const factory = Object.assign(() => ({}), { id: 'glid-head-own', specificationVersion: 'v1', configSchema });
  return completeConfig({ key: 'own', factory } as unknown as NamedHead, given as never, { dataset, nano: true });
}

describe('labels of the data set, for the head of another author', () => {
  const labelled = defineConfig({ labels: field.labels(), scale: field.number({ default: 1 }) });

  it('go to a head that asks for them', () => {
    expect(completed(labelled, {})).toEqual({ labels: ['ball', 'crate'] });
    expect(completed(labelled, { scael: 2 })).toEqual({ labels: ['ball', 'crate'], scael: 2 });
  });

  it('give way to those of the user', () => {
    expect(completed(labelled, { labels: [] })).toEqual({ labels: [] });
  });

  it('never go to a head that does not know them, whatever else is wrong', () => {
    const plain = defineConfig({ scale: field.number() });
    for (const given of [{ scale: 1 }, {}, { scael: 2 }]) expect(completed(plain, given)).toEqual(given);
  });
});
