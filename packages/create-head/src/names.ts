import { basename, resolve } from 'node:path';
import { GlidError } from '@glid/base';

/** What a new head is called, where. */
export interface HeadNames {
  /** npm package name, also the head's id in checkpoints. */
  readonly packageName: string;
  /** Absolute. */
  readonly folder: string;
  /** The exported constant. */
  readonly constant: string;
}

const words = /^[a-z0-9][a-z0-9._-]*$/;
const reserved = new Set(
  'break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return super switch this throw true try typeof var void while with yield let static implements interface package private protected public await'.split(
    ' ',
  ),
);

/**
 * Reads `my-head`, `heads/my-head` or `@acme/my-head` (which goes into the folder `my-head`).
 * @throws GLID_USAGE for what npm would refuse
 */
export function namesOf(target: string, cwd: string): HeadNames {
  const scoped = /^(@[^/\\]+)\/([^/\\]+)$/.exec(target);
  const folder = resolve(cwd, scoped ? scoped[2]! : target);
  const own = basename(folder);
  const packageName = scoped ? `${scoped[1]}/${own}` : own;
  const scopeFits = !scoped || words.test(scoped[1]!.slice(1));
  if (!words.test(own) || !scopeFits || packageName.length > 214 || own === 'node_modules') {
    throw new GlidError('GLID_USAGE', `'${packageName}' cannot be the name of an npm package.`, {
      fix: `Use lower-case letters, digits, '-', '_' and '.', beginning with a letter or digit${suggestion(own)}.`,
      details: { name: packageName },
    });
  }
  return { packageName, folder, constant: constantOf(own) };
}

function suggestion(name: string): string {
  const better = name
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '');
  return words.test(better) && better !== 'node_modules' ? `, such as '${better}'` : '';
}

/** `glid-head-surface-normals` -> `surfaceNormals`. */
function constantOf(name: string): string {
  const plain = name.replace(/^(glid-)?head-(?=.)/, '');
  const camel = plain.replace(/[^a-zA-Z0-9]+(.)?/g, (_, letter: string | undefined) => (letter ?? '').toUpperCase());
  return /^[a-zA-Z]/.test(camel) && !reserved.has(camel)
    ? camel
    : `head${camel.charAt(0).toUpperCase()}${camel.slice(1)}`;
}
