import { EventSourceParserStream } from 'eventsource-parser/stream';
import { HEADERS, paths, QUERY } from '../../protocol/routes.ts';
import { CommandError } from './command-error.ts';
import type { AnyFrame } from './event-line.ts';
import { refusal } from './gateway-api.ts';

/** Between two connections when the gateway has not said how long (`retry:`). */
const DEFAULT_RETRY_MS = 2_000;
/** A stream that is silent for this many heartbeats is taken to be dead. */
const SILENT_HEARTBEATS = 2.5;
/** The heartbeat of a stream that has not said its own yet. */
const DEFAULT_HEARTBEAT_MS = 25_000;
/** A frame beyond this is no frame: masks are at most 256 KiB, snapshots hold some of them. */
const MAX_FRAME_CHARACTERS = 16 * 1024 * 1024;

export interface FollowOptions {
  readonly url: string;
  readonly session: string;
  /** Position to read on from; without it the stream begins with a snapshot. */
  readonly after: string | undefined;
  readonly onFrame: (frame: AnyFrame) => void;
  readonly onLost: (reason: string, retryMs: number) => void;
}

interface State {
  lastEventId: string | undefined;
  retryMs: number;
  heartbeatMs: number;
  connected: boolean;
}

/**
 * Follows a session's stream until the session is closed, across as many connections as it takes:
 * each goes on after the last id of the one before (A23), as a browser's EventSource does.
 * @throws {@link CommandError} when there is nothing to follow, at the first connection or later
 */
export async function follow(options: FollowOptions): Promise<void> {
  const state: State = {
    lastEventId: undefined,
    retryMs: DEFAULT_RETRY_MS,
    heartbeatMs: DEFAULT_HEARTBEAT_MS,
    connected: false,
  };
  for (;;) {
    let reason = 'the gateway ended the stream';
    try {
      if ((await readOnce(options, state)) === 'closed') return;
    } catch (error) {
      // Before anything ever answered, the address is more likely wrong than the network down.
      if (error instanceof Refused || !state.connected) throw error;
      reason = 'the connection broke';
    }
    options.onLost(reason, state.retryMs);
    await pause(state.retryMs);
  }
}

/** The gateway is there and says no; it will say so again. */
class Refused extends CommandError {}

async function readOnce(options: FollowOptions, state: State): Promise<'closed' | 'ended'> {
  const silence = new AbortController();
  let watch: NodeJS.Timeout | undefined;
  const heard = () => {
    clearTimeout(watch);
    watch = setTimeout(() => silence.abort(), state.heartbeatMs * SILENT_HEARTBEATS);
  };
  heard();
  try {
    const body = await open(options, state, silence.signal);
    const parser = new EventSourceParserStream({
      maxBufferSize: MAX_FRAME_CHARACTERS,
      onRetry: (ms) => {
        state.retryMs = ms;
      },
      onId: (id) => {
        state.lastEventId = id;
      },
    });
    for await (const { data } of body.pipeThrough(new TextDecoderStream()).pipeThrough(parser)) {
      const frame = JSON.parse(data) as AnyFrame;
      take(frame, state);
      heard();
      options.onFrame(frame);
      if (frame.type === 'session.closed') return 'closed';
    }
    return 'ended';
  } finally {
    clearTimeout(watch);
    silence.abort();
  }
}

async function open(
  { url, session, after }: FollowOptions,
  state: State,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array>> {
  const { lastEventId } = state;
  const query = after === undefined ? '' : `?${QUERY.after}=${encodeURIComponent(after)}`;
  const headers = {
    Accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { [HEADERS.lastEventId]: lastEventId }),
  };
  const target = `${url}${paths.events(encodeURIComponent(session))}${query}`;
  const response = await connect(url, target, { headers, signal });
  if (!response.ok || response.body === null) throw new Refused(await refusal(response));
  state.connected = true;
  return response.body;
}

async function connect(url: string, target: string, init: RequestInit): Promise<Response> {
  return await fetch(target, init).catch((cause: unknown) => {
    throw new CommandError(`nothing answers at ${url}.`, { cause });
  });
}

/** Frames that are about the stream itself. */
function take({ type, payload = {} }: AnyFrame, state: State): void {
  if (type === 'stream.opened' && typeof payload['heartbeatMs'] === 'number') {
    state.heartbeatMs = payload['heartbeatMs'];
  }
  if (type === 'stream.draining' && typeof payload['reconnectInMs'] === 'number') {
    state.retryMs = payload['reconnectInMs'];
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
