import { wasm } from '@glid/backend-wasm';
import { createModel, headOf, useBackend } from '@glid/core';
import { backbone } from './micro.mjs';

await useBackend(wasm());
for (const specificationVersion of ['v2', 'v0']) {
  const factory = Object.assign(() => ({}), { id: '@acme/glid-head-hair', specificationVersion });
  await createModel({ backbone, heads: { hair: headOf(factory, {}) } }).then(
    () => console.log('accepted'),
    ({ code, fix }) => console.log(`${code} ${fix}`),
  );
}
