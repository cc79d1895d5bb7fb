/**
 * A prepared image as one block of shared memory: what threads exchange and the store counts.
 * A header of whole numbers, the pixels, then the arrays of the region graph, each aligned.
 */
import type { PixelImage } from './pixel-image.ts';
import type { RegionGraph } from './region-graph.ts';
import { SHARES } from './region-graph.ts';

/** An image and its region graph. */
export interface PreparedImage {
  readonly pixels: PixelImage;
  readonly graph: RegionGraph;
}

/** Image width and height, grid width and height, regions, edges. */
const HEADER_LENGTH = 6;
const ALIGNMENT = 8;

/** Hands out consecutive aligned ranges, so that writer and reader cannot disagree. */
class Layout {
  #end = HEADER_LENGTH * Int32Array.BYTES_PER_ELEMENT;

  take(bytes: number): number {
    const start = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    this.#end = start + bytes;
    return start;
  }

  get end(): number {
    return this.#end;
  }
}

/** Copies a prepared image into shared memory. */
export function packEmbedding({ pixels, graph }: PreparedImage): SharedArrayBuffer {
  const header = [
    pixels.width,
    pixels.height,
    graph.width,
    graph.height,
    graph.count,
    graph.from.length,
  ];
  const shared = new SharedArrayBuffer(viewsOver(undefined, header).bytes);
  new Int32Array(shared, 0, HEADER_LENGTH).set(header);
  const { image } = viewsOver(shared, header);
  image.pixels.data.set(pixels.data);
  for (const name of ARRAYS) image.graph[name].set(graph[name]);
  return shared;
}

/** Looks at a prepared image without copying it. */
export function unpackEmbedding(shared: SharedArrayBuffer): PreparedImage {
  return viewsOver(shared, [...new Int32Array(shared, 0, HEADER_LENGTH)]).image;
}

const ARRAYS = [
  'labels',
  'area',
  'x',
  'y',
  'border',
  'clusters',
  'shares',
  'from',
  'to',
  'length',
  'strength',
] as const;

function viewsOver(
  given: SharedArrayBuffer | undefined,
  [width = 0, height = 0, across = 0, down = 0, count = 0, edges = 0]: readonly number[],
): { image: PreparedImage; bytes: number } {
  const layout = new Layout();
  // Without memory the views are empty: only the layout's end is of interest then.
  const shared = given ?? new SharedArrayBuffer(0);
  const size = (length: number) => (given ? length : 0);
  const offset = (bytes: number) => (given ? layout.take(bytes) : layout.take(bytes) * 0);
  const bytes = (length: number) => new Uint8Array(shared, offset(length), size(length));
  const shorts = (length: number) => new Uint16Array(shared, offset(length * 2), size(length));
  const floats = (length: number) => new Float32Array(shared, offset(length * 4), size(length));
  const image: PreparedImage = {
    pixels: { width, height, data: bytes(width * height * 3) },
    graph: {
      width: across,
      height: down,
      count,
      labels: shorts(across * down),
      area: floats(count),
      x: floats(count),
      y: floats(count),
      border: floats(count),
      clusters: bytes(count * SHARES),
      shares: floats(count * SHARES),
      from: shorts(edges),
      to: shorts(edges),
      length: floats(edges),
      strength: floats(edges),
    },
  };
  return { image, bytes: layout.end };
}
