import '@tensorflow/tfjs-backend-cpu';
import { wasm } from '@glid/backend-wasm';
import { useBackend } from '@glid/core';
import { conformanceReport, headChecks } from '@glid/head-kit/testing';
import { enableProdMode, setBackend } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { templateHead } from '../src/index.ts';
import { fixture } from './fixture.ts';

enableProdMode();
beforeAll(async () => {
  await useBackend(wasm()); // check 25 compares with it
  expect(await setBackend('cpu')).toBe(true);
});

const checks = headChecks(templateHead, fixture, { backends: ['wasm'] });
for (const check of checks) it(check.name, check.run);
afterAll(() => console.log(conformanceReport(checks).text));
