/**
 * What a person has told us about one object: the fold of its clicks.
 * Coordinates are pixels of the upright image, origin top left, fractions allowed.
 */

/** A point on the object (`label` 1) or off it (`label` 0). */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly label: 0 | 1;
}

/** A rectangle around the object; its corner is top left, its area is not empty. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What one click adds: points, a box, or both; never neither. */
export interface PromptPart {
  readonly points: readonly Point[];
  readonly box?: Box;
}

/** All points of an object in the order of their clicks, and the newest of its boxes. */
export interface Prompt {
  readonly points: readonly Point[];
  readonly box?: Box;
}

/** Folds clicks, oldest first, into the prompt that a feature server is asked. */
export function foldPrompt(parts: Iterable<PromptPart>): Prompt {
  const points: Point[] = [];
  let box: Box | undefined;
  for (const part of parts) {
    points.push(...part.points);
    box = part.box ?? box;
  }
  return box === undefined ? { points } : { points, box };
}

/** True for a prompt that asks for nothing: every click of the object was undone. */
export function isEmptyPrompt(prompt: Prompt): boolean {
  return prompt.points.length === 0 && prompt.box === undefined;
}

/**
 * A text that two prompts share exactly when a feature server cannot tell them apart: the key under
 * which answers are remembered. Order counts, since engines refine click by click.
 */
export function promptKey(prompt: Prompt): string {
  const points = prompt.points.map((point) => `${point.x},${point.y},${point.label}`).join(';');
  const box = prompt.box;
  return box === undefined ? points : `${points}|${box.x},${box.y},${box.width},${box.height}`;
}

/** Width and height of an upright image, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** True when the point lies on the image: `0 <= x < width`, `0 <= y < height`. */
export function pointInside(
  point: { readonly x: number; readonly y: number },
  size: Size,
): boolean {
  return point.x >= 0 && point.y >= 0 && point.x < size.width && point.y < size.height;
}

/** True when the whole box lies on the image and has an area. */
export function boxInside(box: Box, size: Size): boolean {
  return (
    box.width > 0 &&
    box.height > 0 &&
    box.x >= 0 &&
    box.y >= 0 &&
    box.x + box.width <= size.width &&
    box.y + box.height <= size.height
  );
}
