import { defineConfig } from 'vitest/config';

export default defineConfig({
  resolve: { conditions: ['@glid/source', 'node', 'import', 'module', 'default'] },
  ssr: { resolve: { conditions: ['@glid/source', 'node', 'import', 'module', 'default'] } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'packages/*/test/**/*.test.ts', 'tools/**/*.test.ts'],
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.browser.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});
