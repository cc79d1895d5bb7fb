/** What clicks, boxes and keys do to the objects. */
import type { Box, LiveSession, Point } from '../client/index.ts';
import { findClick, findObject, isAway, MaskwireError } from '../client/index.ts';
import type { DoneClick, RemovedObject, UndoneClick } from './history.ts';
import * as past from './history.ts';
import type { LatencyMeter } from './latency.ts';
import type { Studio } from './studio.ts';

const LOST = 'The gateway could not be reached for too long: a click is lost.';

type Part = { readonly points: readonly Point[]; readonly box?: Box };

export class Clicks {
  readonly #studio: Studio;
  readonly #meter: LatencyMeter;
  /** Answers that undoing may have to wait for, by the client's own name of the click. */
  readonly #sending = new Map<string, Promise<string>>();

  constructor(studio: Studio, meter: LatencyMeter) {
    this.#studio = studio;
    this.#meter = meter;
  }

  /** A point of the selected object, or the first of a new one. */
  point(at: { readonly x: number; readonly y: number }, label: 0 | 1): void {
    const { selected, session } = this.#studio.state;
    if (label === 0 && (selected === undefined || session === undefined)) {
      this.#studio.messages.say('Click on an object first, then take parts of it away.');
      return;
    }
    const x = Math.round(at.x * 100) / 100;
    const y = Math.round(at.y * 100) / 100;
    this.#add({ points: [{ x, y, label }] });
  }

  /** A box around the selected object, or around a new one. */
  box(box: Box): void {
    this.#add({ points: [], box });
  }

  /** Lets the next click begin a new object. */
  next(): void {
    this.#studio.update({ selected: undefined, mode: 'add' });
    this.#studio.messages.announce('The next click begins a new object.');
  }

  select(objectId: string): void {
    this.#studio.update({ selected: objectId });
  }

  get canUndo(): boolean {
    return this.#newest() !== undefined;
  }

  get canRedo(): boolean {
    return this.#redoable() !== undefined;
  }

  undo(): void {
    const { session, history } = this.#studio.state;
    const newest = this.#newest();
    if (session === undefined || newest === undefined) return;
    if (past.isClick(newest)) {
      const label = findObject(session.state, newest.objectId)?.label;
      this.#studio.update({ history: past.pop(history, newest, label) });
      this.#undo(session, newest).catch((error: unknown) => this.#studio.messages.fail(error));
    } else {
      this.#restore(session, newest);
    }
    this.#studio.messages.announce('Undone.');
  }

  redo(): void {
    const { session, history } = this.#studio.state;
    const click = this.#redoable();
    if (session === undefined || click === undefined) return;
    const { label, ...part } = click;
    const done = this.#send(session, part);
    this.#studio.update({ history: past.pushRedone(history, done), selected: done.objectId });
    if (label !== undefined) this.#nameAgain(session, done, label);
  }

  async remove(objectId: string): Promise<void> {
    const { session, history, selected } = this.#studio.state;
    const removed = session === undefined ? undefined : past.removalOf(session.state, objectId);
    if (session === undefined || removed === undefined) return;
    this.#studio.update({
      history: past.remove(history, removed),
      selected: selected === objectId ? undefined : selected,
    });
    try {
      await session.removeObject(objectId);
    } catch (error) {
      this.#studio.update({ history: past.restored(this.#studio.state.history, removed, []) });
      throw error;
    }
  }

  /** Posts the clicks of an object again that was removed, each of its own as they were. */
  #restore(session: LiveSession, removed: RemovedObject): void {
    const { objectId, imageId, label } = removed;
    const clicks = removed.clicks.map((click) =>
      this.#send(session, { ...click, imageId, objectId }),
    );
    const history = past.restored(this.#studio.state.history, removed, clicks);
    this.#studio.update({ history, selected: objectId });
    const [first] = clicks;
    if (label !== undefined && first !== undefined) this.#nameAgain(session, first, label);
  }

  #add(part: Part): void {
    const { session, imageId, selected, history } = this.#studio.state;
    if (session === undefined || imageId === undefined) return;
    const done = this.#send(session, { imageId, objectId: selected, ...part });
    this.#studio.update({ history: past.push(history, done), selected: done.objectId });
  }

  #send(
    session: LiveSession,
    click: Part & { readonly imageId: string; readonly objectId?: string | undefined },
  ): DoneClick {
    const { clientRef, objectId, accepted } = session.click(click);
    this.#meter.sent(clientRef, performance.now());
    const settled = accepted.then((answer): string => {
      const { history } = this.#studio.state;
      this.#studio.update({ history: past.confirm(history, clientRef, answer.clickId) });
      return answer.clickId;
    });
    this.#sending.set(clientRef, settled);
    settled
      .catch((error: unknown) => this.#refused(clientRef, objectId, error))
      .finally(() => this.#sending.delete(clientRef));
    const { imageId, points, box } = click;
    return { clientRef, objectId, imageId, points, ...(box === undefined ? {} : { box }) };
  }

  #refused(clientRef: string, objectId: string, error: unknown): void {
    const { session, history, selected } = this.#studio.state;
    const exists =
      session !== undefined &&
      (findObject(session.state, objectId) !== undefined ||
        session.state.pending.some((click) => click.objectId === objectId));
    this.#studio.update({
      history: past.forget(history, clientRef),
      selected: selected === objectId && !exists ? undefined : selected,
    });
    this.#studio.messages.fail(isAway(error) ? new Error(LOST) : error);
  }

  /** What undo takes back: the newest of this page, else the last click of the selected object. */
  #newest(): DoneClick | RemovedObject | undefined {
    const { session, history, selected, imageId } = this.#studio.state;
    if (session === undefined) return undefined;
    const { state } = session;
    const own = history.done.findLast(
      (done) =>
        done.imageId === imageId &&
        (!past.isClick(done) ||
          this.#sending.has(done.clientRef) ||
          (done.clickId !== undefined && findClick(state, done.clickId) !== undefined)),
    );
    if (own !== undefined) return own;
    const object = selected === undefined ? undefined : findObject(state, selected);
    const last = object?.clicks.at(-1);
    if (object === undefined || last === undefined) return undefined;
    const { clickId, points, box } = last;
    const { objectId } = object;
    const rest = box === undefined ? {} : { box };
    return { clientRef: '', clickId, objectId, imageId: object.imageId, points, ...rest };
  }

  #redoable(): UndoneClick | undefined {
    const { history, imageId, session } = this.#studio.state;
    const click = history.undone.at(-1);
    return session !== undefined && click?.imageId === imageId ? click : undefined;
  }

  async #undo(session: LiveSession, click: DoneClick): Promise<void> {
    // A click that is refused after all has nothing to undo, and says so itself.
    const sending = this.#sending.get(click.clientRef);
    const clickId = click.clickId ?? (await sending?.catch(() => undefined));
    if (clickId === undefined) return;
    await session.undo(click.objectId, clickId).catch((error: unknown) => {
      const gone = error instanceof MaskwireError && error.code === 'click_not_found';
      if (!gone) throw error;
    });
  }

  #nameAgain(session: LiveSession, click: DoneClick, label: string): void {
    this.#sending
      .get(click.clientRef)
      ?.then(() => session.patchObject(click.objectId, { label }))
      .catch(() => undefined);
  }
}
