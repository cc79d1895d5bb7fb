/** Opening a session, coming back to one, and what to do when it is gone. */
import type { LiveSession, StreamFrame } from '../client/index.ts';
import { NO_HISTORY } from './history.ts';
import type { LatencyMeter } from './latency.ts';
import { forget, lastSession, load, rememberSession } from './storage.ts';
import type { Studio } from './studio.ts';

const GONE = 'That session has ended, and its photos and masks with it.';

export class Sessions {
  readonly #studio: Studio;
  readonly #meter: LatencyMeter;
  #opening: Promise<LiveSession> | undefined;

  constructor(studio: Studio, meter: LatencyMeter) {
    this.#studio = studio;
    this.#meter = meter;
  }

  /** The session that the address names, so that a reload and a shared link come back to it. */
  static inAddress(): string | undefined {
    const id = decodeURIComponent(location.hash.slice(1));
    return id.startsWith('ses_') ? id : undefined;
  }

  /** A session of before that is not the present one. */
  static resumable(): string | undefined {
    return Sessions.inAddress() === undefined ? lastSession() : undefined;
  }

  /** Comes back to a session; the photos appear when its snapshot has come. */
  resume(sessionId: string): void {
    const { imageId, selected, history, slots } = load(sessionId);
    this.#studio.update({ imageId, selected, history, slots: new Map(slots) });
    this.#follow(sessionId);
  }

  /** The present session, or a new one. */
  async ensure(): Promise<LiveSession> {
    const { session } = this.#studio.state;
    if (session !== undefined) return session;
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  /** Back to the start page. */
  leave(note?: string): void {
    const { session } = this.#studio.state;
    session?.close();
    if (session !== undefined && note !== undefined) forget(session.sessionId);
    history.replaceState(null, '', location.pathname);
    this.#studio.update({
      session: undefined,
      imageId: undefined,
      taken: undefined,
      selected: undefined,
      history: NO_HISTORY,
      slots: new Map(),
      photo: undefined,
      upload: undefined,
      latency: undefined,
      crosshair: undefined,
      note,
    });
  }

  async #open(): Promise<LiveSession> {
    const { sessionId, limits } = await this.#studio.client.createSession({ name: 'studio' });
    this.#studio.update({ limits });
    return this.#follow(sessionId);
  }

  #follow(sessionId: string): LiveSession {
    const session = this.#studio.client.follow(sessionId);
    rememberSession(sessionId);
    history.replaceState(null, '', `#${sessionId}`);
    session.subscribe((_, frame) => this.#changed(session, frame));
    this.#studio.update({ session, note: undefined });
    return session;
  }

  #changed(session: LiveSession, frame: StreamFrame | undefined): void {
    if (this.#studio.state.session !== session) return;
    const { connection } = session;
    if (connection.name === 'closed' && connection.reason !== 'by_caller') {
      this.leave(GONE);
      return;
    }
    if (frame !== undefined) this.#heard(session, frame);
    this.#studio.redraw();
  }

  #heard(session: LiveSession, frame: StreamFrame): void {
    const { messages } = this.#studio;
    const { taken } = this.#studio.state;
    if (session.state.images.some((image) => image.imageId === taken)) {
      this.#studio.update({ taken: undefined });
    }
    const latency = this.#meter.frame(frame, performance.now());
    if (latency !== undefined) {
      this.#studio.update({ latency });
      messages.announce(`Mask after ${Math.round(latency.totalMs)} milliseconds.`);
    }
    if (frame.type === 'segment.failed' || frame.type === 'image.failed') {
      const { problem } = frame.payload;
      if (problem !== undefined) messages.fail(new Error(problem.detail));
    }
    if (frame.type === 'session.snapshot') this.#settle(session);
    if (frame.type === 'object.removed' && frame.payload.objectId === this.#studio.state.selected) {
      this.#studio.update({ selected: undefined });
    }
    if (frame.type === 'image.removed' && frame.payload.imageId === this.#studio.state.imageId) {
      this.#settle(session);
    }
  }

  /** Makes the choice of photo and object one that exists. */
  #settle(session: LiveSession): void {
    const { imageId, selected, taken } = this.#studio.state;
    const { images, objects } = session.state;
    const known = images.map((image): string => image.imageId);
    const there = taken === undefined ? known : [...known, taken];
    const shown = there.find((id) => id === imageId) ?? known.at(-1);
    const object = objects.find((candidate) => candidate.objectId === selected);
    this.#studio.update({
      crosshair: undefined,
      imageId: shown,
      selected: object?.imageId === shown ? object?.objectId : undefined,
    });
  }
}
