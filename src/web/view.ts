/**
 * How the photo lies on the stage. Pure: a view is replaced, never changed.
 *
 * Image pixel (ix, iy) appears at stage position (x + ix · scale, y + iy · scale) in CSS pixels; the
 * overlay canvas carries the three numbers as `data-scale`, `data-offset-x` and `data-offset-y`, so
 * that a test or an extension can aim: page position = canvas position + offset + pixel · scale.
 */
import type { Size } from '../core/prompt.ts';

export interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** CSS pixels an image pixel may grow to. */
const CLOSEST = 24;
/** How small a photo may become, as a part of its fitted size. */
const FARTHEST = 0.5;
/** Part of the stage that must still show the photo, so that it cannot be lost out of sight. */
const KEEP = 64;

const clamp = (value: number, least: number, most: number): number =>
  Math.min(Math.max(value, least), Math.max(least, most));

/** The whole photo, centred, with a margin; a small photo is at most doubled. */
export function fitted(image: Size, stage: Size, margin = 24): View {
  const scale = Math.max(
    Math.min(
      (stage.width - 2 * margin) / image.width,
      (stage.height - 2 * margin) / image.height,
      2,
    ),
    0.01,
  );
  return {
    scale,
    x: (stage.width - image.width * scale) / 2,
    y: (stage.height - image.height * scale) / 2,
  };
}

export const toImage = (view: View, at: Place): Place => ({
  x: (at.x - view.x) / view.scale,
  y: (at.y - view.y) / view.scale,
});

export const toStage = (view: View, at: Place): Place => ({
  x: view.x + at.x * view.scale,
  y: view.y + at.y * view.scale,
});

/** Moves the photo; some of it always stays in sight. */
export function pan(view: View, dx: number, dy: number, image: Size, stage: Size): View {
  return {
    scale: view.scale,
    x: clamp(view.x + dx, KEEP - image.width * view.scale, stage.width - KEEP),
    y: clamp(view.y + dy, KEEP - image.height * view.scale, stage.height - KEEP),
  };
}

/** Scales about a place of the stage, which keeps showing the same image pixel. */
export function zoom(view: View, by: number, at: Place, image: Size, stage: Size): View {
  const least = fitted(image, stage).scale * FARTHEST;
  const scale = clamp(view.scale * by, Math.min(least, CLOSEST), CLOSEST);
  const ratio = scale / view.scale;
  const moved = { scale, x: at.x - (at.x - view.x) * ratio, y: at.y - (at.y - view.y) * ratio };
  return pan(moved, 0, 0, image, stage);
}

/** True when the pixel under a place of the stage belongs to the image. */
export const onImage = (at: Place, image: Size): boolean =>
  at.x >= 0 && at.y >= 0 && at.x < image.width && at.y < image.height;

/** The nearest place that still lies on the image. */
export const ontoImage = (at: Place, image: Size): Place => ({
  x: clamp(at.x, 0, image.width - 0.01),
  y: clamp(at.y, 0, image.height - 0.01),
});
