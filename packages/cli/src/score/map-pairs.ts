import { join } from 'node:path';
import { GlidError } from '@glid/base';
import { kindOf, listFiles } from '../files/read.ts';

/** A ground-truth map and its prediction. */
export interface MapPair {
  readonly name: string;
  readonly truth: string;
  readonly result: string;
}

/**
 * PNGs of two folders by relative name; two single files are one pair. Every ground truth must have its prediction.
 * @throws GLID_DATA naming what is missing
 */
export async function mapPairs(
  truth: string,
  results: string,
  warn: (text: string) => void,
): Promise<readonly MapPair[]> {
  const kinds = [await kindOf(truth), await kindOf(results)];
  if (kinds[0] === 'file' && kinds[1] === 'file') return [{ name: truth, truth, result: results }];
  const [expected, found] = [await pngs(truth), await pngs(results)];
  const known = new Set(found);
  const missing = expected.filter((name) => !known.has(name));
  if (missing.length > 0 || expected.length === 0) {
    const what =
      expected.length === 0
        ? `${truth}: there are no PNG files.`
        : `${results}: ${missing.length} of ${expected.length} maps are missing, for example ${missing[0]}.`;
    throw new GlidError('GLID_DATA', what, {
      fix: 'Give two folders with PNGs of the same names.',
      details: { source: results, missing: missing.slice(0, 20) },
    });
  }
  if (found.length > expected.length) {
    warn(`${found.length - expected.length} maps in ${results} have no ground truth and are left out.`);
  }
  return expected.map((name) => ({ name, truth: join(truth, name), result: join(results, name) }));
}

async function pngs(folder: string): Promise<string[]> {
  return (await listFiles(folder)).filter((name) => name.toLowerCase().endsWith('.png'));
}
