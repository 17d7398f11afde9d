import { dataError } from '@glid/base';

const deepest = 64;

/** JSON out of a file. Throws `GLID_DATA` for bad text and for more than 64 levels of nesting, found before parsing. */
export function parseJson(bytes: Uint8Array, source: string): unknown {
  checkNesting(bytes, source);
  try {
    return JSON.parse(decodeText(bytes, source));
  } catch (cause) {
    throw cause instanceof SyntaxError
      ? dataError({ source, reason: cause.message }, 'This is not valid JSON.', 'Check that the file is whole.')
      : cause;
  }
}

/** UTF-8 text; a byte order mark is dropped. */
export function decodeText(bytes: Uint8Array, source: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw dataError({ source }, 'The text is not UTF-8, or too long for one string.', 'Save it as UTF-8.');
  }
}

function checkNesting(bytes: Uint8Array, source: string): void {
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x22) {
      for (i++; i < bytes.length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > deepest) {
        throw dataError({ source }, `The JSON is nested deeper than ${deepest} levels.`, 'Check what wrote this file.');
      }
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
}
