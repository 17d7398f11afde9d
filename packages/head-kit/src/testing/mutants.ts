import { differentiable } from '@glid/ops';
import {
  add,
  clone,
  getBackend,
  keep,
  mean,
  mul,
  type Scalar,
  scalar,
  sub,
  type Tensor,
  tensor,
} from '@tensorflow/tfjs-core';
import type { Shape2D } from '../spec/drawing.ts';
import type { AnyHead, HeadContext, HeadFactory, HeadInputs, LossTerms } from '../spec/head.ts';
import type { ImageMeta } from '../spec/image-meta.ts';
import type { MetricAccumulator } from '../spec/metrics.ts';
import type { ParameterSpec } from '../spec/parameters.ts';
import type { Target } from './scene.ts';
import { isInstanceField, take } from './target-changes.ts';

// biome-ignore lint/suspicious/noExplicitAny: any head's factory
type AnyFactory = HeadFactory<any, AnyHead, any>;
type Raw = { [name: string]: Tensor };

/** A way to break any conforming head so that one check must reject it. */
export interface Mutant {
  /** The check that must reject it. */
  readonly check: string;
  /** What is wrong with it. */
  readonly fault: string;
  /** `matched` mutants need `doAssign`, `labelled` ones labels, `padded` ones a head that reads `pixels`. */
  readonly needs?: 'matched' | 'labelled' | 'padded';
  apply(factory: AnyFactory): AnyFactory;
}

/** The same factory, with members of the heads it builds replaced. */
function change(factory: AnyFactory, alter: (head: AnyHead) => Partial<AnyHead>): AnyFactory {
  const create = (config: unknown, context: HeadContext): AnyHead => {
    const head = factory(config, context);
    return { ...head, ...alter(head) };
  };
  return Object.assign(create, identityOf(factory));
}

function identityOf({ id, specificationVersion, configSchema }: AnyFactory): Omit<AnyFactory, never> {
  return { id, specificationVersion, configSchema } as AnyFactory;
}

/** The same factory, with every output of `doForward` changed. */
function changeOutputs(factory: AnyFactory, alter: (x: Tensor, inputs: HeadInputs) => Tensor): AnyFactory {
  return change(factory, (head) => ({
    doForward: (parameters: Raw, inputs: HeadInputs) =>
      mapValues(head.doForward(parameters, inputs) as Raw, (x) => alter(x, inputs)),
  }));
}

function mapValues<A, B>(record: { [name: string]: A }, f: (value: A) => B): { [name: string]: B } {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, f(value)]));
}

/** The same factory, with the loss changed. */
function changeLoss(
  factory: AnyFactory,
  alter: (loss: LossTerms, targets: readonly Target[]) => LossTerms,
): AnyFactory {
  return change(factory, (head) => ({
    doLoss: (raw: Raw, targets: readonly Target[], assignment: unknown, context: never) =>
      alter(head.doLoss(raw, targets as never, assignment, context), targets),
  }));
}

/** The same value with its gradient times `factor`. */
function withSlope(x: Scalar, factor: number): Scalar {
  return differentiable<Scalar>(
    [x],
    () => clone(x),
    (dy) => [mul(dy, factor)],
  );
}

/** The same factory, told less about how the pictures were made. */
function changeMetas(factory: AnyFactory, alter: (meta: ImageMeta) => ImageMeta): AnyFactory {
  return change(factory, (head) => ({
    doPostprocess: (raw: Raw, metas: readonly ImageMeta[], options?: object) =>
      head.doPostprocess(raw, metas.map(alter), options),
  }));
}

