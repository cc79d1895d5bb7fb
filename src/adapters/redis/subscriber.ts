import { Redis } from 'ioredis';
import { LinkLost, storageUnavailable } from './failure.ts';
import type { LinkOptions } from './link.ts';
import { before, clientOptions } from './link.ts';
import { safely } from './safely.ts';

/** Between two questions whether an otherwise silent connection is alive. */
const PROBE_MS = 4_000;

/** Hears one channel. */
export interface ChannelListener {
  message(text: string): void;
  /** The connection was lost and is there again: messages may have been missed. */
  resumed(): void;
}

interface Channel {
  readonly listeners: Set<ChannelListener>;
  /** Resolves when Redis has confirmed the subscription on the present connection. */
  confirmed: Promise<void>;
  /** True when it was confirmed on this connection or on one before. */
  heard: boolean;
}

/**
 * The connection that listens. It connects and subscribes again by itself; an idle one is probed, so
 * that one that is half open is noticed within `PROBE_MS + silenceMs`.
 */
export class RedisSubscriber implements AsyncDisposable {
  readonly #client: Redis;
  readonly #deadlineMs: number;
  readonly #channels = new Map<string, Channel>();
  readonly #probe: NodeJS.Timeout;
  #recovery = Promise.withResolvers<void>();

  constructor(options: LinkOptions) {
    this.#deadlineMs = options.deadlineMs;
    this.#client = new Redis(clientOptions(options));
    // Told by the link that gives commands; here it only must not end the process.
    this.#client.on('error', () => undefined);
    this.#client.on('ready', () => this.#resubscribe());
    this.#client.on('close', () => {
      this.#recovery = Promise.withResolvers();
    });
    this.#client.on('smessage', (channel, text) => {
      for (const listener of [...(this.#channels.get(channel)?.listeners ?? [])]) {
        safely(() => listener.message(text));
      }
    });
    this.#probe = setInterval(() => this.#ask(), PROBE_MS);
    this.#probe.unref();
  }

  /**
   * Hears everything that is published after the promise resolved, as long as the connection holds.
   * The result ends it. Rejects with `storage_unavailable`, and then listens to nothing.
   */
  async subscribe(channel: string, listener: ChannelListener): Promise<() => void> {
    const entry = { ...bound(listener) };
    const known = this.#channels.get(channel) ?? this.#open(channel);
    known.listeners.add(entry);
    try {
      await before(this.#confirmation(known), this.#deadlineMs);
    } catch (error) {
      this.#leave(channel, known, entry);
      throw storageUnavailable('The storage cannot be reached', error);
    }
    return () => this.#leave(channel, known, entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#probe);
    this.#channels.clear();
    this.#client.disconnect();
  }

  /** Of the newest connection: one that breaks meanwhile is waited for. */
  async #confirmation(channel: Channel): Promise<void> {
    for (;;) {
      const { confirmed } = channel;
      try {
        return await confirmed;
      } catch (error) {
        await this.#recovery.promise;
        if (channel.confirmed === confirmed) throw error;
      }
    }
  }

  #open(name: string): Channel {
    const channel: Channel = {
      listeners: new Set(),
      confirmed: this.#send(name),
      heard: false,
    };
    this.#channels.set(name, channel);
    this.#watch(channel);
    return channel;
  }

  #send(name: string): Promise<void> {
    if (this.#client.status !== 'ready') return Promise.reject(new LinkLost('not connected'));
    return this.#client.ssubscribe(name).then(() => undefined);
  }

  #watch(channel: Channel): void {
    channel.confirmed.then(
      () => {
        channel.heard = true;
      },
      () => undefined,
    );
  }

  #resubscribe(): void {
    for (const [name, channel] of this.#channels) {
      const heardBefore = channel.heard;
      channel.confirmed = this.#send(name);
      this.#watch(channel);
      if (heardBefore) void channel.confirmed.then(() => tellResumed(channel), ignore);
    }
    this.#recovery.resolve();
  }

  #leave(name: string, channel: Channel, entry: ChannelListener): void {
    channel.listeners.delete(entry);
    if (channel.listeners.size > 0 || this.#channels.get(name) !== channel) return;
    this.#channels.delete(name);
    if (this.#client.status === 'ready') this.#client.sunsubscribe(name).catch(ignore);
  }

  #ask(): void {
    if (this.#client.status === 'ready') this.#client.ping().catch(ignore);
  }
}

const ignore = () => undefined;

function tellResumed(channel: Channel): void {
  for (const listener of [...channel.listeners]) safely(() => listener.resumed());
}

/** One of its own for each subscription, so that one listener subscribed twice can be ended once. */
function bound(listener: ChannelListener): ChannelListener {
  return {
    message: (text) => listener.message(text),
    resumed: () => listener.resumed(),
  };
}
