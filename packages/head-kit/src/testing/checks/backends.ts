import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import type { AnyHead, HeadInputs } from '../../spec/head.ts';
import { type CheckDefinition, type CheckSubject, must } from '../check.ts';
import { mustBeClose } from '../compare.ts';
import {
  assign,
  buildHead,
  forward,
  gradientsOf,
  hostParameters,
  inputsOf,
  makeScene,
  readAll,
  scoped,
  toVariables,
} from '../scene.ts';

interface Answers {
  readonly raw: Awaited<ReturnType<typeof readAll>>;
  readonly loss: number;
  readonly gradients: { readonly [name: string]: Float32Array | null };
}

export const backendChecks: readonly CheckDefinition[] = [
  {
    number: 25,
    id: 'backends/parity',
    title: 'outputs, loss and gradients are the same on every backend',
    notFor: ({ options }) =>
      others(options.backends).length > 0 ? null : 'no other backend was named (options.backends)',
    async run(subject) {
      const home = getBackend();
      const head = buildHead(subject);
      const expected = await answer(subject, head);
      try {
        for (const name of others(subject.options.backends)) {
          must(await setBackend(name), `Backend ${name} does not start. Import and register it before the checks.`);
          const got = await scoped(() => answer(subject, head));
          for (const [output, { data }] of Object.entries(expected.raw)) {
            mustBeClose(got.raw[output]!.data, data, 1e-3, `output ${output} on ${name}`);
          }
          mustBeClose([got.loss], [expected.loss], 1e-3, `the loss on ${name}`);
          for (const [parameter, gradient] of Object.entries(expected.gradients)) {
            if (gradient)
              mustBeClose(got.gradients[parameter] ?? [], gradient, 5e-3, `gradient of ${parameter} on ${name}`);
          }
        }
      } finally {
        await setBackend(home);
      }
    },
  },
];

async function answer(subject: CheckSubject, head: AnyHead): Promise<Answers> {
  const scene = makeScene(subject, head);
  const variables = toVariables(head, hostParameters(head));
  const build = (): HeadInputs => inputsOf(subject, head, scene);
  const raw = forward(head, variables, build());
  return {
    raw: await readAll(raw),
    ...(await gradientsOf(head, scene, variables, build, await assign(head, raw, scene))),
  };
}

/** The active backend is no witness beside itself. */
function others(backends: readonly string[] = []): readonly string[] {
  return backends.filter((name) => name !== getBackend());
}
