import { randomUUID } from 'node:crypto';
import type { IdempotencyStore, KeptAnswer, KeyState } from '../../ports/idempotency-store.ts';
import type { RedisConnections } from './connections.ts';
import type { RedisKeys } from './keys.ts';
import { run, script } from './scripts.ts';

type Found = [state: 'fresh' | 'running' | 'reused'] | [state: 'kept', answer: string];

const ANSWERS = {
  begin: script<Found>('key-answers/begin-1'),
  peek: script<Found>('key-answers/peek-1'),
  keep: script<0 | 1>('key-answers/keep-1'),
  abandon: script<0 | 1>('key-answers/abandon-1'),
} as const;

export interface IdempotencyStoreOptions {
  readonly connections: Pick<RedisConnections, 'commands'>;
  readonly keys: RedisKeys;
  /** Whose time decides how old a key is; the server's, unless a test has its own. */
  readonly time?: 'server' | 'caller';
}

/** Keys of requests that create something, for all gateways (A4); each has its own life time. */
export class RedisIdempotencyStore implements IdempotencyStore {
  readonly #options: IdempotencyStoreOptions;

  constructor(options: IdempotencyStoreOptions) {
    this.#options = options;
  }

  async begin(scope: string, key: string, fingerprint: string, now: number): Promise<KeyState> {
    const args = [fingerprint, randomUUID(), this.#time(now)];
    return stateOf(await run(this.#link, ANSWERS.begin, this.#keys(scope, key), args));
  }

  async keep(
    scope: string,
    key: string,
    fingerprint: string,
    answer: KeptAnswer,
    now: number,
  ): Promise<void> {
    const args = [fingerprint, JSON.stringify(answer), this.#time(now)];
    await run(this.#link, ANSWERS.keep, this.#keys(scope, key), args);
  }

  async abandon(scope: string, key: string): Promise<void> {
    await run(this.#link, ANSWERS.abandon, this.#keys(scope, key), []);
  }

  async peek(scope: string, key: string, fingerprint: string, now: number): Promise<KeyState> {
    const args = [fingerprint, this.#time(now)];
    return stateOf(await run(this.#link, ANSWERS.peek, this.#keys(scope, key), args));
  }

  get #link() {
    return this.#options.connections.commands;
  }

  #keys(scope: string, key: string): readonly string[] {
    return [this.#options.keys.idempotency(scope, key)];
  }

  #time(now: number): number | '' {
    return this.#options.time === 'caller' ? now : '';
  }
}

function stateOf(found: Found): KeyState {
  // What `keep` of a gateway has written.
  if (found[0] === 'kept') return { state: 'kept', answer: JSON.parse(found[1]) as KeptAnswer };
  return { state: found[0] };
}
