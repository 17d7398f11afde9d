import { type AnyHead, GlidError, type HeadFactory, type ImageMeta } from '@glid/head-kit';
import {
  checkHead,
  conformanceReport,
  type HeadCheckOptions,
  type HeadFixture,
  headChecks,
  mutants,
} from '@glid/head-kit/testing';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { getKernelsForBackend, memory, registerBackend, registerKernel } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useCpu } from './tensors.ts';
import { dense } from './toy-heads/dense.ts';
import { denseFixture, matchedFixture, normalsFixture } from './toy-heads/fixtures.ts';
import { matched } from './toy-heads/matched.ts';
import { normals } from './toy-heads/normals.ts';

const options: HeadCheckOptions = { backends: ['cpu-again'] };

beforeAll(async () => {
  // A second backend for check 25: the same kernels under another name.
  registerBackend('cpu-again', () => new MathBackendCPU());
  for (const kernel of getKernelsForBackend('cpu')) registerKernel({ ...kernel, backendName: 'cpu-again' });
  await useCpu();
});

describe('a dense head conforms', () => {
  const checks = headChecks(dense, denseFixture, options);
  for (const check of checks) it(check.name, check.run);
  afterAll(() => {
    const report = conformanceReport(checks);
    expect(report.failed).toEqual([]);
    expect(report.badge).toBe('GLID head v1: conforms (25 passed, 1 skipped)');
    expect(report.skipped).toEqual([{ id: 'assign/permutation', reason: 'the head matches nothing (no doAssign)' }]);
  });
});

describe('a matched head conforms', () => {
  const checks = headChecks(matched, matchedFixture, options);
  for (const check of checks) it(check.name, check.run);
  afterAll(() => expect(conformanceReport(checks).badge).toBe('GLID head v1: conforms (26 passed)'));
});

