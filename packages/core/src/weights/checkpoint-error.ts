import { GlidError } from '@glid/base';

/** What a checkpoint error is about. */
export interface CheckpointFault {
  /** File name, path or URL, as the caller knows it. */
  readonly file: string;
  readonly tensor?: string;
  readonly fix: string;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A `GLID_CHECKPOINT` error: `details` always holds `file` and `reason`, and `tensor` where one is concerned. */
export function checkpointError(reason: string, fault: CheckpointFault): GlidError {
  const where = fault.tensor === undefined ? fault.file : `${fault.file}, tensor '${printable(fault.tensor)}'`;
  return new GlidError('GLID_CHECKPOINT', `${where}: ${reason}.`, {
    fix: fault.fix,
    cause: fault.cause,
    details: {
      ...fault.details,
      file: fault.file,
      reason,
      ...(fault.tensor === undefined ? {} : { tensor: fault.tensor }),
    },
  });
}

/** The fix that fits every damaged file. */
export const fetchAgain = 'Fetch or export the file again; it is damaged or not a safetensors file.';

/** Text out of a file, fit for a message: control characters escaped, at most 120 characters. */
export function printable(text: string): string {
  const escaped = JSON.stringify(text.slice(0, 120)).slice(1, -1).replaceAll('\\"', '"');
  return text.length > 120 ? `${escaped}…` : escaped;
}
