import { describe, expect, it } from 'vitest';
import type {
  Connection,
  ConnectionEvent,
  ConnectionName,
  Effect,
} from '../../../src/client/connection.ts';
import { START, step } from '../../../src/client/connection.ts';

type Row = Exclude<ConnectionName, 'reconnecting'> | 'waiting' | 'trying';
/** The next state's name (with its phase), then the effects in order. */
type Outcome = readonly [next: Row, ...effects: string[]];

const STATES: Record<Row, Connection> = {
  connecting: { name: 'connecting' },
  live: { name: 'live', via: 'stream', heartbeatMs: 1000 },
  waiting: { name: 'reconnecting', failures: 1, phase: 'waiting' },
  trying: { name: 'reconnecting', failures: 1, phase: 'trying' },
  offline: { name: 'offline', failures: 1, open: false },
  closed: { name: 'closed', reason: 'by_caller' },
};

const EVENTS: { [Type in ConnectionEvent['type']]: Extract<ConnectionEvent, { type: Type }> } = {
  opened: { type: 'opened', via: 'stream', heartbeatMs: 1000 },
  active: { type: 'active' },
  lost: { type: 'lost' },
  stalled: { type: 'stalled' },
  draining: { type: 'draining', reconnectInMs: 700 },
  due: { type: 'due' },
  'network-down': { type: 'network-down' },
  'network-up': { type: 'network-up' },
  refused: { type: 'refused', reason: 'session_gone' },
  close: { type: 'close' },
};

const WATCH = 'stalled in 2500..2500';
const OPEN = ['open stream', 'stalled in 10000..10000'] as const;
const FIRST = 'due in 500..2000';
const SECOND = 'due in 1000..4000';
const DRAIN = ['shut', 'due in 700..700'] as const;
const OFFLINE = 'due in 15000..15000';

const TABLE: Record<Row, Record<ConnectionEvent['type'], Outcome>> = {
  connecting: {
    opened: ['live', WATCH],
    active: ['connecting'],
    lost: ['waiting', 'shut', 'probe', FIRST],
    stalled: ['waiting', 'shut', FIRST],
    draining: ['waiting', ...DRAIN],
    due: ['connecting'],
    'network-down': ['offline', 'shut', OFFLINE],
    'network-up': ['connecting'],
    refused: ['closed', 'shut'],
    close: ['closed', 'shut'],
  },
  live: {
    opened: ['live', WATCH],
    active: ['live', WATCH],
    lost: ['waiting', 'shut', FIRST],
    stalled: ['waiting', 'shut', FIRST],
    draining: ['waiting', ...DRAIN],
    due: ['live'],
    'network-down': ['offline', OFFLINE],
    'network-up': ['live'],
    refused: ['closed', 'shut'],
    close: ['closed', 'shut'],
  },
  waiting: {
    opened: ['waiting'],
    active: ['waiting'],
    lost: ['waiting'],
    stalled: ['waiting'],
    draining: ['waiting'],
    due: ['trying', ...OPEN],
    'network-down': ['offline', 'shut', OFFLINE],
    'network-up': ['trying', ...OPEN],
    refused: ['closed', 'shut'],
    close: ['closed', 'shut'],
  },
  trying: {
    opened: ['live', WATCH],
    active: ['trying'],
    lost: ['waiting', 'shut', 'probe', SECOND],
    stalled: ['waiting', 'shut', SECOND],
    draining: ['waiting', ...DRAIN],
    due: ['trying'],
    'network-down': ['offline', 'shut', OFFLINE],
    'network-up': ['trying'],
    refused: ['closed', 'shut'],
    close: ['closed', 'shut'],
  },
  offline: {
    opened: ['live', WATCH],
    active: ['offline'],
    lost: ['offline', 'shut', OFFLINE],
    stalled: ['offline'],
    draining: ['waiting', ...DRAIN],
    due: ['trying', 'shut', ...OPEN],
    'network-down': ['offline'],
    'network-up': ['trying', 'shut', ...OPEN],
    refused: ['closed', 'shut'],
    close: ['closed', 'shut'],
  },
  closed: {
    opened: ['closed'],
    active: ['closed'],
    lost: ['closed'],
    stalled: ['closed'],
    draining: ['closed'],
    due: ['closed'],
    'network-down': ['closed'],
    'network-up': ['closed'],
    refused: ['closed'],
    close: ['closed'],
  },
};

const rowOf = (state: Connection): Row =>
  state.name === 'reconnecting' ? state.phase : state.name;

function wordOf(effect: Effect): string {
  if (effect.do === 'open') return `open ${effect.via}`;
  if (effect.do === 'timer') return `${effect.fires} in ${effect.fromMs}..${effect.toMs}`;
  return effect.do;
}

const rows = Object.keys(TABLE) as Row[];
const types = Object.keys(EVENTS) as ConnectionEvent['type'][];

describe('the connection machine', () => {
  it.each(rows.flatMap((row) => types.map((type) => [row, type] as const)))(
    '%s × %s',
    (row, type) => {
      const { state, effects } = step(STATES[row], EVENTS[type]);
      expect([rowOf(state), ...effects.map(wordOf)]).toEqual(TABLE[row][type]);
    },
  );

  it('begins by opening the stream', () => {
    expect([rowOf(START.state), ...START.effects.map(wordOf)]).toEqual(['connecting', ...OPEN]);
  });

  it('waits longer after each failure, up to a ceiling', () => {
    let state: Connection = { name: 'reconnecting', failures: 0, phase: 'trying' };
    const longest: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const failed = step(state, EVENTS.stalled);
      longest.push(...failed.effects.flatMap((effect) => ('toMs' in effect ? [effect.toMs] : [])));
      state = step(failed.state, EVENTS.due).state;
    }
    expect(longest).toEqual([2000, 4000, 8000, 16_000, 20_000, 20_000]);
  });

  it('A26 polls on every second attempt once two have failed', () => {
    const via = [1, 2, 3, 4, 5].map((failures) => {
      const next = step({ name: 'reconnecting', failures, phase: 'waiting' }, EVENTS.due);
      return next.effects.flatMap((effect) => (effect.do === 'open' ? [effect.via] : []));
    });
    expect(via.flat()).toEqual(['stream', 'poll', 'stream', 'poll', 'stream']);
  });

  it('keeps an open stream when the machine says that it is offline, and believes a frame more', () => {
    const down = step(STATES.live, EVENTS['network-down']);
    expect(down.state).toEqual({ name: 'offline', failures: 0, open: true });
    expect(down.effects.map(wordOf)).not.toContain('shut');
    expect(step(down.state, EVENTS.opened).state.name).toBe('live');
  });
});
