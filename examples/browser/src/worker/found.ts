import type { DepthPrediction } from '@glid/head-depth';
import type { DetectionResult } from '@glid/head-detection';
import type { AnyHead } from '@glid/head-kit';
import type { PoseResult } from '@glid/head-pose';
import type { SegmentationResult } from '@glid/head-segmentation';
import type { CrowdResult } from '../../../third-party-heads/crowd-counting/src/index.ts';
import type { ClassificationResult } from '../../../third-party-heads/image-classification/src/index.ts';
import type { Found } from '../protocol.ts';

/** Shown in words, and drawn, from this score on. */
const sure = 0.5;
const percent = (share: number): string => `${Math.round(100 * share)} %`;

type Describe = (result: never, head: AnyHead) => readonly Omit<Found, 'head'>[] | null;

/** Results in words by the head's package. What is not here, or null, is described by the labels of what is drawn. */
const describers: { readonly [id: string]: Describe } = {
  '@glid/head-detection': ({ detections }: DetectionResult) => {
    const seen = detections.filter(({ score }) => score >= sure);
    const words = seen.map(({ label, score, box, query }) => ({
      text: `${label}, ${percent(score)}`,
      query,
      box,
      score,
    }));
    const [best] = detections;
    if (words.length > 0 || !best) return words;
    const { label, score, box, query } = best;
    return [{ text: `no box surer than ${percent(sure)}; best guess ${label}, ${percent(score)}`, query, box, score }];
  },
  '@glid/head-segmentation': ({ semantic }: SegmentationResult, head) => {
    if (!semantic || !head.queries.perLabel) return null;
    const counts = head.labels.map(() => 0);
    for (const label of semantic.data) if (label < counts.length) counts[label]!++;
    return head.labels
      .map((label, query) => ({ text: `${label}, ${percent(counts[query]! / semantic.data.length)}`, query }))
      .filter(({ query }) => counts[query]! > semantic.data.length / 200);
  },
  '@glid/head-depth': ({ depth }: DepthPrediction) => {
    let [least, most] = [Number.POSITIVE_INFINITY, 0];
    for (const metres of depth) {
      if (metres < least) least = metres;
      if (metres > most) most = metres;
    }
    return [{ text: `from ${least.toFixed(1)} to ${most.toFixed(1)} m away` }];
  },
  '@glid/head-pose': ({ joints }: PoseResult) => {
    const seen = joints.filter(({ score }) => score >= 0.2).length;
    return [{ text: `${seen} of ${joints.length} joints` }];
  },
  'glid-head-image-classification': ({ ranking }: ClassificationResult) =>
    ranking.slice(0, 3).map(({ label, score }) => ({ text: `${label}, ${percent(score)}`, query: 0, score })),
  'glid-head-crowd-counting': ({ count, counts }: CrowdResult) => [
    { text: `${count.toFixed(1)} in all` },
    ...counts.map((one, query) => ({ text: `${one.count.toFixed(1)} × ${one.label}`, query })),
  ],
};

export function describeResult(key: string, head: AnyHead, result: unknown): readonly Found[] {
  const words = describers[head.id]?.(result as never, head);
  if (words) return words.map((found) => ({ head: key, ...found }));
  return (head.draw?.(result) ?? []).flatMap((shape) =>
    'label' in shape && shape.label ? [{ head: key, text: shape.label }] : [],
  );
}

/** The query that answered for a point of the picture: of a box around it, of the joint nearest to it, of the class it shows. */
export function queryAt(key: string, head: AnyHead, result: unknown, x: number, y: number): Found | null {
  const { detections, joints, semantic, size } = result as Partial<DetectionResult & PoseResult & SegmentationResult>;
  if (detections) {
    const around = detections.filter(
      ({ score, box: [x0, y0, x1, y1] }) => score >= sure && x >= x0 && x < x1 && y >= y0 && y < y1,
    );
    const area = ({ box: [x0, y0, x1, y1] }: (typeof detections)[number]): number => (x1 - x0) * (y1 - y0);
    const [smallest] = around.sort((a, b) => area(a) - area(b));
    return smallest ? { head: key, text: smallest.label, query: smallest.query, box: smallest.box } : null;
  }
  if (joints && size) {
    const distance = (joint: (typeof joints)[number]): number => Math.hypot(joint.x - x, joint.y - y);
    const [nearest] = joints
      .map((joint, query) => ({ joint, query }))
      .filter(({ joint }) => joint.score >= 0.2 && distance(joint) < 0.06 * Math.max(...size))
      .sort((a, b) => distance(a.joint) - distance(b.joint));
    return nearest ? { head: key, text: nearest.joint.name, query: nearest.query } : null;
  }
  if (semantic && size && head.queries.perLabel) {
    const query = semantic.data[Math.floor(y) * size[1] + Math.floor(x)];
    const text = query === undefined ? undefined : head.labels[query];
    return query === undefined || text === undefined ? null : { head: key, text, query };
  }
  return null;
}
