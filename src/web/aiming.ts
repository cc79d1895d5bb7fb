/** Connects gestures and keys on the stage with clicks and with the view. */
import type { Clicks } from './clicks.ts';
import { find } from './dom.ts';
import { Gestures } from './gestures.ts';
import type { Stage } from './stage.ts';
import type { Studio } from './studio.ts';
import type { Place } from './view.ts';
import { onImage, ontoImage, pan, toImage, toStage, zoom } from './view.ts';

/** A box smaller than this, in CSS pixels, was a slip of the hand. */
const SMALLEST_BOX = 6;

export class Aiming {
  readonly #studio: Studio;
  readonly #stage: Stage;
  readonly #clicks: Clicks;
  readonly gestures: Gestures;
  /** Of the photo that early clicks were made on. */
  #shownWidth: number | undefined;

  constructor(studio: Studio, stage: Stage, clicks: Clicks) {
    this.#studio = studio;
    this.#stage = stage;
    this.#clicks = clicks;
    this.gestures = new Gestures(find('#pad', HTMLElement), {
      tap: (at, away) => this.#tap(at, away),
      doubleTap: () => this.#doubleTap(),
      fingerDraws: () => this.#studio.state.mode === 'box',
      box: (from, to, phase) => this.#box(from, to, phase === 'done'),
      cancelBox: () => this.#studio.update({ drag: undefined }),
      pan: (dx, dy) => this.pan(dx, dy),
      zoom: (by, at) => this.zoom(by, at),
    });
    studio.onDraw(() => this.#sendEarly());
  }

  fit(): void {
    this.#studio.update({ view: undefined });
  }

  pan(dx: number, dy: number): void {
    const { view, photo } = this.#studio.state;
    if (view === undefined || photo === undefined) return;
    this.#studio.update({ view: pan(view, dx, dy, photo, this.#stage.size) });
  }

  /** Zooms about a place of the stage, its middle when there is none. */
  zoom(by: number, at?: Place): void {
    const { view, photo } = this.#studio.state;
    const { width, height } = this.#stage.size;
    if (view === undefined || photo === undefined) return;
    const about = at ?? { x: width / 2, y: height / 2 };
    this.#studio.update({ view: zoom(view, by, about, photo, this.#stage.size) });
  }

  /** Moves the keyboard's crosshair by CSS pixels, bringing it to the middle of the sight first. */
  moveCrosshair(dx: number, dy: number): void {
    const { view, photo, crosshair } = this.#studio.state;
    if (view === undefined || photo === undefined) return;
    const { width, height } = this.#stage.size;
    const from = crosshair ?? toImage(view, { x: width / 2, y: height / 2 });
    const moved = ontoImage({ x: from.x + dx / view.scale, y: from.y + dy / view.scale }, photo);
    this.#studio.update({ crosshair: moved });
    this.#keepInSight(moved);
    const text = `${Math.round(moved.x)}, ${Math.round(moved.y)}`;
    this.#studio.messages.announce(text);
  }

  /** A click where the crosshair is. */
  clickAtCrosshair(label: 0 | 1): void {
    const { crosshair } = this.#studio.state;
    if (crosshair === undefined) this.moveCrosshair(0, 0);
    else if (this.#ready()) this.#clicks.point(crosshair, label);
  }

  #keepInSight(place: Place): void {
    const { view } = this.#studio.state;
    if (view === undefined) return;
    const { width, height } = this.#stage.size;
    const { x, y } = toStage(view, place);
    const beyond = (value: number, size: number): number =>
      Math.min(Math.max(value, 24), size - 24) - value;
    const dx = beyond(x, width);
    const dy = beyond(y, height);
    if (dx !== 0 || dy !== 0) this.pan(dx, dy);
  }

  /** True when the gateway has the photo that is shown. */
  #ready(): boolean {
    const { photo, imageId, upload } = this.#studio.state;
    return upload === undefined && photo?.imageId !== undefined && photo.imageId === imageId;
  }

  #tap(at: Place, away: boolean): void {
    const { view, photo, mode, upload, early } = this.#studio.state;
    if (view === undefined || photo === undefined) return;
    this.#studio.update({ crosshair: undefined });
    const place = toImage(view, at);
    if (!onImage(place, photo)) return;
    const label = away || mode === 'remove' ? 0 : 1;
    if (this.#ready()) this.#clicks.point(place, label);
    // Nobody who sees a photo thinks of clicking on it as too early.
    else if (upload !== undefined) this.#studio.update({ early: [...early, { ...place, label }] });
  }

  /** Sends what was clicked while the photo was on its way; it may have been shrunk for that. */
  #sendEarly(): void {
    const { early, photo, upload } = this.#studio.state;
    if (early.length === 0) {
      if (upload !== undefined) this.#shownWidth = photo?.width;
      return;
    }
    if (!this.#ready() || photo === undefined) {
      if (upload === undefined && photo === undefined) this.#studio.update({ early: [] });
      return;
    }
    const scale = photo.width / (this.#shownWidth ?? photo.width);
    this.#studio.update({ early: [] });
    for (const { x, y, label } of early) this.#clicks.point({ x: x * scale, y: y * scale }, label);
  }

  #doubleTap(): void {
    // The first tap was taken for a click; what was meant is the whole photo.
    this.#clicks.undo();
    this.fit();
  }

  #box(from: Place, to: Place, done: boolean): void {
    const { view, photo } = this.#studio.state;
    if (view === undefined || photo === undefined || !this.#ready()) return;
    const a = ontoImage(toImage(view, from), photo);
    const b = ontoImage(toImage(view, to), photo);
    const [x, y] = [Math.min(a.x, b.x), Math.min(a.y, b.y)];
    const box = { x, y, width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) };
    if (!done) {
      this.#studio.update({ drag: box });
      return;
    }
    this.#studio.update({ drag: undefined, crosshair: undefined });
    if (Math.min(box.width, box.height) * view.scale >= SMALLEST_BOX) this.#clicks.box(box);
  }
}
