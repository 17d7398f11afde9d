import { expect, it } from 'vitest';
import manifest from '../manifest.json' with { type: 'json' };
import { templateHead } from '../src/index.ts';
import { fixture } from './fixture.ts';

it('goes by the name and version of its package', () => {
  const head = templateHead(fixture.config, { hiddenSize: 16, pixelStride: 4 });
  expect(`${head.id}@${head.version}`).toBe(`${manifest.name}@${manifest.version}`);
});
