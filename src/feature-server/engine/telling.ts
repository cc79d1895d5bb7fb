import { componentsOf } from './components.ts';
import type { DecodeInput } from './decode-input.ts';
import type { Candidate } from './hypotheses.ts';

/** Regions that a click has to change for it to have said anything. */
const LEAST_CHANGE = 3;

/**
 * The candidates without those that change next to nothing about the newest click: nobody clicks to
 * have a speck. All of them where all are such, or where only a box was given.
 */
export function telling(
  { previous, space, clicks }: DecodeInput,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const region = clicks.at(-1)?.region;
  if (region === undefined) return candidates;
  const says = candidates.filter(({ mask }) => {
    const change = mask.map((on, r) => on ^ (previous?.[r] ?? 0));
    // It may confirm what is there already.
    if (change[region] !== 1) return true;
    const { of } = componentsOf(space, change);
    return of.reduce((size, part) => (part === of[region] ? size + 1 : size), 0) >= LEAST_CHANGE;
  });
  return says.length === 0 ? candidates : says;
}
