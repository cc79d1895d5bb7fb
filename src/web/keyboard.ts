/** Keys. Letters work anywhere but in a text field; arrows and Enter on the focused photo. */
import type { Aiming } from './aiming.ts';
import type { Clicks } from './clicks.ts';
import { find } from './dom.ts';
import type { Mode, Studio } from './studio.ts';

const STRIDE = 12;
const FINE_STRIDE = 1;

const MODES: Readonly<Record<string, Mode>> = { a: 'add', r: 'remove', b: 'box' };
const ARROWS: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

type Action = () => void;

export class Keyboard {
  readonly #studio: Studio;
  readonly #clicks: Clicks;
  readonly #aiming: Aiming;
  readonly #pad = find('#pad', HTMLElement);
  readonly #anywhere: Readonly<Record<string, Action>>;
  readonly #onPhoto: Readonly<Record<string, Action>>;

  constructor(studio: Studio, clicks: Clicks, aiming: Aiming) {
    this.#studio = studio;
    this.#clicks = clicks;
    this.#aiming = aiming;
    this.#anywhere = {
      n: () => clicks.next(),
      '0': () => aiming.fit(),
      '+': () => aiming.zoom(1.25),
      '=': () => aiming.zoom(1.25),
      '-': () => aiming.zoom(0.8),
      Escape: () => this.#escape(),
    };
    this.#onPhoto = {
      Enter: () => aiming.clickAtCrosshair(1),
      Delete: () => aiming.clickAtCrosshair(0),
      Backspace: () => aiming.clickAtCrosshair(0),
    };
    addEventListener('keydown', (event) => this.#down(event));
    addEventListener('keyup', (event) => {
      if (event.key === ' ') aiming.gestures.holdSpace(false);
    });
    addEventListener('blur', () => aiming.gestures.holdSpace(false));
  }

  #down(event: KeyboardEvent): void {
    const { target } = event;
    const typing = target instanceof HTMLInputElement && target.type === 'text';
    if (typing || this.#studio.state.photo === undefined) return;
    const action = this.#actionFor(event);
    if (action === undefined) return;
    event.preventDefault();
    action();
  }

  #actionFor(event: KeyboardEvent): Action | undefined {
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === 'z' && !event.altKey) {
      return () => (event.shiftKey ? this.#clicks.redo() : this.#clicks.undo());
    }
    if (event.ctrlKey || event.metaKey) return key === 'y' ? () => this.#clicks.redo() : undefined;
    if (event.altKey) return undefined;
    return this.#photoAction(event, key) ?? this.#modeAction(key) ?? this.#anywhere[key];
  }

  #photoAction(event: KeyboardEvent, key: string): Action | undefined {
    const onPhoto = event.target === this.#pad || event.target === document.body;
    if (!onPhoto) return undefined;
    if (key === ' ') return () => this.#aiming.gestures.holdSpace(true);
    const arrow = ARROWS[key];
    if (arrow === undefined) return this.#onPhoto[key];
    const stride = event.shiftKey ? FINE_STRIDE : STRIDE;
    return () => this.#aiming.moveCrosshair(arrow[0] * stride, arrow[1] * stride);
  }

  #modeAction(key: string): Action | undefined {
    const mode = MODES[key];
    if (mode !== undefined) return () => this.#studio.update({ mode });
    const number = key >= '1' && key <= '9' ? Number(key) : undefined;
    const object = this.#studio.objects().find((candidate) => candidate.number === number);
    return object === undefined ? undefined : () => this.#clicks.select(object.objectId);
  }

  #escape(): void {
    this.#aiming.gestures.abandon();
    this.#studio.update({ drag: undefined, crosshair: undefined, mode: 'add' });
  }
}
