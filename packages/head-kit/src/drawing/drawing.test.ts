import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Shape2D } from '../spec/drawing.ts';
import { inkOn, oklch, parseHex } from './colors.ts';
import { glyphHeight, glyphRows, textWidth } from './font.ts';
import {
  colorIndex,
  colorMap,
  distinctColor,
  drawCanvas,
  drawRgba,
  drawSvg,
  encodePng,
  labelColor,
  type RgbaImage,
  toHex,
} from './index.ts';

const blank = (width: number, height: number): RgbaImage => ({
  width,
  height,
  data: new Uint8ClampedArray(width * height * 4),
});
const pixel = (image: RgbaImage, x: number, y: number): number[] => [
  ...image.data.subarray((y * image.width + x) * 4, (y * image.width + x) * 4 + 4),
];
const red = { color: '#ff0000' } as const;

describe('drawRgba', () => {
  it('draws boxes inwards, lines of the asked width', () => {
    const image = blank(20, 12);
    drawRgba(image, [{ kind: 'box', xyxy: [2, 3, 12, 9], ...red }], { lineWidth: 2 });
    const painted = Array.from({ length: 12 }, (_, y) =>
      Array.from({ length: 20 }, (_, x) => (pixel(image, x, y)[3] ? '#' : '.')).join(''),
    );
    expect(painted).toEqual([
      '....................',
      '....................',
      '....................',
      '..##########........',
      '..##########........',
      '..##......##........',
      '..##......##........',
      '..##########........',
      '..##########........',
      '....................',
      '....................',
      '....................',
    ]);
    expect(pixel(image, 2, 3)).toEqual([255, 0, 0, 255]);
  });

  it('blends masks and outlines them', () => {
    const image = blank(5, 5);
    image.data.fill(255);
    drawRgba(image, [{ kind: 'mask', data: new Uint8Array(25).fill(1), size: [5, 5], ...red }], { maskOpacity: 0.4 });
    expect(pixel(image, 2, 2)).toEqual([255, 153, 153, 255]);
    expect(pixel(image, 0, 2)).toEqual([255, 0, 0, 255]);
  });

  it('shows the ends of a heat map in the ends of the colour map', () => {
    const image = blank(3, 1);
    drawRgba(image, [{ kind: 'heatmap', data: Float32Array.of(1, 5, Number.NaN), size: [1, 3], range: [1, 5] }]);
    expect(pixel(image, 0, 0)).toEqual([...colorMap().subarray(0, 3), 255]);
    expect(pixel(image, 1, 0)).toEqual([...colorMap().subarray(765), 255]);
    expect(pixel(image, 2, 0)).toEqual([...colorMap().subarray(0, 3), 255]);
  });

  it('shows a picture in its own colours, over what lies beneath', () => {
    const image = blank(4, 2);
    image.data.fill(255);
    const data = Uint8Array.of(250, 0, 0, 0, 100, 200);
    drawRgba(
      image,
      [
        { kind: 'box', xyxy: [0, 0, 1, 1], ...red },
        { kind: 'picture', data, size: [1, 2] },
      ],
      { scale: 2 },
    );
    expect(pixel(image, 0, 0)).toEqual([255, 0, 0, 255]); // the box is on top, whatever the order
    expect(pixel(image, 1, 1)).toEqual([255, 0, 0, 255]);
    expect(pixel(image, 2, 0)).toEqual([0, 100, 200, 255]);
    drawRgba(image, [{ kind: 'picture', data: new Uint8Array(6), size: [1, 2] }], { scale: 2, heatmapOpacity: 0.5 });
    expect(pixel(image, 2, 0)).toEqual([0, 50, 100, 255]);
  });

  it('draws discs and edges, and nothing for NaN', () => {
    const image = blank(40, 20);
    const shape: Shape2D = {
      kind: 'points',
      xy: [
        [5, 10],
        [35, 10],
        [Number.NaN, Number.NaN],
      ],
      edges: [
        [0, 1],
        [1, 2],
      ],
      ...red,
    };
    drawRgba(image, [shape], { lineWidth: 2 });
    expect(pixel(image, 20, 10)).toEqual([255, 0, 0, 255]);
    expect(pixel(image, 20, 14)[3]).toBe(0);
    expect(pixel(image, 5, 12)[3]).toBe(255);
    expect(pixel(image, 39, 3)[3]).toBe(0);
  });

  it('scales, clips what lies outside, and keeps labels inside', () => {
    const image = blank(60, 40);
    drawRgba(image, [{ kind: 'box', xyxy: [-10, -10, 200, 200], label: 'far away', color: '#00f' }], { scale: 2 });
    const plate = Array.from({ length: textWidth('far away') + 4 }, (_, x) => pixel(image, x, 0)[2]);
    expect(plate.every((blue) => blue === 255)).toBe(true);
  });

  it('writes no label over another: of boxes in a crowd the first keeps its own', () => {
    const crowd: Shape2D[] = [20, 22, 60].map((x, i) => ({
      kind: 'box',
      xyxy: [x, 30, x + 10, 40],
      label: `n${i}`,
      color: ['#f00', '#0f0', '#00f'][i]!,
    }));
    const [first, , third] = crowd;
    const drawn = (shapes: readonly Shape2D[]): Uint8Array => {
      const image = { width: 100, height: 50, data: new Uint8Array(100 * 50 * 4) };
      drawRgba(image, shapes);
      return image.data.slice(0, 100 * 30 * 4); // above the boxes lie the labels alone
    };
    expect(drawn(crowd)).toEqual(drawn([first!, third!]));
    expect(drawn(crowd)).not.toEqual(drawn([first!]));
    expect(drawSvg(crowd, [50, 100]).match(/<text/g)).toHaveLength(2);
  });

  it('writes no label where none is wanted', () => {
    const image = blank(30, 30);
    drawRgba(image, [{ kind: 'box', xyxy: [0, 15, 30, 30], label: 'x' }], { labels: false });
    expect(pixel(image, 1, 10)[3]).toBe(0);
  });

  it('refuses a buffer of another size', () => {
    expect(() => drawRgba({ width: 2, height: 2, data: new Uint8Array(3) }, [])).toThrow(/2 x 2/);
  });
});

