/** The bar: modes, undo and redo, the connection, the time of the last mask. */
import type { ConnectionName, ServiceStatus } from '../client/index.ts';
import type { Aiming } from './aiming.ts';
import type { Clicks } from './clicks.ts';
import { byTestId, find } from './dom.ts';
import type { Mode, Studio } from './studio.ts';

const WORDS: Readonly<Record<ConnectionName, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  closed: 'Ended',
};

const SERVICE_WORDS: Readonly<Record<ServiceStatus['state'], string>> = {
  ok: WORDS.live,
  degraded: 'Live, engine degraded',
  down: 'Live, engine down',
};

const MODES: readonly Mode[] = ['add', 'remove', 'box'];

export function toolbar(studio: Studio, clicks: Clicks, aiming: Aiming): void {
  const undo = byTestId('undo', HTMLButtonElement);
  const redo = byTestId('redo', HTMLButtonElement);
  undo.addEventListener('click', () => clicks.undo());
  redo.addEventListener('click', () => clicks.redo());
  byTestId('fit', HTMLButtonElement).addEventListener('click', () => aiming.fit());
  const modes = MODES.map((mode) => {
    const button = byTestId(`mode-${mode}`, HTMLButtonElement);
    button.addEventListener('click', () => studio.update({ mode }));
    return { mode, button };
  });
  studio.onDraw(() => {
    undo.disabled = !clicks.canUndo;
    redo.disabled = !clicks.canRedo;
    for (const { mode, button } of modes) {
      button.setAttribute('aria-pressed', String(mode === studio.state.mode));
    }
    drawPill(studio);
    drawTime(studio);
  });
}

function drawPill(studio: Studio): void {
  const pill = byTestId('status-pill', HTMLElement);
  const { session } = studio.state;
  const state = session?.connection.name ?? 'idle';
  const service = session?.state.service ?? { state: 'ok' };
  const text = find('span', HTMLElement, pill);
  pill.hidden = session === undefined;
  pill.dataset['state'] = state;
  pill.dataset['service'] = service.state;
  const words = session === undefined ? '' : WORDS[session.connection.name];
  const shown = state === 'live' ? wordsOf(service) : words;
  // Setting equal text would make some readers say it again.
  if (text.textContent !== shown) text.textContent = shown;
}

function wordsOf({ state, reason }: ServiceStatus): string {
  return reason === 'storage' ? 'Live, storage away' : SERVICE_WORDS[state];
}

function drawTime(studio: Studio): void {
  const output = byTestId('last-time', HTMLElement);
  const { latency } = studio.state;
  const { timings, cached } = latency?.result ?? {};
  output.textContent = latency === undefined ? '' : `${Math.round(latency.totalMs)} ms`;
  if (timings === undefined) return;
  const rounded = [timings.queuedMs, timings.serverMs].map((ms) => Math.round(ms));
  output.title =
    cached === true ? 'From memory' : `Queue ${rounded[0]} ms, engine ${rounded[1]} ms`;
}
