/**
 * Masks: revisions never go down, and each mask is the one of its revision's prompt (A21). Snapshots
 * are cuts of the log (A7), and tell what the prompts are after a hole: events of an epoch that is over.
 */
import type { Position } from '../../src/core/cursor.ts';
import { formatCursor } from '../../src/core/cursor.ts';
import { foldPrompt, promptKey } from '../../src/core/prompt.ts';
import { expectedMask } from './expected-mask.ts';
import type { AnyEnvelope, SeenClick, SeenObject, SessionHistory } from './history.ts';
import type { Truth, Violation } from './verdict.ts';
import { positionOf } from './verdict.ts';

type Completed = Extract<AnyEnvelope, { type: 'segment.completed' }>;

export function checkMasks(truth: Truth): { violations: Violation[]; compared: number } {
  const prompts = new Prompts(truth.session);
  let expected: string | undefined;
  for (const { position, event, objects } of inOrder(truth)) {
    const next = { ...position, sequence: position.sequence + 1 };
    // A cut lies behind its event; only in front of the first one it stands by itself.
    const follows = event === undefined ? formatCursor(next) : formatCursor(position);
    if (follows !== expected && event?.type !== 'session.opened') prompts.forget();
    if (event !== undefined) prompts.take(event);
    else prompts.cut(objects);
    expected = formatCursor(next);
  }
  return prompts;
}

interface Point {
  readonly position: Position;
  readonly event?: AnyEnvelope;
  readonly objects?: readonly SeenObject[];
}

/** Events, and behind each the snapshots that were taken there. */
function inOrder({ events, session }: Truth): readonly Point[] {
  const seen = session.readers.flatMap((reader) => reader.seen);
  const cuts = seen.flatMap((item): Point[] =>
    item.kind === 'snapshot' ? [{ position: positionOf(item.cursor), objects: item.objects }] : [],
  );
  const points = events.map((event): Point => ({ position: positionOf(event.eventId), event }));
  // Sorting is stable: at one position, events stay before cuts.
  return [...points, ...cuts].toSorted(
    ({ position: left }, { position: right }) =>
      left.epoch - right.epoch || left.sequence - right.sequence,
  );
}

class Prompts {
  readonly violations: Violation[] = [];
  compared = 0;
  readonly #image: SessionHistory['image'];
  readonly #objects = new Map<string, PromptHistory>();
  #hole = false;

  constructor({ image }: SessionHistory) {
    this.#image = image;
  }

  /** Where events are missing that nobody saw, anything may have happened. */
  forget(): void {
    this.#hole = true;
    for (const object of this.#objects.values()) object.lose();
  }

  cut(objects: readonly SeenObject[] = []): void {
    for (const seen of objects) {
      if (this.#object(seen.objectId).seed(seen)) continue;
      const text = `a snapshot has other clicks of ${seen.objectId} at revision ${seen.revision}`;
      this.violations.push({ kind: 'forked cursor', text });
    }
  }

  take(event: AnyEnvelope): void {
    if (!('objectId' in event.payload)) return;
    const object = this.#object(event.payload.objectId);
    if (event.type === 'segment.completed') this.#completed(event, object);
    else object.change(event);
  }

  #completed({ payload }: Completed, object: PromptHistory): void {
    const { objectId, revision, mask } = payload;
    if (revision <= object.answered) {
      const text = `${objectId} got revision ${revision} after ${object.answered}`;
      this.violations.push({ kind: 'revision went down', text });
    }
    object.answered = Math.max(object.answered, revision);
    const clicks = object.at(revision);
    if (clicks === undefined) return;
    this.compared += 1;
    if (expectedMask(this.#image, foldPrompt(clicks)).counts === mask.counts) return;
    this.violations.push({ kind: 'wrong mask', text: `${objectId} at revision ${revision}` });
  }

  #object(objectId: string): PromptHistory {
    const object = this.#objects.get(objectId) ?? new PromptHistory(!this.#hole);
    this.#objects.set(objectId, object);
    return object;
  }
}

/** The clicks of one object at each of its revisions, as far as every change is known. */
class PromptHistory {
  answered = 0;
  /** `undefined` after a hole. */
  #now: { readonly revision: number; readonly clicks: readonly SeenClick[] } | undefined;
  readonly #at = new Map<number, readonly SeenClick[]>();

  constructor(isNew: boolean) {
    this.#now = isNew ? { revision: 0, clicks: [] } : undefined;
  }

  at(revision: number): readonly SeenClick[] | undefined {
    return this.#at.get(revision);
  }

  lose(): void {
    this.#now = undefined;
  }

  /** False when the snapshot contradicts what is known. */
  seed({ revision, clicks }: SeenObject): boolean {
    const known = this.#now;
    if (known === undefined) {
      this.#to(revision, clicks);
      return true;
    }
    const same = promptKey(foldPrompt(known.clicks)) === promptKey(foldPrompt(clicks));
    return same && known.revision === revision;
  }

  change(event: AnyEnvelope): void {
    if (event.type === 'click.accepted') {
      const { revision } = event.payload;
      // The first click ever has nothing before it, whatever was missed.
      const before = revision === 1 ? [] : this.#now?.clicks;
      this.#to(revision, before?.concat(event.payload));
    } else if (event.type === 'click.undone') {
      const { clickId, revision } = event.payload;
      this.#to(
        revision,
        this.#now?.clicks.filter((click) => click.clickId !== clickId),
      );
    } else if (event.type === 'object.removed') {
      this.#now = { revision: this.#now?.revision ?? 0, clicks: [] };
    }
  }

  #to(revision: number, clicks: readonly SeenClick[] | undefined): void {
    this.#now = clicks === undefined ? undefined : { revision, clicks };
    if (clicks !== undefined) this.#at.set(revision, clicks);
  }
}
