import type { Box, Point } from '../../core/prompt.ts';
import { BadValue } from '../config/variable.ts';

/** `x,y` on the object; `x,y,0` beside it. */
export function point(text: string): Point {
  const [x, y, label = 1, ...rest] = numbers(text);
  if (x === undefined || y === undefined || rest.length > 0 || (label !== 0 && label !== 1)) {
    throw new BadValue('must be x,y on the object or x,y,0 beside it, in pixels');
  }
  return { x, y, label };
}

/** `x,y,width,height`. */
export function box(text: string): Box {
  const [x, y, width, height, ...rest] = numbers(text);
  if (
    x === undefined ||
    y === undefined ||
    width === undefined ||
    height === undefined ||
    rest.length > 0
  ) {
    throw new BadValue('must be x,y,width,height in pixels');
  }
  return { x, y, width, height };
}

/** None at all when one of them is no number. */
function numbers(text: string): readonly number[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.every((part) => /^-?\d+(\.\d+)?$/.test(part)) ? parts.map(Number) : [];
}
