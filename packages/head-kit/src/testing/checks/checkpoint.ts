import { matchLabelRows } from '../../parameters/match-labels.ts';
import type { AnyHead } from '../../spec/head.ts';
import type { ParameterSpec } from '../../spec/parameters.ts';
import { type CheckDefinition, type CheckSubject, must } from '../check.ts';
import { mustAgree, mustBeClose } from '../compare.ts';
import {
  buildHead,
  forward,
  type HostParameters,
  hostParameters,
  inputsOf,
  makeScene,
  readAll,
  toTensors,
} from '../scene.ts';

const legalName = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/;

async function outputs(subject: CheckSubject, head: AnyHead, host: HostParameters): ReturnType<typeof readAll> {
  return readAll(forward(head, toTensors(head, host), inputsOf(subject, head, makeScene(subject, head))));
}

function withLabels({ fixture }: CheckSubject, labels: readonly string[]): unknown {
  return fixture.withLabels ? fixture.withLabels(labels) : { ...(fixture.config as object), labels };
}

export const checkpointChecks: readonly CheckDefinition[] = [
  {
    number: 22,
    id: 'checkpoint/bit-equal',
    title: 'a head rebuilt from JSON and saved parameters answers bit by bit the same',
    async run(subject) {
      const head = buildHead(subject);
      const host = hostParameters(head);
      for (const name of Object.keys(host)) must(legalName.test(name), `Parameter name "${name}" is not dotted words.`);
      const saved = Object.fromEntries(
        Object.entries(host).map(([name, values]) => [name, new Uint8Array(values.slice().buffer)]),
      );
      const again = buildHead(subject, JSON.parse(JSON.stringify(head.config)));
      const loaded = Object.fromEntries(
        Object.entries(saved).map(([name, bytes]) => [name, new Float32Array(bytes.slice().buffer)]),
      );
      mustAgree(await outputs(subject, again, loaded), await outputs(subject, head, host), 0, 'the rebuilt head');
    },
  },
  {
    number: 23,
    id: 'checkpoint/labels',
    title: 'labels extended or reordered keep the rows of shared labels',
    notFor(subject) {
      const { labels, queries } = buildHead(subject);
      if (queries.perLabel) return 'its labels belong to queries, whose embeddings the core keeps';
      return labels.length === 0 ? 'the head has no labels' : null;
    },
    async run(subject) {
      const head = buildHead(subject);
      const host = hostParameters(head);
      const labels = head.labels;
      const axes = Object.values(head.parameters as { [name: string]: ParameterSpec }).filter(
        (s) => s.labelAxis !== undefined,
      );
      must(axes.length > 0, 'The head has labels, but no parameter declares a labelAxis.');
      const reversed = [...labels].reverse();
      carry(host, head, buildHead(subject, withLabels(subject, ['a label never seen', ...reversed])));

      const turned = buildHead(subject, withLabels(subject, reversed));
      const before = await outputs(subject, head, host);
      const after = await outputs(subject, turned, carry(host, head, turned));
      for (const [name, { data, shape }] of Object.entries(before)) {
        mustBeReversed(after[name]!.data, data, shape, labels.length, `output ${name} under reversed labels`);
      }
    },
  },
];

/** The parameters of one head, matched by label name to another. */
function carry(host: HostParameters, from: AnyHead, to: AnyHead): HostParameters {
  const fresh = hostParameters(to);
  mustAgree(Object.keys(fresh).sort(), Object.keys(host).sort(), 0, 'parameter names under other labels');
  return Object.fromEntries(
    Object.entries(to.parameters as { [name: string]: ParameterSpec }).map(([name, spec]) => {
      const old = from.parameters[name] as ParameterSpec;
      if (spec.labelAxis === undefined) {
        mustAgree(spec.shape, old.shape, 0, `shape of ${name}, which declares no labelAxis,`);
        return [name, host[name]!];
      }
      const { values, kept } = matchLabelRows(
        { values: host[name]!, shape: old.shape, labels: from.labels },
        { values: fresh[name]!, shape: spec.shape, labels: to.labels },
        spec.labelAxis,
      );
      must(kept.length === from.labels.length, `${name} keeps ${kept.length} of ${from.labels.length} labels.`);
      return [name, values];
    }),
  );
}

/** Fails unless an output is unchanged, or has exactly one axis whose label entries are reversed. */
function mustBeReversed(
  got: Float32Array,
  plain: Float32Array,
  shape: readonly number[],
  labels: number,
  what: string,
): void {
  const candidates = shape.map((n, axis) => (n >= labels ? axis : -1)).filter((axis) => axis > 0);
  for (const axis of candidates) {
    if (isClose(got, reverseAlong(plain, shape, axis, labels))) return;
  }
  mustBeClose(got, plain, 1e-4, what);
}

function isClose(a: Float32Array, b: Float32Array): boolean {
  try {
    mustBeClose(a, b, 1e-4, '');
    return true;
  } catch {
    return false;
  }
}

function reverseAlong(x: Float32Array, shape: readonly number[], axis: number, labels: number): Float32Array {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const length = shape[axis]!;
  const out = x.slice();
  for (let i = 0; i < x.length; i++) {
    const row = Math.floor(i / inner) % length;
    if (row < labels) out[i] = x[i + (labels - 1 - 2 * row) * inner]!;
  }
  return out;
}
