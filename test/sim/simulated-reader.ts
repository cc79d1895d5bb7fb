import type { Position } from '../../src/core/cursor.ts';
import { formatCursor, parseCursor } from '../../src/core/cursor.ts';
import type { StreamSink } from '../../src/gateway/stream/sink.ts';
import type { StreamService } from '../../src/gateway/stream/stream-service.ts';
import type { SessionFacts } from '../../src/ports/session-store.ts';
import type { Envelope } from '../../src/protocol/events.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** An event as a reader saw it. */
export interface SeenEvent {
  readonly kind: 'event';
  readonly position: Position;
  readonly envelope: Envelope;
}

/** What a reader saw, in order, over all its connections. */
export type Seen =
  | SeenEvent
  | { readonly kind: 'snapshot'; readonly position: Position }
  | { readonly kind: 'start' }
  | { readonly kind: 'reset' };

const decoder = new TextDecoder();

/** One connection with a network of its own: takes bytes in gulps, or nothing any more. */
class SimulatedSink implements StreamSink {
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #receive: (text: string) => void;
  #queue: Uint8Array[] = [];
  #drain: () => void = () => {};
  #close: () => void = () => {};
  #scheduled = false;
  backlog = 0;
  taken = 0;
  over = false;
  /** The peer is there but takes nothing: a laptop that went to sleep. */
  asleep = false;

  constructor(clock: VirtualClock, random: SeededRandom, receive: (text: string) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#receive = receive;
  }

  write(chunk: Uint8Array): void {
    if (this.over) return;
    this.#queue.push(chunk);
    this.backlog += chunk.length;
    this.#schedule();
  }

  onDrain(listener: () => void): void {
    this.#drain = listener;
  }

  onClose(listener: () => void): void {
    this.#close = listener;
  }

  end(): void {
    this.#take();
    this.#finish();
  }

  destroy(): void {
    this.#finish();
  }

  /** The peer goes away; what it has not taken is lost. */
  cut(): void {
    if (this.over) return;
    this.#finish();
    this.#close();
  }

  #schedule(): void {
    if (this.#scheduled || this.over) return;
    this.#scheduled = true;
    this.#clock.after(this.#random.between(0, 40), () => {
      this.#scheduled = false;
      if (this.asleep || this.over) return;
      this.#take();
      this.#drain();
    });
  }

  #take(): void {
    for (const chunk of this.#queue) {
      this.taken += chunk.length;
      this.#receive(decoder.decode(chunk, { stream: true }));
    }
    this.#queue = [];
    this.backlog = 0;
  }

  #finish(): void {
    this.over = true;
    this.#queue = [];
    this.backlog = 0;
  }
}

/** A reader that vanishes and returns with the cursor of the last frame it saw. */
export class SimulatedReader {
  readonly seen: Seen[] = [];
  readonly session: SessionFacts;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #streams: () => StreamService;
  #sink: SimulatedSink | undefined;
  #cursor: string | undefined;
  #text = '';

  constructor(
    session: SessionFacts,
    clock: VirtualClock,
    random: SeededRandom,
    streams: () => StreamService,
  ) {
    this.session = session;
    this.#clock = clock;
    this.#random = random;
    this.#streams = streams;
  }

  get connected(): boolean {
    return this.#sink !== undefined && !this.#sink.over;
  }

  get cursor(): string | undefined {
    return this.#cursor;
  }

  async connect(): Promise<void> {
    this.#text = '';
    const sink = new SimulatedSink(this.#clock, this.#random, (text) => this.#receive(text));
    this.#sink = sink;
    const start =
      this.#cursor === undefined
        ? ({ kind: this.#random.chance(0.5) ? 'none' : 'start' } as const)
        : ({ kind: 'cursor', text: this.#cursor } as const);
    if (start.kind === 'start') this.seen.push({ kind: 'start' });
    if (start.kind === 'none') this.seen.push({ kind: 'reset' });
    await this.#streams().open(this.session, start, sink);
  }

  cut(): void {
    this.#sink?.cut();
  }

  fallAsleep(): void {
    if (this.#sink !== undefined) this.#sink.asleep = true;
  }

  #receive(text: string): void {
    this.#text += text;
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end < 0) return;
      this.#frame(this.#text.slice(0, end));
      this.#text = this.#text.slice(end + 2);
    }
  }

  #frame(frame: string): void {
    const fields = new Map(frame.split('\n').map((line) => splitField(line)));
    const id = fields.get('id');
    const type = fields.get('event');
    if (id !== undefined) this.#cursor = id;
    const position = id === undefined ? undefined : parseCursor(id);
    if (type === 'stream.reset') this.seen.push({ kind: 'reset' });
    if (position === undefined || type === 'heartbeat') return;
    if (type === 'session.snapshot') {
      this.seen.push({ kind: 'snapshot', position });
      return;
    }
    const envelope = JSON.parse(fields.get('data') ?? 'null') as Envelope;
    if (envelope.eventId !== formatCursor(position)) throw new Error('id and eventId differ');
    this.seen.push({ kind: 'event', position, envelope });
  }
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(': ');
  return [line.slice(0, colon), line.slice(colon + 2)];
}
