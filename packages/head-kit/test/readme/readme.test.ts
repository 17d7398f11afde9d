import { readFileSync } from 'node:fs';
import { headChecks } from '@glid/head-kit/testing';
import { expect, it } from 'vitest';
import { counts } from './count-head.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8').replace(/ +\|/g, ' |');
const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]!);

it.each(['count-head.ts', 'count-head.test.ts'])('the README shows %s as it runs here', (file) => {
  expect(blocks).toContain(readFileSync(new URL(file, import.meta.url), 'utf8'));
});

it('the README names every check', () => {
  const fixture = {
    config: { labels: ['a'] },
    invalidConfigs: [],
    makeTarget: () => ({ counts: { data: new Float32Array(1), shape: [1] } }),
  };
  for (const { number, id } of headChecks(counts, fixture)) expect(readme).toContain(`| ${number} | \`${id}\` |`);
});
