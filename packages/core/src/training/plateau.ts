import type { Spread } from './spread.ts';

/** Answers that pictures change by less than this share of what queries change them count as the same for every picture. */
const sameShare = 0.1;
/** Below this, in the units of boxes and logits, nothing differs at all. */
const nothing = 1e-3;
/** Watched steps in a row that must show it: the first steps of every run do. */
const patience = 3;

/**
 * Recognises the plateau of set prediction, on which every picture gets the same answer while the loss looks healthy.
 * A head is on it when that is true of all its watched outputs.
 */
export class PlateauWatch {
  readonly #seen = new Map<string, number>();

  /**
   * @param spread of one watched step, by `<head>.<output>`, from batches of at least two pictures
   * @returns a text for each head that has just been recognised; each head is told of once
   */
  see(spread: { readonly [output: string]: Spread }): string[] {
    const texts: string[] = [];
    for (const [head, outputs] of byHead(spread)) {
      const before = this.#seen.get(head) ?? 0;
      const now = outputs.every(([, measured]) => isSame(measured)) ? before + 1 : 0;
      if (before < patience) this.#seen.set(head, now);
      if (before < patience && now === patience) texts.push(text(head, outputs));
    }
    return texts;
  }
}

type Outputs = [name: string, spread: Spread][];

function byHead(spread: { readonly [output: string]: Spread }): Map<string, Outputs> {
  const heads = new Map<string, Outputs>();
  for (const [name, measured] of Object.entries(spread)) {
    if (measured.overQueries === null) continue;
    const [head] = name.split('.') as [string];
    heads.set(head, [...(heads.get(head) ?? []), [name, measured]]);
  }
  return heads;
}

function isSame({ overPictures, overQueries }: Spread): boolean {
  return overPictures < Math.max(nothing, sameShare * overQueries!);
}

function text(head: string, outputs: Outputs): string {
  const figures = outputs.map(
    ([name, { overPictures, overQueries }]) =>
      `${name} differs by ${overPictures.toPrecision(2)} over pictures and ${overQueries!.toPrecision(2)} over queries`,
  );
  return (
    `'${head}' gives every picture the same answer (${figures.join('; ')}). Set prediction starts on this plateau: the loss looks healthy, ` +
    'but nothing is found. Start from pre-trained weights, decoder included; tie queries to places (`placedQueries` of the detection ' +
    'head); or train longer.'
  );
}
