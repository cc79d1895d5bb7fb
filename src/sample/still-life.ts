/** What lies on the table, back to front, in a plane of 1024 × 768 units. */
import { fractalNoise, valueNoise } from './noise.ts';
import type { Gloss, Rgb } from './shading.ts';
import { lit, mix, rgb, scaled, smoothstep, unit } from './shading.ts';
import type { Distance } from './shapes.ts';
import {
  circle,
  ellipse,
  lens,
  placed,
  roundedBox,
  smoothUnion,
  stroke,
  union,
  without,
} from './shapes.ts';

/** The plane in which everything is placed. */
export const PLANE = { width: 1024, height: 768 } as const;

export interface Painted {
  readonly name: string;
  /** Negative inside the visible outline. */
  readonly outline: Distance;
  /** Linear colour at a point inside. */
  readonly paint: (x: number, y: number) => Rgb;
  /** A rectangle that holds the outline. */
  readonly frame: readonly [left: number, top: number, right: number, bottom: number];
  /** Where it meets the table, and how far its shadow reaches. */
  readonly foot: {
    readonly x: number;
    readonly y: number;
    readonly rx: number;
    readonly ry: number;
  };
}

type Texture = (x: number, y: number) => Rgb;

/** Shades a figure as if it were blown up like a cushion that reaches its full height at `depth`. */
function cushion(figure: Distance, depth: number, texture: Texture, gloss: Gloss, bump = 0) {
  return (x: number, y: number): Rgb => {
    const here = figure(x, y);
    const across = figure(x + 0.5, y) - figure(x - 0.5, y);
    const down = figure(x, y + 0.5) - figure(x, y - 0.5);
    const tilt = Math.min(Math.max(1 + here / depth, 0), 1);
    const rough = bump === 0 ? 0 : bump * (valueNoise(x / 2.6, y / 2.6, 77) - 0.5);
    const normal = unit(
      across * tilt + rough,
      down * tilt + rough,
      Math.sqrt(Math.max(1 - tilt * tilt, 0.0004)),
    );
    return lit(texture(x, y), normal, gloss);
  };
}

/** Shades a figure as the body that it makes when it is turned about the upright line at `cx`. */
function turned(figure: Distance, cx: number, texture: Texture, gloss: Gloss) {
  const radii = Array.from({ length: PLANE.height }, (_, y) => {
    let inside = 0;
    for (let step = 128; step > 1 / 64; step /= 2)
      if (figure(cx + inside + step, y) < 0) inside += step;
    return inside;
  });
  const radius = (y: number): number => radii[Math.min(Math.max(Math.round(y), 0), 767)] ?? 0;
  return (x: number, y: number): Rgb => {
    const between = y - Math.floor(y);
    const reach = radius(Math.floor(y)) * (1 - between) + radius(Math.floor(y) + 1) * between;
    const across = Math.min(Math.max((x - cx) / (reach || 1), -1), 1);
    const widening = (radius(y + 4) - radius(y - 4)) / 8;
    const towards = Math.sqrt(Math.max(1 - across * across, 0.0004));
    return lit(texture(x, y), unit(across, -widening, towards), gloss);
  };
}

/** Shades an ellipsoid. */
function ball(cx: number, cy: number, rx: number, ry: number, texture: Texture, gloss: Gloss) {
  return (x: number, y: number): Rgb => {
    const across = (x - cx) / rx;
    const down = (y - cy) / ry;
    const towards = Math.sqrt(Math.max(1 - across * across - down * down, 0.0004));
    return lit(texture(x, y), unit(across, down, towards), gloss);
  };
}

const plain =
  (hex: number): Texture =>
  () =>
    rgb(hex);

function bottle(): Painted {
  const body = roundedBox(190, 396, 58, 124, 26);
  const neck = roundedBox(190, 190, 20, 106, 5);
  const lip = roundedBox(190, 98, 25, 13, 6);
  const outline = union(smoothUnion(body, neck, 70), lip);
  const band: Texture = (_, y) =>
    mix(rgb(0x2f5d46), rgb(0x447a5e), smoothstep(51, 49, Math.abs(y - 414)));
  return {
    name: 'bottle',
    outline,
    frame: [126, 80, 254, 526],
    foot: { x: 190, y: 508, rx: 66, ry: 15 },
    paint: turned(outline, 190, band, { strength: 0.42, sharpness: 50 }),
  };
}

