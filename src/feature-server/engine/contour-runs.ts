import type { Box, Size } from '../../core/prompt.ts';
import type { Runs } from '../../core/rle.ts';
import { runsOfChanges } from '../../core/rle.ts';

/** A field whose positive part is the mask, sampled at the centres of a grid laid over `window`. */
export interface MaskField extends Size {
  readonly values: Float32Array;
  /** Whole pixels of the image that the grid covers; outside it there is no mask. */
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
  for (let x = 0; x < window.width; x++) {
    interpolateColumn(field, ((x + 0.5) * field.width) / window.width - 0.5, profile);
    changeAlong(profile, window.height, (window.x + x) * image.height + window.y, changes);
  }
  return runsOfChanges(changes.taken(), image.width * image.height);
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

/** Adds the changes along one column of `length` pixels, of which the first has index `start`. */
function changeAlong(profile: Float32Array, length: number, start: number, changes: ChangeList) {
  const scale = length / profile.length;
  let before = profile[0] as number;
  if (before > 0) changes.toggle(start);
  for (let k = 1; k < profile.length; k++) {
    const value = profile[k] as number;
    if (value > 0 !== before > 0) {
      const crossing = (k - 1 + before / (before - value) + 0.5) * scale - 0.5;
      changes.toggle(start + (value > 0 ? Math.floor(crossing) + 1 : Math.ceil(crossing)));
    }
    before = value;
  }
  if (before > 0) changes.toggle(start + length);
}
