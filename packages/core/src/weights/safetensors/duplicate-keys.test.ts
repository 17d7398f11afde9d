import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findDuplicateKey } from './duplicate-keys.ts';

it('finds repeated keys at any depth, escapes resolved', () => {
  expect(findDuplicateKey('{"a":1,"b":{"a":2},"c":["a","a"]}')).toBeNull();
  expect(findDuplicateKey('{"a":1,"a":2}')).toBe('a');
  expect(findDuplicateKey('{"a":1,"\\u0061":2}')).toBe('a');
  expect(findDuplicateKey('[{"x":[{"k":1,"k":[]}]}]')).toBe('k');
  expect(findDuplicateKey('{"quote\\"":1,"b":"},{","c":"\\\\"}')).toBeNull();
});

it('never accuses what JSON.stringify wrote', () => {
  fc.assert(fc.property(fc.json(), (json) => findDuplicateKey(json) === null));
});

it('always finds a key appended twice', () => {
  fc.assert(
    fc.property(fc.string(), fc.jsonValue(), (key, value) => {
      const k = JSON.stringify(key);
      expect(findDuplicateKey(`{${k}:${JSON.stringify(value)}, ${k} : 1}`)).toBe(key);
    }),
  );
});