function mug(): Painted {
  const wall = roundedBox(372, 410, 80, 118, 30);
  const rim = ellipse(372, 338, 80, 17);
  const hollow = ellipse(372, 339, 73, 12.5);
  const coffee = ellipse(372, 346, 66, 9);
  const grip = without(ellipse(456, 424, 52, 58), ellipse(450, 424, 31, 37));
  const body = union((x, y) => Math.max(wall(x, y), 338 - y), rim);
  const glaze: Texture = (x, y) =>
    mix(rgb(0x3f8fb0), rgb(0x3a86a6), smoothstep(0.35, 0.75, fractalNoise(x / 60, y / 60, 5)));
  const gloss = { strength: 0.35, sharpness: 50 };
  const shadeBody = turned(wall, 372, glaze, gloss);
  const shadeGrip = cushion(grip, 11, glaze, gloss);
  return {
    name: 'mug',
    outline: union(body, grip),
    frame: [288, 318, 512, 532],
    foot: { x: 376, y: 518, rx: 88, ry: 18 },
    paint: (x, y) => {
      if (body(x, y) > 0) return shadeGrip(x, y);
      if (hollow(x, y) > 0) return rim(x, y) < 0 ? scaled(rgb(0x8cc4d8), 0.95) : shadeBody(x, y);
      const inner = scaled(rgb(0x2f6f8b), 0.55 + (x - 300) / 300);
      return mix(inner, rgb(0x3a2216), smoothstep(1.5, -1.5, coffee(x, y)));
    },
  };
}

function pear(): Painted {
  const flesh = smoothUnion(circle(636, 440, 80), circle(642, 348, 44), 84);
  const stem = stroke(643, 310, 656, 272, 4.5, 3);
  const skin: Texture = (x, y) => {
    const blush = smoothstep(0.45, 0.8, fractalNoise(x / 46, y / 46, 12) + (x - 640) / 300);
    const speck = smoothstep(0.78, 0.9, valueNoise(x / 3.2, y / 3.2, 13));
    return mix(mix(rgb(0xb7bf4a), rgb(0xc4ad45), blush), rgb(0x8a8a3a), speck * 0.3);
  };
  const shadeFlesh = turned(flesh, 639, skin, { strength: 0.16, sharpness: 24 });
  const shadeStem = cushion(stem, 4, plain(0x6b4a2c), { strength: 0, sharpness: 1 });
  return {
    name: 'pear',
    outline: union(flesh, stem),
    frame: [550, 262, 724, 526],
    foot: { x: 640, y: 506, rx: 84, ry: 20 },
    paint: (x, y) => (flesh(x, y) < 0 ? shadeFlesh(x, y) : shadeStem(x, y)),
  };
}

function orange(): Painted {
  const peel = circle(782, 512, 84);
  const pores: Texture = (x, y) =>
    mix(rgb(0xf08a1c), rgb(0xe0760f), smoothstep(0.3, 0.8, fractalNoise(x / 40, y / 40, 21)));
  const skin = cushion(peel, 84, pores, { strength: 0.2, sharpness: 20 }, 0.28);
  const navel = circle(806, 462, 6);
  return {
    name: 'orange',
    outline: peel,
    frame: [694, 424, 870, 600],
    foot: { x: 786, y: 582, rx: 84, ry: 22 },
    paint: (x, y) => mix(skin(x, y), rgb(0x7a5a1e), 0.75 * smoothstep(2, -2, navel(x, y))),
  };
}

