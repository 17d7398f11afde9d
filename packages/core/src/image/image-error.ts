import { GlidError } from '@glid/base';

/** A `GLID_IMAGE` error; `image` says which picture, for messages. */
export function imageError(image: string, reason: string, fix: string, cause?: unknown): GlidError {
  return new GlidError('GLID_IMAGE', `${image}: ${reason}.`, { fix, cause, details: { image, reason } });
}
