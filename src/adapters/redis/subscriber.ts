import { before } from './deadline.ts';
import { isReply, storageUnavailable } from './failure.ts';
import type { LinkOptions } from './link.ts';
import { NodeSubscriber } from './node-subscriber.ts';
import { redirectionOf } from './redirection.ts';
import type { RedisNode } from './redis-node.ts';
import { accessTo } from './redis-url.ts';
import { safely } from './safely.ts';
import type { Topology } from './topology/topology.ts';

/** Until a server that refused a subscription is asked again: it is changing over. */
const ASK_AGAIN_MS = 300;
/** Slots are moved by the thousand: what a server drops is looked for once in so long. */
const DROPPED_PAUSE_MS = 50;

/** Hears one channel. */
export interface ChannelListener {
  message(text: string): void;
  /** The connection was lost and is there again: messages may have been missed. */
  resumed(): void;
}

interface Channel {
  readonly name: string;
  readonly listeners: Set<ChannelListener>;
  /** Of the server that is asked for it. */
  node: string;
  /** Of the newest request; replies to older ones mean nothing. */
  request: number;
  /** Resolves when the request was confirmed; another promise after each loss. */
  confirmation: PromiseWithResolvers<void>;
  isConfirmed: boolean;
  /** True when it was confirmed before. */
  wasHeard: boolean;
}

/**
 * The connections that listen, one to each primary. Channels are subscribed where their slot is, and
 * again after every loss of a connection, change of primary or move of their slot; listeners are told
 * then.
 */
export class RedisSubscriber implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #topology: Topology;
  readonly #channels = new Map<string, Channel>();
  /** By the name of the server. */
  readonly #nodes = new Map<string, NodeSubscriber>();
  /** Servers that have ended subscriptions, and will be asked which. */
  readonly #dropping = new Set<string>();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#topology = options.topology;
    this.#topology.onChange(() => this.#follow());
    this.#follow();
  }

  /**
   * Hears everything that is published after the promise resolved, as long as the connection holds.
   * The result ends it. Rejects with `storage_unavailable`, and then listens to nothing.
   */
  async subscribe(name: string, listener: ChannelListener): Promise<() => void> {
    const entry = { ...bound(listener) };
    const channel = this.#channels.get(name) ?? this.#open(name);
    channel.listeners.add(entry);
    try {
      await before(channel.confirmation.promise, this.#options.deadlineMs);
    } catch (error) {
      this.#leave(channel, entry);
      throw storageUnavailable('The storage cannot be reached', error);
    }
    return () => this.#leave(channel, entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channels.clear();
    for (const node of this.#nodes.values()) node[Symbol.dispose]();
  }

  #open(name: string): Channel {
    const channel: Channel = {
      name,
      listeners: new Set(),
      node: '',
      request: 0,
      confirmation: Promise.withResolvers(),
      isConfirmed: false,
      wasHeard: false,
    };
    this.#channels.set(name, channel);
    this.#place(channel);
    return channel;
  }

  #leave(channel: Channel, entry: ChannelListener): void {
    channel.listeners.delete(entry);
    if (channel.listeners.size > 0 || this.#channels.get(channel.name) !== channel) return;
    this.#channels.delete(channel.name);
    this.#nodes.get(channel.node)?.unsubscribe(channel.name);
  }

  /** Asks the server that holds its slot now. */
  #place(channel: Channel): void {
    const { name } = this.#topology.primaryOf(channel.name) ?? { name: '' };
    if (name === channel.node) return;
    this.#nodes.get(channel.node)?.unsubscribe(channel.name);
    channel.node = name;
    this.#request(channel);
  }

  /** There, if it can be asked now; otherwise when it can. */
  #request(channel: Channel): void {
    unconfirm(channel);
    const node = this.#nodes.get(channel.node);
    if (node?.isReady) void this.#send(channel, node);
  }

  async #send(channel: Channel, node: NodeSubscriber): Promise<void> {
    const { request } = channel;
    try {
      await node.subscribe(channel.name);
      if (channel.request === request) confirm(channel);
    } catch (error) {
      // Without a connection it is asked for again when there is one.
      if (channel.request !== request || !isReply(error)) return;
      const redirection = redirectionOf(error, node.node);
      // Asked for there at once, if that was news.
      if (redirection !== undefined) this.#topology.moved(redirection.slot, redirection.node);
      if (channel.request === request) later(ASK_AGAIN_MS, () => this.#lookAgain(channel, request));
    }
  }

  async #lookAgain(channel: Channel, request: number): Promise<void> {
    await this.#topology.refresh();
    if (this.#channels.get(channel.name) !== channel || channel.request !== request) return;
    this.#place(channel);
    if (channel.request === request) this.#request(channel);
  }

  #follow(): void {
    const { primaries } = this.#topology;
    for (const node of primaries) this.#listenTo(node);
    for (const channel of this.#channels.values()) this.#place(channel);
    const names = new Set(primaries.map(({ name }) => name));
    for (const [name, node] of this.#nodes) {
      if (names.has(name)) continue;
      this.#nodes.delete(name);
      node[Symbol.dispose]();
    }
  }

  #listenTo(node: RedisNode): void {
    const { name } = node;
    if (this.#nodes.has(name)) return;
    const { address, name: shown, silenceMs } = this.#options;
    const settings = { node, ...accessTo(address), name: shown, silenceMs };
    const subscriber = new NodeSubscriber(settings, {
      message: (channel, text) => this.#tell(channel, text),
      ready: () => {
        for (const channel of this.#channelsOf(name)) this.#request(channel);
      },
      lost: () => {
        this.#channelsOf(name).forEach(unconfirm);
        void this.#topology.refresh();
      },
      dropped: () => this.#requestAll(name),
      demoted: () => {
        void this.#topology.refresh();
        if (address.kind !== 'cluster') subscriber.reconnect();
      },
    });
    this.#nodes.set(name, subscriber);
  }

  /** The server has ended some subscriptions, and does not say which: it is asked for all of them. */
  #requestAll(name: string): void {
    if (this.#dropping.has(name)) return;
    this.#dropping.add(name);
    later(DROPPED_PAUSE_MS, async () => {
      await this.#topology.refresh();
      this.#dropping.delete(name);
      for (const channel of this.#channelsOf(name)) this.#request(channel);
    });
  }

  #tell(name: string, text: string): void {
    for (const listener of [...(this.#channels.get(name)?.listeners ?? [])]) {
      safely(() => listener.message(text));
    }
  }

  #channelsOf(node: string): Channel[] {
    return [...this.#channels.values()].filter((channel) => channel.node === node);
  }
}

function later(ms: number, task: () => Promise<void>): void {
  setTimeout(() => void task(), ms).unref();
}

function confirm(channel: Channel): void {
  channel.isConfirmed = true;
  channel.confirmation.resolve();
  if (channel.wasHeard) {
    for (const listener of [...channel.listeners]) safely(() => listener.resumed());
  }
  channel.wasHeard = true;
}

function unconfirm(channel: Channel): void {
  channel.request += 1;
  if (channel.isConfirmed) channel.confirmation = Promise.withResolvers();
  channel.isConfirmed = false;
}

/** One of its own for each subscription, so that one listener subscribed twice can be ended once. */
function bound(listener: ChannelListener): ChannelListener {
  return {
    message: (text) => listener.message(text),
    resumed: () => listener.resumed(),
  };
}
