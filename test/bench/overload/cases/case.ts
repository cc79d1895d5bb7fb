import type { Figure } from '../../support/figures.ts';
import type { Settings } from '../settings.ts';
import type { Chart } from '../svg.ts';

/** Figures that belong together, under a heading of their own. */
export interface Table {
  readonly title: string;
  readonly figures: readonly Figure[];
}

export interface Drawing {
  /** Of the file, without folder and ending. */
  readonly name: string;
  readonly chart: Chart;
}

export interface CaseResult {
  readonly tables: readonly Table[];
  readonly drawings?: readonly Drawing[];
}

export interface Case {
  readonly name: string;
  /** What is done, and what would fool the figures. */
  readonly about: string;
  readonly run: (settings: Settings) => Promise<CaseResult>;
}
