import { Random } from '@glid/base';
import { expectFixture, hasShared, loadFixture, withoutShared } from '@glid/test-utils';
import { describe, expect, it } from 'vitest';
import { modulate } from './decode-heatmaps.ts';
import { gaussianKernel, reflect } from './gaussian-blur.ts';
import { decodeHeatmaps, encodeHeatmaps, heatmapToPicture } from './index.ts';

const udp = { inputSize: [256, 192], heatmapSize: [64, 48], sigma: 2 } as const;

describe('encodeHeatmaps', () => {
  it('udp: the far corner of the input is the last cell, and the Gaussian is centred between cells', () => {
    const { maps, weights } = encodeHeatmaps([191, 255, 2, 100.3, 80.7, 1, 50, 50, 0], udp);
    expect([...weights]).toEqual([1, 1, 0]);
    expect(maps[63 * 48 + 47]).toBe(1);
    const [x, y] = [(100.3 * 47) / 191, (80.7 * 63) / 255];
    const at = (u: number, v: number): number => maps[64 * 48 + v * 48 + u]!;
    expect(at(25, 20)).toBeCloseTo(Math.exp(-((25 - x) ** 2 + (20 - y) ** 2) / 8), 6);
    // Support: 3 sigma around the nearest cell.
    expect(at(25 + 6, 20)).toBeGreaterThan(0);
    expect(at(25 + 7, 20)).toBe(0);
    expect(maps.subarray(2 * 64 * 48).every((v) => v === 0)).toBe(true);
  });

  it('a joint too far outside has weight 0 and an empty map', () => {
    const { maps, weights } = encodeHeatmaps([-40, 10, 1, 230, 10, 1, -20, 10, 1], udp);
    expect([...weights]).toEqual([0, 0, 1]);
    expect(maps.subarray(0, 2 * 64 * 48).every((v) => v === 0)).toBe(true);
  });

  it('refuses half a joint', () => {
    expect(() => encodeHeatmaps([1, 2], udp)).toThrow(/\[J, 3\]/);
  });
});

describe('decodeHeatmaps', () => {
  it('dark-udp finds the centre of an untruncated Gaussian', () => {
    const map = Float32Array.from({ length: 64 * 48 }, (_, i) =>
      Math.exp(-(((i % 48) - 20.3) ** 2 + (Math.floor(i / 48) - 30.7) ** 2) / 8),
    );
    const { xy, scores } = decodeHeatmaps(map, [64, 48]);
    expect(xy[0]).toBeCloseTo(20.30004, 4);
    expect(xy[1]).toBeCloseTo(30.69996, 4);
    expect(scores[0]).toBe(Math.max(...map));
  });

  it.each(['argmax', 'quarter', 'dark'] as const)('%s: a single peak among ones is where it is', (method) => {
    const map = new Float32Array(64 * 64).fill(1);
    map[31 * 64 + 31] = 2;
    const { xy, scores } = decodeHeatmaps(map, [64, 64], method);
    const region = { x: 127 - 32, y: 127 - 32, width: 64, height: 64 };
    expect([...heatmapToPicture(xy, [64, 64], region, 'cells')]).toEqual([
      expect.closeTo(126, 4),
      expect.closeTo(126, 4),
    ]);
    expect([...scores]).toEqual([2]);
  });

  it('udp targets come back to a few hundredths of a cell through dark-udp, wherever they lie', () => {
    const random = new Random(4);
    for (let k = 0; k < 200; k++) {
      const [x, y] = [random.uniform(30, 160), random.uniform(30, 225)];
      const { maps } = encodeHeatmaps([x, y, 2], udp);
      const { xy } = decodeHeatmaps(maps, [64, 48]);
      const [u, v] = heatmapToPicture(xy, [64, 48], { x: 0, y: 0, width: 191, height: 255 });
      expect(Math.hypot(u! - x, v! - y)).toBeLessThan(0.2);
    }
  });

  it('mirroring a map mirrors its udp place without a shift', () => {
    const { maps } = encodeHeatmaps([63.2, 90.1, 2], udp);
    const mirrored = maps.map((_, i) => maps[i - (i % 48) + 47 - (i % 48)]!);
    const [x] = decodeHeatmaps(maps, [64, 48]).xy;
    const [u] = decodeHeatmaps(mirrored, [64, 48]).xy;
    expect(u).toBeCloseTo(47 - x!, 5);
  });

  it('a map without values above 0 has no place', () => {
    expect([...decodeHeatmaps(new Float32Array(12).fill(-1), [3, 4]).xy]).toEqual([0, 0]);
  });

  it('refuses values that are no maps of that size', () => {
    expect(() => decodeHeatmaps(new Float32Array(10), [3, 4])).toThrow(/no heat maps of 3 x 4/);
    expect(() => decodeHeatmaps(new Float32Array(12), [3, 4], 'dark', 10)).toThrow(/blur 10/);
  });
});

