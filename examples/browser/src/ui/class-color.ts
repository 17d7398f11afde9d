/** Colours of the user's classes in their order: light enough to lie on dark pictures, far apart for most eyes. */
const colors = ['#ffb000', '#45c4ff', '#ff6b8b', '#5fe0a0', '#b796ff', '#ffe45c', '#ff8a4c', '#8fe3e8'] as const;

export function classColor(index: number): string {
  return colors[((index % colors.length) + colors.length) % colors.length]!;
}

/** Black or white, whichever reads better on a colour. */
export function inkFor(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((k) => Number.parseInt(color.slice(k, k + 2), 16)) as [
    number,
    number,
    number,
  ];
  return 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? '#000000' : '#ffffff';
}
