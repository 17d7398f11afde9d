/** The release whose synchronous binding is known to work; the path is not part of the package's public interface. */
const supported = /^1\.30\./;

interface OrtTensor {
  readonly data: Float32Array;
}

/** The native session of onnxruntime-node, before its asynchronous wrapper. */
interface NativeSession {
  loadModel(buffer: ArrayBufferLike, byteOffset: number, byteLength: number, options: object): void;
  run(feeds: Record<string, OrtTensor>, fetches: Record<string, OrtTensor>, options: object): unknown;
  dispose(): void;
}

interface NodeModules {
  createRequire(from: string): (id: string) => unknown;
}

/** ONNX Runtime called synchronously: a call costs some 7 microseconds. */
export interface OrtRuntime {
  readonly version: string;
  session(model: Uint8Array, threads: number): NativeSession;
  tensor(data: Float32Array, shape: readonly number[]): OrtTensor;
}

export type { NativeSession, OrtTensor };

/**
 * Loads the optional peer `onnxruntime-node`, or says why not. Only Node has it; the built-in modules come through
 * `process.getBuiltinModule`, so that bundlers for the browser find nothing to resolve.
 */
export function loadOrt(): OrtRuntime | { readonly reason: string } {
  const modules = nodeModule<NodeModules>('node:module');
  if (modules === undefined) return { reason: 'not in Node' };
  const require = modules.createRequire(import.meta.url);
  if (!isInstalled(require)) return { reason: 'onnxruntime-node, an option that makes them faster, is not installed' };
  try {
    const { version } = require('onnxruntime-node/package.json') as { version: string };
    if (!supported.test(version)) return { reason: `onnxruntime-node ${version} is installed, 1.30.x is needed` };
    const { Tensor } = require('onnxruntime-node') as {
      Tensor: new (type: 'float32', data: Float32Array, shape: readonly number[]) => OrtTensor;
    };
    const { binding, initOrt } = require('onnxruntime-node/dist/binding.js') as {
      binding: { InferenceSession: new () => NativeSession };
      initOrt: () => void;
    };
    initOrt();
    return {
      version,
      tensor: (data, shape) => new Tensor('float32', data, shape),
      session(model, threads) {
        const session = new binding.InferenceSession();
        session.loadModel(model.buffer, model.byteOffset, model.byteLength, {
          intraOpNumThreads: threads,
          executionProviders: ['cpu'],
          logSeverityLevel: 3,
          // Each session has its own pool; pools that spin fight for the cores.
          extra: { session: { intra_op: { allow_spinning: '0' } } },
        });
        return session;
      },
    };
  } catch (error) {
    return { reason: (error as Error).message.split('\n')[0]! };
  }
}

function isInstalled(require: (id: string) => unknown): boolean {
  try {
    require('onnxruntime-node/package.json');
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== 'MODULE_NOT_FOUND';
  }
}

/** How many threads the machine runs at once; 1 outside Node. */
export function availableThreads(): number {
  return nodeModule<{ availableParallelism(): number }>('node:os')?.availableParallelism() ?? 1;
}

function nodeModule<T>(id: string): T | undefined {
  return (globalThis as { process?: { getBuiltinModule?: (id: string) => unknown } }).process?.getBuiltinModule?.(id) as
    | T
    | undefined;
}
