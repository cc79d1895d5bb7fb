import type { Logger } from '../../../ports/system.ts';
import type { RedisNode } from '../redis-node.ts';
import type { RedisAddress } from '../redis-url.ts';
import type { ClusterView } from './cluster-view.ts';
import { askForView } from './cluster-view.ts';
import { keySlot, SLOTS } from './key-slot.ts';
import { Lookout } from './lookout.ts';
import type { LookFailure, Topology } from './topology.ts';
import { mostTelling } from './topology.ts';

/** Between two looks when nothing fails: who only listens hears of a moved slot in no other way. */
const LOOK_EVERY_MS = 10_000;

/**
 * Which primary of a cluster holds which slot. Any node may be asked, and those that were cut off
 * answer, too: what is believed is a cluster that works, and of two such the later one.
 */
export class ClusterTopology implements Topology {
  readonly #address: RedisAddress;
  readonly #log: Logger;
  readonly #lookout: Lookout;
  /** One object for each node, however often it is named. */
  readonly #known = new Map<string, RedisNode>();
  /** Who can be asked: those of the address, and all that the cluster knows of. */
  #nodes: ReadonlySet<RedisNode>;
  #owners: (RedisNode | undefined)[] = [];
  #primaries: readonly RedisNode[] = [];
  #epoch = -1;
  #lastFailure: LookFailure | undefined;

  constructor(address: RedisAddress, log: Logger) {
    this.#address = address;
    this.#log = log;
    this.#nodes = new Set(address.nodes.map((node) => this.#interned(node)));
    this.#lookout = new Lookout(() => this.#look(), LOOK_EVERY_MS);
    void this.refresh();
  }

  get primaries(): readonly RedisNode[] {
    return this.#primaries;
  }

  get lastFailure(): LookFailure | undefined {
    return this.#lastFailure;
  }

  primaryOf(key: string): RedisNode | undefined {
    return this.#owners[keySlot(key)];
  }

  refresh(): Promise<void> {
    return this.#lookout.refresh();
  }

  moved(slot: number, node: RedisNode): void {
    const owner = this.#interned(node);
    if (this.#owners[slot] === owner) return;
    this.#setOwners(this.#owners.with(slot, owner));
    void this.refresh();
  }

  onChange(listener: () => void): void {
    this.#lookout.onChange(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#lookout[Symbol.dispose]();
  }

  async #look(): Promise<void> {
    let best: ClusterView | undefined;
    const failures: LookFailure[] = [];
    for (const node of shuffled([...this.#nodes])) {
      try {
        const view = await askForView(node, this.#address);
        if (best === undefined || rank(view) > rank(best)) best = view;
        if (view.isOk && view.epoch >= this.#epoch) break;
      } catch (error) {
        failures.push({ node, error });
      }
    }
    if (best === undefined) {
      this.#lastFailure = mostTelling(failures);
      return this.#lookout.changed();
    }
    this.#lastFailure = undefined;
    this.#take(best);
  }

  #take({ ranges, nodes, epoch }: ClusterView): void {
    this.#epoch = epoch;
    const all = [...this.#address.nodes, ...nodes];
    this.#nodes = new Set(all.map((node) => this.#interned(node)));
    for (const [name, node] of this.#known) if (!this.#nodes.has(node)) this.#known.delete(name);
    const owners: (RedisNode | undefined)[] = Array.from({ length: SLOTS });
    for (const { from, to, primary } of ranges) owners.fill(this.#interned(primary), from, to + 1);
    this.#setOwners(owners);
  }

  #setOwners(owners: (RedisNode | undefined)[]): void {
    const before = this.#owners;
    const isNew = (owner: RedisNode | undefined, slot: number) => owner !== before[slot];
    if (!owners.some(isNew)) return;
    this.#owners = owners;
    this.#setPrimaries([...new Set(owners)].filter((owner) => owner !== undefined));
    this.#lookout.changed();
  }

  #setPrimaries(primaries: readonly RedisNode[]): void {
    const [from, to] = [this.#primaries, primaries].map((nodes) =>
      nodes
        .map(({ name }) => name)
        .toSorted()
        .join(),
    );
    this.#primaries = primaries;
    if (from !== '' && from !== to)
      this.#log.warn('Redis Cluster has other primaries', { from, to });
  }

  #interned(node: RedisNode): RedisNode {
    const known = this.#known.get(node.name) ?? node;
    this.#known.set(node.name, known);
    return known;
  }
}

/** The one that works, and of two such the later one. */
function rank({ isOk, epoch }: ClusterView): number {
  return (isOk ? Number.MAX_SAFE_INTEGER / 2 : 0) + epoch;
}

/** So that not all gateways ask the same node, and none asks one that is cut off again and again. */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, order: Math.random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
