/** Pointers turned into what a person means: a tap, a box, moving and zooming the photo. */
import type { Place } from './view.ts';

export interface GestureHandlers {
  /** A click or tap; `away` for the right button, or with Alt. */
  readonly tap: (at: Place, away: boolean) => void;
  /** Two quick taps of a finger at one place; the first was reported as a tap. */
  readonly doubleTap: () => void;
  /** True when one finger draws a box rather than moving the photo. */
  readonly fingerDraws: () => boolean;
  readonly box: (from: Place, to: Place, phase: 'drawing' | 'done') => void;
  readonly cancelBox: () => void;
  readonly pan: (dx: number, dy: number) => void;
  readonly zoom: (by: number, at: Place) => void;
}

/** A hand is not steady: shorter moves are still a click. */
const SLOP = { mouse: 4, touch: 12 } as const;
const DOUBLE_TAP_MS = 320;
const DOUBLE_TAP_REACH = 28;
const WHEEL_STEP = 0.0018;

type Phase = 'pressed' | 'drawing' | 'panning' | 'pinching' | 'ignored';

interface Finger {
  readonly start: Place;
  readonly at: Place;
}

const distance = (a: Place, b: Place): number => Math.hypot(a.x - b.x, a.y - b.y);
const middle = (a: Place, b: Place): Place => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

export class Gestures {
  readonly #pad: HTMLElement;
  readonly #handlers: GestureHandlers;
  readonly #fingers = new Map<number, Finger>();
  #phase: Phase = 'ignored';
  #spaceHeld = false;
  #lastTap: { readonly at: Place; readonly time: number } | undefined;

  constructor(pad: HTMLElement, handlers: GestureHandlers) {
    this.#pad = pad;
    this.#handlers = handlers;
    pad.addEventListener('pointerdown', (event) => this.#down(event));
    pad.addEventListener('pointermove', (event) => this.#move(event));
    pad.addEventListener('pointerup', (event) => this.#up(event));
    pad.addEventListener('pointercancel', (event) => this.#cancel(event));
    pad.addEventListener('contextmenu', (event) => event.preventDefault());
    pad.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  /** While space is held, dragging moves the photo. */
  holdSpace(held: boolean): void {
    this.#spaceHeld = held;
    this.#showTool();
  }

  /** Gives up a box that is being drawn. */
  abandon(): void {
    if (this.#phase === 'drawing') this.#handlers.cancelBox();
    this.#phase = 'ignored';
    this.#showTool();
  }

  #place(event: MouseEvent): Place {
    const { left, top } = this.#pad.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  #down(event: PointerEvent): void {
    const at = this.#place(event);
    this.#pad.setPointerCapture(event.pointerId);
    this.#fingers.set(event.pointerId, { start: at, at });
    if (this.#fingers.size === 2) {
      if (this.#phase === 'drawing') this.#handlers.cancelBox();
      this.#phase = 'pinching';
    } else if (this.#fingers.size === 1) {
      this.#phase = event.button === 1 || this.#spaceHeld ? 'panning' : 'pressed';
    }
    // The middle button would start the browser's own scrolling.
    if (event.button === 1) event.preventDefault();
    this.#showTool();
  }

  #move(event: PointerEvent): void {
    const finger = this.#fingers.get(event.pointerId);
    if (finger === undefined) return;
    const at = this.#place(event);
    if (this.#phase === 'pinching') this.#pinch(event.pointerId, at);
    this.#fingers.set(event.pointerId, { start: finger.start, at });
    const touch = event.pointerType === 'touch';
    if (this.#phase === 'pressed' && distance(finger.start, at) > SLOP[touch ? 'touch' : 'mouse']) {
      this.#phase = touch && !this.#handlers.fingerDraws() ? 'panning' : 'drawing';
      this.#showTool();
    }
    if (this.#phase === 'panning') this.#handlers.pan(at.x - finger.at.x, at.y - finger.at.y);
    if (this.#phase === 'drawing') this.#handlers.box(finger.start, at, 'drawing');
  }

  #pinch(moved: number, at: Place): void {
    const other = [...this.#fingers].find(([id]) => id !== moved)?.[1].at;
    const before = this.#fingers.get(moved)?.at;
    if (other === undefined || before === undefined) return;
    const from = middle(before, other);
    const to = middle(at, other);
    this.#handlers.pan(to.x - from.x, to.y - from.y);
    const spread = distance(before, other);
    if (spread > 0) this.#handlers.zoom(distance(at, other) / spread, to);
  }

  #up(event: PointerEvent): void {
    const finger = this.#fingers.get(event.pointerId);
    this.#fingers.delete(event.pointerId);
    if (finger === undefined) return;
    if (this.#phase === 'pressed') this.#tap(event, finger.start);
    if (this.#phase === 'drawing') {
      this.#handlers.box(finger.start, this.#place(event), 'done');
    }
    // After a pinch the finger that stays must not go on as something else.
    this.#phase = 'ignored';
    this.#showTool();
  }

  #tap(event: PointerEvent, at: Place): void {
    const last = this.#lastTap;
    const again =
      event.pointerType === 'touch' &&
      last !== undefined &&
      event.timeStamp - last.time < DOUBLE_TAP_MS &&
      distance(last.at, at) < DOUBLE_TAP_REACH;
    this.#lastTap = again ? undefined : { at, time: event.timeStamp };
    if (again) this.#handlers.doubleTap();
    else this.#handlers.tap(at, event.button === 2 || event.altKey);
  }

  #cancel(event: PointerEvent): void {
    this.#fingers.delete(event.pointerId);
    this.abandon();
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    // Wheels that count in lines send about a twentieth of the number.
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 20 : 1);
    const pinch = event.ctrlKey ? 5 : 1;
    this.#handlers.zoom(Math.exp(-pixels * WHEEL_STEP * pinch), this.#place(event));
  }

  #showTool(): void {
    const ready = this.#spaceHeld ? 'pan' : 'click';
    this.#pad.dataset['tool'] = this.#phase === 'panning' ? 'panning' : ready;
  }
}