describe('encodePng', () => {
  it.each([
    [3, 2],
    [300, 120],
  ])('a decoder reads back every pixel of %i x %i', async (width, height) => {
    const data = Uint8Array.from({ length: width * height * 4 }, (_, i) => (i % 4 === 3 ? 255 : (i * 37) % 251));
    const decoded = await sharp(encodePng({ width, height, data })).raw().toBuffer({ resolveWithObject: true });
    expect([decoded.info.width, decoded.info.height, decoded.info.channels]).toEqual([width, height, 4]);
    expect(Buffer.compare(decoded.data, Buffer.from(data))).toBe(0);
  });
});

const shapes: Shape2D[] = [
  { kind: 'box', xyxy: [10, 20, 50, 60], label: 'R&D <1> "x"' },
  {
    kind: 'mask',
    data: Uint8Array.from({ length: 80 * 100 }, (_, i) => (i % 100 < 30 ? 1 : 0)),
    size: [80, 100],
    ...red,
  },
  { kind: 'heatmap', data: new Float32Array(8000).fill(1), size: [80, 100], range: [0, 1] },
  {
    kind: 'points',
    xy: [
      [70, 40],
      [90, 40],
      [Number.NaN, 0],
    ],
    edges: [
      [0, 1],
      [0, 2],
    ],
    color: '#0000ff',
  },
];

describe('drawSvg', () => {
  it('is a document that a renderer reads, with every kind of shape in its place', async () => {
    const svg = drawSvg(shapes, [80, 100], { scale: 2, lineWidth: 4 });
    const { data, info } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([200, 160]);
    const at = (x: number, y: number): number[] => [...data.subarray((y * 200 + x) * 3, (y * 200 + x) * 3 + 3)];
    const top = [...colorMap().subarray(765)];
    expect(at(150, 140)).toEqual(top);
    expect(at(160, 80)).toEqual([0, 0, 255]);
    expect(at(30, 150)[0]).toBeGreaterThan(at(30, 150)[1]!);
    expect(at(60, 41)).toEqual([...labelColor('R&D <1> "x"')]);
  });

  it('shows a picture in its own colours', async () => {
    const data = Uint8Array.of(250, 0, 0, 0, 100, 200);
    const svg = drawSvg([{ kind: 'picture', data, size: [1, 2] }], [1, 2]);
    const read = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
    expect([...read]).toEqual([...data]);
  });

  it('escapes labels and addresses', () => {
    const svg = drawSvg(shapes, [80, 100], { background: 'a.png?x="1"&y' });
    expect(svg).toContain('R&amp;D &lt;1&gt; &quot;x&quot;');
    expect(svg).toContain('href="a.png?x=&quot;1&quot;&amp;y"');
    expect(svg).not.toContain('NaN');
  });
});

