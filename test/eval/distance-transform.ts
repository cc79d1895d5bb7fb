/** Largest value that a squared distance can be mistaken for: farther than any image is wide. */
const FAR = 1e12;

/**
 * Exact squared Euclidean distance of every pixel of a set to the nearest pixel outside it; what
 * lies beyond the border is outside. Source: Felzenszwalb and Huttenlocher, "Distance Transforms of
 * Sampled Functions" (2012), a lower envelope of parabolas along the columns, then the rows.
 */
export function squaredDistances(
  member: ArrayLike<number>,
  width: number,
  height: number,
): Float64Array {
  const result = new Float64Array(width * height);
  columnDistances(member, result, width, height);
  const envelope = new Envelope(width + 2);
  for (let y = 0; y < height; y++) envelope.transform(result.subarray(y * width, (y + 1) * width));
  return result;
}

/** Squared distance within the column, by one sweep down and one up. */
function columnDistances(
  member: ArrayLike<number>,
  result: Float64Array,
  width: number,
  height: number,
) {
  for (let x = 0; x < width; x++) {
    let steps = 0;
    for (let i = x; i < width * height; i += width) {
      steps = member[i] ? steps + 1 : 0;
      result[i] = steps;
    }
    steps = 0;
    for (let i = (height - 1) * width + x; i >= 0; i -= width) {
      steps = member[i] ? steps + 1 : 0;
      result[i] = Math.min(steps, result[i] ?? 0) ** 2;
    }
  }
}

/** Lower envelope of the parabolas that stand on the samples of a row; beyond both ends they are 0. */
class Envelope {
  readonly #values: Float64Array;
  readonly #places: Int32Array;
  readonly #starts: Float64Array;

  constructor(length: number) {
    this.#values = new Float64Array(length);
    this.#places = new Int32Array(length);
    this.#starts = new Float64Array(length + 1);
  }

  /** Replaces a row of squared column distances by squared distances in the plane. */
  transform(row: Float64Array): void {
    const length = row.length + 2;
    this.#values.set(row, 1);
    this.#values[0] = 0;
    this.#values[length - 1] = 0;
    const last = this.#build(length);
    for (let q = 1, k = 0; q < length - 1; q++) {
      while (k < last && (this.#starts[k + 1] as number) < q) k++;
      const place = this.#places[k] as number;
      row[q - 1] = (q - place) ** 2 + (this.#values[place] as number);
    }
  }

  #build(length: number): number {
    let last = 0;
    this.#places[0] = 0;
    this.#starts[0] = -FAR;
    for (let q = 1; q < length; q++) {
      let start = this.#crossing(q, this.#places[last] as number);
      while (start <= (this.#starts[last] as number)) {
        last--;
        start = this.#crossing(q, this.#places[last] as number);
      }
      this.#places[++last] = q;
      this.#starts[last] = start;
    }
    return last;
  }

  #crossing(q: number, p: number): number {
    const high = (this.#values[q] as number) + q * q;
    return (high - (this.#values[p] as number) - p * p) / (2 * (q - p));
  }
}
