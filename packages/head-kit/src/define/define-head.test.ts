import { GlidError } from '@glid/base';
import { describe, expect, it } from 'vitest';
import { defineConfig, field } from '../config/index.ts';
import { checkSpecification } from './check-specification.ts';
import { defineHead, type HeadBody } from './define-head.ts';

const nothing = defineHead({
  id: '@acme/glid-head-nothing',
  version: '1.2.3',
  task: 'nothing',
  config: defineConfig({ size: field.integer({ min: 1, default: 4 }) }),
  build: ({ size }, { hiddenSize }): HeadBody => ({
    labels: [],
    queries: { count: size, init: 'cls' },
    parameters: { 'x.kernel': { shape: [hiddenSize, size], init: { kind: 'zeros' } } },
    targetFields: {},
    doForward: () => ({}),
    doLoss: () => {
      throw new Error('not called');
    },
    doPostprocess: async () => [],
    createMetrics: () => ({ update() {}, compute: () => ({}), reset() {} }),
    primaryMetric: { name: 'x', better: 'higher' },
  }),
  migrateConfig: (config) => config,
});
const context = { hiddenSize: 8, pixelStride: 4 } as const;

describe('defineHead', () => {
  it('adds identity and the completed configuration to what build returns', () => {
    const head = nothing({}, context);
    expect(head).toMatchObject({
      specificationVersion: 'v1',
      id: '@acme/glid-head-nothing',
      version: '1.2.3',
      task: 'nothing',
      config: { size: 4 },
      queries: { count: 4 },
      parameters: { 'x.kernel': { shape: [8, 4] } },
    });
  });

  it('builds an equal head from its own configuration', () => {
    const head = nothing({ size: 7 }, context);
    const again = nothing(JSON.parse(JSON.stringify(head.config)), context);
    expect(again.parameters).toEqual(head.parameters);
  });

  it('carries identity, schema and migrations on the factory', () => {
    expect(nothing.id).toBe('@acme/glid-head-nothing');
    expect(nothing.specificationVersion).toBe('v1');
    expect(nothing.configSchema['~standard'].vendor).toBe('glid');
    expect(nothing.migrateConfig?.({ size: 1 }, '1.0.0')).toEqual({ size: 1 });
    expect(nothing.migrateParameterName).toBeUndefined();
  });

  it('names the path of what is wrong', () => {
    try {
      nothing({ size: 0 }, context);
      expect.unreachable();
    } catch (error) {
      expect(GlidError.isInstance(error, 'GLID_CONFIG')).toBe(true);
      expect((error as GlidError).details.path).toBe('size');
    }
  });
});

describe('checkSpecification', () => {
  it('accepts what this release understands', () => {
    checkSpecification(nothing);
    checkSpecification(nothing({}, context));
  });

  it.each([
    ['v2', '2.0.0', /npm install @glid\/core@latest @glid\/head-kit@latest/],
    ['v0', '0.1.0', /npm install @acme\/x@latest/],
    ['banana', '0.1.0', /npm install @acme\/x@latest/],
  ])('refuses %s with the command that mends it', (specificationVersion, version, command) => {
    try {
      checkSpecification({ specificationVersion, id: '@acme/x', version });
      expect.unreachable();
    } catch (error) {
      if (!GlidError.isInstance(error, 'GLID_SPEC_VERSION')) throw error;
      expect(error.fix).toMatch(command);
      expect(error.message).toContain(`@acme/x@${version}`);
      expect(error.details).toMatchObject({ asked: specificationVersion, supported: ['v1'] });
    }
  });
});
