const reserved = new Set(['__proto__', 'prototype', 'constructor', '__metadata__']);

/**
 * True for names that are safe as keys of a plain record and on a terminal: not empty, no control characters, and no dotted segment that
 * reaches into an object's prototype.
 */
export function isSafeName(name: string): boolean {
  if (name === '') return false;
  for (let i = 0; i < name.length; i++) {
    const code = name.charCodeAt(i);
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return false;
  }
  return name.split('.').every((segment) => !reserved.has(segment));
}
