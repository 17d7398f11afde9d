/** What became of a detection. */
export const outcome = { falsePositive: 0, truePositive: 1, ignored: 2 } as const;
