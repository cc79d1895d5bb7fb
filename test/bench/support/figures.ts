/** A measured value with its unit, and what it is held to. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** At most this, or at least this. */
  readonly target?: { readonly most: number } | { readonly least: number };
}

export interface Bench {
  readonly name: string;
  /** What would fool the numbers. */
  readonly caution: string;
  readonly run: () => Promise<readonly Figure[]>;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function printFigures(figures: readonly Figure[]): void {
  for (const { name, value, unit, target } of figures) {
    const shown = shownValue(value);
    console.log(
      `  ${name.padEnd(70)} ${shown.padStart(9)} ${unit.padEnd(5)} ${verdict(value, target)}`,
    );
  }
}

function shownValue(value: number): string {
  // Nothing was there to be measured, or it never came.
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'none' : 'never';
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
}

function verdict(value: number, target: Figure['target']): string {
  if (target === undefined) return '';
  if ('most' in target) return `${value <= target.most ? 'ok' : 'MISSED'} (at most ${target.most})`;
  return `${value >= target.least ? 'ok' : 'MISSED'} (at least ${target.least})`;
}
