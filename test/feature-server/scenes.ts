/** Photos that the tests paint themselves: shapes with known masks on a shaded, grainy ground. */
import sharp from 'sharp';

/** A painted photo: sRGB pixels and the mask (0 or 1) of its one object. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly mask: Uint8Array;
}

type Colour = readonly [number, number, number];

export interface SceneOptions {
  readonly width: number;
  readonly height: number;
  readonly inside: (x: number, y: number) => boolean;
  readonly object?: Colour;
  readonly ground?: Colour;
}

/** A small seeded generator (mulberry32): the same grain in every run. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Paints a scene; `inside` says which pixels are the object. */
export function paint(options: SceneOptions): Scene {
  const { width, height, inside, object = [190, 70, 50], ground = [80, 120, 90] } = options;
  const random = seeded(7);
  const data = new Uint8Array(width * height * 3);
  const mask = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const on = inside(x, y);
      mask[i] = on ? 1 : 0;
      const shade = (x / width) * 30 + (random() - 0.5) * 16;
      const colour = on ? object : ground;
      for (let c = 0; c < 3; c++) data[i * 3 + c] = (colour[c] ?? 0) + shade;
    }
  }
  return { width, height, data, mask };
}

/** A disc in the middle of a photo, a third of its short side wide from centre to rim. */
export function disc(width: number, height: number): Scene {
  const radius = Math.min(width, height) / 3;
  return paint({
    width,
    height,
    inside: (x, y) => Math.hypot(x - width / 2, y - height / 2) < radius,
  });
}

/** The scene as a file; `orientation` is written into the EXIF data, the pixels stay as they are. */
export function jpeg({ data, width, height }: Scene, orientation?: number): Promise<Buffer> {
  const image = sharp(data, { raw: { width, height, channels: 3 } }).jpeg({ quality: 90 });
  return (orientation ? image.withMetadata({ orientation }) : image).toBuffer();
}

/** Intersection over union of two masks of 0 and other. */
export function overlap(one: Uint8Array, other: Uint8Array): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < one.length; i++) {
    if (one[i] && other[i]) both++;
    if (one[i] || other[i]) either++;
  }
  return either === 0 ? 1 : both / either;
}
