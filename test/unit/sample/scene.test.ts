import { describe, expect, it } from 'vitest';
import { renderScene } from '../../../src/sample/scene.ts';

const scene = renderScene({ width: 256 });

const inside = (mask: Uint8Array): number => mask.reduce((sum, bit) => sum + bit, 0);

describe('the sample scene', () => {
  it('is the same every time', () => {
    const again = renderScene({ width: 256 });
    expect(again.rgba).toEqual(scene.rgba);
    expect(again.objects).toEqual(scene.objects);
  });

  it('is opaque and of the size that it says', () => {
    expect([scene.width, scene.height]).toEqual([256, 192]);
    expect(scene.rgba).toHaveLength(256 * 192 * 4);
    expect(scene.rgba.every((value, index) => index % 4 !== 3 || value === 255)).toBe(true);
  });

  it('holds named objects whose masks are large enough to aim at and never overlap', () => {
    expect(scene.objects.map((object) => object.name)).toEqual([
      'bottle',
      'mug',
      'pear',
      'orange',
      'apple',
      'lemon',
      'plum',
      'leaf',
    ]);
    const owners = new Uint8Array(256 * 192);
    for (const { mask } of scene.objects) {
      expect(mask).toHaveLength(256 * 192);
      expect(inside(mask)).toBeGreaterThan(256 * 192 * 0.005);
      for (const [pixel, bit] of mask.entries()) owners[pixel] = (owners[pixel] ?? 0) + bit;
    }
    expect(Math.max(...owners)).toBe(1);
  });

  it('names a click that lies well inside each object', () => {
    for (const { name, mask, click } of scene.objects) {
      for (const [dx, dy] of [
        [0, 0],
        [-4, 0],
        [4, 0],
        [0, -4],
        [0, 4],
      ] as const) {
        expect(mask[(click.y + dy) * 256 + click.x + dx], `${name} ${dx} ${dy}`).toBe(1);
      }
    }
  });

  it('changes its noise, not its masks, with the seed', () => {
    const other = renderScene({ width: 256, seed: 2 });
    expect(other.rgba).not.toEqual(scene.rgba);
    expect(other.objects).toEqual(scene.objects);
  });
});
