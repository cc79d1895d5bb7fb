import { readdir, readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import sharp from 'sharp';
import type { Truth } from './click-protocol.ts';

/** A photo and the mask of one object in it. */
export interface Sample {
  readonly name: string;
  readonly image: string;
  readonly mask: string;
}

/**
 * Pairs `images/` and `masks/` of a folder by stem, sorted by name.
 * @throws {Error} that says what is wrong with the folder
 */
export async function readDataset(folder: string): Promise<Sample[]> {
  const images = await filesByStem(join(folder, 'images'));
  const masks = await filesByStem(join(folder, 'masks'));
  const alone = [...masks.keys()].filter((stem) => !images.has(stem));
  if (alone.length > 0) throw new Error(`${folder}: no image for the mask ${alone[0]}`);
  if (masks.size === 0) throw new Error(`${folder}: masks/ is empty`);
  return [...masks]
    .map(([name, mask]) => ({ name, mask, image: images.get(name) ?? '' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function filesByStem(folder: string): Promise<Map<string, string>> {
  try {
    const names = await readdir(folder);
    const files = names.filter((name) => !name.startsWith('.'));
    return new Map(files.map((name) => [parse(name).name, join(folder, name)]));
  } catch (error) {
    throw new Error(`${folder}: cannot be read; a folder with images/ and masks/ is expected`, {
      cause: error,
    });
  }
}

/** Reads a mask as it is stored: 255 object, 128 ignored, 0 neither. */
export async function readTruth(file: string): Promise<Truth> {
  const { data, info } = await sharp(await readFile(file))
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, values: new Uint8Array(data) };
}
