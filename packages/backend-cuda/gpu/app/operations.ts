import '@glid/ops/gradients';
import { checkCase, opCases } from '../../../ops/test/suite/index.ts';
import { openCuda } from './open.ts';
import { type StepResult, verdict } from './step.ts';

/** Begins the lines that tell how far it is. */
export const progressWord = 'glid operations: ';

/** Every operation once, exactly: what the sanitizer watches. */
export async function operations(): Promise<StepResult> {
  const backend = await openCuda('float32');
  const failures: string[] = [];
  for (const [i, c] of opCases.entries()) {
    if (i % 10 === 0) console.log(`${progressWord}${i} of ${opCases.length} operations`);
    await checkCase(c).catch((error: Error) => failures.push(error.message));
  }
  await backend.dispose();
  return verdict(failures, `${opCases.length} operations`);
}
