import type { MetricAccumulator, MetricSample } from '../../spec/metrics.ts';
import { type CheckDefinition, must } from '../check.ts';
import { mustAgree } from '../compare.ts';
import { buildHead, forward, hostParameters, inputsOf, makeScene, toTensors } from '../scene.ts';

type Samples = readonly MetricSample<unknown, unknown>[];
type Metrics = MetricAccumulator<unknown, unknown>;

export const metricChecks: readonly CheckDefinition[] = [
  {
    number: 24,
    id: 'metrics/partitions-and-ideal',
    title: 'metrics do not depend on how pictures are grouped; perfect results are ideal',
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head, 3);
      const raw = forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene));
      const results = await head.doPostprocess(raw, scene.metas, subject.fixture.options);
      const samples = (of: readonly unknown[]): Samples =>
        of.map((result, b) => ({ result, target: scene.targets[b]!, meta: scene.metas[b]! }));
      // Two perfect pictures and a poor one: groups of unequal worth.
      const { perfectResult, idealMetric } = subject.fixture;
      const perfect = scene.targets.map((target, b) => perfectResult?.(target, scene.metas[b]!));
      const mixed = samples(
        results.map((result: unknown, b: number) => (b > 0 && perfectResult ? perfect[b] : result)),
      );

      const whole = after(head.createMetrics(), [mixed]);
      const { name, better } = head.primaryMetric;
      must(name in whole, `The primary metric "${name}" is not among ${Object.keys(whole).join(', ')}.`);
      const groupings = [
        mixed.map((sample) => [sample]),
        [mixed.slice(0, 1), mixed.slice(1)],
        [mixed.slice(0, 2), [], mixed.slice(2)],
      ];
      for (const groups of groupings) {
        mustAgree(
          after(head.createMetrics(), groups),
          whole,
          1e-12,
          `metrics of groups of ${groups.map((g) => g.length).join(' + ')}`,
        );
      }
      const reused: Metrics = head.createMetrics();
      reused.update(samples(results).slice(0, 2));
      reused.reset();
      mustAgree(after(reused, [mixed]), whole, 1e-12, 'metrics after reset');

      if (!perfectResult) {
        subject.skipPart('ideal value: the fixture has no perfectResult');
        return;
      }
      const best = after(head.createMetrics(), [samples(perfect)])[name]!;
      const ideal = idealMetric ?? (better === 'higher' ? 1 : 0);
      must(Math.abs(best - ideal) <= 1e-6, `Perfect results give ${name} = ${best}, the ideal is ${ideal}.`);
    },
  },
];

function after(metrics: Metrics, groups: readonly Samples[]): { readonly [name: string]: number } {
  for (const group of groups) metrics.update(group);
  return metrics.compute();
}
