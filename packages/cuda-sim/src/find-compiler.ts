import { execFileSync } from 'node:child_process';

/** The C++ compiler (`CUDASIM_CXX`, else g++), or `undefined` where there is none: tests then skip and say so. */
export function findCompiler(): string | undefined {
  const name = process.env.CUDASIM_CXX || 'g++';
  try {
    execFileSync(name, ['--version'], { stdio: 'ignore' });
    return name;
  } catch {
    return undefined;
  }
}
