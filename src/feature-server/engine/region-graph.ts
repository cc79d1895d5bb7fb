/** Clusters that every region belongs to, at most, and how much. */
export const SHARES = 4;

/**
 * An image cut into regions: all that decoding needs to know of its pixels. Arrays run over the
 * grid's pixels, over regions, or over edges between regions that touch.
 */
export interface RegionGraph {
  readonly width: number;
  readonly height: number;
  readonly count: number;
  /** Region of each pixel of the grid. */
  readonly labels: Uint16Array;
  /** Pixels, centre, and pixels along the grid's border, per region. */
  readonly area: Float32Array;
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly border: Float32Array;
  /** The {@link SHARES} nearest appearance clusters of each region and its share in them. */
  readonly clusters: Uint8Array;
  readonly shares: Float32Array;
  /** The two regions of each edge, its length in pixels, and its contrast; the image's mean is 1. */
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  readonly length: Float32Array;
  readonly strength: Float32Array;
}
