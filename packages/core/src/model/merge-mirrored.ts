import { GlidError } from '@glid/base';
import type { AnyHead, ImageMeta, RawOutputs } from '@glid/head-kit';

/** Refuses a test-time flip that a head cannot join. @throws GLID_USAGE */
export function checkMergesMirrored(heads: { readonly [key: string]: AnyHead }): void {
  for (const [key, { id, doMergeMirrored }] of Object.entries(heads)) {
    if (doMergeMirrored) continue;
    throw new GlidError('GLID_USAGE', `Head '${key}' (${id}) cannot join a picture with its mirror image.`, {
      fix: 'Leave `flipTest` out, or ask heads that implement `doMergeMirrored`.',
      details: { key, id },
    });
  }
}

/** Each head's outputs for pictures and for their mirror images, joined by the head. */
export function mergeMirrored(
  heads: { readonly [key: string]: AnyHead },
  raw: { readonly [key: string]: RawOutputs },
  mirrored: { readonly [key: string]: RawOutputs },
  metas: readonly ImageMeta[],
): { readonly [key: string]: RawOutputs } {
  const joined = Object.entries(heads).map(([key, head]) => [
    key,
    head.doMergeMirrored!(raw[key]!, mirrored[key]!, metas),
  ]);
  return Object.fromEntries(joined);
}
