import type { LabImage } from './lab.ts';

/** How fast colour changes at each pixel: the length of the gradient over all three planes. */
export function gradientOf({ width, height, planes }: LabImage): Float32Array {
  const squares = new Float32Array(width * height);
  for (const plane of planes) {
    for (let y = 0; y < height; y++) {
      const above = Math.max(y - 1, 0) * width;
      const below = Math.min(y + 1, height - 1) * width;
      addRow(squares, plane, y * width, above, below, width);
    }
  }
  for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i] as number);
  return squares;
}

function addRow(
  squares: Float32Array,
  plane: Float32Array,
  row: number,
  above: number,
  below: number,
  width: number,
): void {
  for (let x = 0; x < width; x++) {
    const left = row + (x > 0 ? x - 1 : 0);
    const right = row + (x + 1 < width ? x + 1 : x);
    const dx = (plane[right] as number) - (plane[left] as number);
    const dy = (plane[below + x] as number) - (plane[above + x] as number);
    squares[row + x] = (squares[row + x] as number) + dx * dx + dy * dy;
  }
}
