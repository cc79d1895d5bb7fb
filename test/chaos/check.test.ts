import { describe, expect, test } from 'vitest';
import type { Cursor } from '../../src/core/cursor.ts';
import { clickId, imageId, objectId, sessionId } from '../../src/core/ids.ts';
import type { Prompt } from '../../src/core/prompt.ts';
import type { LoggedPayloads, LoggedType } from '../../src/protocol/events.ts';
import { checkRun } from './check.ts';
import { expectedMask } from './expected-mask.ts';
import type { AnyEnvelope, RunHistory, Seen, SentClick, SessionHistory } from './history.ts';
import type { ViolationKind } from './verdict.ts';

const SESSION = 'ses_suite';
const IMAGE = { imageId: 'sha256-image', width: 48, height: 36 };
const OBJECT = 'object-1';

function event<Type extends LoggedType>(
  sequence: number,
  type: Type,
  payload: LoggedPayloads[Type],
  epoch = 1,
): AnyEnvelope {
  return {
    eventId: `${epoch}-${sequence}`,
    sequence,
    schemaVersion: 1,
    channel: `session:${sessionId(SESSION)}`,
    type,
    timestamp: '2026-01-01T00:00:00.000Z',
    payload,
  } as unknown as AnyEnvelope;
}

const inOther = (each: AnyEnvelope): AnyEnvelope => ({
  ...each,
  channel: `session:${sessionId('ses_other')}`,
});

const ids = { objectId: objectId(OBJECT), imageId: imageId(IMAGE.imageId) };
const pointAt = (x: number) => ({ x, y: 1, label: 1 as const });

/** The click `name`, whose only point lies at `revision`. */
const accepted = (sequence: number, name: string, revision: number, epoch = 1) =>
  event(
    sequence,
    'click.accepted',
    {
      ...ids,
      clickId: clickId(`clk_${name}`),
      revision,
      points: [pointAt(revision)],
      clientRef: name,
    },
    epoch,
  );

function completed(
  sequence: number,
  revision: number,
  names: readonly string[],
  prompt: Prompt = {
    points: Array.from({ length: revision }, (_, index) => pointAt(index + 1)),
  },
  epoch = 1,
) {
  return event(
    sequence,
    'segment.completed',
    {
      ...ids,
      revision,
      covers: names.map((name) => clickId(`clk_${name}`)),
      mask: { format: 'coco_rle', ...expectedMask(IMAGE, prompt) },
      bounds: null,
      area: 0,
      score: 1,
      model: 'suite',
      cached: false,
      timings: { queuedMs: 0, serverMs: 0, totalMs: 0 },
    },
    epoch,
  );
}

const sent = (name: string, revision: number, cursor: Cursor): SentClick => ({
  clientRef: name,
  imageId: IMAGE.imageId,
  objectId: OBJECT,
  points: [pointAt(revision)],
  answers: [{ clickId: `clk_${name}`, objectId: OBJECT, revision, cursor }],
});

const opened = event(1, 'session.opened', {
  sessionId: sessionId(SESSION),
  expiresAt: '2026-01-02T00:00:00.000Z',
});
/** Two clicks, a mask for each. */
const LOG = [
  opened,
  accepted(2, 'a', 1),
  completed(3, 1, ['a']),
  accepted(4, 'b', 2),
  completed(5, 2, ['b']),
];
const CLICKS = [sent('a', 1, '1-2'), sent('b', 2, '1-4')];

const start: Seen = { kind: 'connected', from: 'start' };
const from = (cursor: Cursor): Seen => ({ kind: 'connected', from: cursor });
const read = (...events: readonly AnyEnvelope[]): Seen[] =>
  events.map((each) => ({ kind: 'event', id: each.eventId, event: each }));
const heartbeat = (id: string): Seen => ({ kind: 'heartbeat', id });
const reset: Seen = { kind: 'reset', reason: 'epoch_changed' };
const snapshot = (cursor: Cursor, revision = 0): Seen => ({
  kind: 'snapshot',
  cursor,
  objects:
    revision === 0
      ? []
      : [
          {
            objectId: OBJECT,
            revision,
            clicks: Array.from({ length: revision }, (_, index) => ({
              clickId: `clk_${'abc'[index]}`,
              points: [pointAt(index + 1)],
            })),
          },
        ],
});

function session(change: Partial<SessionHistory> = {}, seen?: readonly Seen[]): SessionHistory {
  const log = change.log ?? LOG;
  return {
    sessionId: SESSION,
    image: IMAGE,
    clicks: CLICKS,
    log,
    readers: [{ name: 'reader', seen: seen ?? [start, ...read(...log)] }],
    statuses: new Map(CLICKS.map(({ clientRef }) => [`clk_${clientRef}`, 'completed'])),
    ...change,
  };
}

function kindsOf(
  sessions: readonly SessionHistory[],
  change: Partial<RunHistory> = {},
): readonly ViolationKind[] {
  const calm = { ceiling: 4, mostOpenCalls: 4, callsAbove: [], badAnswers: [], unsettled: [] };
  return checkRun({ sessions, ...calm, ...change }).violations.map(({ kind }) => kind);
}

