/**
 * The constants of decoding, set by hand on development photos (`npm run eval`). Potentials are in
 * units of one region of usual size; lengths are shares of the grid's short side.
 */

/** Radii of the disc that is tried around the first click. */
export const FIRST_RADII = [0.08, 0.16, 0.28, 0.42] as const;
/** Radii of the part that a later click is taken to speak of. */
export const LATER_RADII = [0.03, 0.07, 0.14, 0.25] as const;
/** How much appearance and how much reachability count; each mix makes a hypothesis per radius. */
export const MIXES = [
  { likelihood: 1, geodesic: 0.6 },
  { likelihood: 0.35, geodesic: 1.6 },
] as const;
/** Rounds of likelihoods and cut. */
export const FIRST_ROUNDS = 3;
export const LATER_ROUNDS = 2;
/** Weight of the disc at the first click, of the mask before and of the new click's own place later. */
export const DISC_WEIGHT = 1.2;
export const PREVIOUS_WEIGHT = 1.6;
export const CLICK_WEIGHT = 1.6;
/** Radii of the ellipse that a box without clicks stands for, as shares of the box, and its weight. */
export const BOX_RADII = [0.8, 1, 1.4] as const;
export const BOX_WEIGHT = 1.2;
/** Bounds what one region's appearance can say. */
export const LIKELIHOOD_CLIP = 2.5;
/** What separating two regions costs per step of boundary where there is no contrast. */
export const SMOOTHNESS = 2.2;
/** Contrast, in means of the image, at which that cost has fallen to e^-½. */
export const CONTRAST_SCALE = 0.8;
/** Cost of crossing an edge without contrast, against 1 for one of mean contrast. */
export const GEODESIC_BASE = 0.12;
/** Head start of negative clicks over the border: objects may touch the border. */
export const BORDER_PRICE = 3;
/** Enclosed holes below this share of the mask are filled. */
export const HOLE_SHARE = 0.08;
/** A window around the object that is below this share of its frame is decoded again in itself. */
export const ZOOM_SHARE = 0.34;
/** What that window adds on every side, as a share of the object's own width and height. */
export const ZOOM_MARGIN = 0.4;
