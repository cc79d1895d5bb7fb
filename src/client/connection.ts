/**
 * The life of a stream's connection as a pure machine: what happened goes in, the next state and
 * what is to be done come out. Nothing here opens, waits or draws lots.
 */

/** How frames arrive: the event stream, or its JSON form polled (A26). */
export type Via = 'stream' | 'poll';

export type CloseReason = 'by_caller' | 'session_gone' | 'not_allowed';

export type Connection =
  /** The first attempt is under way. */
  | { readonly name: 'connecting' }
  | { readonly name: 'live'; readonly via: Via; readonly heartbeatMs: number }
  /** The stream was lost, or never came: waiting for the next attempt, or in it. */
  | {
      readonly name: 'reconnecting';
      /** Attempts in a row that failed. */
      readonly failures: number;
      readonly phase: 'waiting' | 'trying';
    }
  /** The machine says that it has no network. An open stream is kept in case it is wrong. */
  | { readonly name: 'offline'; readonly failures: number; readonly open: boolean }
  | { readonly name: 'closed'; readonly reason: CloseReason };

export type ConnectionName = Connection['name'];

export type ConnectionEvent =
  /** `stream.opened` arrived. */
  | { readonly type: 'opened'; readonly via: Via; readonly heartbeatMs: number }
  /** Any frame arrived. */
  | { readonly type: 'active' }
  /** The connection ended or could not be made. */
  | { readonly type: 'lost' }
  /** Nothing arrived for too long, though the connection looks open. */
  | { readonly type: 'stalled' }
  /** The gateway asks to come back later (A25). */
  | { readonly type: 'draining'; readonly reconnectInMs: number }
  /** The wait before the next attempt is over. */
  | { readonly type: 'due' }
  | { readonly type: 'network-down' }
  | { readonly type: 'network-up' }
  /** A probe found out that no attempt can succeed. */
  | { readonly type: 'refused'; readonly reason: 'session_gone' | 'not_allowed' }
  | { readonly type: 'close' };

export type Effect =
  | { readonly do: 'open'; readonly via: Via }
  | { readonly do: 'shut' }
  /** Ask by plain request why the stream does not open; an `EventSource` hides the status. */
  | { readonly do: 'probe' }
  /** The one timer: a new one replaces it, `shut` and `open` stop it. Draw evenly between. */
  | {
      readonly do: 'timer';
      readonly fires: 'stalled' | 'due';
      readonly fromMs: number;
      readonly toMs: number;
    };

export interface Step {
  readonly state: Connection;
  readonly effects: readonly Effect[];
}

/** A stream on which nothing arrived for this many heartbeats is dead (half-open, muted by a proxy). */
const MISSED_HEARTBEATS = 2.5;
/** Bounds an attempt that a proxy accepts and then sits on. */
const OPEN_TIMEOUT_MS = 10_000;
/** The spread of the first wait keeps a restarted gateway from being stormed. */
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 20_000;
/** How often an attempt is made although the machine says that it has no network. */
const OFFLINE_WAIT_MS = 15_000;
/** After this many failures in a row every second attempt polls: some networks swallow streams. */
const FAILURES_BEFORE_POLL = 2;

const timer = (fires: 'stalled' | 'due', fromMs: number, toMs = fromMs): Effect => ({
  do: 'timer',
  fires,
  fromMs,
  toMs,
});

const stay = (state: Connection): Step => ({ state, effects: [] });

function tryNow(failures: number): Step {
  const poll = failures >= FAILURES_BEFORE_POLL && failures % 2 === 0;
  return {
    state: { name: 'reconnecting', failures, phase: 'trying' },
    effects: [{ do: 'open', via: poll ? 'poll' : 'stream' }, timer('stalled', OPEN_TIMEOUT_MS)],
  };
}

