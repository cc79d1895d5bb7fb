/** Pairs of touching regions. */
export interface RegionEdges {
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  /** Pairs of pixels along the common boundary. */
  readonly length: Float32Array;
  /** Mean gradient along it. */
  readonly gradient: Float32Array;
}

/** Finds which regions touch, along how many pixels and how steeply the picture changes there. */
export function regionEdges(
  labels: Uint16Array,
  gradient: Float32Array,
  width: number,
  height: number,
): RegionEdges {
  const index = new Map<number, number>();
  const pairs: number[] = [];
  const lengths: number[] = [];
  const sums: number[] = [];
  const visit = (i: number, j: number) => {
    const one = labels[i] as number;
    const other = labels[j] as number;
    if (one === other) return;
    const key = one < other ? one * 65536 + other : other * 65536 + one;
    let edge = index.get(key);
    if (edge === undefined) {
      edge = lengths.length;
      index.set(key, edge);
      pairs.push(key);
      lengths.push(0);
      sums.push(0);
    }
    lengths[edge] = (lengths[edge] as number) + 1;
    const steep = Math.max(gradient[i] as number, gradient[j] as number);
    sums[edge] = (sums[edge] as number) + steep;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (x + 1 < width) visit(i, i + 1);
      if (y + 1 < height) visit(i, i + width);
    }
  }
  return {
    from: Uint16Array.from(pairs, (key) => Math.floor(key / 65536)),
    to: Uint16Array.from(pairs, (key) => key % 65536),
    length: Float32Array.from(lengths),
    gradient: Float32Array.from(sums, (sum, edge) => sum / (lengths[edge] as number)),
  };
}
