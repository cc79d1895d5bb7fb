import type { Box, Size } from '../../core/prompt.ts';
import type { Runs } from '../../core/rle.ts';
import { runsOfChanges } from '../../core/rle.ts';

/** A field whose positive part is the mask, sampled at the centres of a grid laid over `window`. */
export interface MaskField extends Size {
  readonly values: Float32Array;
  /** Pixels of the image that the grid covers, fractions allowed; outside it there is no mask. */
  readonly window: Box;
}

/**
 * Run lengths, at the image's own size, of a field interpolated bilinearly. Solves for the contour
 * along each column instead of visiting its pixels, so that the cost grows with the image's width
 * and the field's height, and no array of the image's size is ever made.
 */
export function runsOfField(field: MaskField, image: Size): Runs {
  const changes = new ChangeList();
  const profile = new Float32Array(field.height);
  const { window } = field;
  const [left, right] = pixelsUnder(window.x, window.width, image.width);
  const [top, bottom] = pixelsUnder(window.y, window.height, image.height);
  const rows = { top, bottom, start: window.y, scale: window.height / field.height };
  for (let x = left; x < right; x++) {
    const at = ((x + 0.5 - window.x) * field.width) / window.width - 0.5;
    interpolateColumn(field, at, profile);
    changeAlong(profile, rows, x * image.height, changes);
  }
  return runsOfChanges(changes.taken(), image.width * image.height);
}

/** The pixels whose centres lie between two places: the first, and the one after the last. */
function pixelsUnder(start: number, length: number, limit: number): [number, number] {
  return [Math.max(0, Math.ceil(start - 0.5)), Math.min(limit, Math.ceil(start + length - 0.5))];
}

/** The rows of the image under a field, and where and how far apart its samples lie. */
interface Rows {
  readonly top: number;
  readonly bottom: number;
  readonly start: number;
  readonly scale: number;
}

/** Rising positions; the same position twice is no change at all. */
class ChangeList {
  #positions = new Uint32Array(1024);
  #length = 0;

  toggle(position: number): void {
    if (this.#length > 0 && this.#positions[this.#length - 1] === position) {
      this.#length--;
      return;
    }
    if (this.#length === this.#positions.length) {
      const larger = new Uint32Array(this.#length * 2);
      larger.set(this.#positions);
      this.#positions = larger;
    }
    this.#positions[this.#length++] = position;
  }

  taken(): Uint32Array {
    return this.#positions.subarray(0, this.#length);
  }
}

function interpolateColumn(field: MaskField, at: number, profile: Float32Array): void {
  const { values, width, height } = field;
  const u = Math.min(Math.max(at, 0), width - 1);
  const left = Math.floor(u);
  const right = Math.min(left + 1, width - 1);
  const share = u - left;
  for (let y = 0; y < height; y++) {
    const a = values[y * width + left] as number;
    const b = values[y * width + right] as number;
    profile[y] = a + (b - a) * share;
  }
}

/** Adds the changes along one column of the image, whose first pixel has index `column`. */
function changeAlong(profile: Float32Array, rows: Rows, column: number, changes: ChangeList): void {
  let before = profile[0] as number;
  if (before > 0) changes.toggle(column + rows.top);
  for (let k = 1; k < profile.length; k++) {
    const value = profile[k] as number;
    if (value > 0 !== before > 0) {
      const sample = k - 1 + before / (before - value);
      const crossing = rows.start + (sample + 0.5) * rows.scale - 0.5;
      const change = value > 0 ? Math.floor(crossing) + 1 : Math.ceil(crossing);
      changes.toggle(column + Math.min(Math.max(change, rows.top), rows.bottom));
    }
    before = value;
  }
  if (before > 0) changes.toggle(column + rows.bottom);
}