/** Heads with one fault each, made from any conforming head: they show that the checks can fail. */
export const mutants: readonly Mutant[] = [
  {
    check: 'identity/agreement',
    fault: 'calls itself by another id than its factory',
    apply: (factory) => change(factory, () => ({ id: 'another-head' })),
  },
  {
    check: 'identity/names',
    fault: 'has a version that is not semver',
    apply: (factory) => change(factory, () => ({ version: 'latest' })),
  },
  {
    check: 'config/round-trip',
    fault: 'adds to its configuration what it does not accept again',
    apply: (factory) => change(factory, (head) => ({ config: { ...head.config, 'built-at': 'noon' } })),
  },
  {
    check: 'config/refuses-invalid',
    fault: 'has a schema that accepts everything',
    apply: (factory) =>
      Object.assign((config: unknown, context: HeadContext) => factory(config, context), {
        ...identityOf(factory),
        configSchema: {
          '~standard': { version: 1 as const, vendor: 'none', validate: (value: unknown) => ({ value }) },
        },
      }),
  },
  {
    check: 'config/refuses-unknown-keys',
    fault: 'drops keys that it does not know without a word',
    apply(factory) {
      const schema = factory.configSchema['~standard'];
      const known = (config: unknown): unknown => {
        const { 'no-such-option': _, ...rest } = config as { [key: string]: unknown };
        return rest;
      };
      return Object.assign((config: unknown, context: HeadContext) => factory(known(config), context), {
        ...identityOf(factory),
        configSchema: { '~standard': { ...schema, validate: (value: unknown) => schema.validate(known(value)) } },
      });
    },
  },
  {
    check: 'forward/finite-and-clean',
    fault: 'keeps a tensor of each forward pass',
    apply: (factory) =>
      changeOutputs(factory, (x) => {
        keep(scalar(1));
        return x;
      }),
  },
  {
    check: 'forward/batch-independence',
    fault: 'subtracts the mean over the batch',
    apply: (factory) => changeOutputs(factory, (x) => sub(x, mean(x, 0, true))),
  },
  {
    check: 'forward/deterministic',
    fault: 'adds noise that has no seed',
    apply: (factory) => changeOutputs(factory, (x) => add(x, Math.random())),
  },
  {
    check: 'forward/any-size',
    fault: 'serves only sizes that are multiples of 8',
    apply: (factory) =>
      changeOutputs(factory, (x, { inputSize }) => {
        if (inputSize.some((n) => n % 8 !== 0)) throw new Error('sizes must be multiples of 8');
        return x;
      }),
  },
  {
    check: 'forward/any-scope',
    fault: 'remembers a tensor of its first call, which tidy disposes',
    apply: (factory) =>
      change(factory, (head) => {
        let zero: Scalar | undefined;
        return {
          doForward(parameters: Raw, inputs: HeadInputs) {
            zero ??= scalar(0);
            const constant = zero;
            return mapValues(head.doForward(parameters, inputs) as Raw, (x) => add(x, constant));
          },
        };
      }),
  },
  {
    check: 'forward/padding-invariance',
    fault: 'takes the padding for picture',
    needs: 'padded',
    apply: (factory) =>
      change(factory, (head) => ({
        doForward: (parameters: Raw, inputs: HeadInputs) => head.doForward(parameters, { ...inputs, pixelMask: null }),
      })),
  },
  {
    check: 'loss/every-parameter-learns',
    fault: 'declares a parameter that nothing uses',
    apply: (factory) =>
      change(factory, (head) => ({
        parameters: { ...head.parameters, unused: { shape: [3], init: { kind: 'zeros' } } },
      })),
  },
  {
    check: 'loss/empty-targets',
    fault: 'divides by the number of targets',
    apply: (factory) =>
      change(factory, (head) => ({
        doLoss(raw: Raw, targets: readonly Target[], assignment: unknown, context: never) {
          const loss = head.doLoss(raw, targets as never, assignment, context);
          const known = targets.some((target) => hasAny(head, target));
          return known ? loss : { ...loss, total: mul(loss.total, Number.NaN) };
        },
      })),
  },
  {
    check: 'loss/finite-differences',
    fault: 'has gradients twice as steep as its loss',
    apply: (factory) => changeLoss(factory, (loss) => ({ ...loss, total: withSlope(loss.total, 2) })),
  },
  {
    check: 'loss/overfits',
    fault: 'learns uphill',
    apply: (factory) => changeLoss(factory, (loss) => ({ ...loss, total: withSlope(loss.total, -1) })),
  },
  {
    check: 'loss/terms-sum',
    fault: 'forgets a weight in its total',
    apply: (factory) => changeLoss(factory, (loss) => ({ ...loss, total: mul(loss.total, 1.5) })),
  },
  {
    check: 'loss/batch-of-equals',
    fault: 'sums over the batch',
    apply: (factory) => changeLoss(factory, (loss, targets) => ({ ...loss, total: mul(loss.total, targets.length) })),
  },
  {
    check: 'assign/permutation',
    fault: 'matches targets that are shifted by one',
    needs: 'matched',
    apply: (factory) =>
      change(factory, (head) => ({
        doAssign: (raw: Raw, targets: readonly Target[], context: never) =>
          head.doAssign!(raw, targets.map((target) => shifted(head, target)) as never, context),
      })),
  },
  {
    check: 'postprocess/one-result-a-picture',
    fault: 'leaves a tensor behind after each call',
    apply: (factory) =>
      change(factory, (head) => ({
        doPostprocess(raw: Raw, metas: readonly ImageMeta[], options?: object) {
          keep(tensor([1]));
          return head.doPostprocess(raw, metas, options);
        },
      })),
  },
  {
    check: 'postprocess/geometry',
    fault: 'answers in pixels of the network input',
    apply: (factory) => changeMetas(factory, (meta) => ({ ...meta, originalSize: meta.resizedSize })),
  },
  {
    check: 'postprocess/geometry',
    fault: 'forgets that the picture was flipped',
    apply: (factory) => changeMetas(factory, ({ flippedHorizontally: _, ...meta }) => meta),
  },
  {
    check: 'postprocess/geometry',
    fault: 'forgets that a crop was fed',
    apply: (factory) => changeMetas(factory, ({ crop: _, ...meta }) => meta),
  },
  {
    check: 'postprocess/cloneable',
    fault: 'puts a method on its results',
    apply: (factory) =>
      change(factory, (head) => ({
        async doPostprocess(raw: Raw, metas: readonly ImageMeta[], options?: object) {
          const results = await head.doPostprocess(raw, metas, options);
          return results.map((value: unknown) => ({ value, toImage: () => null }));
        },
      })),
  },
  {
    check: 'checkpoint/bit-equal',
    fault: 'holds a number that is in no checkpoint',
    apply: (factory) =>
      change(factory, (head) => {
        const secret = Math.random();
        return {
          doForward: (parameters: Raw, inputs: HeadInputs) =>
            mapValues(head.doForward(parameters, inputs) as Raw, (x) => add(x, secret)),
        };
      }),
  },
  {
    check: 'checkpoint/labels',
    fault: 'does not say which axis belongs to the labels',
    needs: 'labelled',
    apply: (factory) =>
      change(factory, (head) => ({
        parameters: mapValues(
          head.parameters as { [name: string]: ParameterSpec },
          ({ labelAxis: _, ...spec }) => spec,
        ),
      })),
  },
  {
    check: 'metrics/partitions-and-ideal',
    fault: 'remembers only its last update',
    apply: (factory) =>
      change(factory, (head) => ({
        createMetrics() {
          const metrics = head.createMetrics() as MetricAccumulator<unknown, unknown>;
          return {
            ...metrics,
            update(batch: never) {
              metrics.reset();
              metrics.update(batch);
            },
            compute: () => metrics.compute(),
            reset: () => metrics.reset(),
          };
        },
      })),
  },
  {
    check: 'backends/parity',
    fault: 'answers otherwise on another backend',
    apply(factory) {
      const home = getBackend();
      return changeOutputs(factory, (x) => (getBackend() === home ? x : add(x, 1)));
    },
  },
  {
    check: 'draw/inside',
    fault: 'draws boxes and maps of another size',
    apply: (factory) => change(factory, (head) => ({ draw: (result: unknown) => head.draw!(result).map(enlarged) })),
  },
];

function hasAny(head: AnyHead, target: Target): boolean {
  return Object.entries(target).some(([name, value]) => {
    const field = head.targetFields[name];
    if (isInstanceField(field)) return value.shape[0]! > 0;
    return field.kind === 'map' && value.data.some((v) => v !== field.ignore);
  });
}

function shifted(head: AnyHead, target: Target): Target {
  return Object.fromEntries(
    Object.entries(target).map(([name, value]) => {
      const count = value.shape[0]!;
      if (!isInstanceField(head.targetFields[name])) return [name, value];
      return [
        name,
        take(
          value,
          Array.from({ length: count }, (_, k) => (k + 1) % count),
        ),
      ];
    }),
  );
}

function enlarged(shape: Shape2D): Shape2D {
  if (shape.kind === 'box')
    return { ...shape, xyxy: shape.xyxy.map((v) => v * 3 + 1000) as unknown as typeof shape.xyxy };
  if (shape.kind === 'points') return { ...shape, xy: shape.xy.map(([x, y]) => [x + 1000, y + 1000] as const) };
  return { ...shape, size: [shape.size[0] + 1, shape.size[1]] };
}
