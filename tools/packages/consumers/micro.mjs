/** The smallest model that has every part, so that a prediction takes moments; and a picture. */
export const backbone = {
  encoder: {
    embed: 8,
    depths: [2, 1, 1, 1],
    heads: [1, 2, 2, 2],
    window: 4,
    mlpRatio: 2,
    dropPath: 0,
    semantics: 'detection',
  },
  neck: { width: 16, cells: 1, groups: 4, pixelsFrom: 'neck' },
  decoder: { layers: 3, heads: 2, ffn: 24 },
};

export const picture = {
  width: 48,
  height: 32,
  data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => (i * 37) % 256),
};
