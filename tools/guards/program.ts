import { dirname } from 'node:path';
import ts from 'typescript';

/** The type-checked program of a tsconfig, with extra in-memory files laid over it (for planted violations). */
export function programOf(configPath: string, planted: Readonly<Record<string, string>> = {}): ts.Program {
  const { config } = ts.readConfigFile(configPath, ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, dirname(configPath));
  const host = ts.createCompilerHost(parsed.options);
  const { readFile, fileExists, getSourceFile } = host;
  host.fileExists = (path) => path in planted || fileExists(path);
  host.readFile = (path) => planted[path] ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) =>
    path in planted ? ts.createSourceFile(path, planted[path]!, version) : getSourceFile(path, version, ...rest);
  const roots = Object.keys(planted);
  return ts.createProgram(roots.length ? roots : parsed.fileNames, parsed.options, host);
}
