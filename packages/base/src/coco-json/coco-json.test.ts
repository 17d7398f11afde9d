import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  evaluateCocoResults,
  GlidError,
  parseCocoGroundTruth,
  parseCocoPanoptic,
  parseCocoPanopticResults,
  parseCocoResults,
} from '../index.ts';

function dataErrorOf(run: () => unknown): GlidError {
  try {
    run();
  } catch (error) {
    if (GlidError.isInstance(error, 'GLID_DATA')) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The value with the field at `path` replaced, or taken out when `value` is undefined. */
function changed(json: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(json) as Record<string | number, unknown>;
  let at = copy;
  for (const key of path.slice(0, -1)) at = at[key] as typeof at;
  at[path.at(-1)!] = value;
  return JSON.parse(JSON.stringify(copy, (_, v) => (typeof v === 'number' && Number.isNaN(v) ? 'NaN' : v)));
}

const file = {
  images: [
    { id: 5, width: 8, height: 6, file_name: 'a.jpg' },
    { id: 9, width: 4, height: 4 },
  ],
  categories: [
    { id: 1, name: 'person', supercategory: 'animal', keypoints: ['head', 'foot'], skeleton: [[1, 2]] },
    { id: 2, name: 'ball' },
  ],
  annotations: [
    {
      id: 100,
      image_id: 5,
      category_id: 1,
      bbox: [1, 1, 4, 4],
      area: 15.5,
      iscrowd: 0,
      segmentation: [[1, 1, 5, 1, 5, 5, 1, 5]],
      keypoints: [2, 2, 2, 0, 0, 0],
      num_keypoints: 1,
    },
    {
      id: 101,
      image_id: 5,
      category_id: 2,
      bbox: [0, 0, 2, 6],
      iscrowd: 1,
      segmentation: { size: [6, 8], counts: [0, 12, 36] },
    },
    { id: 102, image_id: 9, category_id: 2, bbox: [0, 0, 2, 2], segmentation: [] },
  ],
};
const results = [
  { image_id: 5, category_id: 1, score: 0.5, bbox: [1, 1, 4, 4], keypoints: [2, 2, 1, 0, 0, 1] },
  { image_id: 9, category_id: 2, score: 0.4, segmentation: { size: [4, 4], counts: [0, 2, 2, 2, 10] } },
];

describe('parseCocoGroundTruth', () => {
  it('keeps what it reads', () => {
    const { images, categories, annotations } = parseCocoGroundTruth(file, 'gt.json');
    expect(images[0]).toEqual({ id: 5, width: 8, height: 6, fileName: 'a.jpg' });
    expect(categories[0]).toEqual({ ...file.categories[0] });
    expect(annotations[0]).toEqual({
      id: 100,
      imageId: 5,
      categoryId: 1,
      bbox: [1, 1, 4, 4],
      area: 15.5,
      crowd: false,
      segmentation: [[1, 1, 5, 1, 5, 5, 1, 5]],
      keypoints: [2, 2, 2, 0, 0, 0],
      numKeypoints: 1,
    });
    expect(annotations[1]).toMatchObject({ crowd: true, segmentation: { size: [6, 8], counts: [0, 12, 36] } });
    expect(annotations[2]).toEqual({ id: 102, imageId: 9, categoryId: 2, bbox: [0, 0, 2, 2], crowd: false });
  });

  it.each<[string, (string | number)[], unknown, string | number | undefined, string]>([
    ['no images', ['images'], undefined, undefined, 'images'],
    ['annotations that are no list', ['annotations'], {}, undefined, 'annotations'],
    ['an annotation that is no object', ['annotations', 1], 7, undefined, 'annotations[1]'],
    ['an image twice', ['images', 1, 'id'], 5, undefined, 'images[1].id'],
    ['an image without a width', ['images', 1, 'width'], undefined, 9, 'images.width'],
    ['a category twice', ['categories', 1, 'id'], 1, undefined, 'categories[1].id'],
    ['a category without a name', ['categories', 1, 'name'], undefined, 2, 'categories.name'],
    ['an edge of three joints', ['categories', 0, 'skeleton', 0], [1, 2, 3], 1, 'categories.skeleton'],
    ['an annotation twice', ['annotations', 2, 'id'], 100, undefined, 'annotations[2].id'],
    ['an unknown image', ['annotations', 0, 'image_id'], 6, 100, 'image_id'],
    ['an unknown category', ['annotations', 0, 'category_id'], 3, 100, 'category_id'],
    ['a category that is a text', ['annotations', 0, 'category_id'], '1', 100, 'category_id'],
    ['a negative box', ['annotations', 0, 'bbox', 2], -4, 100, 'bbox'],
    ['a NaN box', ['annotations', 0, 'bbox', 2], Number.NaN, 100, 'bbox'],
    ['no box', ['annotations', 0, 'bbox'], undefined, 100, 'bbox'],
    ['a negative area', ['annotations', 0, 'area'], -4, 100, 'area'],
    ['a crowd flag of 2', ['annotations', 0, 'iscrowd'], 2, 100, 'iscrowd'],
    ['an outline of two points', ['annotations', 0, 'segmentation', 0], [1, 1, 2, 2], 100, 'segmentation'],
    ['runs that do not fill the mask', ['annotations', 1, 'segmentation', 'counts'], [0, 12], 101, 'segmentation'],
    ['a mask of another size', ['annotations', 1, 'segmentation', 'size'], [8, 6], 101, 'segmentation'],
    ['too few joints', ['annotations', 0, 'keypoints'], [1, 1, 2], 100, 'keypoints'],
    ['a negative number of joints', ['annotations', 0, 'num_keypoints'], -1, 100, 'num_keypoints'],
  ])('refuses %s', (_, path, value, id, field) => {
    const error = dataErrorOf(() => parseCocoGroundTruth(changed(file, path, value), 'gt.json'));
    expect(error.details).toMatchObject({ source: 'gt.json', field, ...(id === undefined ? {} : { id }) });
    expect(error.message.startsWith('gt.json')).toBe(true);
  });

  it('refuses whatever is not such a file, with the right kind of error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(dataErrorOf(() => parseCocoGroundTruth(json, 'x')).details.source).toBe('x');
      }),
    );
  });
});

