import type { Shape2D } from '../../spec/drawing.ts';
import { type CheckDefinition, must } from '../check.ts';
import { buildHead, forward, hostParameters, inputsOf, makeScene, toTensors } from '../scene.ts';

/** Rounding of a coordinate, in pixels. */
const slack = 1e-3;

export const drawChecks: readonly CheckDefinition[] = [
  {
    number: 26,
    id: 'draw/inside',
    title: 'drawn shapes lie within the picture',
    notFor: (subject) => (buildHead(subject).draw ? null : 'the head draws nothing (no draw)'),
    async run(subject) {
      const head = buildHead(subject);
      const scene = makeScene(subject, head);
      const raw = forward(head, toTensors(head, hostParameters(head)), inputsOf(subject, head, scene));
      const size = [77, 131] as const;
      const metas = scene.metas.map((meta) => ({ ...meta, originalSize: size }));
      let drawn = 0;
      for (const result of await head.doPostprocess(raw, metas, subject.fixture.options)) {
        const shapes = head.draw!(result);
        shapes.forEach((shape, k) => {
          mustLieWithin(shape, size, `${shape.kind} ${k}`);
        });
        drawn += shapes.length;
      }
      must(drawn > 0, 'Nothing is drawn: give the fixture `options` that keep results of an untrained head.');
    },
  },
];

function mustLieWithin(shape: Shape2D, [height, width]: readonly [number, number], what: string): void {
  const inside = (x: number, y: number): boolean =>
    x >= -slack && y >= -slack && x <= width + slack && y <= height + slack;
  if (shape.kind === 'box') {
    const [x0, y0, x1, y1] = shape.xyxy;
    must(x0 <= x1 && y0 <= y1, `${what} [${shape.xyxy.join(', ')}] is turned inside out.`);
    must(
      inside(x0, y0) && inside(x1, y1),
      `${what} [${shape.xyxy.join(', ')}] leaves the picture of ${width} x ${height}.`,
    );
  } else if (shape.kind === 'points') {
    for (const [x, y] of shape.xy) {
      must(Number.isNaN(x) || inside(x, y), `${what}: ${x}, ${y} lies outside the picture of ${width} x ${height}.`);
    }
    for (const [a, b] of shape.edges ?? [])
      must(a < shape.xy.length && b < shape.xy.length, `${what}: edge ${a}-${b} has no end.`);
  } else {
    must(
      shape.size[0] === height && shape.size[1] === width,
      `${what} is ${shape.size.join(' x ')}, the picture ${height} x ${width}.`,
    );
    const numbers = height * width * (shape.kind === 'picture' ? 3 : 1);
    must(shape.data.length === numbers, `${what} has ${shape.data.length} numbers, expected ${numbers}.`);
  }
}
