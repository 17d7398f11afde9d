/** The buffers that a scene is drawn into, row-major. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** `[H, W, 3]`, 0..1. */
  readonly color: Float32Array;
  /** Class of the stuff behind. */
  readonly stuff: Uint8Array;
  /** 0 = stuff, k = the k-th thing (1-based). */
  readonly owner: Uint8Array;
  /** Metres, 0 = unknown. */
  readonly depth: Float32Array;
}

export function newFrame(width: number, height: number): Frame {
  const n = width * height;
  return {
    width,
    height,
    color: new Float32Array(n * 3),
    stuff: new Uint8Array(n),
    owner: new Uint8Array(n),
    depth: new Float32Array(n),
  };
}
