import { GlidError } from '@glid/base';
import { suggest } from './suggest.ts';

/** The command line was wrong: exit code 2. */
export function usageError(what: string, fix: string): GlidError {
  return new GlidError('GLID_USAGE', what, { fix });
}

/** "Unknown X 'wrong'.", with the nearest known name. */
export function unknownName(kind: string, wrong: string, known: readonly string[], help: string): GlidError {
  const near = suggest(wrong, known);
  return usageError(`Unknown ${kind} '${wrong}'.`, near ? `Did you mean '${near}'? ${help}` : help);
}
