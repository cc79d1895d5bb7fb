/** What a reload must not lose and the gateway does not keep. */
import type { History } from './history.ts';
import { NO_HISTORY } from './history.ts';

/** Per session, on this device. */
export interface Saved {
  readonly imageId?: string | undefined;
  readonly selected?: string | undefined;
  readonly history: History;
  readonly slots: readonly (readonly [objectId: string, slot: number])[];
}

const LAST = 'maskwire.session';
const keyOf = (sessionId: string): string => `maskwire.studio.${sessionId}`;
const NOTHING: Saved = { history: NO_HISTORY, slots: [] };

/** Storage may be full, forbidden or edited by hand; the page works without it. */
function quietly<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

export function load(sessionId: string): Saved {
  const text = quietly(() => localStorage.getItem(keyOf(sessionId))) ?? '';
  const value = quietly(() => JSON.parse(text) as Partial<Saved>);
  const history = value?.history;
  const whole = Array.isArray(history?.done) && Array.isArray(history.undone);
  return {
    ...NOTHING,
    ...(whole ? value : {}),
    slots: whole && Array.isArray(value?.slots) ? value.slots : [],
  };
}

export function save(sessionId: string, saved: Saved): void {
  quietly(() => localStorage.setItem(keyOf(sessionId), JSON.stringify(saved)));
}

export function forget(sessionId: string): void {
  quietly(() => localStorage.removeItem(keyOf(sessionId)));
  if (lastSession() === sessionId) quietly(() => localStorage.removeItem(LAST));
}

export function rememberSession(sessionId: string): void {
  quietly(() => localStorage.setItem(LAST, sessionId));
}

/** The session that was open last on this device. */
export function lastSession(): string | undefined {
  return quietly(() => localStorage.getItem(LAST)) ?? undefined;
}
