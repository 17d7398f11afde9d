/** CUDA C text with one kernel, `k`. */
export interface Program {
  /** Equal keys mean equal texts; it also names the program in messages. */
  readonly key: string;
  /** One letter a parameter: p pointer, i int, f float. */
  readonly signature: string;
  source(): string;
}

/** The letters of a C parameter list. */
export function signatureOf(parameters: string): string {
  return parameters
    .split(',')
    .map((parameter) => parameter.trim())
    .filter((parameter) => parameter !== '')
    .map((parameter) => (parameter.includes('*') ? 'p' : parameter.startsWith('float ') ? 'f' : 'i'))
    .join('');
}

/** A kernel with the given C parameters and body; `functions` go before it. */
export function program(key: string, parameters: string, body: string, functions = ''): Program {
  return {
    key,
    signature: signatureOf(parameters),
    source: () => `${functions}\nextern "C" __global__ void k(${parameters}) {\n${body}\n}\n`,
  };
}

/** The body runs once for each `i` in [0, n); `n` is the first parameter. */
export function pointwise(key: string, parameters: string, body: string, functions = ''): Program {
  const loop = `  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {\n${body}\n  }`;
  return program(key, parameters === '' ? 'int n' : `int n, ${parameters}`, loop, functions);
}

/** Programs that differ by `key` alone: each is put together when it is first asked for. */
export function programFamily<A extends readonly unknown[]>(
  key: (...which: A) => string,
  write: (key: string, ...which: A) => Program,
): (...which: A) => Program {
  const written = new Map<string, Program>();
  return (...which) => {
    const own = key(...which);
    let made = written.get(own);
    if (made === undefined) {
      made = write(own, ...which);
      written.set(own, made);
    }
    return made;
  };
}

export interface Geometry {
  readonly grid: readonly [x: number, y?: number, z?: number];
  readonly block: readonly [x: number, y?: number, z?: number];
  /** Bytes of dynamic shared memory. */
  readonly shared?: number;
}
