/** What the page knows, as one value; every part of the page draws itself from it. */
import type { Box, Limits, LiveSession } from '../client/index.ts';
import { MaskwireClient } from '../client/index.ts';
import type { History } from './history.ts';
import { NO_HISTORY } from './history.ts';
import type { Latency } from './latency.ts';
import type { Messages } from './messages.ts';
import type { ObjectView } from './object-view.ts';
import { objectIds, objectViews } from './object-view.ts';
import { assignSlots } from './palette.ts';
import { save } from './storage.ts';
import type { Place, View } from './view.ts';

/** What a primary click or tap does. */
export type Mode = 'add' | 'remove' | 'box';

/** A decoded picture; `imageId` is missing until the gateway has it. */
export interface Photo {
  readonly imageId?: string;
  readonly bitmap: ImageBitmap;
  readonly width: number;
  readonly height: number;
}

/** A click on a photo that is still being sent; it goes out as soon as the gateway has the photo. */
export interface EarlyClick extends Place {
  readonly label: 0 | 1;
}

export interface StudioState {
  readonly session?: LiveSession | undefined;
  /** Of a session that was opened here; its stream tells them, too. */
  readonly limits?: Limits | undefined;
  readonly mode: Mode;
  /** The photo that is worked on. */
  readonly imageId?: string | undefined;
  /** A photo that the gateway has taken and the stream, which may be behind, has not told of yet. */
  readonly taken?: string | undefined;
  /** The object that clicks go to; without one the next click begins a new object. */
  readonly selected?: string | undefined;
  readonly history: History;
  readonly slots: ReadonlyMap<string, number>;
  readonly photo?: Photo | undefined;
  readonly view?: View | undefined;
  /** Where the keyboard aims, in image pixels. */
  readonly crosshair?: Place | undefined;
  /** The box that is being dragged, in image pixels. */
  readonly drag?: Box | undefined;
  readonly upload?: { readonly text: string; readonly part: number } | undefined;
  /** In pixels of the photo that is shown meanwhile. */
  readonly early: readonly EarlyClick[];
  readonly latency?: Latency | undefined;
  /** Said on the start page. */
  readonly note?: string | undefined;
}

export class Studio {
  readonly client = new MaskwireClient();
  readonly messages: Messages;
  readonly #painters: (() => void)[] = [];
  #state: StudioState = { mode: 'add', history: NO_HISTORY, slots: new Map(), early: [] };
  #scheduled = false;
  #saved: readonly unknown[] = [];

  constructor(messages: Messages) {
    this.messages = messages;
  }

  get state(): StudioState {
    return this.#state;
  }

  /** Changes some of the state; the page is drawn anew before the next frame. */
  update(patch: Partial<StudioState>): void {
    this.#state = { ...this.#state, ...patch };
    this.redraw();
  }

  /** Called once per frame in which something changed. */
  onDraw(painter: () => void): void {
    this.#painters.push(painter);
  }

  redraw(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#assignSlots();
      this.#save();
      for (const painter of this.#painters) painter();
    });
  }

  /** What the gateway takes; unknown only before the first word of a session that is come back to. */
  get limits(): Limits | undefined {
    return this.#state.session?.state.limits ?? this.#state.limits;
  }

  /** The objects of the photo that is worked on. */
  objects(): readonly ObjectView[] {
    const { session, imageId, slots } = this.#state;
    return session === undefined ? [] : objectViews(session.state, imageId, slots);
  }

  #assignSlots(): void {
    const { session, slots } = this.#state;
    // Before the first snapshot nothing is known, and remembered colours must not be dropped.
    if (session?.state.cursor === undefined) return;
    const assigned = assignSlots(slots, objectIds(session.state));
    const same = assigned.size === slots.size && [...assigned.keys()].every((id) => slots.has(id));
    if (!same) this.#state = { ...this.#state, slots: assigned };
  }

  /** Writes what a reload needs, when it has changed: animations redraw sixty times a second. */
  #save(): void {
    const { session, imageId, selected, history, slots } = this.#state;
    if (session?.state.cursor === undefined) return;
    const parts = [session, imageId, selected, history, slots];
    if (parts.every((part, at) => part === this.#saved[at])) return;
    this.#saved = parts;
    save(session.sessionId, { imageId, selected, history, slots: [...slots] });
  }
}
