/** Regions without stray pieces: every label is one 4-connected set of pixels. */
export interface ConnectedLabels {
  readonly labels: Uint16Array;
  readonly count: number;
}

/**
 * Gives every connected piece a label of its own and lets pieces below `minSize` pixels join the
 * piece beside their first pixel, as SLIC proposes. Labels count from 0 in reading order.
 */
export function connectLabels(
  loose: Uint16Array,
  width: number,
  height: number,
  minSize: number,
): ConnectedLabels {
  const labels = new Uint16Array(loose.length);
  const visited = new Uint8Array(loose.length);
  const piece = new Int32Array(loose.length);
  let count = 0;
  for (let start = 0; start < loose.length; start++) {
    if (visited[start] === 1) continue;
    const size = flood(loose, visited, piece, start, width, height);
    const host = size < minSize ? neighbourBefore(start, width) : -1;
    const label = host >= 0 ? (labels[host] as number) : count++;
    for (let k = 0; k < size; k++) labels[piece[k] as number] = label;
  }
  return { labels, count };
}

/** The pixel left of or above the first one of a piece: it has its final label already. */
function neighbourBefore(start: number, width: number): number {
  return start % width > 0 ? start - 1 : start - width;
}

function flood(
  loose: Uint16Array,
  visited: Uint8Array,
  piece: Int32Array,
  start: number,
  width: number,
  height: number,
): number {
  const label = loose[start] as number;
  let size = 0;
  const visit = (i: number) => {
    if (visited[i] === 1 || loose[i] !== label) return;
    visited[i] = 1;
    piece[size++] = i;
  };
  visit(start);
  for (let next = 0; next < size; next++) {
    const i = piece[next] as number;
    const x = i % width;
    if (x > 0) visit(i - 1);
    if (x + 1 < width) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i + width < width * height) visit(i + width);
  }
  return size;
}
