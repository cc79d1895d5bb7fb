import { FEATURES } from './features.ts';

type Weights = Readonly<Record<(typeof FEATURES)[number], number>>;

/** Weights at the first click: the centre of the object counts most. */
const FIRST: Weights = {
  contrast: 0.25,
  weakShare: -0.3,
  logArea: 0.02,
  borderShare: -0.5,
  compactness: 0.2,
  valueInside: 0.03,
  valueOutside: -0.03,
  centred: 0.9,
  changeCentred: 0,
  changeSize: 0,
  agreement: 0.6,
};

/** Weights later: the centre of the change, and masks that other hypotheses share. */
const LATER: Weights = {
  contrast: 0.15,
  weakShare: -0.2,
  logArea: 0,
  borderShare: -0.2,
  compactness: 0.1,
  valueInside: 0.03,
  valueOutside: -0.03,
  centred: 0,
  changeCentred: 0.5,
  changeSize: 0,
  agreement: 0.6,
};

/** A worth per candidate, by which they are compared; only differences mean anything. */
export function rank(rows: readonly Float64Array[], first: boolean): number[] {
  const weights = first ? FIRST : LATER;
  return rows.map((row) =>
    FEATURES.reduce((sum, name, i) => sum + weights[name] * (row[i] as number), 0),
  );
}
