import { engine, env } from '@tensorflow/tfjs-core';

/**
 * True if the engine records or inspects what runs: a gradient's tape, `profile`, debugging, the leak check of TensorFlow.js's tests. Where
 * it does not, most of what the engine does around an operation can be left out.
 */
export function observed(): boolean {
  const own = engine();
  return own.isTapeOn() || own.state.profiling || env().getBool('DEBUG') || env().getBool('IS_TEST');
}
