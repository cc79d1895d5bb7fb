import type { Box, Point, Size } from '../../core/prompt.ts';
import type { GridClick } from './decode-input.ts';
import type { Decoder } from './decode-step.ts';
import type { GridBox } from './grid-box.ts';
import { gridBoxOf } from './grid-box.ts';

/** A part of an image, or all of it, cut into regions: where its grid lies and who decodes on it. */
export interface Frame {
  readonly decoder: Decoder;
  /** In pixels of the upright image; fractions where the prepared image is smaller than that. */
  readonly window: Box;
  /** The same in pixels of the prepared image, whole; absent for all of it. */
  readonly crop: Box | undefined;
}

/** A mask per region of a frame. */
export interface FrameMask {
  readonly frame: Frame;
  readonly mask: Uint8Array;
}

/** True when a point of the image lies on the frame. */
export function holds({ window }: Frame, { x, y }: Point): boolean {
  return (
    x >= window.x && y >= window.y && x < window.x + window.width && y < window.y + window.height
  );
}

/** The points that lie on a frame, on its grid. */
export function clicksOn(frame: Frame, points: readonly Point[]): GridClick[] {
  const { space } = frame.decoder;
  const { across, down } = scaleOf(frame);
  return points
    .filter((point) => holds(frame, point))
    .map(({ x, y, label }) => {
      const [u, v] = [(x - frame.window.x) * across, (y - frame.window.y) * down];
      return { x: u, y: v, label, region: space.regionAt(u, v) };
    });
}

/** A box of the image on a frame's grid; parts of it may lie beyond. */
export function boxOn(frame: Frame, box: Box): GridBox {
  const { across, down } = scaleOf(frame);
  return gridBoxOf(frame.decoder.space.graph, {
    x: (box.x - frame.window.x) * across,
    y: (box.y - frame.window.y) * down,
    width: box.width * across,
    height: box.height * down,
  });
}

function scaleOf({ decoder, window }: Frame): { across: number; down: number } {
  const { width, height }: Size = decoder.space.graph;
  return { across: width / window.width, down: height / window.height };
}

/** A mask carried over to another frame: its regions are in if half of their pixels are. */
export function project({ frame, mask }: FrameMask, to: Frame): Uint8Array {
  if (frame === to) return mask;
  const source = frame.decoder.space.graph;
  const target = to.decoder.space.graph;
  const columns = Int32Array.from({ length: target.width }, (_, x) =>
    place(
      x,
      target.width,
      to.window.x,
      to.window.width,
      frame.window.x,
      frame.window.width,
      source.width,
    ),
  );
  const inside = new Float32Array(target.count);
  for (let y = 0; y < target.height; y++) {
    const row = place(
      y,
      target.height,
      to.window.y,
      to.window.height,
      frame.window.y,
      frame.window.height,
      source.height,
    );
    if (row < 0) continue;
    for (let x = 0; x < target.width; x++) {
      const column = columns[x] as number;
      if (column < 0 || mask[source.labels[row * source.width + column] as number] === 0) continue;
      const region = target.labels[y * target.width + x] as number;
      inside[region] = (inside[region] as number) + 1;
    }
  }
  const result = new Uint8Array(target.count);
  for (let r = 0; r < result.length; r++) {
    result[r] = (inside[r] as number) * 2 >= (target.area[r] as number) ? 1 : 0;
  }
  return result;
}

/** The sample of one grid line that another's sample falls on, or −1 beyond its ends. */
function place(
  at: number,
  samples: number,
  start: number,
  length: number,
  otherStart: number,
  otherLength: number,
  otherSamples: number,
): number {
  const position = start + ((at + 0.5) * length) / samples;
  const index = Math.floor(((position - otherStart) * otherSamples) / otherLength);
  return index < 0 || index >= otherSamples ? -1 : index;
}
