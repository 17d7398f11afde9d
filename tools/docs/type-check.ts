import { resolve } from 'node:path';
import ts from 'typescript';

/** The compiler's complaints about some files, under the repository's own settings. Unused names are no fault in an excerpt. */
export function typeErrors(root: string, files: readonly string[]): string[] {
  const config = ts.readConfigFile(resolve(root, 'tsconfig.base.json'), ts.sys.readFile).config;
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const program = ts.createProgram([...files, ...ambientFiles(root)], {
    ...options,
    noUnusedLocals: false,
    noUnusedParameters: false,
  });
  return files.flatMap((file) => {
    const source = program.getSourceFile(file)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((found) => {
      const { line } = source.getLineAndCharacterOfPosition(found.start ?? 0);
      const code = source.text.split('\n')[line]!.trim();
      return `${file}:${line + 1} ${ts.flattenDiagnosticMessageText(found.messageText, ' ')}\n  ${code}`;
    });
  });
}

/** Declarations of files that bundlers understand and TypeScript does not. */
function ambientFiles(root: string): string[] {
  return [resolve(root, 'tools/docs/bundler.d.ts')];
}
