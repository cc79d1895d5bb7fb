/** The engine's name and version: the same name gives the same mask for the same prompt. */
export const MODEL = 'superpixel-cut-1';
/** Raised whenever masks change. */
export const VERSION = '0.1.0';

/**
 * Pixels that an image keeps once it is prepared: enough for the finest contour that a zoom works
 * on, few enough that the embedding stays below 5 MiB.
 */
export const MAX_PREPARED_PIXELS = 1_000_000;
/** Longest side of the grid that superpixels are made on. */
export const WORKING_SIDE = 448;
