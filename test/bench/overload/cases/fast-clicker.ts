import { SeededRandom } from '../../../sim/seeded-random.ts';
import type { Arm } from '../arm.ts';
import type { Outcome } from '../experiment.ts';
import { runArms } from '../experiment.ts';
import type { Span } from '../load/arrivals.ts';
import { inOrder, poisson, steady } from '../load/arrivals.ts';
import { recordsOf } from '../load/ledger.ts';
import { clicksWithin, masksWithin, share } from '../measures.ts';
import type { Settings } from '../settings.ts';
import { stubOf } from '../settings.ts';
import type { Case, Report, Table } from './case.ts';
import { lateness } from './figures-of.ts';
import { OBJECTS_EACH, objectsOf, SESSIONS, TEN_PEOPLE } from './people.ts';

const CAPACITY = 4;
const OTHERS_LOAD = 2;
const CLICKS_PER_SECOND = 10;
/** The first object of the eleventh session. */
const OBJECT = SESSIONS * OBJECTS_EACH;
/** Everything that was accepted has ended long before. */
const PATIENCE_MS = 15_000;

export const fastClicker: Case = {
  name: 'fast-clicker',
  about:
    'One object clicked ten times a second, once alone and once among ten people who offer twice the capacity. A fair share is that of one session in eleven.',
  run: runFastClicker,
};

async function runFastClicker(settings: Settings, report: Report): Promise<void> {
  const untilMs = settings.warmUpMs + settings.measureMs;
  const window = { fromMs: settings.warmUpMs, untilMs };
  const plan = { window, endMs: untilMs + PATIENCE_MS };
  const [alone, among] = await runArms(armsOf(settings, untilMs), plan, settings);
  if (alone === undefined || among === undefined) return;
  const capacityPerSecond = (CAPACITY * 1000) / settings.stub.serviceMs;
  report.table(tableOf(alone, among, window, capacityPerSecond / (SESSIONS + 1)));
}

function tableOf(alone: Outcome, among: Outcome, window: Span, fairShare: number): Table {
  const { masks, clicks } = recordsOf(among.ledger, (object) => object === OBJECT);
  const own = clicksWithin(clicks, window);
  const accepted = own.filter(({ end }) => end !== 'refused');
  return {
    title: 'one object clicked ten times a second',
    figures: [
      {
        name: 'its masks, share of a fair share, among others',
        value: masksWithin(masks, window).length / seconds(window) / fairShare,
        unit: '',
        target: { least: 0.8 },
      },
      {
        name: 'its accepted clicks that ended',
        value: share(accepted, ({ end }) => end !== undefined),
        unit: '',
        target: { least: 1 },
      },
      {
        name: 'its clicks refused or failed, among others',
        value: share(own, ({ end }) => end === 'refused' || end === 'failed'),
        unit: '',
      },
      {
        name: 'its calls, among others',
        value: callsPerSecond(among, window),
        unit: '1/s',
        target: { most: 2.1 },
      },
      {
        name: 'its calls, alone',
        value: callsPerSecond(alone, window),
        unit: '1/s',
        target: { most: 2.1 },
      },
      lateness(among),
    ],
  };
}

function armsOf(settings: Settings, untilMs: number): Arm[] {
  const span = { fromMs: 0, untilMs };
  const capacityPerSecond = (CAPACITY * 1000) / settings.stub.serviceMs;
  const random = new SeededRandom(settings.seed * 100 + 60);
  const fast = steady(CLICKS_PER_SECOND, span, OBJECT);
  const others = poisson(random, OTHERS_LOAD * capacityPerSecond, span, objectsOf(SESSIONS));
  const arm = { ...TEN_PEOPLE, sessions: SESSIONS + 1, stub: stubOf(settings, CAPACITY) };
  return [
    { ...arm, arrivals: fast },
    { ...arm, arrivals: inOrder([...fast, ...others]) },
  ];
}

const seconds = ({ fromMs, untilMs }: Span) => (untilMs - fromMs) / 1000;

function callsPerSecond({ before, after }: Outcome, window: Span): number {
  const calls = (after.callsOf[OBJECT] ?? 0) - (before.callsOf[OBJECT] ?? 0);
  return calls / seconds(window);
}
