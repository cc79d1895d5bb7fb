/** What a script replied one after the other, two by two. */
export function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (let n = 0; n + 1 < flat.length; n += 2) found.push([flat[n] ?? '', flat[n + 1] ?? '']);
  return found;
}
