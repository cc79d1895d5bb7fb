import type { Box } from '../../../../src/core/prompt.ts';

/** Of the image that everything is drawn on: it costs nothing to send and to decode. */
export const IMAGE = { width: 512, height: 512 } as const;
/** Clicks on one object that can be told apart. */
const CLICKS_PER_PIXEL = 64;
const BOX = { width: 8, height: 8 } as const;

/**
 * A box that says which click it is: the column is the object, the row counts its clicks. A new box
 * replaces the one before, so a prompt does not grow, and no two prompts are alike.
 */
export function boxOf(object: number, click: number): Box {
  return { x: object, y: click / CLICKS_PER_PIXEL, ...BOX };
}

/** The object that a box of {@link boxOf} was drawn for. */
export function objectOf(box: Box | undefined): number | undefined {
  return box?.x;
}
