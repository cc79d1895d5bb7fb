/** What became of the clicks: each that was acknowledged is in the log once and ends once (A4, A21). */
import { isDeepStrictEqual } from 'node:util';
import type { AnyEnvelope, SentClick } from './history.ts';
import type { Truth, Violation } from './verdict.ts';
import { positionOf } from './verdict.ts';

type Accepted = Extract<AnyEnvelope, { type: 'click.accepted' }>;

/** `owners`: the session that each `clientRef` of the run was sent to. */
export function checkClicks(truth: Truth, owners: ReadonlyMap<string, string>): Violation[] {
  const accepted = truth.events.filter((event) => event.type === 'click.accepted');
  const byClick = new Map(accepted.map((event) => [event.payload.clickId as string, event]));
  const sent = new Map(truth.session.clicks.map((click) => [click.clientRef, click]));
  return [
    ...checkArrivals(accepted, sent, owners),
    ...truth.session.clicks.flatMap((click) => checkAnswers(click, byClick, truth)),
    ...checkEndings(truth, byClick),
  ];
}

/** Nothing is in the log that nobody sent, that was refused, or that is there already. */
function checkArrivals(
  accepted: readonly Accepted[],
  sent: ReadonlyMap<string, SentClick>,
  owners: ReadonlyMap<string, string>,
): Violation[] {
  const met = new Set<string>();
  return accepted.flatMap(({ eventId, payload }): Violation[] => {
    const reference = payload.clientRef ?? 'without a reference';
    const click = sent.get(reference);
    if (click === undefined) {
      const kind = owners.has(reference) ? 'cross-session' : 'unexpected';
      return [{ kind, text: `click ${reference} at ${eventId} was not sent here` }];
    }
    if (met.has(reference)) {
      return [{ kind: 'repeated', text: `click ${reference} was accepted again at ${eventId}` }];
    }
    met.add(reference);
    if (click.refusedWith !== undefined) {
      return [{ kind: 'unexpected', text: `${reference} was refused and is at ${eventId}` }];
    }
    const { imageId, objectId, points, box } = payload;
    const same = isDeepStrictEqual(
      { imageId, objectId, points, box },
      { imageId: click.imageId, objectId: click.objectId, points: click.points, box: click.box },
    );
    return same ? [] : [{ kind: 'unexpected', text: `${reference} has other content` }];
  });
}

/** Every 202 names the same click, and the log has it where the 202 said. */
function checkAnswers(
  { clientRef, answers }: SentClick,
  byClick: ReadonlyMap<string, Accepted>,
  truth: Truth,
): Violation[] {
  const [first, ...others] = answers;
  if (first === undefined) return [];
  if (others.some(({ clickId }) => clickId !== first.clickId)) {
    return [{ kind: 'repeated', text: `${clientRef} was answered with two click ids` }];
  }
  const event = byClick.get(first.clickId);
  if (event === undefined) {
    // Of an epoch that is over, what no reader saw is gone; the session still knows the click.
    const seen = positionOf(first.cursor).epoch !== truth.lastEpoch;
    if (seen && truth.session.statuses.has(first.clickId)) return [];
    return [{ kind: 'lost', text: `${clientRef} was acknowledged at ${first.cursor}` }];
  }
  const { revision } = event.payload;
  const honest = event.eventId === first.cursor && revision === first.revision;
  if (honest && event.payload.clientRef === clientRef) return [];
  return [{ kind: 'forked cursor', text: `${clientRef} is not what its 202 said` }];
}

function checkEndings(truth: Truth, byClick: ReadonlyMap<string, Accepted>): Violation[] {
  const endings = new Map<string, string[]>();
  for (const event of truth.events) {
    for (const click of endedBy(event)) {
      endings.set(click, [...(endings.get(click) ?? []), event.eventId]);
    }
  }
  const acknowledged = truth.session.clicks.flatMap(({ answers }) => answers.slice(0, 1));
  const known = new Set<string>([...byClick.keys(), ...acknowledged.map((click) => click.clickId)]);
  return [
    ...[...known].flatMap((click) => checkEnding(click, endings.get(click) ?? [], truth, byClick)),
    // Before a log was made anew, clicks with an unknown outcome may have been accepted unseen.
    ...[...endings.keys()]
      .filter((click) => !known.has(click) && truth.epochs === 1)
      .map((click): Violation => ({ kind: 'unexpected', text: `${click} ended, never accepted` })),
  ];
}

function checkEnding(
  click: string,
  at: readonly string[],
  truth: Truth,
  byClick: ReadonlyMap<string, Accepted>,
): Violation[] {
  if (at.length > 1) return [{ kind: 'ended twice', text: `${click} at ${at.join(' and ')}` }];
  const status = truth.session.statuses.get(click);
  if (status === 'queued' || status === 'running') {
    return [{ kind: 'not ended', text: `${click} is still ${status}` }];
  }
  if (at.length === 1 || (status !== undefined && truth.epochs > 1))
    return checkOrder(click, at, byClick);
  // Accepted in an epoch that is over, by an attempt that nobody was answered to.
  const accepted = byClick.get(click);
  const over = accepted === undefined || positionOf(accepted.eventId).epoch !== truth.lastEpoch;
  if (over && status === undefined && truth.epochs > 1) return [];
  return [{ kind: 'not ended', text: click }];
}

function checkOrder(
  click: string,
  [ended]: readonly string[],
  byClick: ReadonlyMap<string, Accepted>,
): Violation[] {
  const accepted = byClick.get(click);
  if (ended === undefined || accepted === undefined) return [];
  const [start, end] = [positionOf(accepted.eventId), positionOf(ended)];
  const ordered =
    start.epoch < end.epoch || (start.epoch === end.epoch && start.sequence < end.sequence);
  return ordered ? [] : [{ kind: 'reordered', text: `${click} ended before it was accepted` }];
}

function endedBy(event: AnyEnvelope): readonly string[] {
  switch (event.type) {
    case 'click.cancelled':
      return [event.payload.clickId];
    case 'segment.completed':
    case 'segment.failed':
      return event.payload.covers;
    default:
      return [];
  }
}
