import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { resizeRelativePositionTable } from '../src/weights/index.ts';

/** Protocol buffer fields: `[number, value]` with varints for numbers, bytes for text and messages. */
type Field = readonly [number: number, value: number | string | Uint8Array | { readonly float: number }];

function message(...fields: Field[]): Uint8Array {
  const out: number[] = [];
  const varint = (value: number): void => {
    for (let rest = value; ; rest = Math.floor(rest / 128)) {
      out.push(rest < 128 ? rest : (rest % 128) + 128);
      if (rest < 128) return;
    }
  };
  for (const [number, value] of fields) {
    if (typeof value === 'number') {
      varint(number * 8);
      varint(value);
    } else if (value instanceof Uint8Array || typeof value === 'string') {
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      varint(number * 8 + 2);
      varint(bytes.length);
      for (const byte of bytes) out.push(byte);
    } else {
      varint(number * 8 + 5);
      out.push(...new Uint8Array(Float32Array.of(value.float).buffer));
    }
  }
  return Uint8Array.from(out);
}

/** An ONNX model of one node: Resize, cubic, coefficient -0.75, half-pixel centres, border repeated. */
function resizeModel(): Uint8Array {
  const text = (name: string, value: string): Field => [5, message([1, name], [4, value], [20, 3])];
  const value = (name: string, type: number): Uint8Array => message([1, name], [2, message([1, message([1, type])])]);
  const node = message(
    [1, 'x'],
    [1, ''],
    [1, ''],
    [1, 'sizes'],
    [2, 'y'],
    [4, 'Resize'],
    text('mode', 'cubic'),
    text('coordinate_transformation_mode', 'half_pixel'),
    [5, message([1, 'cubic_coeff_a'], [2, { float: -0.75 }], [20, 1])],
  );
  const graph = message([1, node], [2, 'g'], [11, value('x', 1)], [11, value('sizes', 7)], [12, value('y', 1)]);
  return message([1, 8], [7, graph], [8, message([2, 13])]);
}

/** The runtime computes positions in float32: half a unit in the last place of 23 or 47, times a slope of about 2. */
const tolerance = 1e-5;

it('equals the cubic resize of ONNX Runtime', async () => {
  const session = await InferenceSession.create(resizeModel(), { logSeverityLevel: 3 });
  for (const [from, to, heads] of [
    [7, 12, 3],
    [12, 7, 2],
    [4, 6, 4],
    [6, 24, 1],
  ] as const) {
    const [n, m] = [2 * from - 1, 2 * to - 1];
    const table = Float32Array.from({ length: n * n * heads }, (_, i) => Math.sin(i * i));
    const got = resizeRelativePositionTable(table, heads, from, to);
    const planes = Float32Array.from(
      { length: table.length },
      (_, i) => table[(i % (n * n)) * heads + Math.floor(i / (n * n))]!,
    );
    const { y } = await session.run({
      x: new Tensor('float32', planes, [1, heads, n, n]),
      sizes: new Tensor('int64', BigInt64Array.from([1, heads, m, m].map(BigInt)), [4]),
    });
    const want = y!.data as Float32Array;
    expect(want).toHaveLength(got.length);
    for (let h = 0; h < heads; h++) {
      for (let p = 0; p < m * m; p++)
        expect(Math.abs(got[p * heads + h]! - want[h * m * m + p]!)).toBeLessThan(tolerance);
    }
  }
});
