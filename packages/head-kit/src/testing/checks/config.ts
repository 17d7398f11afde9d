import { GlidError } from '@glid/base';
import { type CheckDefinition, type CheckSubject, must } from '../check.ts';
import { mustAgree } from '../compare.ts';
import { buildHead } from '../scene.ts';

/** Fails unless both the schema and the factory refuse a configuration, with the path of the culprit. */
async function mustBeRefused({ factory }: CheckSubject, build: () => unknown, config: unknown): Promise<void> {
  const shown = JSON.stringify(config);
  const result = await factory.configSchema['~standard'].validate(config);
  must(result.issues !== undefined && result.issues.length > 0, `The schema accepts ${shown}.`);
  must(
    result.issues.some(({ path }) => path !== undefined && path.length > 0),
    `The schema refuses ${shown} without saying where (no issue has a path).`,
  );
  let refusal: unknown = null;
  try {
    build();
  } catch (error) {
    refusal = error;
  }
  must(
    GlidError.isInstance(refusal, 'GLID_CONFIG'),
    `The factory must refuse ${shown} with GLID_CONFIG, got ${String(refusal)}.`,
  );
}

export const configChecks: readonly CheckDefinition[] = [
  {
    number: 3,
    id: 'config/round-trip',
    title: 'a head built from the JSON of its configuration is equal',
    async run(subject) {
      const head = buildHead(subject);
      const again = buildHead(subject, JSON.parse(JSON.stringify(head.config)));
      mustAgree(again.config, head.config, 0, 'config');
      mustAgree(again.parameters, head.parameters, 0, 'parameters');
      mustAgree(again.labels, head.labels, 0, 'labels');
      mustAgree(again.queries, head.queries, 0, 'queries');
      mustAgree(again.targetFields, head.targetFields, 0, 'targetFields');
    },
  },
  {
    number: 4,
    id: 'config/refuses-invalid',
    title: 'invalid configurations are refused with a path',
    async run(subject) {
      must(subject.fixture.invalidConfigs.length > 0, 'The fixture gives no invalidConfigs to try.');
      for (const config of subject.fixture.invalidConfigs) {
        await mustBeRefused(subject, () => buildHead(subject, config), config);
      }
    },
  },
  {
    number: 5,
    id: 'config/refuses-unknown-keys',
    title: 'unknown keys are refused with a path',
    async run(subject) {
      const config = { ...(subject.fixture.config as object), 'no-such-option': 1 };
      await mustBeRefused(subject, () => buildHead(subject, config), config);
    },
  },
];