describe('histories that are allowed', () => {
  test('clicks that end once, read in order', () => {
    expect(kindsOf([session()])).toEqual([]);
    const run = { sessions: [session()], ceiling: 1, mostOpenCalls: 1, callsAbove: [] };
    expect(checkRun({ ...run, badAnswers: [], unsettled: [] }).masksCompared).toBe(2);
  });

  test('a reader that leaves, comes back, and forgets where it was', () => {
    const [one, two, three, four, five] = read(...LOG) as [Seen, Seen, Seen, Seen, Seen];
    const seen = [
      ...[start, one, two, heartbeat('1-2'), from('1-2'), three],
      ...[{ kind: 'connected', from: undefined } as const, snapshot('1-4', 2), five],
    ];
    expect(kindsOf([session({}, seen)])).toEqual([]);
    expect(kindsOf([session({}, [start, one, two, from('1-2'), three, four, five])])).toEqual([]);
  });

  test('a log that was made anew, announced; what only a snapshot tells of the epoch before', () => {
    const log = [completed(1, 2, ['b'], undefined, 9), accepted(2, 'c', 3, 9)];
    log.push(completed(3, 3, ['c'], undefined, 9));
    const seen = [start, ...read(...LOG.slice(0, 2)), from('1-2'), reset, snapshot('9-0', 2)];
    const clicks = [...CLICKS, sent('c', 3, '9-2')];
    const statuses = new Map(['a', 'b', 'c'].map((name) => [`clk_${name}`, 'completed'] as const));
    const change = { log, clicks, statuses };
    expect(kindsOf([session(change, [...seen, ...read(...log)])])).toEqual([]);
    const wrong = log.with(2, completed(3, 3, ['c'], { points: [pointAt(9)] }, 9));
    const other = { ...change, log: wrong };
    expect(kindsOf([session(other, [...seen, ...read(...wrong)])])).toEqual(['wrong mask']);
  });

  test('a click with an unknown outcome that was accepted, and one that was not', () => {
    const unknown = CLICKS.map((click) => ({ ...click, answers: [] }));
    const more = { ...sent('c', 3, '1-9'), answers: [] };
    expect(kindsOf([session({ clicks: [...unknown, more] })])).toEqual([]);
  });
});

describe('what a reader must not see', () => {
  const [one, two, three, four, five] = read(...LOG) as [Seen, Seen, Seen, Seen, Seen];

  test.each<[string, readonly Seen[], readonly ViolationKind[]]>([
    ['a hole', [start, one, three, four, five], ['lost']],
    ['a hole after coming back', [start, one, two, from('1-2'), four, five], ['lost']],
    ['a beginning that is missing', [start, two, three, four, five], ['lost']],
    ['a repeat', [start, one, two, from('1-2'), two, three, four, five], ['repeated']],
    ['another order', [start, one, three, two, four, five], ['lost', 'reordered', 'lost']],
    ['a heartbeat ahead', [start, one, heartbeat('1-2'), two, three, four, five], ['lost']],
    ['a snapshot that nobody announced', [start, one, two, snapshot('1-4', 2), five], ['lost']],
    ['no snapshot after a reset', [start, one, reset, two, three, four, five], ['lost']],
    [
      'a snapshot of before',
      [start, one, two, three, reset, snapshot('1-2', 1), three, four, five],
      ['reordered'],
    ],
    ['an end too early', [start, one, two], ['unsettled']],
    ['nothing', [], ['unsettled']],
    [
      'a snapshot that is no cut of the log',
      [start, one, two, reset, snapshot('1-3', 2), four, five],
      ['forked cursor'],
    ],
  ])('%s', (_, seen, kinds) => {
    expect(kindsOf([session({}, seen)])).toEqual(kinds);
  });

  test('an epoch that changes silently', () => {
    const log = [opened, ...LOG.slice(1)].map(
      (each) => ({ ...each, eventId: `9-${each.sequence}` }) as AnyEnvelope,
    );
    const clicks = [sent('a', 1, '9-2'), sent('b', 2, '9-4')];
    const seen = [start, one, from('1-1'), ...read(...log.slice(1))];
    expect(kindsOf([session({ log, clicks }, seen)])).toContain('lost');
  });

  test('two values at one cursor', () => {
    const other = accepted(2, 'b', 1);
    const seen = [start, one, ...read(other), three, four, five];
    expect(kindsOf([session({}, seen)])).toContain('forked cursor');
  });

  test('an event that calls itself otherwise', () => {
    const seen = [start, one, { ...two, id: '1-2', event: { ...LOG[1], sequence: 3 } } as Seen];
    expect(kindsOf([session({}, [...seen, three, four, five])])).toContain('forked cursor');
  });

  test('an event of another session', () => {
    const log = LOG.with(1, inOther(accepted(2, 'a', 1)));
    expect(kindsOf([session({ log })])).toContain('cross-session');
  });
});

