import type { Figure } from '../../support/figures.ts';
import type { SystemName } from '../arm.ts';
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

/** Where a case tells what it has measured, as soon as it has. */
export interface Report {
  table(table: Table): void;
  drawing(drawing: Drawing): void;
}

export interface Case {
  readonly name: string;
  /** What is done, and what would fool the figures. */
  readonly about: string;
  /** It makes no sense without processes and sockets. */
  readonly realOnly?: boolean;
  readonly run: (settings: Settings, report: Report) => Promise<void>;
}

/** What is compared, in the order of the tables. */
export const CONTENDERS: readonly SystemName[] = ['Maskwire', 'FIFO queue', 'naive proxy'];

/** The targets are Maskwire's; its peers are there for comparison. */
export function judged(system: SystemName, figures: readonly Figure[]): readonly Figure[] {
  return system === 'Maskwire' ? figures : figures.map(({ target: _, ...figure }) => figure);
}

/** For those who read a curve without the command that drew it. */
export const placeOf = ({ virtual }: Settings): string =>
  virtual ? 'on a virtual clock' : 'real processes';
