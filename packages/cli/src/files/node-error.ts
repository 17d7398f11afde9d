import { GlidError } from '@glid/base';

const fixes: Readonly<Record<string, string>> = {
  ENOENT: 'Check the path.',
  EISDIR: 'Give a file, not a folder.',
  EEXIST: 'A file of that name is in the way: choose another place.',
  ENOTDIR: 'Give a folder, not a file.',
  EACCES: 'Give this process the right to do that, or choose another place.',
  EPERM: 'Give this process the right to do that, or choose another place.',
  EROFS: 'That file system is read-only: choose another place.',
  ENOSPC: 'Free some space on that disk, then run the command again.',
  EDQUOT: 'The disk quota is used up: free some space, then run the command again.',
};

/** `GLID_IO` for a failure of the file system: what was tried, the system's reason, what to do. */
export function ioError(what: string, cause: unknown): GlidError {
  const code = codeOf(cause);
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GlidError('GLID_IO', `${what}: ${reason}.`, {
    fix: fixes[code] ?? 'Check the disk and the path.',
    cause,
    details: { code },
  });
}

/** `ENOENT` and the like; empty for errors of another kind. */
export function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
}
