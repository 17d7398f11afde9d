import { checkpointError, printable } from '../checkpoint-error.ts';
import type { TensorFile } from '../safetensors/read.ts';
import type { SwinScheme } from './rename-table.ts';
import { swinTables } from './schemes.ts';

export interface FoundScheme {
  readonly scheme: SwinScheme;
  /** What stands before the scheme's own keys in this file; often empty. */
  readonly prefix: string;
}

/** Finds the naming scheme and the prefix from the patch embedding's key and, timm or Microsoft, from where merging stands. */
export function findScheme(source: TensorFile, scheme?: SwinScheme, prefix?: string): FoundScheme {
  const candidates = scheme ? [scheme] : (['huggingFace', 'microsoft'] as const);
  for (const candidate of candidates) {
    const { anchor } = swinTables[candidate];
    const prefixes = prefixesOf(source.names, anchor).filter((found) => prefix === undefined || found === prefix);
    if (prefixes.length > 1) {
      throw checkpointError(`it holds several encoders: ${prefixes.map((p) => `'${printable(p)}'`).join(', ')}`, {
        file: source.file,
        fix: 'Pass the prefix of the one you want.',
      });
    }
    const found = prefixes[0];
    if (found === undefined) continue;
    if (scheme || candidate === 'huggingFace') return { scheme: candidate, prefix: found };
    const endsStage = source.names.some((name) => name.startsWith(`${found}layers.0.downsample.`));
    return { scheme: endsStage ? 'microsoft' : 'timm', prefix: found };
  }
  throw checkpointError("it has no Swin patch embedding under timm's, Microsoft's or Hugging Face's name", {
    file: source.file,
    fix: 'Pass a Swin V1 checkpoint converted to safetensors.',
  });
}

function prefixesOf(names: readonly string[], anchor: string): string[] {
  return names
    .filter((name) => name === anchor || name.endsWith(`.${anchor}`))
    .map((name) => name.slice(0, name.length - anchor.length));
}
