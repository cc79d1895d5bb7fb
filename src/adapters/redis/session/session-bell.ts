import type { LoggedEvent, LogListener } from '../../../ports/event-log.ts';
import { safely } from '../safely.ts';
import type { ChannelListener } from '../subscriber.ts';
import type { StreamEntry } from './log-entry.ts';
import { isFrame, parseEntry, parseMessage } from './log-entry.ts';

/** Bounds the known entries of a session; a reader that catches up reads fewer at once. */
const MAX_KNOWN = 256;

/** Who listens to one session on this gateway. Each message is read once, for all of them. */
export class SessionBell implements ChannelListener {
  readonly listeners = new Set<LogListener>();
  /** Resolves when messages are heard; the result ends that. Set by whoever opens the bell. */
  subscribed: Promise<() => void> = Promise.resolve(() => {});
  readonly #onResumed: (bell: SessionBell) => void;
  /** The objects of entries that somebody still holds: frames are cached by object. */
  readonly #known = new Map<string, WeakRef<LoggedEvent>>();

  constructor(onResumed: (bell: SessionBell) => void) {
    this.#onResumed = onResumed;
  }

  message(text: string): void {
    const message = parseMessage(text);
    if (isFrame(message)) {
      for (const listener of [...this.listeners]) safely(() => listener.passing(message));
    } else {
      for (const event of message) this.#remember(nameOf(event), event);
      this.tell(message);
    }
  }

  resumed(): void {
    this.#onResumed(this);
  }

  tell(events: readonly LoggedEvent[]): void {
    for (const listener of [...this.listeners]) safely(() => listener.appended(events));
  }

  /** The event of an entry; the same object as long as somebody holds it. */
  event(entry: StreamEntry): LoggedEvent {
    const [id] = entry;
    const known = this.#known.get(id)?.deref();
    if (known !== undefined) return known;
    const event = parseEntry(entry);
    this.#remember(id, event);
    return event;
  }

  #remember(id: string, event: LoggedEvent): void {
    this.#known.delete(id);
    this.#known.set(id, new WeakRef(event));
    if (this.#known.size <= MAX_KNOWN) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      break;
    }
  }
}

const nameOf = ({ position: { epoch, sequence } }: LoggedEvent) => `${epoch}-${sequence}`;
