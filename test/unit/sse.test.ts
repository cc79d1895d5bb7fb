import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SseFrame } from '../../src/core/sse.ts';
import { encodeFrame } from '../../src/core/sse.ts';

interface Read {
  readonly events: { readonly id?: string; readonly event?: string; readonly data: string }[];
  readonly retries: number[];
  readonly others: unknown[];
}

/** What a reader makes of the bytes, cut at the given places. */
function readBack(text: string, cuts: readonly number[] = []): Read {
  const read: Read = { events: [], retries: [], others: [] };
  const parser = createParser({
    onEvent: (event) => read.events.push(event as Read['events'][number]),
    onRetry: (ms) => read.retries.push(ms),
    onComment: (comment) => read.others.push(comment),
    onError: (error) => read.others.push(error),
  });
  // Through bytes, as it travels: what cannot be encoded would come back changed.
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  let from = 0;
  for (const cut of [
    ...cuts.map((part) => part % bytes.length).sort((a, b) => a - b),
    bytes.length,
  ]) {
    parser.feed(decoder.decode(bytes.subarray(from, cut), { stream: true }));
    from = cut;
  }
  return read;
}

/** Text made of what could end a line, a field or a frame, among other things. */
const nasty = fc.string({
  unit: fc.oneof(
    fc.constantFrom('\r', '\n', '\r\n', '\n\n', '\u2028', '\u2029', '\u0085', '\0', '\ufeff', ':'),
    fc.constantFrom('data: x', 'id: 9', 'event: error', 'retry: 1', '\ud800', '\udc00', '😀'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  ),
});

/** A name or an id that may be written: text without control characters. */
const plain = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text));

const json = fc.oneof(
  fc.jsonValue(),
  nasty,
  fc.dictionary(nasty, fc.oneof(nasty, fc.jsonValue()), { maxKeys: 4 }),
);

describe('writing Server-Sent Events', () => {
  test('A19 a parser reads back exactly what was written, wherever the network cuts it', () => {
    const frame = fc.record(
      { id: plain, event: plain, data: json, retryMs: fc.nat() },
      { requiredKeys: ['event', 'data'] },
    );
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1 }), fc.array(fc.nat()), (frames, cuts) => {
        const read = readBack(frames.map((each) => encodeFrame(each as SseFrame)).join(''), cuts);
        expect(read.others).toEqual([]);
        expect(read.retries).toEqual(frames.flatMap(({ retryMs }) => retryMs ?? []));
        expect(read.events).toHaveLength(frames.length);
        for (const [index, { id, event, data }] of frames.entries()) {
          const seen = read.events[index];
          expect([seen?.id, seen?.event]).toEqual([id, event]);
          expect(seen?.data).toBe(JSON.stringify(data));
        }
      }),
    );
  });

  test('A19 the data is one line, whatever text is in it', () => {
    fc.assert(
      fc.property(nasty, (text) => {
        const frame = encodeFrame({ event: 'e', data: { text } });
        const lines = frame.split(/\r\n|\r|\n/);
        expect(lines).toHaveLength(4);
        expect(lines.slice(2)).toEqual(['', '']);
        expect(frame.endsWith('\n\n')).toBe(true);
      }),
    );
  });

  test.each([
    ['carriage return', 'a\rb'],
    ['line feed', 'a\nb'],
    ['CRLF', 'a\r\nb'],
    ['two line feeds and a frame', 'a\n\nevent: error\ndata: 1\n\n'],
    ['line separator', 'a\u2028b'],
    ['paragraph separator', 'a\u2029b'],
    ['next line', 'a\u0085b'],
    ['NUL', 'a\0b'],
    ['byte order mark', '\ufeffa'],
    ['a pair of surrogates', 'a😀b'],
  ])('A19 %s in the data comes back as it was and breaks nothing', (_, text) => {
    const frame = encodeFrame({ id: '1-1', event: 'e', data: { text, [text]: 1 } });
    const { events } = readBack(frame + encodeFrame({ event: 'next', data: 0 }));
    expect(events.map(({ event }) => event)).toEqual(['e', 'next']);
    expect(JSON.parse(events[0]?.data ?? '')).toEqual({ text, [text]: 1 });
  });

  test('A19 lone surrogates survive the way through UTF-8', () => {
    const text = '\ud800 and \udc00';
    const [event] = readBack(encodeFrame({ event: 'e', data: text })).events;
    expect(JSON.parse(event?.data ?? '')).toBe(text);
  });

  test('A19 an id or a name with a control character is refused', () => {
    const control = fc.oneof(
      fc.integer({ min: 0, max: 0x1f }),
      fc.integer({ min: 0x7f, max: 0x9f }),
    );
    fc.assert(
      fc.property(fc.string(), control, fc.string(), (before, code, after) => {
        const text = before + String.fromCharCode(code) + after;
        expect(() => encodeFrame({ id: text, event: 'e', data: 0 })).toThrow(TypeError);
        expect(() => encodeFrame({ event: text, data: 0 })).toThrow(TypeError);
      }),
    );
  });

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])(
    'A25 a retry of %d is refused',
    (retryMs) => {
      expect(() => encodeFrame({ event: 'e', data: 0, retryMs })).toThrow(TypeError);
    },
  );

  test('A25 a retry that is refused or absent writes no retry field', () => {
    expect(encodeFrame({ event: 'e', data: 0 })).toBe('event: e\ndata: 0\n\n');
    expect(encodeFrame({ event: 'e', data: 0, retryMs: 0 })).toBe(
      'retry: 0\nevent: e\ndata: 0\n\n',
    );
  });

  test('A19 what JSON cannot say is refused instead of written', () => {
    for (const data of [undefined, () => 0, Symbol('x')]) {
      expect(() => encodeFrame({ event: 'e', data })).toThrow(TypeError);
    }
  });

  test('A20 a frame without a name is refused: browsers would call it `message`', () => {
    expect(() => encodeFrame({ event: '', data: 0 })).toThrow(TypeError);
  });
});