describe('a head whose values change in a mirror conforms', () => {
  const checks = headChecks(normals, normalsFixture, options);
  for (const check of checks) it(check.name, check.run);
  afterAll(() => {
    const report = conformanceReport(checks);
    expect(report.badge).toBe('GLID head v1: conforms (24 passed, 2 skipped)');
    expect(report.skipped.map(({ id }) => id)).toEqual(['assign/permutation', 'checkpoint/labels']);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: heads of different types stand side by side
type Any = any;
const subjects: [string, HeadFactory<Any, AnyHead, Any>, HeadFixture<Any, Any>][] = [
  ['dense', dense as Any, denseFixture],
  ['matched', matched as Any, matchedFixture],
];

describe('every check rejects its mutant', () => {
  it('there are 26 checks, each with a mutant', () => {
    const ids = headChecks(dense, denseFixture).map((check) => check.id);
    expect(ids).toHaveLength(26);
    expect(new Set(mutants.map((mutant) => mutant.check))).toEqual(new Set(ids));
    expect(headChecks(dense, denseFixture).map((check) => check.number)).toEqual(ids.map((_, k) => k + 1));
  });

  for (const mutant of mutants) {
    for (const [name, factory, fixture] of subjects) {
      if (mutant.needs === 'matched' && name === 'dense') continue;
      if (mutant.needs === 'padded' && name === 'matched') continue;
      it(`${mutant.check} rejects a ${name} head that ${mutant.fault}`, async () => {
        const check = headChecks(mutant.apply(factory), fixture, options).find((c) => c.id === mutant.check)!;
        await expect(check.run()).rejects.toThrow();
        expect(check.outcome.status).toBe('failed');
      });
    }
  }
});

describe('a mirror that changes values', () => {
  const id = 'postprocess/geometry';
  /** The head, with results of flipped pictures changed. */
  const flippedBy = (change: (result: Any) => unknown, more: Partial<AnyHead> = {}): Any =>
    Object.assign((config: Any, context: Any) => {
      const head = normals(config, context) as AnyHead;
      const doPostprocess = async (raw: Any, metas: readonly ImageMeta[]) =>
        (await head.doPostprocess(raw, metas)).map((r, b) => (metas[b]!.flippedHorizontally ? change(r) : r));
      return { ...head, doPostprocess, ...more };
    }, normals);
  const outcome = async (factory: Any, fixture: Any, more: HeadCheckOptions = {}) => {
    const check = headChecks<Any, AnyHead, Any>(factory, fixture, more).find((c) => c.id === id)!;
    await check.run().catch(() => undefined);
    return check.outcome;
  };
  const forgets = flippedBy(normalsFixture.mirrorValues!);

  it('is asked of the fixture where a target has negateOnFlip', async () => {
    const { mirrorValues: _, ...silent } = normalsFixture;
    expect(await outcome(normals, silent)).toMatchObject({
      status: 'failed',
      reason: expect.stringMatching(/mirrorValues/),
    });
    expect(await outcome(normals, silent, { capabilities: { flip: 'never mirrored' } })).toMatchObject({
      status: 'passed',
      skippedParts: ['flip: never mirrored'],
    });
  });

  it('rejects a head that moves its values without negating them', async () => {
    const { status, reason } = await outcome(forgets, normalsFixture);
    expect(status).toBe('failed');
    expect(reason).toMatch(/channel 0 of picture 0 of a picture that was flipped differs/);
  });

  it('looks at the results themselves where nothing is drawn and nothing has a place', async () => {
    const mean = ({ data }: { data: Float32Array }) => data.filter((_, i) => i % 3 === 0).reduce((a, b) => a + b, 0);
    const heading = (flip: (x: number) => number) => {
      const undrawn = flippedBy(normalsFixture.mirrorValues!, {});
      return Object.assign((config: Any, context: Any) => {
        const { draw: _, ...head } = undrawn(config, context);
        const doPostprocess = async (raw: Any, metas: readonly ImageMeta[]) =>
          (await head.doPostprocess(raw, metas)).map((r: Any, b: number) => {
            const x = mean(r);
            return { x: metas[b]!.flippedHorizontally ? flip(x) : x };
          });
        return { ...head, doPostprocess };
      }, normals);
    };
    const fixture = { ...normalsFixture, mirrorValues: ({ x }: Any) => ({ x: -x }) };
    expect(
      (
        await outcome(
          heading((x) => -x),
          fixture,
        )
      ).status,
    ).toBe('passed');
    expect(
      (
        await outcome(
          heading((x) => x),
          fixture,
        )
      ).status,
    ).toBe('failed');
  });

  it('notes a drawing that cannot show it', async () => {
    const grey = { draw: ({ size }: Any) => [{ kind: 'box', xyxy: [0, 0, size[1], size[0]] }] } as Partial<AnyHead>;
    expect(
      await outcome(
        flippedBy((r) => r, grey),
        normalsFixture,
      ),
    ).toMatchObject({
      status: 'passed',
      skippedParts: ['flip: draw shows nothing of what mirrorValues changes'],
    });
  });

  it('a drawing with another number of shapes is told what draw must do', async () => {
    const twice = {
      draw: (r: Any) => Array(r.size[1] > 50 ? 2 : 1).fill({ kind: 'box', xyxy: [0, 0, 1, 1] }),
    } as never;
    expect(
      (
        await outcome(
          flippedBy((r) => r, twice),
          normalsFixture,
        )
      ).reason,
    ).toMatch(/as many, in the same order/);
  });
});

describe('the kit', () => {
  it('keeps no tensors', async () => {
    await checkHead(matched, matchedFixture, options);
    const before = memory().numTensors;
    await checkHead(matched, matchedFixture, options);
    expect(memory().numTensors).toBe(before);
  });

  it('lets a known failure pass, and fails when it starts to pass', async () => {
    const broken = mutants.find((m) => m.check === 'loss/terms-sum')!.apply(matched as Any);
    const expectedFailures = { 'loss/terms-sum': 'the total has a factor of its own' };
    const report = await checkHead(broken, matchedFixture as Any, { ...options, expectedFailures });
    expect(report.conforms).toBe(true);
    expect(report.expectedFailures).toEqual([{ id: 'loss/terms-sum', reason: 'the total has a factor of its own' }]);
    expect(report.badge).toBe('GLID head v1: conforms (25 passed, 1 expected failures)');
    const mended = await checkHead(matched, matchedFixture, { ...options, expectedFailures });
    expect(mended.conforms).toBe(false);
    expect(mended.badge).toBeNull();
    expect(mended.text).toContain('failed   loss/terms-sum: passes now, though it was expected to fail');
  });

  it('fails when an expected failure does not concern the head any more', async () => {
    const report = await checkHead(dense, denseFixture, { expectedFailures: { 'assign/permutation': 'why not' } });
    expect(report.failed.map((f) => f.id)).toEqual(['assign/permutation']);
    expect(report.failed[0]!.reason).toContain('does not concern this head');
  });

  it('refuses expected failures without a reason or of no check', () => {
    expect(() => headChecks(dense, denseFixture, { expectedFailures: { 'draw/inside': ' ' } })).toThrow(GlidError);
    expect(() => headChecks(dense, denseFixture, { expectedFailures: { 'draw/outside': 'x' } })).toThrow(
      /draw\/inside/,
    );
  });

  it('prints every skip with its reason, parts of checks included', async () => {
    const { perfectResult: _, ...fixture } = matchedFixture;
    const report = await checkHead(matched, fixture, {
      capabilities: { crop: 'whole pictures only', padding: 'one size only' },
    });
    expect(report.skipped).toEqual([
      { id: 'forward/padding-invariance', reason: 'one size only' },
      { id: 'backends/parity', reason: 'no other backend was named (options.backends)' },
      { id: 'postprocess/geometry', reason: 'crop: whole pictures only' },
      { id: 'metrics/partitions-and-ideal', reason: 'ideal value: the fixture has no perfectResult' },
    ]);
    expect(report.text).toContain('skipped  forward/padding-invariance: one size only');
  });

  it('does not take the active backend for another', async () => {
    const report = await checkHead(dense, denseFixture, { backends: ['cpu'] });
    expect(report.skipped.map((skip) => skip.id)).toContain('backends/parity');
  });

  it('lets equal pictures differ by a stated share, but not by as much as a sum over the batch', async () => {
    const check = async (lossSpread: number, factory: Any): Promise<string> => {
      const checks = headChecks<Any, AnyHead, Any>(factory, { ...denseFixture, lossSpread } as Any);
      const own = checks.find((c) => c.id === 'loss/batch-of-equals')!;
      await own.run().catch(() => undefined);
      return own.outcome.status;
    };
    const summed = mutants.find((m) => m.check === 'loss/batch-of-equals')!.apply(dense as Any);
    expect(await check(0.3, dense)).toBe('passed');
    expect(await check(0.3, summed)).toBe('failed');
    expect(await check(0.5, dense)).toBe('failed');
  });

  it('says what has not run', () => {
    const report = conformanceReport(headChecks(dense, denseFixture));
    expect(report.notRun).toHaveLength(26);
    expect(report.conforms).toBe(false);
  });
});