describe('reflect', () => {
  it('mirrors about the border cell', () => {
    expect([-3, -2, -1, 0, 1, 2, 3, 4, 5].map((i) => reflect(i, 3))).toEqual([1, 2, 1, 0, 1, 2, 1, 0, 1]);
    expect(reflect(7, 1)).toBe(0);
  });
});

describe.skipIf(!hasShared)(`heat maps against published code (${withoutShared})`, () => {
  it.each(['quantised', 'unbiased'] as const)('pose/targets: %s', (encoding) => {
    const fixture = loadFixture('pose', 'targets');
    const joints = fixture.tensor('joints');
    const visible = fixture.tensor('visible').data;
    const [width, height] = fixture.config.heatmap_size;
    const [inputWidth, inputHeight] = fixture.config.image_size;
    const all = Float32Array.from({ length: visible.length * 3 }, (_, i) => {
      const j = Math.floor(i / 3);
      return i % 3 === 2 ? visible[j]! : joints.data[j * 2 + (i % 3)]!;
    });
    const geometry = {
      inputSize: [inputHeight, inputWidth],
      heatmapSize: [height, width],
      sigma: fixture.config.sigma,
    } as const;
    const { maps, weights } = encodeHeatmaps(all, geometry, encoding);
    expectFixture(weights, fixture.tensor(`weight.${encoding}`));
    expectFixture(maps, fixture.tensor(`target.${encoding}`));
  });

  it('pose/decode', () => {
    const fixture = loadFixture('pose', 'decode');
    const maps = fixture.tensor('heatmaps').data as Float32Array;
    const [width, height] = fixture.config.heatmap_size as [number, number];
    const size = [height, width] as const;
    const plain = decodeHeatmaps(maps, size, 'argmax');
    expect([...plain.xy]).toEqual([...fixture.tensor('argmax.xy').data]);
    expect([...plain.scores]).toEqual([...fixture.tensor('argmax.value').data]);
    const quarter = decodeHeatmaps(maps, size, 'quarter');
    expectFixture(quarter.xy, fixture.tensor('quarter.xy'));

    const kernel = gaussianKernel(fixture.config.blur_kernel);
    const modulated = new Float32Array(maps.length);
    for (let from = 0; from < maps.length; from += width * height) {
      modulated.set(modulate(maps.subarray(from, from + width * height), height, width, kernel), from);
    }
    expectFixture(modulated, fixture.tensor('modulated'));

    const dark = decodeHeatmaps(maps, size, 'dark');
    const valid = fixture.tensor('dark_valid').data;
    expect([...valid].filter((v) => v === 1).length).toBeGreaterThan(valid.length / 2);
    const centres = fixture.tensor('center').data;
    const scales = fixture.tensor('scale').data;
    const joints = valid.length / 2;
    for (const [name, decoded] of [
      ['quarter', quarter],
      ['dark', dark],
    ] as const) {
      const [cells, image] = [fixture.tensor(`${name}.xy`), fixture.tensor(`${name}.image`)];
      for (let n = 0; n < valid.length; n++) {
        if (name === 'dark' && valid[n] !== 1) continue;
        const b = Math.floor(n / joints);
        // DarkPose measures both the region and the map from the first pixel centre to the last.
        const ends = name === 'dark' ? 1 : 0;
        const unit = (scales[b * 2]! * 200 - ends) / (width - ends);
        const [w, h] = [unit * (width - ends), unit * (height - ends)];
        const region = { x: centres[b * 2]! - w / 2, y: centres[b * 2 + 1]! - h / 2, width: w, height: h };
        const convention = name === 'dark' ? 'udp' : 'cells';
        const pixels = heatmapToPicture(decoded.xy.subarray(n * 2, n * 2 + 2), size, region, convention);
        for (const k of [0, 1]) {
          expect(Math.abs(decoded.xy[n * 2 + k]! - cells.data[n * 2 + k]!)).toBeLessThan(
            Math.max(2e-5, 3e-6 * cells.absMax),
          );
          expect(Math.abs(pixels[k]! - image.data[n * 2 + k]!)).toBeLessThan(Math.max(2e-4, 20 * image.f32Error));
        }
      }
    }
  });
});
