import { GlidError, sentence } from '@glid/base';
import type { StandardIssue, StandardSchemaV1 } from '../spec/schema.ts';

/** The path of a configuration value for messages: `labels[2].name`, or `(the whole configuration)`. */
export function formatPath(path: readonly PropertyKey[] | undefined): string {
  if (!path || path.length === 0) return '(the whole configuration)';
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text ? `${text}.${String(part)}` : String(part)),
    '',
  );
}

/**
 * Runs any Standard Schema and returns the completed configuration, frozen to its leaves.
 *
 * @throws GlidError `GLID_CONFIG` with `details.issues` (path and message of each problem)
 */
export function resolveConfig<Config>(
  schema: StandardSchemaV1<unknown, Config>,
  input: unknown,
  owner: string,
): Config {
  const result = schema['~standard'].validate(input);
  if (result instanceof Promise) {
    throw new GlidError('GLID_CONFIG', `The configuration schema of ${owner} is asynchronous.`, {
      fix: 'Use a schema that validates synchronously: heads are built synchronously.',
    });
  }
  if (result.issues) throw configError(owner, result.issues);
  return freeze(structuredClone(result.value));
}

function configError(owner: string, issues: readonly StandardIssue[]): GlidError {
  const lines = issues.map(({ path, message }) => `${formatPath(path)} ${message}`);
  const first = formatPath(issues[0]?.path);
  return new GlidError('GLID_CONFIG', sentence(`The configuration of ${owner} is not valid: ${lines.join('; ')}`), {
    fix: `Change ${first} in the configuration passed to ${owner}.`,
    details: {
      path: first,
      issues: issues.map(({ path, message }) => ({ path: formatPath(path), message })),
    },
  });
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
