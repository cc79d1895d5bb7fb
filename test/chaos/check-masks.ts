/**
 * Masks: revisions never go down, and each mask is the one of its revision's prompt (A21). Snapshots
 * are cuts of the log (A7), and tell what the prompts are after a hole between two epochs.
 */
import { foldPrompt, promptKey } from '../../src/core/prompt.ts';
import { expectedMask } from './expected-mask.ts';
import type { AnyEnvelope, SeenClick, SeenObject, SessionHistory } from './history.ts';
import type { Truth, Violation } from './verdict.ts';
import { positionOf } from './verdict.ts';

type Completed = Extract<AnyEnvelope, { type: 'segment.completed' }>;

export function checkMasks(truth: Truth): { violations: Violation[]; compared: number } {
  const snapshots = snapshotsOf(truth.session);
  const prompts = new Prompts(truth.session);
  let epoch = 0;
  for (const event of truth.events) {
    const now = positionOf(event.eventId).epoch;
    if (now !== epoch) {
      prompts.forget();
      // A log that was made anew is empty at first; snapshots may be older than its first entry.
      prompts.cut(snapshots.get(`${now}-0`));
      epoch = now;
    }
    prompts.take(event);
    prompts.cut(snapshots.get(event.eventId));
  }
  return prompts;
}

type Snapshots = ReadonlyMap<string, readonly SeenObject[]>;

function snapshotsOf({ readers }: SessionHistory): Snapshots {
  const seen = readers.flatMap((reader) => reader.seen);
  return new Map(
    seen.flatMap((item) =>
      item.kind === 'snapshot' ? [[item.cursor as string, item.objects] as const] : [],
    ),
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

  /** Between two epochs anything may have happened. */
  forget(): void {
    this.#hole = this.#objects.size > 0;
    for (const object of this.#objects.values()) object.lose();
  }

  cut(objects: readonly SeenObject[] | undefined): void {
    for (const seen of objects ?? []) {
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
