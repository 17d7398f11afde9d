import type { WindowGeometry } from '../window-geometry.ts';
import { type RowMap, rowMap } from './row-map.ts';
import type { VisibleTokens } from './visible-tokens.ts';

/** Visible tokens of several windows side by side in groups of one size: what attention is computed on. */
export interface AttentionGroups {
  readonly count: number;
  /** Slots a group. */
  readonly size: number;
  /** Tokens -> slots `[count * size]`; slots of window padding and unused slots have no token. */
  readonly toSlots: RowMap;
  /** For each group, query slot and key slot: the row of the table of relative positions, or `forbidden`. */
  readonly positions: Int32Array;
  /** One past the table's last row: query and key belong to different windows or regions. */
  readonly forbidden: number;
  /** Whether any slot is window padding, which visible tokens attend to as they do without a mask. */
  readonly hasPadding: boolean;
}

interface Member {
  /** -1 for window padding. */
  readonly token: number;
  readonly y: number;
  readonly x: number;
}

/**
 * Packs the visible part of each shift region of each window into groups (GreenMIM, Huang et al. 2022, with best-fit
 * decreasing in place of their dynamic programme). Windows without a visible token vanish.
 */
export function attentionGroups(tokens: VisibleTokens, geometry: WindowGeometry): AttentionGroups {
  const regions = visibleRegions(tokens, geometry);
  const size = regions.reduce((most, region) => Math.max(most, region.length), 1);
  const groups = packed(regions, size);
  const [height, width] = geometry.window;
  const span = 2 * width - 1;
  const forbidden = (2 * height - 1) * span;
  const positions = new Int32Array(groups.length * size * size).fill(forbidden);
  const slots = new Int32Array(groups.length * size).fill(-1);
  let hasPadding = false;
  groups.forEach((group, g) => {
    let first = 0;
    for (const region of group) {
      region.forEach((query, i) => {
        if (query.token < 0) hasPadding = true;
        slots[g * size + first + i] = query.token;
        const row = (g * size + first + i) * size + first;
        region.forEach((key, j) => {
          positions[row + j] = (query.y - key.y + height - 1) * span + (query.x - key.x + width - 1);
        });
      });
      first += region.length;
    }
  });
  const toSlots = rowMap(slots, tokens.cellOf.length);
  return { count: groups.length, size, toSlots, positions, forbidden, hasPadding };
}

/** The tokens that may attend to one another, region by region; positions inside the window. */
function visibleRegions({ mask, rowOf }: VisibleTokens, geometry: WindowGeometry): Member[][] {
  const [batch, height, width] = mask.shape;
  const rows = axisRegions(geometry, 0);
  const columns = axisRegions(geometry, 1);
  const across = Math.max(...columns.map((c) => c.region)) + 1;
  const down = Math.max(...rows.map((r) => r.region)) + 1;
  const found: Member[][] = [];
  for (let b = 0; b < batch; b++) {
    const regions: Member[][] = Array.from({ length: down * across }, () => []);
    const seen = new Uint8Array(regions.length);
    rows.forEach((row, y) => {
      columns.forEach((column, x) => {
        const inside = y < height && x < width;
        const token = inside ? rowOf[(b * height + y) * width + x]! : -1;
        if (inside && token < 0) return;
        const region = row.region * across + column.region;
        if (token >= 0) seen[region] = 1;
        regions[region]!.push({ token, y: row.offset, x: column.offset });
      });
    });
    regions.forEach((region, i) => {
      if (seen[i]) found.push(region);
    });
  }
  return found;
}

/** For each position along an axis of the padded grid: its region after rolling, and its place in the window. */
function axisRegions({ padded, window, shift }: WindowGeometry, axis: 0 | 1): { region: number; offset: number }[] {
  const [length, side, roll] = [padded[axis], window[axis], shift[axis]];
  return Array.from({ length }, (_, position) => {
    const rolled = (position - roll + length) % length;
    const wrapped = roll > 0 && rolled >= length - roll;
    return { region: wrapped ? length / side : Math.floor(rolled / side), offset: rolled % side };
  });
}

/** Best-fit decreasing: each region goes to the fullest group that still holds it. */
function packed(regions: readonly Member[][], size: number): Member[][][] {
  const groups: Member[][][] = [];
  const withRoom: number[][] = Array.from({ length: size + 1 }, () => []);
  for (const region of [...regions].sort((a, b) => b.length - a.length)) {
    let room = region.length;
    while (room <= size && withRoom[room]!.length === 0) room++;
    const group = room <= size ? withRoom[room]!.pop()! : groups.push([]) - 1;
    if (room > size) room = size;
    groups[group]!.push(region);
    withRoom[room - region.length]!.push(group);
  }
  return groups;
}