function apple(): Painted {
  const flesh = smoothUnion(ellipse(502, 572, 62, 78), ellipse(558, 572, 62, 78), 34);
  const stem = stroke(530, 512, 542, 476, 3.5, 5);
  const skin: Texture = (x, y) => {
    const angle = Math.atan2(x - 530, y - 486);
    const streak = fractalNoise(angle * 22, Math.hypot(x - 530, y - 486) / 90, 31);
    const glow = smoothstep(70, 20, Math.hypot(x - 530, (y - 500) * 1.3));
    const hollow = smoothstep(26, 4, Math.hypot(x - 530, (y - 508) * 2.4));
    const red = mix(rgb(0xb81f24), rgb(0xcc3a2c), smoothstep(0.35, 0.75, streak));
    return scaled(mix(red, rgb(0xd8873a), glow * 0.45), 1 - 0.45 * hollow);
  };
  const shadeFlesh = ball(530, 572, 93, 82, skin, { strength: 0.4, sharpness: 46 });
  const shadeStem = cushion(stem, 4, plain(0x5f4128), { strength: 0, sharpness: 1 });
  return {
    name: 'apple',
    outline: union(flesh, stem),
    frame: [434, 464, 626, 656],
    foot: { x: 534, y: 640, rx: 84, ry: 20 },
    paint: (x, y) => (stem(x, y) < 0 ? shadeStem(x, y) : shadeFlesh(x, y)),
  };
}

function lemon(): Painted {
  const angle = -0.32;
  const fruit = placed(
    smoothUnion(ellipse(0, 0, 70, 50), union(circle(70, 0, 13), circle(-66, 0, 12)), 34),
    706,
    650,
    angle,
  );
  const skin: Texture = (x, y) =>
    mix(rgb(0xf2d433), rgb(0xe3bf22), smoothstep(0.3, 0.8, fractalNoise(x / 36, y / 36, 41)));
  return {
    name: 'lemon',
    outline: fruit,
    frame: [612, 586, 800, 716],
    foot: { x: 712, y: 690, rx: 76, ry: 16 },
    paint: cushion(fruit, 52, skin, { strength: 0.2, sharpness: 26 }, 0.2),
  };
}

function plum(): Painted {
  const fruit = circle(886, 632, 48);
  const crease = ellipse(866, 632, 40, 52);
  const skin: Texture = (x, y) => {
    const bloom = smoothstep(0.4, 0.8, fractalNoise(x / 26, y / 26, 51));
    const dent = smoothstep(5, 0, Math.abs(crease(x, y))) * (x > 870 ? 0.35 : 0);
    return scaled(mix(rgb(0x5a2a6a), rgb(0x71468a), bloom * 0.7), 1 - dent);
  };
  return {
    name: 'plum',
    outline: fruit,
    frame: [834, 580, 938, 684],
    foot: { x: 890, y: 672, rx: 48, ry: 13 },
    paint: cushion(fruit, 48, skin, { strength: 0.22, sharpness: 30 }),
  };
}

function leaf(): Painted {
  const angle = 0.22;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const blade = placed(lens(112, 40), 300, 650, angle);
  const stalk = stroke(194, 626, 160, 606, 3.4, 2.6);
  const paint = (x: number, y: number): Rgb => {
    const along = (x - 300) * cos + (y - 650) * sin;
    const across = (y - 650) * cos - (x - 300) * sin;
    const vein = Math.abs(((along - Math.abs(across) * 0.9 + 400) % 24) - 12);
    const pale = Math.max(
      smoothstep(2.6, 0.8, Math.abs(across)),
      0.5 * smoothstep(1.8, 0.6, vein) * smoothstep(3, 8, Math.abs(across)),
    );
    const green = mix(
      rgb(0x4f8f3a),
      rgb(0x5f9e45),
      smoothstep(0.3, 0.7, fractalNoise(x / 22, y / 22, 61)),
    );
    const fold = across < 0 ? unit(0.05, -0.3, 0.95) : unit(0.1, 0.22, 0.97);
    return lit(mix(green, rgb(0x9cc17a), pale * 0.5), fold, { strength: 0.08, sharpness: 12 });
  };
  return {
    name: 'leaf',
    outline: union(blade, stalk),
    frame: [152, 596, 416, 716],
    foot: { x: 306, y: 660, rx: 104, ry: 30 },
    paint,
  };
}

/** Everything on the table, back to front. */
export function stillLife(): readonly Painted[] {
  return [bottle(), mug(), pear(), orange(), apple(), lemon(), plum(), leaf()];
}
