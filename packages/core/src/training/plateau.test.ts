import { describe, expect, it } from 'vitest';
import { PlateauWatch } from './plateau.ts';

const same = { overPictures: 0.004, overQueries: 0.2 };
const different = { overPictures: 0.1, overQueries: 0.2 };

describe('PlateauWatch', () => {
  it('tells of a head once, when every output has been the same for every picture three times in a row', () => {
    const watch = new PlateauWatch();
    const plateau = { 'cells.boxes': same, 'cells.logits': { overPictures: 0, overQueries: 0.0004 } };
    expect(watch.see(plateau)).toEqual([]);
    expect(watch.see(plateau)).toEqual([]);
    const [text, ...more] = watch.see(plateau);
    expect(more).toEqual([]);
    expect(text).toContain("'cells' gives every picture the same answer");
    expect(text).toContain('cells.boxes differs by 0.0040 over pictures and 0.20 over queries');
    expect(text).toContain('placedQueries');
    for (let i = 0; i < 5; i++) expect(watch.see(plateau)).toEqual([]);
  });

  it('begins anew when an answer differs, and keeps heads apart', () => {
    const watch = new PlateauWatch();
    const both = (a: typeof same, b: typeof same) => ({ 'a.boxes': a, 'a.logits': a, 'b.logits': b });
    watch.see(both(same, same));
    watch.see(both(same, different));
    expect(watch.see(both(same, same))).toEqual([expect.stringContaining("'a'")]);
    watch.see(both(same, same));
    expect(watch.see(both(same, same))).toEqual([expect.stringContaining("'b'")]);
  });

  it('is silent while one of the outputs differs, and about outputs without queries', () => {
    const watch = new PlateauWatch();
    for (let i = 0; i < 9; i++) {
      const text = watch.see({
        'a.boxes': same,
        'a.logits': different,
        'b.map': { overPictures: 0, overQueries: null },
      });
      expect(text).toEqual([]);
    }
  });
});
