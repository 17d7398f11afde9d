/** What a kind of head answers with, and what its template needs beyond the kit. */
export interface Kind {
  /** For the question on a terminal. */
  readonly summary: string;
  /** What the head of the template does, for its README. */
  readonly what: string;
  /** Packages that its sources import, beside those of every head. */
  readonly imports: readonly string[];
}

export type KindName = 'dense' | 'matched' | 'vector';

export const kinds: Readonly<Record<KindName, Kind>> = {
  dense: {
    summary: 'an answer for every pixel (here: is a thing there?)',
    what: 'where a picture shows one of the labels, as a probability for every pixel.',
    imports: ['@glid/ops'],
  },
  matched: {
    summary: 'a list of things, matched with the truth (here: a point and a label each)',
    what: 'the things in a picture, each as a point with a label.',
    imports: ['@glid/ops'],
  },
  vector: {
    summary: 'numbers about the whole picture (here: how many things of each label)',
    what: 'how many things of each label a picture shows.',
    imports: [],
  },
};

export const kindNames: readonly KindName[] = Object.keys(kinds) as KindName[];
