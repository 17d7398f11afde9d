import { defineConfig } from 'vitest/config';

const conditions = ['@glid/source', 'node', 'import', 'module', 'default'];
const fromSources = { resolve: { conditions }, ssr: { resolve: { conditions } } };
const common = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  pool: 'forks' as const,
  exclude: ['**/node_modules/**', '**/dist/**'],
};

/** Three suites: `unit` runs the sources, `packed` what `npm pack` produces, `browser` real pages in headless Chromium. */
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
          exclude: [...common.exclude, '**/*.browser.test.ts'],
        },
      },
      { test: { ...common, name: 'packed', include: ['tools/packages/*.test.ts'], testTimeout: 240_000 } },
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
