/** What is added to the four box outputs before the sigmoid: the point's logits, and -2 for the sides (a box of an eighth). `[count * 4]`. */
export function boxOffsets(points: Float32Array): Float32Array {
  const offsets = new Float32Array(points.length * 2);
  const logit = (p: number): number => Math.log(p / (1 - p));
  for (let i = 0; i < points.length / 2; i++) {
    offsets.set([logit(points[2 * i]!), logit(points[2 * i + 1]!), -2, -2], 4 * i);
  }
  return offsets;
}
