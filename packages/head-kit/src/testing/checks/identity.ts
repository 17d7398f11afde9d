import { checkSpecification } from '../../define/check-specification.ts';
import { type CheckDefinition, must } from '../check.ts';
import { buildHead } from '../scene.ts';

const semver = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const npmName = /^(?:@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

export const identityChecks: readonly CheckDefinition[] = [
  {
    number: 1,
    id: 'identity/agreement',
    title: 'head and factory agree on interface version and id',
    async run(subject) {
      const head = buildHead(subject);
      checkSpecification(subject.factory);
      checkSpecification(head);
      must(
        head.id === subject.factory.id && head.specificationVersion === subject.factory.specificationVersion,
        `The head is ${head.id} (${head.specificationVersion}), its factory ${subject.factory.id} (${subject.factory.specificationVersion}).`,
      );
      must(typeof head.task === 'string' && head.task.length > 0, 'The head names no task.');
    },
  },
  {
    number: 2,
    id: 'identity/names',
    title: 'version is semver, id is a legal npm name',
    async run(subject) {
      const { id, version } = buildHead(subject);
      must(semver.test(version), `Version "${version}" is not a semantic version such as 1.2.3.`);
      must(npmName.test(id) && id.length <= 214, `Id "${id}" is not a legal npm package name.`);
    },
  },
];
