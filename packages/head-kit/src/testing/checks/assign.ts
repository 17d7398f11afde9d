import { Random } from '@glid/base';
import { type CheckDefinition, must } from '../check.ts';
import { mustBeClose, mustBePlain } from '../compare.ts';
import {
  assign,
  buildHead,
  forward,
  hostParameters,
  inputsOf,
  lossOf,
  makeScene,
  mustNotLeak,
  type Scene,
  toTensors,
} from '../scene.ts';
import { isInstanceField, reordered } from '../target-changes.ts';

export const assignChecks: readonly CheckDefinition[] = [
  {
    number: 18,
    id: 'assign/permutation',
    title: 'the order of the targets does not matter; the assignment is plain data',
    notFor(subject) {
      const head = buildHead(subject);
      if (!head.doAssign) return 'the head matches nothing (no doAssign)';
      const fields = Object.values(head.targetFields as object);
      return fields.some(isInstanceField) ? null : 'the targets have no instances';
    },
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head);
      const counts = scene.targets.flatMap((target) =>
        Object.entries(target).map(([name, value]) => (isInstanceField(head.targetFields[name]) ? value.shape[0]! : 0)),
      );
      must(Math.max(...counts) >= 2, 'makeTarget gives fewer than two instances: nothing can be reordered.');
      const raw = forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene));
      const total = async (of: Scene): Promise<number> => {
        const assignment = await assign(head, raw, of);
        mustBePlain(assignment, 'the assignment');
        return (await lossOf(head, raw, of, assignment).total.data())[0]!;
      };
      const expected = await total(scene);
      const random = new Random(18);
      for (const order of [undefined, random, random]) {
        const targets = scene.targets.map((target) => reordered(head.targetFields, target, order));
        mustBeClose(
          [await total({ ...scene, targets })],
          [expected],
          1e-4,
          'the loss with the targets in another order',
        );
      }
      await mustNotLeak('doAssign', async () => {
        await assign(head, raw, scene);
        return 0;
      });
    },
  },
];
