/**
 * Writes Server-Sent Events (WHATWG HTML, "9.2 Server-sent events").
 *
 * No text that a caller supplies can end a field or a frame: `data` is JSON, which has no line break
 * in it, and ids and names are refused when they contain one. A NUL in an id would silently stop
 * browsers from moving their cursor, so it is refused as well.
 */

export interface SseFrame {
  readonly id?: string | undefined;
  readonly event: string;
  /** Serialised as JSON into a single `data` line. */
  readonly data: unknown;
  /** Milliseconds until a reader that lost this stream comes back. */
  readonly retryMs?: number | undefined;
}

const CONTROL = /\p{Cc}/u;

function field(name: string, text: string): string {
  if (CONTROL.test(text)) throw new TypeError(`an SSE ${name} holds a control character`);
  return `${name}: ${text}\n`;
}

/**
 * One frame, ending in its empty line.
 * @throws TypeError when `id` or `event` holds a control character, `event` is empty (browsers would
 * call it `message`), `retryMs` is no whole number, or JSON has no form for `data`.
 */
export function encodeFrame(frame: SseFrame): string {
  const { retryMs } = frame;
  if (retryMs !== undefined && !(Number.isSafeInteger(retryMs) && retryMs >= 0)) {
    throw new TypeError('an SSE retry is a whole number of milliseconds');
  }
  if (frame.event === '') throw new TypeError('an SSE event has no name');
  const data: string | undefined = JSON.stringify(frame.data);
  if (data === undefined) throw new TypeError('the data of an SSE event cannot be written as JSON');
  const retry = retryMs === undefined ? '' : `retry: ${retryMs}\n`;
  const id = frame.id === undefined ? '' : field('id', frame.id);
  return `${retry}${id}${field('event', frame.event)}data: ${data}\n\n`;
}
