import { defineConfig } from 'vitest/config';

const conditions = ['@glid/source', 'node', 'import', 'module', 'default'];
const fromSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const common = {
  testTimeout: 60_000,
  // The first hook compiles the CUDA simulator: 20 s of one core that others may want too.
  hookTimeout: 180_000,
  pool: 'forks' as const,
  exclude: ['**/node_modules/**', '**/dist/**'],
};

/**
 * `unit` runs the sources, `kernels` gives NVIDIA's compilers the CUDA kernels that `unit` ran, `lessons` trains every head until it knows a few pictures by heart (minutes), `docs` the examples and what the
 * documentation shows, `packed` what `npm pack` produces, `browser` real pages in headless Chromium.
 */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        ...fromSources,
        test: {
          ...common,
          name: 'unit',
          include: ['{packages,examples}/*/{src,test}/**/*.test.ts', 'tools/guards/*.test.ts'],
          exclude: [...common.exclude, '**/*.browser.test.ts', 'packages/backend-cuda/test/every-kernel/**'],
          globalSetup: 'packages/backend-cuda/test/forget-sources.ts',
        },
      },
      {
        ...fromSources,
        // After the others, whose kernels it compiles.
        test: {
          ...common,
          name: 'kernels',
          include: ['packages/backend-cuda/test/every-kernel/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...fromSources,
        test: { ...common, name: 'lessons', include: ['examples/overfit/*.test.ts'], testTimeout: 1_200_000 },
      },
      {
        ...fromSources,
        test: {
          ...common,
          name: 'docs',
          include: ['tools/docs/*.test.ts', 'examples/node/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...common,
          name: 'packed',
          include: ['tools/packages/*.test.ts'],
          globalSetup: 'tools/packages/pack-once.ts',
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        ...fromSources,
        test: {
          ...common,
          name: 'browser',
          include: ['{packages,examples}/*/test/**/*.browser.test.ts'],
          testTimeout: 240_000,
        },
      },
    ],
  },
});
