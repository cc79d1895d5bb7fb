/** What happens to a cluster: a shuffled deck of faults, played one after the other, some at once. */
import { Redis } from 'ioredis';
import type { SeededRandom } from '../sim/seeded-random.ts';
import type { Cluster, GatewayPlace } from './cluster.ts';
import { LEASE_MS } from './cluster.ts';
import { pause } from './pause.ts';

const FAULT_KINDS = ['kill', 'stop', 'restart', 'cut', 'redis', 'flush'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One gateway at least is left alone. */
const MOST_AT_ONCE = 2;

export class FaultPlayer {
  readonly played = Object.fromEntries(FAULT_KINDS.map((kind) => [kind, 0])) as {
    -readonly [Kind in FaultKind]: number;
  };
  readonly #cluster: Cluster;
  readonly #random: SeededRandom;
  readonly #log: (line: string) => void;
  readonly #busy = new Map<GatewayPlace | 'redis', Promise<void>>();

  constructor(cluster: Cluster, random: SeededRandom, log: (line: string) => void) {
    this.#cluster = cluster;
    this.#random = random;
    this.#log = log;
  }

  /**
   * Plays the whole deck, or what there is time for; nothing is spoiled any more when it resolves.
   * `due` resolves when so large a share of the deck may have been played.
   */
  async play(
    kills: number,
    stop: AbortSignal,
    due: (share: number) => Promise<void>,
  ): Promise<void> {
    try {
      const deck = this.#deck(kills);
      for (const [index, kind] of deck.entries()) {
        await due(index / deck.length);
        if (stop.aborted) break;
        await this.#begin(kind, stop);
        await pause(this.#random.between(100, 1_200), stop);
      }
    } finally {
      await Promise.all(this.#busy.values());
    }
  }

  /** Asks every gateway in turn to end, and starts it again; who did not end well is named. */
  async roll(rounds: number): Promise<readonly string[]> {
    const bad: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      for (const place of this.#cluster.places) {
        this.#log(`restart gateway ${place.index}`);
        if (!(await place.end('SIGTERM'))) bad.push(`gateway ${place.index} did not end by itself`);
        this.played.restart += 1;
        await place.start();
      }
    }
    return bad;
  }

  #deck(kills: number): FaultKind[] {
    const counts: Record<FaultKind, number> = {
      kill: kills,
      stop: Math.ceil(kills / 6),
      restart: Math.ceil(kills / 6),
      cut: Math.ceil(kills / 2),
      redis: Math.ceil(kills / 10),
      flush: Math.ceil(kills / 6),
    };
    const deck = FAULT_KINDS.flatMap((kind) => Array.from({ length: counts[kind] }, () => kind));
    return deck
      .map((kind) => ({ kind, at: this.#random.uniform() }))
      .toSorted((left, right) => left.at - right.at)
      .map(({ kind }) => kind);
  }

  async #begin(kind: FaultKind, stop: AbortSignal): Promise<void> {
    if (kind === 'flush') return await this.#flush();
    if (kind === 'redis') {
      await this.#busy.get('redis');
      return this.#occupy('redis', kind, this.#restartRedis(stop));
    }
    const place = await this.#freePlace();
    const run = {
      kill: () => this.#kill(place, stop),
      stop: () => this.#stop(place, stop),
      restart: () => this.#restart(place),
      cut: () => this.#cut(place, stop),
    };
    this.#occupy(place, `${kind} gateway ${place.index}`, run[kind]());
  }

  async #freePlace(): Promise<GatewayPlace> {
    const places = this.#cluster.places;
    const free = () => places.filter((place) => !this.#busy.has(place));
    while (free().length <= places.length - MOST_AT_ONCE) {
      await Promise.race(this.#busy.values());
    }
    return this.#random.pick(free());
  }

  #occupy(what: GatewayPlace | 'redis', label: string, run: Promise<void>): void {
    this.#log(label);
    const done = run
      .catch((error) => this.#log(`${label} failed: ${String(error)}`))
      .finally(() => this.#busy.delete(what));
    this.#busy.set(what, done);
  }

  async #kill(place: GatewayPlace, stop: AbortSignal): Promise<void> {
    await place.end('SIGKILL');
    this.played.kill += 1;
    await pause(this.#random.between(50, 1_500), stop);
    await place.start();
  }

  /** Beyond its lease: others take its work over, and then it goes on as if nothing had been. */
  async #stop(place: GatewayPlace, stop: AbortSignal): Promise<void> {
    place.signal('SIGSTOP');
    this.played.stop += 1;
    await pause(LEASE_MS + this.#random.between(500, 2_500), stop);
    place.signal('SIGCONT');
  }

  async #restart(place: GatewayPlace): Promise<void> {
    await place.end('SIGTERM');
    this.played.restart += 1;
    await place.start();
  }

  async #cut({ proxy }: GatewayPlace, stop: AbortSignal): Promise<void> {
    this.played.cut += 1;
    switch (this.#random.below(4)) {
      case 0:
        proxy.resetAll();
        break;
      case 1:
        proxy.set({ blackHole: true });
        await pause(this.#random.between(200, LEASE_MS + 3_000), stop);
        if (this.#random.chance(0.5)) proxy.resetAll();
        break;
      case 2:
        proxy.set({ latencyMs: this.#random.between(5, 120), jitterMs: 80 });
        await pause(this.#random.between(1_000, 4_000), stop);
        break;
      default:
        proxy.set({ sliceBytes: this.#random.between(1, 50), jitterMs: 2 });
        await pause(this.#random.between(500, 2_000), stop);
        // In the middle of a command or of a reply.
        proxy.resetAll();
    }
    proxy.set({});
  }

  async #restartRedis(stop: AbortSignal): Promise<void> {
    await this.#cluster.redis.stop();
    this.played.redis += 1;
    await pause(this.#random.between(50, 1_500), stop);
    await this.#cluster.redis.resume();
  }

  async #flush(): Promise<void> {
    await this.#busy.get('redis');
    this.#log('flush');
    const client = new Redis({ port: this.#cluster.redis.port, host: '127.0.0.1' });
    try {
      await client.script('FLUSH');
      this.played.flush += 1;
    } finally {
      client.disconnect();
    }
  }
}
