import { isReply } from '../failure.ts';
import type { RedisNode } from '../redis-node.ts';

/**
 * Which primary holds which key. Of one server that never changes; Sentinels tell where the primary
 * is; a cluster has several, and moves keys between them.
 */
export interface Topology extends AsyncDisposable {
  /** All that are known to hold something; none before the first answer. */
  readonly primaries: readonly RedisNode[];
  /** Why the last look told nothing, and who was asked. */
  readonly lastFailure: LookFailure | undefined;
  /** The primary that holds the key or channel, as far as is known. */
  primaryOf(key: string): RedisNode | undefined;
  /** Looks again, since something failed; not more than a few times a second. Never rejects. */
  refresh(): Promise<void>;
  /** A server of a cluster has said that the slot is held by that one (MOVED). */
  moved(slot: number, node: RedisNode): void;
  /** Calls whenever primaries or what they hold have changed, or when a look told nothing. */
  onChange(listener: () => void): void;
}

export interface LookFailure {
  /** Who was asked. */
  readonly node: RedisNode;
  readonly error: unknown;
}

/** What a server replies says more than that others cannot be reached. */
export function mostTelling(failures: readonly LookFailure[]): LookFailure | undefined {
  return failures.find(({ error }) => isReply(error)) ?? failures[0];
}
