import { describe, expect, it } from 'vitest';
import {
  checkPolygon,
  encodeMask,
  GlidError,
  maskArea,
  maskFromPolygons,
  maskIou,
  mergeMasks,
  parseRle,
  polygonArea,
} from '../index.ts';

function dataErrorOf(run: () => unknown): GlidError {
  try {
    run();
  } catch (error) {
    if (GlidError.isInstance(error)) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('bad masks', () => {
  const place = { source: 'train.json', id: 7, field: 'segmentation' };
  it.each([
    ['counts that do not fill the mask', { size: [2, 3], counts: [1, 2] }],
    ['counts that overflow the mask', { size: [2, 3], counts: [1, 2, 4] }],
    ['a negative count', { size: [2, 3], counts: [1, -2, 7] }],
    ['a broken count', { size: [2, 3], counts: [1, 2.5, 2.5] }],
    ['a strange character', { size: [2, 3], counts: '1 2' }],
    ['a string cut off inside a number', { size: [50, 50], counts: 'T' }],
    ['a negative number in the string', { size: [1, 1], counts: 'O2' }],
    ['a number without end', { size: [1, 1], counts: 'oooooooooooo0' }],
    ['a size that is none', { size: [2, -3], counts: [6] }],
    ['a size too large', { size: [65536, 65536], counts: [4294967296] }],
  ])('%s', (_, mask) => {
    const error = dataErrorOf(() => parseRle(mask as never, place));
    expect(error.code).toBe('GLID_DATA');
    expect(error.details).toMatchObject(place);
    expect(error.message).toContain("train.json: record 7, field 'segmentation'");
    expect(error.message.endsWith(error.fix)).toBe(true);
  });

  it('of different sizes', () => {
    const a = encodeMask([1, 0], [1, 2]);
    const b = encodeMask([1, 0], [2, 1]);
    expect(dataErrorOf(() => mergeMasks([a, b])).code).toBe('GLID_DATA');
    expect(dataErrorOf(() => maskIou([a], [b])).code).toBe('GLID_DATA');
    expect(dataErrorOf(() => encodeMask([1, 0, 1], [1, 2])).code).toBe('GLID_SHAPE');
    expect(dataErrorOf(() => mergeMasks([])).code).toBe('GLID_USAGE');
  });

  it.each([
    ['under three points', [0, 0, 1, 1]],
    ['an odd number of coordinates', [0, 0, 1, 1, 2, 2, 3]],
    ['NaN', [0, 0, 1, Number.NaN, 2, 2]],
    ['a point at infinity', [0, 0, 1, 1e300, 2, 2]],
    ['no list', 'abcdefgh'],
  ])('polygons with %s', (_, polygon) => {
    expect(dataErrorOf(() => checkPolygon(polygon, place)).details).toMatchObject(place);
    expect(dataErrorOf(() => maskFromPolygons([polygon as number[]], [4, 4])).code).toBe('GLID_DATA');
  });

  it('no polygon at all', () => {
    expect(dataErrorOf(() => maskFromPolygons([], [4, 4])).code).toBe('GLID_DATA');
  });
});

describe('polygonArea', () => {
  it('is the enclosed area in either direction', () => {
    expect(polygonArea([0, 0, 4, 0, 4, 3, 0, 3])).toBe(12);
    expect(polygonArea([0, 3, 4, 3, 4, 0, 0, 0])).toBe(12);
    expect(polygonArea([1e6, 1e6, 1e6 + 1, 1e6, 1e6, 1e6 + 1])).toBe(0.5);
  });
});

describe('maskFromPolygons', () => {
  it('fills a rectangle on pixel edges exactly', () => {
    expect(maskArea(maskFromPolygons([[2, 1, 7, 1, 7, 5, 2, 5]], [8, 9]))).toBe(20);
  });
  it('gives an empty mask for a shape outside of the picture', () => {
    expect(maskArea(maskFromPolygons([[-9, -9, -3, -9, -3, -3]], [8, 9]))).toBe(0);
  });
});
