import { componentsOf } from './components.ts';
import type { DecodeInput } from './decode-input.ts';
import { HOLE_SHARE } from './tuning.ts';

/**
 * A mask without parts that no positive click holds (when there are such clicks) and without small
 * holes that no negative click made.
 */
export function cleanMask(input: DecodeInput, mask: Uint8Array): Uint8Array {
  const { space, seeds, clicks } = input;
  const { area, border, count } = space.graph;
  const parts = componentsOf(space, mask);
  const held = new Uint8Array(parts.count);
  const touches = new Uint8Array(parts.count);
  const barred = new Uint8Array(parts.count);
  const areas = new Float64Array(parts.count);
  for (let r = 0; r < count; r++) {
    const part = parts.of[r] as number;
    areas[part] = (areas[part] as number) + (area[r] as number);
    if (seeds[r] === 1) held[part] = 1;
    if (seeds[r] === -1) barred[part] = 1;
    if ((border[r] as number) > 0) touches[part] = 1;
  }
  const needsClick = clicks.some(({ label }) => label === 1);
  const keeps = (part: number) =>
    mask[parts.member[part] as number] === 1 && (!needsClick || held[part] === 1);
  let kept = 0;
  for (let part = 0; part < parts.count; part++) if (keeps(part)) kept += areas[part] as number;
  const fills = (part: number) =>
    mask[parts.member[part] as number] === 0 &&
    touches[part] === 0 &&
    barred[part] === 0 &&
    (areas[part] as number) < kept * HOLE_SHARE;
  const stays = Uint8Array.from(held, (_, part) => (keeps(part) || fills(part) ? 1 : 0));
  const cleaned = new Uint8Array(count);
  for (let r = 0; r < count; r++) cleaned[r] = stays[parts.of[r] as number] as number;
  return needsClick ? withoutLooseParts(input, cleaned) : cleaned;
}

/** A hole may have been filled although what enclosed it was dropped. */
function withoutLooseParts({ space, seeds }: DecodeInput, mask: Uint8Array): Uint8Array {
  const parts = componentsOf(space, mask);
  const held = new Uint8Array(parts.count);
  for (let r = 0; r < mask.length; r++) if (seeds[r] === 1) held[parts.of[r] as number] = 1;
  for (let r = 0; r < mask.length; r++) {
    if (held[parts.of[r] as number] === 0) mask[r] = 0;
  }
  return mask;
}
