/** A session rebuilt from nothing but its log, as a careful reader would; strict about the rules. */
import type { ClickId, ImageId, ObjectId } from '../../src/core/ids.ts';
import type { LoggedEvent } from '../../src/ports/event-log.ts';
import type {
  ImageBody,
  ObjectBody,
  ObjectClick,
  ObjectStatus,
} from '../../src/protocol/bodies.ts';
import type {
  ClickAcceptedPayload,
  ObjectUpdatedPayload,
  SegmentCompletedPayload,
  SegmentFailedPayload,
} from '../../src/protocol/events.ts';

interface FoldedObject {
  readonly objectId: ObjectId;
  readonly imageId: ImageId;
  revision: number;
  done: number;
  clicks: ObjectClick[];
  looks: Pick<ObjectUpdatedPayload, 'label' | 'color' | 'metadata'>;
  result: SegmentCompletedPayload | undefined;
  failed: boolean;
}

function must(holds: boolean, rule: string): asserts holds {
  if (!holds) throw new Error(`the log breaks a rule: ${rule}`);
}

type Handlers = {
  readonly [Type in LoggedEvent['type']]: (
    payload: Extract<LoggedEvent, { type: Type }>['payload'],
  ) => void;
};

/** Throws as soon as the log says something that part A rules out. */
export class LogFold {
  readonly images = new Map<ImageId, ImageBody>();
  readonly objects = new Map<ObjectId, FoldedObject>();
  /** Accepted and not ended yet. */
  readonly pending = new Set<ClickId>();
  readonly accepted = new Set<ClickId>();
  readonly #maskRevisions = new Map<ObjectId, number>();
  #sequence = 0;
  #epoch: number | undefined;
  #closed = false;

  apply(event: LoggedEvent): void {
    must(event.position.sequence === this.#sequence + 1, 'A19 sequences have no hole');
    must((this.#epoch ?? event.position.epoch) === event.position.epoch, 'A19 one epoch');
    must(!this.#closed, 'A8 nothing follows session.closed');
    this.#epoch = event.position.epoch;
    this.#sequence = event.position.sequence;
    const handle = this.#handlers[event.type] as (payload: LoggedEvent['payload']) => void;
    handle(event.payload);
  }

  get sequence(): number {
    return this.#sequence;
  }

  /** As in a snapshot, but for what a log does not say: `running` is `queued`. */
  bodies(): readonly (Omit<ObjectBody, 'problem'> & { readonly status: ObjectStatus })[] {
    return [...this.objects.values()].map((object) => ({
      objectId: object.objectId,
      imageId: object.imageId,
      revision: object.revision,
      ...object.looks,
      status: statusOf(object),
      clicks: object.clicks,
      ...(object.result === undefined ? {} : { result: object.result }),
    }));
  }

  readonly #handlers: Handlers = {
    'session.opened': () => must(this.#sequence === 1, 'A6 a session is opened once, first'),
    'session.closed': () => {
      this.#closed = true;
    },
    'image.added': (body) => {
      must(!this.images.has(body.imageId), 'A9 an image is added once');
      this.images.set(body.imageId, body);
    },
    'image.ready': (body) => this.#settle(body),
    'image.failed': (body) => this.#settle(body),
    'image.removed': ({ imageId }) => {
      const orphans = [...this.objects.values()].filter((object) => object.imageId === imageId);
      must(orphans.length === 0, 'A10 objects are removed before their image');
      must(this.images.delete(imageId), 'A10 a removed image was there');
    },
    'click.accepted': (payload) => this.#accept(payload),
    'click.undone': ({ clickId, objectId, revision }) => {
      const object = this.#object(objectId);
      must(revision === object.revision + 1, 'revisions rise by one');
      must(
        object.clicks.some((click) => click.clickId === clickId),
        'A15 an undone click was in the prompt',
      );
      object.revision = revision;
      object.clicks = object.clicks.filter((click) => click.clickId !== clickId);
    },
    'click.cancelled': ({ clickId, objectId }) => {
      this.#end(clickId);
      this.#settleClicks(this.#object(objectId), [clickId]);
    },
    'segment.completed': (payload) => {
      const object = this.#answer(payload);
      const last = this.#maskRevisions.get(payload.objectId) ?? 0;
      must(payload.revision >= last, 'A21 revisions of masks never go down');
      must(payload.revision > (object.result?.revision ?? 0), 'A21 a revision has one mask');
      this.#maskRevisions.set(payload.objectId, payload.revision);
      object.result = payload;
      object.failed = false;
    },
    'segment.failed': (payload) => {
      this.#answer(payload).failed = true;
    },
    'object.updated': ({ objectId, imageId: _, revision, ...looks }) => {
      const object = this.#object(objectId);
      must(revision === object.revision, 'A16 a patch leaves the revision');
      object.looks = looks;
    },
    'object.removed': ({ objectId }) => {
      const { clicks } = this.#object(objectId);
      must(!clicks.some((click) => click.pending), 'A16 pending clicks end before their object');
      this.objects.delete(objectId);
    },
  };

  #settle(body: ImageBody): void {
    must(this.images.has(body.imageId), 'A11 a settled image is there');
    this.images.set(body.imageId, body);
  }

  #accept(payload: ClickAcceptedPayload): void {
    const { clickId, objectId, imageId, revision, points, box, clientRef } = payload;
    must(!this.accepted.has(clickId), 'a click is accepted once');
    must(this.images.has(imageId), 'A12 a click is on an image of the session');
    const object = this.objects.get(objectId) ?? {
      objectId,
      imageId,
      revision: revision - 1,
      done: revision - 1,
      clicks: [],
      looks: {},
      result: undefined,
      failed: false,
    };
    must(object.imageId === imageId, 'A12 an object belongs to one image');
    must(revision === object.revision + 1, 'revisions rise by one');
    object.revision = revision;
    const rest = {
      ...(box === undefined ? {} : { box }),
      ...(clientRef === undefined ? {} : { clientRef }),
    };
    object.clicks.push({ clickId, points, ...rest, pending: true });
    this.objects.set(objectId, object);
    this.accepted.add(clickId);
    this.pending.add(clickId);
  }

  #answer({ objectId, revision, covers }: SegmentCompletedPayload | SegmentFailedPayload) {
    const object = this.#object(objectId);
    must(revision <= object.revision, 'an answer is to a prompt that there was');
    must(revision >= object.done, 'L4 revisions are answered upwards');
    for (const clickId of covers) this.#end(clickId);
    this.#settleClicks(object, covers);
    object.done = revision;
    return object;
  }

  #settleClicks(object: FoldedObject, ended: readonly ClickId[]): void {
    object.clicks = object.clicks.map((click) =>
      ended.includes(click.clickId) ? { ...click, pending: false } : click,
    );
  }

  #end(clickId: ClickId): void {
    must(this.pending.delete(clickId), 'A21 every click is ended once');
  }

  #object(objectId: ObjectId): FoldedObject {
    const object = this.objects.get(objectId);
    must(object !== undefined, `events name objects that are there (${objectId})`);
    return object;
  }
}

function statusOf(object: FoldedObject): ObjectStatus {
  if (object.revision > object.done) return 'queued';
  return object.failed ? 'failed' : 'ready';
}
