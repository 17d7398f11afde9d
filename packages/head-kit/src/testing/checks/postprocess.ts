import type { Shape2D } from '../../spec/drawing.ts';
import type { AnyHead } from '../../spec/head.ts';
import type { ImageMeta } from '../../spec/image-meta.ts';
import type { TargetFields } from '../../spec/targets.ts';
import { type CheckDefinition, type CheckSubject, must } from '../check.ts';
import { agree, mustAgree, mustBePlain } from '../compare.ts';
import {
  buildHead,
  forward,
  hostParameters,
  inputsOf,
  makeScene,
  mustNotLeak,
  readAll,
  type Scene,
  toTensors,
} from '../scene.ts';
import { reasonOf } from './forward.ts';
import { mustFollow } from './geometry.ts';

async function resultsOf(
  subject: CheckSubject,
  head: AnyHead,
  scene: Scene,
  metas = scene.metas,
): Promise<readonly unknown[]> {
  const raw = forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene));
  return head.doPostprocess(raw, metas, subject.fixture.options);
}

/** What the fixture says of a mirror; fails where it says nothing although a target changes in one. */
function mirrorValuesOf(subject: CheckSubject): ((result: unknown) => unknown) | undefined {
  const { fixture, options } = subject;
  const fields = buildHead(subject).targetFields as TargetFields;
  const directed = Object.keys(fields).find((name) => 'negateOnFlip' in fields[name]!);
  must(
    directed === undefined || fixture.mirrorValues !== undefined || reasonOf(options.capabilities?.flip) !== null,
    `The target '${directed}' has negateOnFlip: give the fixture mirrorValues, which says what of a result a mirror negates.`,
  );
  return fixture.mirrorValues && ((result) => fixture.mirrorValues!(result));
}

export const postprocessChecks: readonly CheckDefinition[] = [
  {
    number: 19,
    id: 'postprocess/one-result-a-picture',
    title: 'one result a picture; nothing leaks; outputs stay as they were',
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head);
      const raw = forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene));
      const before = await readAll(raw);
      const results = await head.doPostprocess(raw, scene.metas, subject.fixture.options);
      must(results.length === scene.batch, `${results.length} results for ${scene.batch} pictures.`);
      await mustNotLeak('doPostprocess', async () => {
        await head.doPostprocess(raw, scene.metas, subject.fixture.options);
        return 0;
      });
      must(
        Object.values(raw).every((t) => !t.isDisposed),
        'doPostprocess disposes the outputs it was given.',
      );
      mustAgree(await readAll(raw), before, 0, 'the outputs after doPostprocess');
    },
  },
  {
    number: 20,
    id: 'postprocess/geometry',
    title: 'results follow scale, crop and flip of ImageMeta',
    notFor: (subject) =>
      buildHead(subject).draw || mirrorValuesOf(subject)
        ? null
        : 'the head draws nothing (no draw), so places cannot be seen',
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head, 1);
      const [height, width] = scene.size;
      const { flip, crop } = subject.options.capabilities ?? {};
      const resultWith = async (change: Partial<ImageMeta>): Promise<unknown> =>
        (await resultsOf(subject, head, scene, [{ ...scene.metas[0]!, ...change }]))[0];
      const mirroredValues = async (): Promise<unknown> => {
        const result = await resultWith({});
        return mirrorValuesOf(subject)?.(result) ?? result;
      };
      if (!head.draw) {
        if (reasonOf(flip)) return subject.skipPart(`flip: ${flip}`);
        const flipped = await resultWith({ flippedHorizontally: true });
        return mustAgree(flipped, await mirroredValues(), 1e-4, 'the result of a picture that was flipped');
      }
      const shapesWith = async (change: Partial<ImageMeta>): Promise<readonly Shape2D[]> =>
        head.draw!(await resultWith(change));
      const plain = await shapesWith({});
      must(plain.length > 0, 'Nothing is drawn: give the fixture `options` that keep results of an untrained head.');
      mustFollow(
        await shapesWith({ originalSize: [2 * height, 3 * width] }),
        plain,
        { x: (x) => 3 * x, y: (y) => 2 * y, size: [2 * height, 3 * width], from: scene.size, mirrored: false },
        'of a picture that was shrunk',
      );
      if (reasonOf(flip)) subject.skipPart(`flip: ${flip}`);
      else {
        const mirrored = head.draw(await mirroredValues());
        if (mirrorValuesOf(subject) && agree(mirrored, plain)) {
          subject.skipPart('flip: draw shows nothing of what mirrorValues changes');
        }
        mustFollow(
          await shapesWith({ flippedHorizontally: true }),
          mirrored,
          { x: (x) => width - x, y: (y) => y, size: [height, width], from: scene.size, mirrored: true },
          'of a picture that was flipped',
        );
      }
      if (reasonOf(crop)) subject.skipPart(`crop: ${crop}`);
      else {
        const original = [2 * height, 2 * width] as const;
        mustFollow(
          await shapesWith({ originalSize: original, crop: { x: 10, y: 6, width: 1.5 * width, height: 1.5 * height } }),
          plain,
          { x: (x) => 10 + 1.5 * x, y: (y) => 6 + 1.5 * y, size: original, from: scene.size, mirrored: false },
          'of a cropped picture',
        );
      }
    },
  },
  {
    number: 21,
    id: 'postprocess/cloneable',
    title: 'results are plain data that structuredClone carries',
    async run(subject) {
      const head = buildHead(subject);
      for (const result of await resultsOf(subject, head, makeScene(subject, head))) {
        mustBePlain(result, 'the result');
        mustAgree(structuredClone(result), result, 0, 'the clone');
      }
    },
  },
];
