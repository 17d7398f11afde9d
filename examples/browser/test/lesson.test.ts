import { describe, expect, it } from 'vitest';
import type { Picture } from '../src/protocol.ts';
import { boxBetween, clear, lessonPage, paintDisc, paintStroke, remember, undo } from '../src/ui/lesson.ts';

const picture = { id: 1, name: 'a', width: 40, height: 30, boxes: [] } as unknown as Picture;

describe('marks', () => {
  it('are boxes between corners in any order, cut at the border, none where too thin', () => {
    expect(boxBetween([30, 25], [-5, 10], picture)).toEqual([0, 10, 30, 25]);
    expect(boxBetween([30, 10], [90, 45], picture)).toEqual([30, 10, 40, 30]);
    expect(boxBetween([10, 10], [11, 30], picture)).toBeNull();
  });

  it('paint the pixels whose centres lie in the disc, row by row, also at the border', () => {
    for (const [x, y, radius] of [
      [20, 15, 6],
      [0, 29.5, 5],
      [39.2, 3, 8.5],
    ] as const) {
      const page = lessonPage(picture);
      paintDisc(page, x, y, radius, 2);
      for (let py = 0; py < 30; py++) {
        for (let px = 0; px < 40; px++) {
          const distance = Math.hypot(px + 0.5 - x, py + 0.5 - y);
          // Rows end at whole pixels: half a pixel of freedom.
          if (distance < radius - 0.71) expect(page.pixels[py * 40 + px], `${px} ${py}`).toBe(2);
          if (distance > radius + 0.71) expect(page.pixels[py * 40 + px], `${px} ${py}`).toBe(0);
        }
      }
    }
  });

  it('paint strokes without gaps', () => {
    const page = lessonPage(picture);
    paintStroke(page, [2, 15], [38, 15], 2, 1);
    for (let x = 2; x < 38; x++) expect(page.pixels[15 * 40 + x]).toBe(1);
  });

  it('are taken back in order', () => {
    const page = lessonPage(picture);
    remember(page);
    page.boxes = [{ label: 'cup', box: [1, 1, 5, 5] }];
    remember(page);
    paintDisc(page, 10, 10, 4, 1);
    clear(page);
    expect([page.boxes.length, page.pixels.some(Boolean)]).toEqual([0, false]);
    undo(page);
    expect([page.boxes.length, page.pixels.some(Boolean)]).toEqual([1, true]);
    undo(page);
    expect([page.boxes.length, page.pixels.some(Boolean)]).toEqual([1, false]);
    undo(page);
    undo(page);
    expect(page.boxes).toEqual([]);
  });
});
