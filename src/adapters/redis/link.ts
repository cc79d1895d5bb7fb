import type { Redis } from 'ioredis';
import type { Logger } from '../../ports/system.ts';
import { before } from './deadline.ts';
import { isMistake, isReply, LinkLost, storageUnavailable, translated } from './failure.ts';
import { NodeLink } from './node-link.ts';
import { asking, isChangingOver, isMovingNow, redirectionOf } from './redirection.ts';
import type { RedisNode } from './redis-node.ts';
import type { RedisAddress } from './redis-url.ts';
import { accessTo } from './redis-url.ts';
import type { LookFailure, Topology } from './topology/topology.ts';

/** Bounds what piles up on a link that is half open until that is noticed. */
const MAX_PENDING = 20_000;
/** Bounds how often a command is passed on by servers that do not agree. */
const MAX_REDIRECTIONS = 16;
/** Until the keys of a slot that is being moved are likely to be in one place. */
const MOVING_PAUSE_MS = 100;

export interface LinkOptions {
  readonly address: RedisAddress;
  readonly topology: Topology;
  /** Shown by `CLIENT LIST`, and in the log. */
  readonly name: string;
  /** From the call to its failure, reconnecting and further tries included. */
  readonly deadlineMs: number;
  /** A link on which replies are due and nothing came for so long is broken, and made anew. */
  readonly silenceMs: number;
  readonly log: Logger;
}

/**
 * A connection to each primary, that fails in time: a command is answered, or rejects with
 * `storage_unavailable`, within its deadline, however a server is lost. It follows the topology: keys
 * that another primary holds now are looked for there.
 *
 * Not ioredis's own cluster: that one queues and sends again as it sees fit, forgets nodes that drop,
 * and gives no connection to one primary, which WAIT needs.
 *
 * A command whose link breaks under it is sent again if there is time: **whatever is sent must be
 * harmless when it is carried out twice**.
 */