describe('drawCanvas', () => {
  it('paints maps as pixels and the rest as paths, and restores the context', () => {
    const calls: string[] = [];
    const pixels = { width: 100, height: 80, data: new Uint8ClampedArray(100 * 80 * 4) };
    const recorder = new Proxy({ canvas: pixels } as Record<string, unknown>, {
      get: (target, name: string) =>
        target[name] ??
        ((...args: unknown[]) => {
          calls.push(name === 'strokeRect' ? `strokeRect ${args.join(' ')}` : name);
          if (name === 'getImageData') return pixels;
          return name === 'measureText' ? { width: 30 } : undefined;
        }),
    });
    drawCanvas(recorder as unknown as CanvasRenderingContext2D, shapes, { lineWidth: 2 });
    expect(calls.slice(0, 3)).toEqual(['getImageData', 'putImageData', 'save']);
    expect(calls.at(-1)).toBe('restore');
    expect(calls).toContain('strokeRect 11 21 38 38');
    expect(calls.filter((name) => name === 'arc')).toHaveLength(2);
    expect(calls.filter((name) => name === 'lineTo')).toHaveLength(1);
    expect(calls.filter((name) => name === 'fillText')).toHaveLength(1);
    expect(pixels.data[3]).toBe(255);
    drawCanvas(recorder as unknown as CanvasRenderingContext2D, [
      { kind: 'picture', data: new Uint8Array(3 * 8000).fill(7), size: [80, 100] },
    ]);
    expect([...pixels.data.subarray(0, 4)]).toEqual([7, 7, 7, 255]);
  });
});

describe('colours', () => {
  it('a label has one colour, and many labels have many', () => {
    expect(labelColor('cat')).toEqual(labelColor('cat'));
    const names = Array.from({ length: 100 }, (_, k) => toHex(labelColor(`label ${k}`)));
    expect(new Set(names).size).toBeGreaterThan(80);
  });

  it('the first thirty of the series are all told apart', () => {
    const series = Array.from({ length: 30 }, (_, k) => distinctColor(k));
    series.forEach((a, i) => {
      series.slice(i + 1).forEach((b) => {
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(12);
      });
    });
  });

  it('the colour map grows evenly lighter', () => {
    const map = colorMap();
    const luminance = Array.from({ length: 256 }, (_, i) => {
      const linear = [...map.subarray(i * 3, i * 3 + 3)].map((v) => (v / 255) ** 2.2);
      return Math.cbrt(0.2126 * linear[0]! + 0.7152 * linear[1]! + 0.0722 * linear[2]!);
    });
    for (let i = 8; i < 256; i++) expect(luminance[i]! - luminance[i - 8]!).toBeGreaterThan(0.008);
    expect([colorIndex(0, 0, 10), colorIndex(10, 0, 10), colorIndex(99, 0, 10), colorIndex(5, 0, 10)]).toEqual([
      0, 255, 255, 128,
    ]);
    expect(colorIndex(3, 3, 3)).toBe(0);
  });

  it('OKLCH without chroma is grey, white and black are the ends', () => {
    expect(oklch(1, 0, 0)).toEqual([255, 255, 255]);
    expect(oklch(0, 0, 0)).toEqual([0, 0, 0]);
    const [r, g, b] = oklch(0.5, 0, 123);
    expect(Math.max(r, g, b) - Math.min(r, g, b)).toBeLessThanOrEqual(1);
  });

  it('ink is legible and hex is read', () => {
    expect(inkOn([255, 255, 0])).toEqual([0, 0, 0]);
    expect(inkOn([0, 0, 128])).toEqual([255, 255, 255]);
    expect(parseHex('#0f8')).toEqual([0, 255, 136]);
    expect(parseHex('red')).toBeNull();
  });
});

describe('font', () => {
  it('draws every printable ASCII character within its cell, each its own way', () => {
    const seen = new Map<string, string>();
    for (let code = 32; code < 127; code++) {
      const character = String.fromCharCode(code);
      const rows = glyphRows(character);
      expect(rows.length).toBeLessThanOrEqual(glyphHeight);
      expect(rows.every((bits) => bits >= 0 && bits < 32)).toBe(true);
      expect(seen.get(rows.join()), `${character} is drawn like ${seen.get(rows.join())}`).toBeUndefined();
      seen.set(rows.join(), character);
    }
  });

  it('drops accents and boxes what it does not know', () => {
    expect(glyphRows('é')).toEqual(glyphRows('e'));
    expect(glyphRows('漢')).toEqual(glyphRows('字'));
    expect(textWidth('ab')).toBe(11);
  });
});
