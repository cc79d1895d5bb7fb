/**
 * The built-in sample: a still life drawn from formulas, so that it can be shipped, shared and
 * compared against, with the exact mask of everything in it. Runs the same in browsers and in Node.
 */
import { backdrop } from './backdrop.ts';
import { hash } from './noise.ts';
import type { Rgb } from './shading.ts';
import { encode } from './shading.ts';
import type { Painted } from './still-life.ts';
import { PLANE, stillLife } from './still-life.ts';

export interface SceneOptions {
  /** In pixels; the height follows (4:3). 1024 when absent. */
  readonly width?: number;
  /** Amplitude of the sensor noise in 8-bit steps; 2.5 when absent, 0 for none. */
  readonly noise?: number;
  /** Another seed gives other noise, never another scene. */
  readonly seed?: number;
}

export interface SceneObject {
  readonly name: string;
  /** 1 where the object is what one sees, 0 elsewhere; row by row, `width × height`. */
  readonly mask: Uint8Array;
  /** A whole pixel well inside the visible part: where a person would click. */
  readonly click: { readonly x: number; readonly y: number };
}

export interface Scene {
  readonly width: number;
  readonly height: number;
  /** sRGB, opaque, row by row. */
  readonly rgba: Uint8ClampedArray<ArrayBuffer>;
  /** Back to front; names are unique. */
  readonly objects: readonly SceneObject[];
}

interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Pixels per unit of the plane. */
  readonly scale: number;
  readonly light: Float32Array;
  /** Index + 1 of the foremost object that covers most of a pixel; 0 for none. */
  readonly owner: Uint8Array;
}

function blend(light: Float32Array, at: number, color: Rgb, part: number): void {
  const rest = 1 - part;
  light[at] = (light[at] ?? 0) * rest + color[0] * part;
  light[at + 1] = (light[at + 1] ?? 0) * rest + color[1] * part;
  light[at + 2] = (light[at + 2] ?? 0) * rest + color[2] * part;
}

function paintBackdrop(canvas: Canvas, things: readonly Painted[]): void {
  for (let row = 0, at = 0; row < canvas.height; row += 1) {
    for (let column = 0; column < canvas.width; column += 1, at += 3) {
      const x = (column + 0.5) / canvas.scale;
      const y = (row + 0.5) / canvas.scale;
      blend(canvas.light, at, backdrop(x, y, things), 1);
    }
  }
}

/** How much of a pixel the outline covers: its distance to it, in pixels, through one step. */
function coverage(outline: Painted['outline'], x: number, y: number, scale: number): number {
  const here = outline(x, y);
  if (here > 3) return 0;
  if (here < -3) return 1;
  const slope = Math.hypot(
    outline(x + 0.25, y) - outline(x - 0.25, y),
    outline(x, y + 0.25) - outline(x, y - 0.25),
  );
  const distance = (here * 0.5 * scale) / (slope || 0.5);
  return Math.min(Math.max(0.5 - distance, 0), 1);
}

function paintObject(canvas: Canvas, thing: Painted, mark: number): void {
  const { width, height, scale } = canvas;
  const [left, top, right, bottom] = thing.frame;
  const lastRow = Math.min(Math.ceil(bottom * scale), height);
  const lastColumn = Math.min(Math.ceil(right * scale), width);
  for (let row = Math.max(Math.floor(top * scale), 0); row < lastRow; row += 1) {
    for (let column = Math.max(Math.floor(left * scale), 0); column < lastColumn; column += 1) {
      const x = (column + 0.5) / scale;
      const y = (row + 0.5) / scale;
      const part = coverage(thing.outline, x, y, scale);
      if (part === 0) continue;
      const pixel = row * width + column;
      blend(canvas.light, pixel * 3, thing.paint(x, y), part);
      if (part >= 0.5) canvas.owner[pixel] = mark;
    }
  }
}

function develop(canvas: Canvas, noise: number, seed: number): Uint8ClampedArray<ArrayBuffer> {
  const { width, height, light } = canvas;
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const x = pixel % width;
    const y = (pixel - x) / width;
    const away = Math.hypot(x / width - 0.5, y / height - 0.5);
    const vignette = 1 - 0.32 * away * away;
    for (let channel = 0; channel < 3; channel += 1) {
      // The sum of two even deviates is close enough to a bell curve.
      const grain = hash(x * 3 + channel, y, seed) + hash(y, x * 3 + channel, seed + 1) - 1;
      const value = encode((light[pixel * 3 + channel] ?? 0) * vignette);
      rgba[pixel * 4 + channel] = value + grain * noise;
    }
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}

/** The pixel that lies deepest inside a mask, by city-block distance to its edge. */
function deepest(mask: Uint8Array, width: number, height: number): { x: number; y: number } {
  const depth = new Uint16Array(width * height);
  const reach = (at: number, a: number, b: number): void => {
    depth[at] = Math.min(depth[at] ?? 0, 1 + Math.min(depth[a] ?? 0, depth[b] ?? 0));
  };
  for (let at = 0; at < depth.length; at += 1) {
    depth[at] = mask[at] === 1 ? 0xffff : 0;
    // A pixel at the left border takes its neighbour of the row above, outside every object.
    reach(at, at - 1, at - width);
  }
  let best = 0;
  for (let at = depth.length - 1; at >= 0; at -= 1) {
    reach(at, at + 1, at + width);
    if ((depth[at] ?? 0) > (depth[best] ?? 0)) best = at;
  }
  return { x: best % width, y: Math.floor(best / width) };
}

/** Draws the scene. Takes a few tenths of a second at the default size; keep what it returns. */
export function renderScene(options: SceneOptions = {}): Scene {
  const width = Math.max(Math.round(options.width ?? PLANE.width), 16);
  const height = Math.round((width * PLANE.height) / PLANE.width);
  const canvas: Canvas = {
    width,
    height,
    scale: width / PLANE.width,
    light: new Float32Array(width * height * 3),
    owner: new Uint8Array(width * height),
  };
  const things = stillLife();
  paintBackdrop(canvas, things);
  for (const [index, thing] of things.entries()) paintObject(canvas, thing, index + 1);
  const objects = things.map((thing, index): SceneObject => {
    const mask = canvas.owner.map((mark) => (mark === index + 1 ? 1 : 0));
    return { name: thing.name, mask, click: deepest(mask, width, height) };
  });
  return { width, height, rgba: develop(canvas, options.noise ?? 2.5, options.seed ?? 1), objects };
}
