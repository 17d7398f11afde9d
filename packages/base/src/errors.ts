/** Stable error codes; callers switch on them, messages may change. */
export type GlidErrorCode =
  | 'GLID_SPEC_VERSION'
  | 'GLID_CONFIG'
  | 'GLID_CHECKPOINT'
  | 'GLID_CHECKPOINT_HEAD_UNKNOWN'
  | 'GLID_CHECKPOINT_SHAPE'
  | 'GLID_LABELS'
  | 'GLID_BACKEND_UNAVAILABLE'
  | 'GLID_KERNEL_MISSING'
  | 'GLID_TFJS_DUPLICATE'
  | 'GLID_GRADIENTS_NOT_REGISTERED'
  | 'GLID_NON_FINITE'
  | 'GLID_DEVICE_LOST'
  | 'GLID_DEVICE_ERROR'
  | 'GLID_OUT_OF_MEMORY'
  | 'GLID_LIMIT'
  | 'GLID_DATA'
  | 'GLID_IMAGE'
  | 'GLID_SHAPE'
  | 'GLID_IO'
  | 'GLID_ABORTED'
  | 'GLID_USAGE';

const marker = Symbol.for('glid.error');

/** What an error knows beside its message: where it arose and what the reader can do about it. */
export interface GlidErrorInit {
  /** One imperative line: what to do now. It ends the message. */
  readonly fix: string;
  readonly cause?: unknown;
  /** Machine-readable facts: file, record id, field, expected, got, … */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every error that `@glid/*` raises on purpose. `isInstance` also recognises errors of another copy of this package. */
export class GlidError extends Error {
  readonly code: GlidErrorCode;
  readonly fix: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: GlidErrorCode, what: string, init: GlidErrorInit) {
    super(`${what} ${init.fix}`, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'GlidError';
    Object.defineProperty(this, marker, { value: true });
    this.code = code;
    this.fix = init.fix;
    this.details = init.details ?? {};
  }

  static isInstance(error: unknown, code?: GlidErrorCode): error is GlidError {
    if (typeof error !== 'object' || error === null || !(marker in error)) return false;
    return code === undefined || (error as unknown as GlidError).code === code;
  }
}