function waitFor(failures: number, fromMs: number, toMs: number, ...more: Effect[]): Step {
  return {
    state: { name: 'reconnecting', failures, phase: 'waiting' },
    effects: [{ do: 'shut' }, ...more, timer('due', fromMs, toMs)],
  };
}

function backOff(failures: number, ...more: Effect[]): Step {
  const ceiling = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return waitFor(failures, ceiling / 4, ceiling, ...more);
}

const watch = (heartbeatMs: number): Effect => timer('stalled', heartbeatMs * MISSED_HEARTBEATS);

function live(event: Extract<ConnectionEvent, { type: 'opened' }>): Step {
  const { via, heartbeatMs } = event;
  return { state: { name: 'live', via, heartbeatMs }, effects: [watch(heartbeatMs)] };
}

const end = (reason: CloseReason): Step => ({
  state: { name: 'closed', reason },
  effects: [{ do: 'shut' }],
});

const offline = (failures: number, open: boolean): Step => ({
  state: { name: 'offline', failures, open },
  effects: [...(open ? [] : [{ do: 'shut' } as const]), timer('due', OFFLINE_WAIT_MS)],
});

type Handler<State extends Connection> = (state: State, event: ConnectionEvent) => Step;

/** An attempt that has not opened yet, the first or a later one. */
function attempt(state: Connection, failures: number, event: ConnectionEvent): Step {
  if (event.type === 'opened') return live(event);
  if (event.type === 'lost') return backOff(failures + 1, { do: 'probe' });
  if (event.type === 'stalled') return backOff(failures + 1);
  if (event.type === 'draining') return waitFor(failures, event.reconnectInMs, event.reconnectInMs);
  if (event.type === 'network-down') return offline(failures, false);
  return stay(state);
}

const whenLive: Handler<Extract<Connection, { name: 'live' }>> = (state, event) => {
  if (event.type === 'opened') return live(event);
  if (event.type === 'active') return { state, effects: [watch(state.heartbeatMs)] };
  if (event.type === 'lost' || event.type === 'stalled') return backOff(1);
  if (event.type === 'draining') return waitFor(0, event.reconnectInMs, event.reconnectInMs);
  if (event.type === 'network-down') return offline(0, true);
  return stay(state);
};

const whenReconnecting: Handler<Extract<Connection, { name: 'reconnecting' }>> = (state, event) => {
  if (state.phase === 'trying') return attempt(state, state.failures, event);
  if (event.type === 'due' || event.type === 'network-up') return tryNow(state.failures);
  if (event.type === 'network-down') return offline(state.failures, false);
  return stay(state);
};

const whenOffline: Handler<Extract<Connection, { name: 'offline' }>> = (state, event) => {
  if (event.type === 'opened') return live(event);
  if (event.type === 'network-up' || event.type === 'due') {
    const attempt = tryNow(state.failures);
    return { state: attempt.state, effects: [{ do: 'shut' }, ...attempt.effects] };
  }
  if (event.type === 'draining') {
    return waitFor(state.failures, event.reconnectInMs, event.reconnectInMs);
  }
  if (event.type === 'lost') return offline(state.failures, false);
  return stay(state);
};

/** Where every connection begins; its effects make the first attempt. */
export const START: Step = {
  state: { name: 'connecting' },
  effects: [{ do: 'open', via: 'stream' }, timer('stalled', OPEN_TIMEOUT_MS)],
};

/** The next state after `event`, and what is to be done for it. Once closed, nothing matters. */
export function step(state: Connection, event: ConnectionEvent): Step {
  if (state.name !== 'closed' && event.type === 'close') return end('by_caller');
  if (state.name !== 'closed' && event.type === 'refused') return end(event.reason);
  switch (state.name) {
    case 'closed':
      return stay(state);
    case 'connecting':
      return attempt(state, 0, event);
    case 'live':
      return whenLive(state, event);
    case 'reconnecting':
      return whenReconnecting(state, event);
    case 'offline':
      return whenOffline(state, event);
  }
}
