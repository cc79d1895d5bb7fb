import { createHash } from 'node:crypto';
import type { Prompt, Size } from '../../src/core/prompt.ts';
import { promptKey } from '../../src/core/prompt.ts';
import type { Rle } from '../../src/core/rle.ts';
import { encodeRuns } from '../../src/core/rle.ts';

/** The mask that the suite's feature server gives: another one for every image and prompt. */
export function expectedMask(image: Size & { readonly imageId: string }, prompt: Prompt): Rle {
  const digest = createHash('sha256')
    .update(`${image.imageId} ${promptKey(prompt)}`)
    .digest();
  const pixels = image.width * image.height;
  const share = Math.floor(pixels / (digest.length + 1));
  const runs = Array.from(digest, (byte) => 1 + (byte % share));
  const rest = pixels - runs.reduce((sum, run) => sum + run, 0);
  return { size: [image.height, image.width], counts: encodeRuns([...runs, rest]) };
}
