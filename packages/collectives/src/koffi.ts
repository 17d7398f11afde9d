import { GlidError } from '@glid/base';

/** The package koffi, which calls C libraries. @throws GLID_BACKEND_UNAVAILABLE when it is not installed */
export async function loadKoffi(forWhat: string): Promise<typeof import('koffi')> {
  try {
    const module = await import('koffi');
    return module.default as unknown as typeof import('koffi');
  } catch (error) {
    throw new GlidError('GLID_BACKEND_UNAVAILABLE', `${forWhat} needs the package koffi, which is not installed.`, {
      fix: 'npm install koffi@3.3.4',
      cause: error,
    });
  }
}
