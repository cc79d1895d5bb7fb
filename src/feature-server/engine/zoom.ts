import type { Box, Size } from '../../core/prompt.ts';
import type { Frame, FrameMask } from './frame.ts';
import type { RegionGraph } from './region-graph.ts';
import { ZOOM_MARGIN, ZOOM_SHARE } from './tuning.ts';

/** Windows begin and end at multiples of this, so that like masks share a frame. */
const SNAP = 16;
/** Narrowest window: below this many pixels there is nothing finer to see. */
const MIN_SIDE = 64;

/** First and last column and row of a mask on its grid. */
interface Extent {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * The window, in pixels of the prepared image, in which a small object should be decoded again;
 * none for an object that fills much of its frame already.
 */
export function zoomWindow({ frame, mask }: FrameMask, pixels: Size): Box | undefined {
  const { graph } = frame.decoder.space;
  const extent = extentOf(graph, mask);
  if (!extent) return undefined;
  const whole = frame.crop ?? { x: 0, y: 0, ...pixels };
  const across = whole.width / graph.width;
  const down = whole.height / graph.height;
  const [left, right] = padded(
    whole.x + extent.left * across,
    whole.x + (extent.right + 1) * across,
    pixels.width,
  );
  const [top, bottom] = padded(
    whole.y + extent.top * down,
    whole.y + (extent.bottom + 1) * down,
    pixels.height,
  );
  const window = { x: left, y: top, width: right - left, height: bottom - top };
  const share = (window.width * window.height) / (whole.width * whole.height);
  return share < ZOOM_SHARE ? window : undefined;
}

function padded(start: number, end: number, limit: number): [number, number] {
  const margin = Math.max((end - start) * ZOOM_MARGIN, (MIN_SIDE - (end - start)) / 2);
  return [
    Math.max(0, Math.floor((start - margin) / SNAP) * SNAP),
    Math.min(limit, Math.ceil((end + margin) / SNAP) * SNAP),
  ];
}

/** True when a mask runs into a side of its frame beyond which the image goes on. */
export function runsOut({ frame, mask }: FrameMask, pixels: Size): boolean {
  const { crop, decoder } = frame;
  const { graph } = decoder.space;
  const extent = crop && extentOf(graph, mask);
  if (!extent) return false;
  return (
    (extent.left === 0 && crop.x > 0) ||
    (extent.top === 0 && crop.y > 0) ||
    (extent.right === graph.width - 1 && crop.x + crop.width < pixels.width) ||
    (extent.bottom === graph.height - 1 && crop.y + crop.height < pixels.height)
  );
}

function extentOf({ width, height, labels }: RegionGraph, mask: Uint8Array): Extent | undefined {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    const row = y * width;
    let first = 0;
    while (first < width && mask[labels[row + first] as number] === 0) first++;
    if (first === width) continue;
    let last = width - 1;
    while (mask[labels[row + last] as number] === 0) last--;
    left = Math.min(left, first);
    right = Math.max(right, last);
    top = Math.min(top, y);
    bottom = y;
  }
  return right < 0 ? undefined : { left, right, top, bottom };
}

/** A window of the prepared image in pixels of the upright one. */
export function uprightWindow(crop: Box, pixels: Size, upright: Size): Box {
  const across = upright.width / pixels.width;
  const down = upright.height / pixels.height;
  return {
    x: crop.x * across,
    y: crop.y * down,
    width: crop.width * across,
    height: crop.height * down,
  };
}

/** A text that names a frame within its image. */
export function frameKey(crop: Frame['crop']): string {
  return crop ? `${crop.x},${crop.y},${crop.width},${crop.height}` : '';
}