export class RedisLink implements AsyncDisposable {
  readonly #options: LinkOptions;
  readonly #topology: Topology;
  /** By the name of the server. */
  readonly #links = new Map<string, NodeLink>();
  #pending = 0;
  #reorderings = 0;
  #change = Promise.withResolvers<void>();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#topology = options.topology;
    this.#topology.onChange(() => this.#follow());
    this.#follow();
  }

  /**
   * How often a command had to be sent again, or elsewhere. While that does not change, commands on one
   * slot are carried out in the order in which they are given.
   */
  get reorderings(): number {
    return this.#reorderings;
  }

  /** A command is given once more, by whoever gave it. */
  reordered(): void {
    this.#reorderings += 1;
  }

  /** Why a server cannot be used at the moment, and which. */
  get lastFailure(): LookFailure | undefined {
    for (const { node, isUp, lastError } of this.#links.values()) {
      if (!isUp && lastError !== undefined) return { node, error: lastError };
    }
    return this.#topology.lastFailure;
  }

  /**
   * Resolves when every primary can be used; rejects when that takes longer, or with the error of an
   * attempt that is `hopeless`.
   */
  async ready(withinMs: number, hopeless = (_: unknown) => false): Promise<void> {
    const end = Date.now() + withinMs;
    while (!this.#isUp) {
      const error = this.lastFailure?.error;
      if (error !== undefined && hopeless(error)) throw error;
      await before(this.#change.promise, end - Date.now());
    }
  }

  /**
   * Gives a command to the primary that holds the key; without a key, to one of them. See the class
   * for what it must bear.
   */
  use<Result>(command: (client: Redis) => Promise<Result>, key = ''): Promise<Result> {
    if (this.#pending >= MAX_PENDING) {
      return Promise.reject(storageUnavailable('The storage does not answer.'));
    }
    this.#pending += 1;
    return this.#attempt(command, key).then(
      (result) => {
        this.#pending -= 1;
        return result;
      },
      (error: unknown) => {
        this.#pending -= 1;
        throw translated(error);
      },
    );
  }

  /** Gives a command to every primary; rejects when one of them cannot be used. */
  async useAll<Result>(
    command: (client: Redis, node: RedisNode) => Promise<Result>,
  ): Promise<Result[]> {
    const end = Date.now() + this.#options.deadlineMs;
    const give = (node: RedisNode) =>
      this.#linkTo(node).use((client) => command(client, node), end);
    try {
      const { primaries } = this.#topology;
      if (primaries.length === 0) throw new LinkLost('no primary is known');
      return await Promise.all(primaries.map(give));
    } catch (error) {
      throw translated(error);
    }
  }

  /** Ends the connections; replies under way are waited for, but not long. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
  }

  get #isUp(): boolean {
    const { primaries } = this.#topology;
    return primaries.length > 0 && primaries.every((node) => this.#linkTo(node).isUp);
  }

  #attempt<Result>(command: (client: Redis) => Promise<Result>, key: string): Promise<Result> {
    const end = Date.now() + this.#options.deadlineMs;
    const node = this.#topology.primaryOf(key);
    if (node === undefined) return this.#find(command, key, end);
    return this.#linkTo(node)
      .use(command, end)
      .catch((error: unknown) => this.#pursue(command, key, end, { asked: node, error }));
  }

  async #find<Result>(
    command: (client: Redis) => Promise<Result>,
    key: string,
    end: number,
  ): Promise<Result> {
    this.reordered();
    const { node } = await this.#route(key, end);
    try {
      return await this.#linkTo(node).use(command, end);
    } catch (error) {
      return await this.#pursue(command, key, end, { asked: node, error });
    }
  }

  /** Where the command has failed, it goes on to whoever may carry it out. */
  async #pursue<Result>(
    command: (client: Redis) => Promise<Result>,
    key: string,
    end: number,
    failure: { readonly asked: RedisNode; readonly error: unknown },
  ): Promise<Result> {
    this.reordered();
    let { asked, error } = failure;
    for (let redirections = 0; redirections < MAX_REDIRECTIONS; redirections += 1) {
      const next = Date.now() >= end ? undefined : await this.#routeAfter(error, asked, key, end);
      if (next === undefined) break;
      try {
        return await this.#linkTo(next.node).use((client) => command(next.send(client)), end);
      } catch (again) {
        asked = next.node;
        error = again;
      }
    }
    throw error;
  }

  async #route(key: string, end: number): Promise<Route> {
    let node = this.#topology.primaryOf(key);
    if (node === undefined) {
      await before(this.#topology.refresh(), end - Date.now());
      node = this.#topology.primaryOf(key);
    }
    if (node === undefined) throw new LinkLost('no primary of this key is known');
    return { node, send: unchanged };
  }

  /** Where else the command may succeed that has failed; undefined for nowhere. */
  async #routeAfter(
    error: unknown,
    asked: RedisNode,
    key: string,
    end: number,
  ): Promise<Route | undefined> {
    const redirection = redirectionOf(error, asked);
    if (redirection?.kind === 'ask') return { node: redirection.node, send: asking };
    if (redirection?.kind === 'moved') {
      this.#topology.moved(redirection.slot, redirection.node);
      return { node: redirection.node, send: unchanged };
    }
    if (isMovingNow(error)) {
      await new Promise((resolve) => setTimeout(resolve, MOVING_PAUSE_MS));
      return await this.#route(key, end);
    }
    if (isMistake(error) || (isReply(error) && !isChangingOver(error))) return undefined;
    await before(this.#topology.refresh(), end - Date.now());
    const route = await this.#route(key, end);
    return route.node.name === asked.name ? undefined : route;
  }

  #follow(): void {
    const { primaries } = this.#topology;
    for (const node of primaries) this.#linkTo(node);
    const names = new Set(primaries.map(({ name }) => name));
    for (const [name, link] of this.#links) {
      if (names.has(name)) continue;
      this.#links.delete(name);
      void link[Symbol.asyncDispose]();
    }
    this.#tellChange();
  }

  #linkTo(node: RedisNode): NodeLink {
    const known = this.#links.get(node.name);
    if (known !== undefined) return known;
    const link = this.#open(node);
    this.#links.set(node.name, link);
    return link;
  }

  #open(node: RedisNode): NodeLink {
    const { address, name, silenceMs, log } = this.#options;
    const link: NodeLink = new NodeLink({
      ...{ node, name, silenceMs, log },
      ...accessTo(address),
      mustBePrimary: address.kind !== 'cluster',
      onAgain: () => this.reordered(),
      onState: () => {
        // Another may have taken its place.
        if (!link.isUp) void this.#topology.refresh();
        this.#tellChange();
      },
    });
    return link;
  }

  #tellChange(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }
}

interface Route {
  readonly node: RedisNode;
  readonly send: (client: Redis) => Redis;
}

const unchanged = (client: Redis) => client;