describe('what must not become of a click', () => {
  test('acknowledged and in no log', () => {
    const more = [...CLICKS, sent('c', 3, '1-6')];
    expect(kindsOf([session({ clicks: more })])).toContain('lost');
  });

  test('acknowledged in an epoch that is over, and unknown to the session', () => {
    const log = [event(1, 'object.updated', { ...ids, revision: 2 }, 9)];
    const seen = [start, ...read(...LOG), from('1-5'), reset, snapshot('9-0', 2), ...read(...log)];
    const clicks = [...CLICKS, sent('c', 3, '1-6')];
    expect(kindsOf([session({ log, clicks }, seen)])).toContain('lost');
  });

  test('without an end', () => {
    const log = LOG.slice(0, 4);
    expect(kindsOf([session({ log })])).toEqual(['not ended']);
  });

  test('said to be running when all is at rest', () => {
    const statuses = new Map([['clk_a', 'running'] as const, ['clk_b', 'completed'] as const]);
    expect(kindsOf([session({ statuses })])).toEqual(['not ended']);
  });

  test('ended twice', () => {
    const log = LOG.with(4, completed(5, 2, ['a', 'b']));
    expect(kindsOf([session({ log })])).toEqual(['ended twice']);
    const cancel = { clickId: clickId('clk_a'), objectId: ids.objectId, reason: 'undone' } as const;
    const undone = [...LOG, event(6, 'click.cancelled', cancel)];
    expect(kindsOf([session({ log: undone })])).toEqual(['ended twice']);
  });

  test('ended before it was accepted', () => {
    const log = [opened, completed(2, 1, ['a']), accepted(3, 'a', 1), ...LOG.slice(3)];
    const clicks = [sent('a', 1, '1-3'), sent('b', 2, '1-4')];
    expect(kindsOf([session({ log, clicks })])).toContain('reordered');
  });

  test('accepted twice', () => {
    const log = [...LOG, accepted(6, 'b', 3), completed(7, 3, [])];
    expect(kindsOf([session({ log })])).toContain('repeated');
  });

  test('answered with two ids', () => {
    const [first] = CLICKS[1]?.answers ?? [];
    const answers = first === undefined ? [] : [first, { ...first, clickId: 'clk_other' }];
    const clicks = [sent('a', 1, '1-2'), { ...sent('b', 2, '1-4'), answers }];
    expect(kindsOf([session({ clicks })])).toEqual(['repeated']);
  });

  test('in another place than its 202 said', () => {
    expect(kindsOf([session({ clicks: [sent('a', 1, '1-2'), sent('b', 2, '1-9')] })])).toEqual([
      'forked cursor',
    ]);
  });

  test('never sent, or refused, or of other content', () => {
    expect(kindsOf([session({ clicks: CLICKS.slice(0, 1) })])).toEqual(['unexpected']);
    const refused = { ...sent('b', 2, '1-4'), answers: [], refusedWith: 'overloaded' };
    expect(kindsOf([session({ clicks: [sent('a', 1, '1-2'), refused] })])).toEqual(['unexpected']);
    const other = { ...sent('b', 2, '1-4'), points: [pointAt(40)] };
    expect(kindsOf([session({ clicks: [sent('a', 1, '1-2'), other] })])).toEqual(['unexpected']);
  });

  test('ended and never accepted', () => {
    const log = LOG.with(4, completed(5, 2, ['b', 'x']));
    expect(kindsOf([session({ log })])).toEqual(['unexpected']);
  });

  test('sent to another session', () => {
    const other = { ...session({ clicks: [] }), sessionId: 'ses_other' };
    const log = other.log.map(inOther);
    const readers = [{ name: 'reader', seen: [start, ...read(...log)] }];
    const found = kindsOf([session(), { ...other, log, readers }]);
    expect(new Set(found)).toEqual(new Set(['cross-session']));
  });
});

describe('masks and the run as a whole', () => {
  test('a revision that goes down, or comes twice', () => {
    const down = [...LOG, completed(6, 1, [])];
    expect(kindsOf([session({ log: down })])).toEqual(['revision went down']);
    const twice = [...LOG, completed(6, 2, [])];
    expect(kindsOf([session({ log: twice })])).toEqual(['revision went down']);
  });

  test('the mask of another prompt', () => {
    const log = LOG.with(4, completed(5, 2, ['b'], { points: [pointAt(1)] }));
    expect(kindsOf([session({ log })])).toEqual(['wrong mask']);
  });

  test('a hole in the log itself', () => {
    const log = LOG.toSpliced(2, 1);
    expect(kindsOf([session({ log }, [start, ...read(...LOG)])])).toContain('lost');
  });

  test('calls above the ceiling, bad answers, and what did not come to rest', () => {
    const change = { mostOpenCalls: 5, badAnswers: ['500'], unsettled: ['still'] };
    expect(kindsOf([session()], change)).toEqual([
      'calls above the ceiling',
      'bad answer',
      'unsettled',
    ]);
  });
});
