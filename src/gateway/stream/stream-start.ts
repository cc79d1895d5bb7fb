import type { LogExtent, Position, ResetReason } from '../../core/cursor.ts';
import { parseCursor, resetReason } from '../../core/cursor.ts';
import type { SessionId } from '../../core/ids.ts';
import type { EventLog, LogPage } from '../../ports/event-log.ts';

/** Where a reader wants to begin (A23). */
export type StreamStart =
  | { readonly kind: 'none' }
  /** Everything that is kept, from the first entry on. */
  | { readonly kind: 'start' }
  | { readonly kind: 'cursor'; readonly text: string };

/** A position with the page that was read after it, or a snapshot to begin with, after a reset or not. */
export type Beginning =
  | { readonly position: Position; readonly page: LogPage; readonly reset?: undefined }
  | {
      readonly position?: undefined;
      readonly page?: undefined;
      readonly reset: ResetReason | undefined;
    };

/**
 * Looks a start up in the log, with the first page at once, which is all that most readers miss.
 * `undefined` when there is no such session.
 */
export async function lookUp(
  log: EventLog,
  session: SessionId,
  start: StreamStart,
  limit: number,
): Promise<{ readonly extent: LogExtent; readonly begin: Beginning } | undefined> {
  const asked = askedPosition(start);
  if (asked === undefined || asked === 'invalid') {
    const extent = await log.extent(session);
    const reset = asked && 'cursor_invalid';
    return extent && { extent, begin: { reset } };
  }
  const page = await log.read(session, { epoch: 0, ...asked }, limit);
  if (page === undefined) return undefined;
  const { extent } = page;
  const position = { epoch: extent.epoch, ...asked };
  const reset = resetReason(position, extent);
  return { extent, begin: reset === undefined ? { position, page } : { reset } };
}

/** A sequence in an epoch; in the present one, whichever that is, without one. */
interface AskedPosition {
  readonly epoch?: number;
  readonly sequence: number;
}

/** The position that a start stands for; `undefined` for "no position". */
function askedPosition(start: StreamStart): AskedPosition | 'invalid' | undefined {
  switch (start.kind) {
    case 'none':
      return undefined;
    case 'start':
      return { sequence: 0 };
    case 'cursor':
      return parseCursor(start.text) ?? 'invalid';
  }
}
