import { GlidError } from '@glid/base';
import type { AnyHead } from '../spec/head.ts';

/** Versions of the Head interface that this release understands, oldest first. */
export const supportedSpecifications: readonly string[] = ['v1'];

/** What is needed to judge a head or a factory, before anything else of it is trusted. */
export interface Specified {
  readonly specificationVersion: string;
  readonly id: string;
  readonly version?: string;
}

/**
 * Refuses a head (or factory) that was written for another version of the interface, with the command that mends it.
 *
 * @throws GlidError `GLID_SPEC_VERSION`
 */
export function checkSpecification(head: Specified | AnyHead): void {
  const asked = head.specificationVersion;
  if (supportedSpecifications.includes(asked)) return;
  const newest = supportedSpecifications.at(-1)!;
  const name = head.version ? `${head.id}@${head.version}` : head.id;
  const order = (version: string): number => (/^v\d+$/.test(version) ? Number(version.slice(1)) : Number.NaN);
  const headIsNewer = order(asked) > order(newest);
  throw new GlidError(
    'GLID_SPEC_VERSION',
    `Head ${name} implements Head interface ${JSON.stringify(asked)}; this release of @glid/head-kit understands ${supportedSpecifications.join(', ')}.`,
    {
      fix: headIsNewer
        ? 'Run `npm install @glid/core@latest @glid/head-kit@latest`.'
        : `Run \`npm install ${head.id}@latest\`.`,
      details: { id: head.id, version: head.version, asked, supported: supportedSpecifications },
    },
  );
}
