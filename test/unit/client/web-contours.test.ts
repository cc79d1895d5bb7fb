import { describe, expect, it } from 'vitest';
import { renderScene } from '../../../src/sample/scene.ts';
import type { Loop } from '../../../src/web/contours.ts';
import { contours } from '../../../src/web/contours.ts';

function outlinesOf(rows: readonly string[]): readonly Loop[] {
  const size = { width: rows[0]?.length ?? 0, height: rows.length };
  const mask = Uint8Array.from(rows.join(''), (pixel) => (pixel === '#' ? 1 : 0));
  return contours(mask, size, { x: 0, y: 0, ...size });
}

/** Signed: outer borders run one way, holes the other. */
function areaOf(loop: Loop): number {
  let twice = 0;
  for (let at = 0; at < loop.length; at += 2) {
    const next = (at + 2) % loop.length;
    twice += (loop[at] ?? 0) * (loop[next + 1] ?? 0) - (loop[next] ?? 0) * (loop[at + 1] ?? 0);
  }
  return twice / 2;
}

describe('contours', () => {
  it('goes around each piece once, with holes the other way round', () => {
    const loops = outlinesOf(['........', '.#####..', '.#...#..', '.#...#.#', '.#####..']);
    const areas = loops.map(areaOf);
    expect(areas.filter((area) => area > 0)).toHaveLength(2);
    expect(areas.filter((area) => area < 0)).toHaveLength(1);
  });

  it('does not join pieces that touch at a corner only', () => {
    expect(outlinesOf(['#.', '.#'])).toHaveLength(2);
  });

  it('follows masks that touch the border of the image', () => {
    const [loop] = outlinesOf(['####', '####', '####']);
    expect(Math.min(...(loop ?? []))).toBeGreaterThanOrEqual(0);
    expect(areaOf(loop ?? new Float32Array())).toBeGreaterThan(8);
  });

  it('is nothing for an empty mask', () => {
    expect(outlinesOf(['....', '....'])).toEqual([]);
  });

  it('encloses the area of the objects of the sample scene', () => {
    const { width, height, objects } = renderScene({ width: 320 });
    for (const { name, mask } of objects) {
      const loops = contours(mask, { width, height }, { x: 0, y: 0, width, height });
      const enclosed = loops.reduce((sum, loop) => sum + areaOf(loop), 0);
      const pixels = mask.reduce((sum, bit) => sum + bit, 0);
      expect(Math.abs(enclosed / pixels - 1), name).toBeLessThan(0.02);
    }
  });
});
