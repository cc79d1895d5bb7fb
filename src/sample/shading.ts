/** Light on surfaces, in linear colour. */

/** Linear-light red, green, blue; 1 is white. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A direction towards the viewer (z) from the picture plane; y points down. */
export type Normal = readonly [x: number, y: number, z: number];

const decode = (value: number): number => (value / 255) ** 2.2;

/** Linear colour of an 8-bit sRGB triple such as 0xe8b04a. */
export function rgb(hex: number): Rgb {
  return [decode((hex >> 16) & 255), decode((hex >> 8) & 255), decode(hex & 255)];
}

/** 8-bit sRGB value of linear light, clipped. */
export function encode(linear: number): number {
  return 255 * Math.min(Math.max(linear, 0), 1) ** (1 / 2.2);
}

export const mix = (from: Rgb, to: Rgb, t: number): Rgb => [
  from[0] + (to[0] - from[0]) * t,
  from[1] + (to[1] - from[1]) * t,
  from[2] + (to[2] - from[2]) * t,
];

export const scaled = (color: Rgb, by: number): Rgb => [
  color[0] * by,
  color[1] * by,
  color[2] * by,
];

/** 0 below `from`, 1 above `to`, smooth between. */
export function smoothstep(from: number, to: number, value: number): number {
  const t = Math.min(Math.max((value - from) / (to - from), 0), 1);
  return t * t * (3 - 2 * t);
}

export function unit(x: number, y: number, z: number): Normal {
  const length = Math.hypot(x, y, z) || 1;
  return [x / length, y / length, z / length];
}

const dot = (a: Normal, b: Normal): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

/** One window, upper left, in front of the table. */
const LIGHT = unit(-0.52, -0.62, 0.62);
const HALFWAY = unit(LIGHT[0], LIGHT[1], LIGHT[2] + 1);
const WARM: Rgb = [1.12, 1.02, 0.88];
const SKY: Rgb = [0.3, 0.32, 0.36];
const BOUNCE: Rgb = [0.26, 0.2, 0.15];

export interface Gloss {
  /** Height of the highlight; 0 is matt. */
  readonly strength: number;
  /** Exponent: larger is smaller and sharper. */
  readonly sharpness: number;
}

/** Colour that a viewer sees of a surface: window light, sky from above, warm bounce from the table. */
export function lit(albedo: Rgb, normal: Normal, gloss: Gloss): Rgb {
  const diffuse = Math.max((dot(normal, LIGHT) + 0.18) / 1.18, 0);
  const up = 0.5 - normal[1] / 2;
  const highlight = gloss.strength * Math.max(dot(normal, HALFWAY), 0) ** gloss.sharpness;
  const rim = 0.1 * (1 - normal[2]) ** 3 * up;
  const channel = (index: 0 | 1 | 2): number =>
    albedo[index] * (diffuse * WARM[index] + SKY[index] * up + BOUNCE[index] * (1 - up)) +
    highlight * WARM[index] +
    rim * SKY[index];
  return [channel(0), channel(1), channel(2)];
}