describe('parseCocoResults', () => {
  const groundTruth = parseCocoGroundTruth(file, 'gt.json');
  it('adds boxes around masks', () => {
    const found = parseCocoResults(results, groundTruth, 'dt.json');
    expect(found[0]).toEqual({
      imageId: 5,
      categoryId: 1,
      score: 0.5,
      bbox: [1, 1, 4, 4],
      keypoints: [2, 2, 1, 0, 0, 1],
    });
    expect(found[1]).toMatchObject({ bbox: [0, 0, 2, 2], area: 4 });
    const { stats, images } = evaluateCocoResults(groundTruth, found, { task: 'bbox' });
    expect(stats.AP).toBeCloseTo(1, 12);
    expect(images).toBe(2);
  });

  it.each<[string, (string | number)[], unknown, number, string | undefined]>([
    ['an unknown image', [1, 'image_id'], 6, 1, 'image_id'],
    ['an unknown category', [1, 'category_id'], 6, 1, 'category_id'],
    ['no score', [1, 'score'], undefined, 1, 'score'],
    ['a mask of another size', [1, 'segmentation', 'size'], [2, 8], 1, 'segmentation'],
    ['a negative box', [0, 'bbox', 3], -1, 0, 'bbox'],
    ['too few joints', [0, 'keypoints'], [1, 2, 3], 0, 'keypoints'],
    ['nothing detected', [1, 'segmentation'], undefined, 1, undefined],
  ])('refuses %s', (_, path, value, id, field) => {
    const { details } = dataErrorOf(() => parseCocoResults(changed(results, path, value), groundTruth, 'dt.json'));
    expect(details).toMatchObject({ source: 'dt.json', id, ...(field ? { field } : {}) });
  });
  it('refuses what is no list', () => {
    expect(dataErrorOf(() => parseCocoResults({}, groundTruth, 'dt.json')).details.source).toBe('dt.json');
  });
});

describe('panoptic files', () => {
  const panoptic = {
    images: file.images,
    categories: [
      { id: 1, name: 'person', isthing: 1 },
      { id: 2, name: 'sky', isthing: 0 },
    ],
    annotations: [
      { image_id: 5, file_name: '5.png', segments_info: [{ id: 3, category_id: 1, iscrowd: 1, area: 7 }] },
      { image_id: 9, file_name: '9.png', segments_info: [{ id: 1, category_id: 2 }] },
    ],
  };
  it('are read', () => {
    const groundTruth = parseCocoPanoptic(panoptic, 'p.json');
    expect(groundTruth.categories).toEqual([
      { id: 1, name: 'person', isThing: true },
      { id: 2, name: 'sky', isThing: false },
    ]);
    expect(groundTruth.annotations[0]).toEqual({
      imageId: 5,
      fileName: '5.png',
      segments: [{ id: 3, categoryId: 1, crowd: true, area: 7 }],
    });
    expect(parseCocoPanopticResults(panoptic, groundTruth, 'r.json')).toEqual(groundTruth.annotations);
    const fewer = { annotations: panoptic.annotations.slice(1) };
    expect(dataErrorOf(() => parseCocoPanopticResults(fewer, groundTruth, 'r.json')).details).toMatchObject({
      source: 'r.json',
      id: 5,
    });
  });
  it.each<[string, (string | number)[], unknown, string]>([
    ['void as a segment', ['annotations', 0, 'segments_info', 0, 'id'], 0, 'segments_info[0].id'],
    ['an unknown category', ['annotations', 0, 'segments_info', 0, 'category_id'], 4, 'segments_info[0].category_id'],
    ['an unknown image', ['annotations', 0, 'image_id'], 4, 'annotations[0].image_id'],
    ['a picture twice', ['annotations', 1, 'image_id'], 5, 'annotations[1].image_id'],
    ['no file name', ['annotations', 1, 'file_name'], undefined, 'file_name'],
    ['no segments', ['annotations', 1, 'segments_info'], undefined, 'segments_info'],
    ['no isthing', ['categories', 1, 'isthing'], undefined, 'categories.isthing'],
  ])('are refused for %s', (_, path, value, field) => {
    const { details } = dataErrorOf(() => parseCocoPanoptic(changed(panoptic, path, value), 'p.json'));
    expect(details).toMatchObject({ source: 'p.json', field });
  });
});
