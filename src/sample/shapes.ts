/**
 * Plane figures as distance functions: negative inside, zero on the outline, positive outside.
 * Ways to combine them after I. Quilez, "2D distance functions".
 */

/** Distance from (x, y) to an outline; need not be exact away from the outline. */
export type Distance = (x: number, y: number) => number;

export const circle =
  (cx: number, cy: number, radius: number): Distance =>
  (x, y) =>
    Math.hypot(x - cx, y - cy) - radius;

/** Exact on the outline and on the axes only, which is what drawing needs. */
export const ellipse =
  (cx: number, cy: number, rx: number, ry: number): Distance =>
  (x, y) => {
    const unit = Math.hypot((x - cx) / rx, (y - cy) / ry);
    const slope = Math.hypot((x - cx) / (rx * rx), (y - cy) / (ry * ry));
    return slope === 0 ? -Math.min(rx, ry) : (unit * (unit - 1)) / slope;
  };

/** An upright rectangle whose corners are rounded with `round`. */
export const roundedBox =
  (cx: number, cy: number, halfWidth: number, halfHeight: number, round: number): Distance =>
  (x, y) => {
    const dx = Math.abs(x - cx) - halfWidth + round;
    const dy = Math.abs(y - cy) - halfHeight + round;
    return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - round;
  };

/** A stroke from a to b whose half width goes from `from` to `to`. */
export const stroke =
  (ax: number, ay: number, bx: number, by: number, from: number, to: number): Distance =>
  (x, y) => {
    const length = (bx - ax) ** 2 + (by - ay) ** 2;
    const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / length;
    const t = Math.min(Math.max(along, 0), 1);
    return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay)) - from - t * (to - from);
  };

/** A lens from (-length, 0) to (length, 0), `half` high on either side: a leaf before it is turned. */
export const lens = (length: number, half: number): Distance => {
  const offset = (length * length - half * half) / (2 * half);
  const radius = offset + half;
  return (x, y) => Math.hypot(x, Math.abs(y) + offset) - radius;
};

/** The figure turned by `angle` (radians, clockwise on the screen) and moved to (cx, cy). */
export const placed = (figure: Distance, cx: number, cy: number, angle: number): Distance => {
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  return (x, y) => {
    const dx = x - cx;
    const dy = y - cy;
    return figure(dx * cos + dy * sin, dy * cos - dx * sin);
  };
};

export const union =
  (...figures: readonly Distance[]): Distance =>
  (x, y) => {
    let nearest = Number.POSITIVE_INFINITY;
    for (const figure of figures) nearest = Math.min(nearest, figure(x, y));
    return nearest;
  };

/** Union whose inner corners are filled with a fillet of about `blend`. */
export const smoothUnion =
  (one: Distance, other: Distance, blend: number): Distance =>
  (x, y) => {
    const a = one(x, y);
    const b = other(x, y);
    const overlap = Math.max(blend - Math.abs(a - b), 0) / blend;
    return Math.min(a, b) - (overlap * overlap * blend) / 4;
  };

export const without =
  (figure: Distance, hole: Distance): Distance =>
  (x, y) =>
    Math.max(figure(x, y), -hole(x, y));
